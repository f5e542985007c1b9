import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.task.task import Problem
from coeval.train.data import Examples
from coeval.train.taught import LEAST, SHARE, taught


def examples(target, weights=None):
    rows = np.arange(2 * len(target), dtype=np.float32).reshape(-1, 2)
    return Examples((rows,), np.asarray(target), weights)


def probabilities(rows: int, classes: int, seed: int):
    return np.random.default_rng(seed).dirichlet(np.full(classes, 0.5), rows)


@given(st.integers(2, 30), st.integers(2, 6), st.integers(0, 99))
def test_each_row_keeps_its_weight_and_its_inputs_whatever_the_teacher_says(rows, classes, seed):
    target = np.random.default_rng(seed).integers(0, classes, rows)
    given_ = examples(target, np.linspace(0.5, 2.0, rows))
    found = taught(given_, probabilities(rows, classes, seed), Problem.MULTICLASS)
    where = (found.rows[0][:, 0] / 2).astype(int)
    assert np.allclose(np.bincount(where, found.weights, minlength=rows), given_.weights)
    assert (found.rows[0] == given_.rows[0][where]).all()


def test_its_cross_entropy_is_that_to_the_mixture_of_teacher_and_label():
    lesson = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    target = np.array([1, 2])
    found = taught(examples(target), lesson, Problem.MULTICLASS)
    losses = -np.log(np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]]))
    where = (found.rows[0][:, 0] / 2).astype(int)
    mixture = SHARE * lesson + (1 - SHARE) * np.eye(3)[target]
    assert (found.weights * losses[where, found.target]).sum() == pytest.approx(
        (mixture * losses).sum()
    )


def test_a_class_that_is_hardly_likely_costs_no_example():
    lesson = np.array([[1 - LEAST / 2, LEAST / 2], [0.5, 0.5]])
    found = taught(examples(np.array([0, 1])), lesson, Problem.BINARY)
    assert found.target.tolist() == [0, 0, 1]
    assert found.weights[0] == 1.0


def test_a_teacher_who_says_the_label_changes_nothing():
    target = np.array([2, 0, 1])
    found = taught(examples(target), np.eye(3)[target], Problem.MULTICLASS)
    assert found.target.tolist() == target.tolist()
    assert found.weights.tolist() == [1.0, 1.0, 1.0]


def test_values_are_mixed_with_the_teacher_s():
    found = taught(examples(np.array([10.0, 20.0])), np.array([0.0, 20.0]), Problem.REGRESSION)
    assert found.target.tolist() == pytest.approx([10 * (1 - SHARE), 20.0])


def test_a_lesson_for_other_rows_is_refused():
    with pytest.raises(ValueError, match="a row for each example, got 3 for 2"):
        taught(examples(np.array([1.0, 2.0])), np.zeros(3), Problem.REGRESSION)
