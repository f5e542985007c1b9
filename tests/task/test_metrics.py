"""Our metrics equal scikit-learn's."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.errors import DataError
from coeval.task import metrics
from coeval.task.metric import Metric
from coeval.task.task import Problem


def labels_of(probabilities):
    return probabilities.argmax(axis=1)


def auc(y, p, w):
    if p.shape[1] == 2:
        return reference.roc_auc_score(y, p[:, 1], sample_weight=w)
    return reference.roc_auc_score(y, p, sample_weight=w, multi_class="ovr", average="macro")


CLASSIFICATION = {
    "accuracy": lambda y, p, w: reference.accuracy_score(y, labels_of(p), sample_weight=w),
    "balanced_accuracy": lambda y, p, w: reference.balanced_accuracy_score(
        y, labels_of(p), sample_weight=w
    ),
    "log_loss": lambda y, p, w: reference.log_loss(
        y, p, sample_weight=w, labels=list(range(p.shape[1]))
    ),
    "macro_f1": lambda y, p, w: reference.f1_score(
        y, labels_of(p), sample_weight=w, average="macro"
    ),
    "roc_auc": auc,
}
REGRESSION = {
    "r2": lambda y, p, w: reference.r2_score(y, p, sample_weight=w),
    "rmse": lambda y, p, w: reference.root_mean_squared_error(y, p, sample_weight=w),
    "mae": lambda y, p, w: reference.mean_absolute_error(y, p, sample_weight=w),
}


@pytest.mark.parametrize("name", CLASSIFICATION)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), classes=st.integers(2, 5), weighted=st.booleans())
def test_a_classification_metric_equals_scikit_learns(name, seed, classes, weighted):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, 40)])
    p = np.round(rng.dirichlet(np.ones(classes), len(y)), 2)  # rounded, so that scores tie
    p = (p + 1e-6) / (p + 1e-6).sum(axis=1, keepdims=True)
    w = rng.random(len(y)) * 3 if weighted else None
    problem = Problem.BINARY if classes == 2 else Problem.MULTICLASS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # scikit-learn renames arguments
        expected = CLASSIFICATION[name](y, p, w)
    assert metrics.metric(name, problem).score(y, p, w) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", REGRESSION)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), weighted=st.booleans())
def test_a_regression_metric_equals_scikit_learns(name, seed, weighted):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=30) * 10.0 ** rng.integers(-2, 3)
    p = y + rng.normal(size=30)
    w = rng.random(30) if weighted else None
    expected = REGRESSION[name](y, p, w)
    found = metrics.metric(name, Problem.REGRESSION).score(y, p, w)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_log_loss_is_finite_for_a_sure_and_wrong_prediction():
    loss = metrics.LOG_LOSS.score(np.array([0]), np.array([[0.0, 1.0]]), None)
    assert 30 < loss < 40


def test_auc_is_undefined_without_one_of_the_two_classes():
    p = np.array([[0.4, 0.6], [0.3, 0.7]])
    assert np.isnan(metrics.ROC_AUC.score(np.array([1, 1]), p, None))


def test_auc_of_many_classes_leaves_out_a_class_without_rows():
    p = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    assert metrics.ROC_AUC.score(np.array([0, 1, 0]), p, None) == 1.0


def test_r2_of_a_constant_target_is_one_only_if_exact():
    y = np.ones(3)
    assert metrics.R2.score(y, y, None) == 1.0
    assert metrics.R2.score(y, np.array([1.0, 1.0, 2.0]), None) == 0.0


@pytest.mark.parametrize("problem", list(Problem))
def test_the_default_metric_is_finite_on_a_single_row(problem):
    y = np.array([1])
    p = np.array([2.0]) if problem is Problem.REGRESSION else np.array([[0.2, 0.8]])
    assert np.isfinite(metrics.default_metric(problem).score(y, p, None))


def test_the_default_metric_is_the_first_of_its_problem():
    for problem in Problem:
        assert metrics.metrics_for(problem)[0] is metrics.default_metric(problem)


def test_names_are_read_with_spaces_and_dashes():
    assert metrics.metric("Log-Loss", Problem.BINARY) is metrics.LOG_LOSS
    assert metrics.metric("roc auc", Problem.BINARY) is metrics.ROC_AUC


def test_a_misspelt_metric_gets_a_hint():
    with pytest.raises(DataError, match="Did you mean 'accuracy'"):
        metrics.metric("acuracy", Problem.BINARY)


def test_a_metric_of_another_problem_is_refused():
    with pytest.raises(DataError, match="problem is regression"):
        metrics.metric("accuracy", Problem.REGRESSION)
    with pytest.raises(DataError, match="is for regression"):
        metrics.metric("rmse", Problem.MULTICLASS)


def own_score(y_true, y_pred, sample_weight=None):
    return float(np.average(y_true == y_pred, weights=sample_weight))


def test_a_function_becomes_a_metric_and_gets_weights_if_it_asks_for_them():
    own = metrics.metric(own_score, Problem.BINARY)
    p = np.array([[0.9, 0.1], [0.9, 0.1]])
    assert (own.name, own.maximise, own.label) == ("own_score", True, "own score")
    assert own.score(np.array([0, 1]), p, np.array([3.0, 1.0])) == 0.75


def test_a_function_without_weights_is_called_without():
    own = metrics.metric(lambda y, p: abs(y - p).max(), Problem.REGRESSION, maximise=False)
    assert (own.name, own.maximise) == ("own_metric", False)
    assert own.score(np.array([1.0, 2.0]), np.array([1.0, 5.0]), np.ones(2)) == 3.0


def test_a_metric_object_is_taken_as_it_is():
    own = Metric("own", False, lambda y, p, w: 0.0)
    assert metrics.metric(own, Problem.BINARY) is own


def test_a_tasks_own_metric_comes_first_and_is_there_once():
    own = Metric("mae", False, lambda *_: 7.0)
    task = SimpleNamespace(problem=Problem.REGRESSION, metric=own)
    found = metrics.all_metrics(task)
    assert list(found) == ["mae", "rmse", "r2"]
    assert found["mae"] is own
