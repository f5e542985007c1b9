"""The course of a score: the first of equals is the best, and what is no number never is for long."""

import math

import numpy as np
import pytest

from coeval.task.metric import Metric
from coeval.task.metrics import metric
from coeval.task.task import Problem
from coeval.train.course import Course
from coeval.train.data import Examples


def course(scores, *, maximise):
    """The course of given scores, and what each look returned."""
    left = iter(scores)
    own = Metric("own", maximise, lambda *given: next(left))
    found = Course(own, Problem.REGRESSION, Examples((), np.zeros(2)))
    return found, [found.look(number, np.zeros(2)) for number in range(1, len(scores) + 1)]


@pytest.mark.parametrize(("maximise", "best"), [(True, 3), (False, 2)])
def test_the_best_is_the_first_of_equals(maximise, best):
    scores = [0.5, 0.2, 0.9, 0.2, 0.9]
    found, said = course(scores, maximise=maximise)
    assert (found.number, found.score) == (best, scores[best - 1])
    assert found.curve == {"own": tuple(scores)}
    assert said == [{"own": one} for one in scores]


def test_what_is_no_number_is_the_best_only_until_there_is_a_number():
    found, _ = course([math.nan], maximise=False)
    assert found.number == 1
    found, _ = course([math.nan, 5.0, math.nan, 4.0], maximise=False)
    assert (found.number, found.score) == (4, 4.0)


@pytest.mark.parametrize(
    ("name", "problem", "target", "said"),
    [
        ("roc_auc", Problem.BINARY, np.zeros(2, np.int64), [0.6, 0.9, 0.8]),
        ("r2", Problem.REGRESSION, np.zeros(1), [0.4, 0.1, 0.2]),
    ],
)
def test_where_the_metric_is_undefined_the_default_one_is_followed(name, problem, target, said):
    found = Course(metric(name, problem), problem, Examples((), target))
    for number, one in enumerate(said, start=1):
        predicted = np.array([[one, 1 - one]] * 2 if problem is Problem.BINARY else [one])
        found.look(number, predicted)
    assert found.number == 2
    assert np.isnan([found.score, *found.curve[name]]).all()


@pytest.mark.parametrize("score", [math.inf, -math.inf, math.nan])
def test_any_number_is_better_than_none(score):
    found, _ = course([score, 7.0, score], maximise=False)
    assert (found.number, found.score) == (2, 7.0)
