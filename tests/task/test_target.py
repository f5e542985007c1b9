import numpy as np
import pytest

from coeval.errors import DataError
from coeval.task.raw import Form, RawColumn, relabel
from coeval.task.target import encode_like, encode_target
from coeval.task.task import Problem

rng = np.random.default_rng(0)


def numbers(values):
    return RawColumn("y", Form.NUMBER, np.asarray(values, float), number=True)


def strings(values, number=False):
    found = sorted(set(values))
    codes = np.array([found.index(one) for one in values], np.int32)
    return RawColumn("y", Form.STRING, *relabel(codes, found), number=number)


COUNTS = np.concatenate([np.arange(15), rng.poisson(2, 500)])


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        (strings(["no", "yes", "no"]), Problem.BINARY),
        (strings(["a", "b", "c"]), Problem.MULTICLASS),
        (numbers([0, 1, 1]), Problem.BINARY),
        (numbers([-1, 1, 1]), Problem.BINARY),
        (numbers([0.5, 1.5, 0.5]), Problem.REGRESSION),
        (numbers(np.arange(100) % 10), Problem.MULTICLASS),
        (numbers(1 + np.arange(260) % 26), Problem.MULTICLASS),
        (numbers(np.repeat([1, 2, 3, 4, 5, 7], 20)), Problem.MULTICLASS),
        (numbers(np.repeat([3, 4, 5, 6, 7, 8, 9], 20)), Problem.REGRESSION),
        (numbers(COUNTS), Problem.REGRESSION),
        (numbers(np.arange(100)), Problem.REGRESSION),
        (numbers(rng.normal(size=50)), Problem.REGRESSION),
    ],
)
def test_the_problem_is_inferred(column, problem):
    assert encode_target(column).problem is problem


def test_classes_of_text_are_in_alphabetic_order():
    target = encode_target(strings(["b", "c", "a", "b"])).target
    assert (target.classes, target.values.tolist(), target.number) == (
        ("a", "b", "c"),
        [1, 2, 0, 1],
        False,
    )


def test_classes_of_numbers_are_in_numeric_order_and_stay_numbers():
    for column in (numbers([10, 2, 10]), strings(["10", "2", "10"], number=True)):
        target = encode_target(column, "classification").target
        assert (target.classes, target.values.tolist(), target.number) == (
            ("2", "10"),
            [1, 0, 1],
            True,
        )


def test_the_user_decides_between_classes_and_values():
    ratings = numbers(np.arange(60) % 5)
    assert encode_target(ratings, "regression").problem is Problem.REGRESSION
    assert encode_target(numbers([3, 4, 9]), "classification").problem is Problem.MULTICLASS
    assert encode_target(numbers([0, 1, 1]), Problem.MULTICLASS).problem is Problem.MULTICLASS


def test_a_doubtful_inference_is_noted():
    assert "say problem=regression" in encode_target(numbers(np.arange(60) % 5)).note
    assert "say problem=classification" in encode_target(numbers(3 + np.arange(60) % 5)).note


@pytest.mark.parametrize(
    ("column", "problem", "message"),
    [
        (strings(["a", "a"]), None, "is constant"),
        (numbers([3, 3]), None, "is constant"),
        (numbers([3, 3]), "regression", "is constant"),
        (numbers([1, np.inf]), None, "infinite in row 2"),
        (strings(["1", "x"]), "regression", "must hold numbers"),
        (strings(["a", "b", "c"]), "binary", "needs two classes"),
        (strings([str(i) for i in range(1500)]), None, "at most 1000 classes"),
        (numbers([1, 2]), "regresion", "Did you mean 'regression'"),
        (RawColumn("y", Form.DATE, np.arange(3.0)), None, "holds dates"),
    ],
)
def test_an_unlearnable_target_is_explained(column, problem, message):
    with pytest.raises(DataError, match=message):
        encode_target(column, problem)


def test_further_rows_get_the_same_classes():
    target = encode_target(strings(["a", "b", "c"])).target
    assert encode_like(strings(["c", "a"]), target).values.tolist() == [2, 0]


def test_a_class_of_the_test_file_that_training_lacks_is_refused():
    target = encode_target(strings(["yes", "no"])).target
    with pytest.raises(
        DataError, match=r"'yess', which the training data lacks. Did you mean 'yes'"
    ):
        encode_like(strings(["yess", "no"]), target)
