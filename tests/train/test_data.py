from types import SimpleNamespace

import numpy as np
import pytest
import torch

from coeval.task.task import Problem
from coeval.train.data import (
    Examples,
    Scale,
    TrainingData,
    class_weighted,
    examples_of,
    target_scale,
    to_tensors,
)
from tests.train.problems import rows_of

CPU = torch.device("cpu")


def regression(values, weights=None) -> Examples:
    return Examples(rows_of(np.zeros((len(values), 1))), np.array(values, np.float64), weights)


def test_a_regression_target_is_standardised():
    examples = regression([1.0, 2.0, 6.0])
    scale = target_scale(Problem.REGRESSION, examples)
    target = to_tensors(examples, Problem.REGRESSION, scale, CPU).target
    torch.testing.assert_close(target.mean(), torch.tensor(0.0))
    torch.testing.assert_close(target.std(correction=0), torch.tensor(1.0))


def test_the_scale_is_weighted_like_the_rows():
    weighted = target_scale(Problem.REGRESSION, regression([1.0, 4.0], np.array([2.0, 1.0])))
    repeated = target_scale(Problem.REGRESSION, regression([1.0, 1.0, 4.0]))
    assert weighted == repeated


def test_a_huge_target_keeps_its_differences():
    examples = regression([1e12, 1e12 + 1, 1e12 + 2])
    scale = target_scale(Problem.REGRESSION, examples)
    target = to_tensors(examples, Problem.REGRESSION, scale, CPU).target
    torch.testing.assert_close(target, torch.tensor([-1.224745, 0.0, 1.224745]))


def test_a_constant_target_is_not_divided_by_zero():
    assert target_scale(Problem.REGRESSION, regression([3.0, 3.0])) == Scale(3.0, 1.0)


def test_classes_have_no_scale():
    examples = Examples(rows_of(np.zeros((2, 1))), np.array([0, 1]))
    assert target_scale(Problem.BINARY, examples) == Scale(0.0, 1.0)


def test_read_only_arrays_are_taken_without_a_warning():
    rows = rows_of(np.zeros((3, 2)))
    for part in rows:
        part.setflags(write=False)
    examples = Examples(rows, np.array([0, 1, 1]))
    assert to_tensors(examples, Problem.BINARY, Scale(), CPU).inputs[0].shape == (3, 2)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, -1.0], "must be finite, not negative"),
        ([1.0, np.nan], "must be finite, not negative"),
        ([0.0, 0.0], "not all zero"),
        ([1.0], r"must have shape \(2,\)"),
    ],
)
def test_impossible_weights_are_refused(weights, message):
    with pytest.raises(ValueError, match=message):
        to_tensors(regression([1.0, 2.0], np.array(weights)), Problem.REGRESSION, Scale(), CPU)


def test_a_single_row_is_refused():
    with pytest.raises(ValueError, match="at least 2 rows"):
        to_tensors(regression([1.0]), Problem.REGRESSION, Scale(), CPU)


def test_rows_and_target_of_different_length_are_refused():
    examples = Examples(rows_of(np.zeros((3, 1))), np.zeros(2))
    with pytest.raises(ValueError, match="one value a row, got 2 for 3 rows"):
        to_tensors(examples, Problem.REGRESSION, Scale(), CPU)


@pytest.mark.parametrize("weights", [None, np.array([0.5, 1.0, 2.0])])
def test_examples_have_the_target_and_the_weights_of_their_rows(weights):
    task = SimpleNamespace(
        target=SimpleNamespace(values=np.array([4.0, 5.0, 6.0])),
        weights_of=lambda rows: None if weights is None else weights[rows],
    )
    index = np.array([2, 0])
    found = examples_of(task, rows_of(np.zeros((2, 1))), index)
    assert found.target.tolist() == [6.0, 4.0]
    assert (None if found.weights is None else found.weights.tolist()) == (
        None if weights is None else [2.0, 0.5]
    )


def by_class(how, target, weights=None):
    rows = rows_of(np.zeros((len(target), 1)))
    examples = Examples(rows, np.array(target), weights)
    found = class_weighted(TrainingData(Problem.MULTICLASS, examples, examples), how)
    assert found.validation is examples
    return found.train.weights


def test_balanced_classes_weigh_the_same_in_all():
    found = by_class("balanced", [0, 0, 0, 0, 0, 0, 1, 1, 3])
    assert found.mean() == pytest.approx(1.0)
    assert found[:6].sum() == pytest.approx(found[6:8].sum()) == pytest.approx(found[8])


def test_the_root_is_half_way_to_balance():
    found = by_class("sqrt", [0, 0, 0, 0, 1])
    assert found[4] / found[0] == pytest.approx(2.0)
    assert by_class("none", [0, 0, 1]) is None


def test_classes_are_counted_by_the_weights_that_rows_have():
    given = np.array([1.0, 2.0, 3.0, 0.0])
    found = by_class("balanced", [0, 0, 1, 2], given)
    assert found[3] == 0.0
    assert found[0] + found[1] == pytest.approx(found[2])
    assert found[1] == pytest.approx(2 * found[0])


def test_values_have_no_classes_to_weigh():
    data = TrainingData(Problem.REGRESSION, regression([1.0, 2.0]))
    assert class_weighted(data, "balanced") is data
