"""A user's own metric: its direction, what it is given, and what is refused."""

import functools
import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as reference

from coeval.errors import DataError
from coeval.task.frame import from_frame
from coeval.task.own_metric import own_metric
from coeval.task.task import Problem

PROBABILITIES = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])


@pytest.mark.parametrize(
    ("function", "maximised"),
    [
        (reference.mean_absolute_error, False),
        (reference.max_error, False),
        (reference.mean_pinball_loss, False),
        (reference.mean_poisson_deviance, False),
        (reference.r2_score, True),
        (reference.d2_pinball_score, True),
        (functools.partial(reference.mean_pinball_loss, alpha=0.9), False),
        (lambda y, p: 0.0, True),
    ],
)
def test_the_name_says_which_way_is_better_as_in_scikit_learn(function, maximised):
    assert own_metric(function, Problem.REGRESSION).maximise is maximised


def test_an_attribute_counts_more_than_the_name_and_an_argument_more_than_both():
    def profit(y_true, y_pred):
        return 0.0

    profit.greater_is_better = False
    assert not own_metric(profit, Problem.REGRESSION).maximise
    assert not own_metric(functools.partial(profit), Problem.REGRESSION).maximise
    assert own_metric(profit, Problem.REGRESSION, maximise=True).maximise


def test_a_function_gets_the_most_probable_labels():
    own = own_metric(reference.accuracy_score, Problem.BINARY)
    assert (own.name, own.label, own.maximise) == ("accuracy_score", "accuracy score", True)
    assert own.score(np.array([0, 1, 1]), PROBABILITIES, None) == pytest.approx(2 / 3)
    assert own.score(np.array([0, 1, 1]), PROBABILITIES, np.array([1.0, 1.0, 0.0])) == 1.0


def test_labels_are_the_users_so_that_pos_label_means_something():
    f1 = functools.partial(reference.f1_score, pos_label="yes")
    own = own_metric(f1, Problem.BINARY, labels=["no", "yes"])
    assert own.name == "f1_score"
    assert own.score(np.array([0, 1, 1]), PROBABILITIES, None) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("labels", "kind"), [(["no", "yes"], "U"), ([1, 2], "f")])
def test_a_task_hands_out_its_labels(labels, kind):
    seen = []

    def agreement(y_true, y_pred):
        seen.extend([y_true, y_pred])
        return float((y_true == y_pred).mean())

    frame = pd.DataFrame({"x": np.arange(40.0), "y": labels * 20})
    task = from_frame(frame, "y", metric=agreement, problem="classification")
    predicted = np.eye(2)[task.target.values.astype(int)]
    assert task.metric.score(task.target.values, predicted, None) == 1.0
    assert seen[0].dtype.kind == seen[1].dtype.kind == kind
    assert seen[0].tolist() == labels * 20


def test_an_own_metric_can_be_pickled_if_the_function_can():
    own = own_metric(reference.accuracy_score, Problem.BINARY, labels=["no", "yes"])
    again = pickle.loads(pickle.dumps(own))
    assert again.score(np.array([0, 1, 0]), PROBABILITIES, None) == 1.0


@pytest.mark.parametrize(
    "function",
    [reference.log_loss, reference.roc_auc_score, reference.average_precision_score],
)
def test_a_metric_of_probabilities_is_refused_with_a_way_out(function):
    with pytest.raises(DataError, match=r"needs probabilities.*Use a name"):
        own_metric(function, Problem.BINARY)


def test_a_scorer_and_what_is_no_function_are_refused():
    with pytest.raises(DataError, match="is a scorer"):
        own_metric(reference.make_scorer(reference.accuracy_score), Problem.BINARY)
    with pytest.raises(DataError, match="a name, a coeval Metric or a function"):
        own_metric(3, Problem.BINARY)
