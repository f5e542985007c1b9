"""The metrics of tables in plain NumPy, equal to scikit-learn's; the default of each problem; a user's own.

A classification metric takes class indices ``(rows,)`` and probabilities ``(rows, classes)``, a regression
metric takes two ``(rows,)`` arrays of values in the user's units. All take optional weights ``(rows,)``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError, did_you_mean
from coeval.task.metric import Metric
from coeval.task.own_metric import Own, own_metric
from coeval.task.task import Problem, Task

Values = npt.NDArray[np.float64]
Targets = npt.NDArray[np.generic]


def metric(
    choice: "str | Metric | Own | None",
    problem: Problem,
    *,
    maximise: bool | None = None,
    labels: Sequence[Any] | npt.NDArray[Any] | None = None,
) -> Metric:
    """Return the metric that a user means.

    Args:
        choice: ``None`` for the problem's default; a name; a ``Metric``, which is taken as it is and, for
            classification, gets class indices and probabilities; or a function ``f(y_true, y_pred) -> float``
            as in ``sklearn.metrics``. A function gets labels ``(rows,)`` for classification, the most
            probable one as the prediction, and values ``(rows,)`` for regression. If it has a parameter
            ``sample_weight``, it also gets the weights.
        problem: What is predicted.
        maximise: Whether more is better; read only for a function. ``None``: the function's attribute
            ``greater_is_better`` if it has one; otherwise names that end in ``_error``, ``_loss`` or
            ``deviance`` are minimised and all others maximised, as scikit-learn names them.
        labels: ``(classes,)`` what a function gets for each class index; the indices by default.

    Raises:
        DataError: The name is unknown or belongs to another problem, or the function is no metric.

    Example:
        >>> metric("mae", Problem.REGRESSION).maximise
        False
    """
    if choice is None:
        return default_metric(problem)
    if isinstance(choice, Metric):
        return choice
    if not isinstance(choice, str):
        return own_metric(choice, problem, maximise=maximise, labels=labels)
    known = {one.name: one for one in metrics_for(problem)}
    name = choice.strip().lower().replace("-", "_").replace(" ", "_")
    if name in known:
        return known[name]
    if any(one.name == name for one in (*CLASSIFICATION, *REGRESSION)):
        raise DataError(
            f"Metric {choice!r} does not fit this task: the problem is {problem.value}, and {choice!r} is "
            f"for {'classes' if problem is Problem.REGRESSION else 'regression'}. "
            f"Choose one of {', '.join(known)}."
        )
    raise DataError(
        f"Unknown metric {choice!r}.{did_you_mean(name, known)} Choose one of {', '.join(known)}."
    )


def default_metric(problem: Problem) -> Metric:
    """Return the metric a search optimises unless told otherwise: log loss for classes, else RMSE.

    Both are proper scores and what the networks are trained on. Accuracy jumps by one row and AUC is
    undefined on a split without one of the classes, so on the small validation splits of a search log
    loss tells close candidates apart with fewer rows, and it is always finite. Accuracy and AUC, which
    people read, are measured and reported beside it.
    """
    return RMSE if problem is Problem.REGRESSION else LOG_LOSS


def metrics_for(problem: Problem) -> tuple[Metric, ...]:
    """Return all metrics of a problem, the default one first."""
    return REGRESSION if problem is Problem.REGRESSION else CLASSIFICATION


def all_metrics(task: Task) -> dict[str, Metric]:
    """Return every metric of a task's problem by name, the one that the task is optimised for first."""
    others = (one for one in metrics_for(task.problem) if one.name != task.metric.name)
    return {one.name: one for one in (task.metric, *others)}


def _accuracy(targets: Targets, predictions: Values, weights: Values | None) -> float:
    """Return the share of rows whose most probable class is the true one."""
    return _mean((predictions.argmax(axis=1) == targets).astype(np.float64), weights)


def _confusion(targets: Targets, predictions: Values, weights: Values | None) -> Values:
    """Return the ``(classes, classes)`` weight of rows by true and most probable class."""
    classes = predictions.shape[1]
    cells = targets.astype(np.int64) * classes + predictions.argmax(axis=1)
    counts = np.bincount(cells, weights=weights, minlength=classes * classes)
    return counts.reshape(classes, classes).astype(np.float64)


def _balanced_accuracy(targets: Targets, predictions: Values, weights: Values | None) -> float:
    """Return the mean recall over the classes that occur in ``targets``."""
    confusion = _confusion(targets, predictions, weights)
    support = confusion.sum(axis=1)
    present = support > 0
    if not present.any():
        return float("nan")
    return float((confusion.diagonal()[present] / support[present]).mean())


def _macro_f1(targets: Targets, predictions: Values, weights: Values | None) -> float:
    """Return the mean F1 over the classes that occur in targets or predictions."""
    confusion = _confusion(targets, predictions, weights)
    either = confusion.sum(axis=0) + confusion.sum(axis=1)
    present = either > 0
    if not present.any():
        return float("nan")
    return float((2 * confusion.diagonal()[present] / either[present]).mean())


def _log_loss(targets: Targets, predictions: Values, weights: Values | None) -> float:
    """Return the mean negative log-likelihood, probabilities clipped to the machine precision."""
    if targets.size == 0:
        return float("nan")
    flat = np.arange(len(targets)) * predictions.shape[1] + targets.astype(np.int64)
    chosen = predictions.take(flat)  # six times as fast as an index on both axes
    eps = np.finfo(np.float64).eps
    return _mean(-np.log(np.clip(chosen.astype(np.float64), eps, 1 - eps)), weights)


def _roc_auc(targets: Targets, predictions: Values, weights: Values | None) -> float:
    """Return the area under the ROC curve; for several classes the mean of one-vs-rest.

    Classes that hold no row, or all rows, have no curve and are left out of the mean.
    """
    classes = predictions.shape[1]
    if classes == 2:
        return _binary_auc(targets == 1, predictions[:, 1], weights)
    areas = [_binary_auc(targets == k, predictions[:, k], weights) for k in range(classes)]
    defined = [area for area in areas if not np.isnan(area)]
    return float(np.mean(defined)) if defined else float("nan")


def _binary_auc(positive: npt.NDArray[np.bool_], score: Values, weights: Values | None) -> float:
    """Return P(score of a positive > score of a negative), ties counted half (Mann and Whitney 1947)."""
    weights = np.ones(len(score)) if weights is None else weights
    _, tie = np.unique(score, return_inverse=True)
    high = np.bincount(tie, weights=weights * positive)
    low = np.bincount(tie, weights=weights * ~positive)
    both = high.sum() * low.sum()
    if not both > 0:
        return float("nan")
    below = np.cumsum(low) - low
    return float((high * (below + low / 2)).sum() / both)


def _r2(targets: Targets, predictions: Values, weights: Values | None) -> float:
    """Return the share of variance explained; for a constant target 1 if exact, else 0."""
    values = targets.astype(np.float64)
    if len(values) < 2:
        return float("nan")
    error = _mean((values - predictions) ** 2, weights)
    spread = _mean((values - _mean(values, weights)) ** 2, weights)
    if spread == 0:
        return 1.0 if error == 0 else 0.0
    return 1.0 - error / spread


def _rmse(targets: Targets, predictions: Values, weights: Values | None) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(_mean((targets.astype(np.float64) - predictions) ** 2, weights)))


def _mae(targets: Targets, predictions: Values, weights: Values | None) -> float:
    """Return the mean absolute error."""
    return _mean(np.abs(targets.astype(np.float64) - predictions), weights)


def _mean(values: Values, weights: Values | None) -> float:
    """Return the weighted mean; NaN without rows or without weight."""
    if weights is None:
        return float(values.mean()) if values.size else float("nan")
    total = weights.sum()
    return float((values * weights).sum() / total) if total > 0 else float("nan")


ACCURACY = Metric("accuracy", True, _accuracy, "accuracy")
BALANCED_ACCURACY = Metric("balanced_accuracy", True, _balanced_accuracy, "balanced accuracy")
LOG_LOSS = Metric("log_loss", False, _log_loss, "log loss")
ROC_AUC = Metric("roc_auc", True, _roc_auc, "ROC AUC")
MACRO_F1 = Metric("macro_f1", True, _macro_f1, "macro F1")
R2 = Metric("r2", True, _r2, "R2")
RMSE = Metric("rmse", False, _rmse, "RMSE")
MAE = Metric("mae", False, _mae, "MAE")
CLASSIFICATION = (LOG_LOSS, ACCURACY, BALANCED_ACCURACY, ROC_AUC, MACRO_F1)
REGRESSION = (RMSE, R2, MAE)
