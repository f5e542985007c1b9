"""A user's own function as a metric: which way is better, and what it is given.

The conventions are scikit-learn's, so that its metric functions can be passed as they are.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError
from coeval.task.metric import Metric
from coeval.task.task import Problem

Own = Callable[..., float]

MINIMISED = ("_error", "_loss", "deviance")
"""A function whose name ends so is minimised, every other is maximised: ``*_score`` and the like."""

_SCORES = ("y_score", "y_proba", "y_prob", "pred_decision")
"""How scikit-learn names the predictions of metrics that need more than labels."""

_OF_PROBABILITIES = ("log_loss", "d2_log_loss_score", "d2_brier_score")
"""The ones among them that say ``y_pred`` and mean probabilities."""


def own_metric(
    function: Own,
    problem: Problem,
    *,
    maximise: bool | None = None,
    labels: Sequence[Any] | npt.NDArray[Any] | None = None,
) -> Metric:
    """Return a user's function ``f(y_true, y_pred) -> float`` as a metric.

    Args:
        function: If it has a parameter ``sample_weight``, it also gets the weights. A ``functools.partial``
            is named after what it wraps. For classification it gets the true and the most probable
            labels ``(rows,)``, for regression values ``(rows,)``.
        problem: What is predicted.
        maximise: Whether more is better. ``None``: the function's attribute ``greater_is_better`` if it
            has one; otherwise names that end in ``_error``, ``_loss`` or ``deviance`` are minimised and
            all others maximised.
        labels: ``(classes,)`` what the function gets for each class index; the indices themselves by default.

    Raises:
        DataError: It is no function of this kind.

    Example:
        >>> def largest_error(y_true, y_pred):
        ...     return abs(y_true - y_pred).max()
        >>> own_metric(largest_error, Problem.REGRESSION).maximise
        False
    """
    name = _name(function)
    parameters = _parameters(function)
    of_classes = problem is not Problem.REGRESSION
    _refuse_others(function, name, parameters, of_classes=of_classes)
    if maximise is None:
        maximise = _is_maximised(function, name)
    score = _Score(
        function,
        weighted="sample_weight" in parameters,
        of_classes=of_classes,
        labels=None if labels is None else np.asarray(labels),
    )
    return Metric(name, maximise, score, name.replace("_", " ").strip())


class _Score:
    """A user's function with the signature of ``Score``; a class, so that it can be pickled if the function can."""

    def __init__(
        self,
        function: Own,
        *,
        weighted: bool,
        of_classes: bool,
        labels: npt.NDArray[Any] | None,
    ) -> None:
        self.function = function
        self.weighted = weighted
        self.of_classes = of_classes
        self.labels = labels

    def __call__(
        self,
        targets: npt.NDArray[np.generic],
        predictions: npt.NDArray[np.float64],
        weights: npt.NDArray[np.float64] | None,
    ) -> float:
        """Return the function's value."""
        true: npt.NDArray[Any] = targets
        found: npt.NDArray[Any] = predictions
        if self.of_classes:
            true, found = targets.astype(np.int64), predictions.argmax(axis=1)
            if self.labels is not None:
                true, found = self.labels[true], self.labels[found]
        if self.weighted:
            return float(self.function(true, found, sample_weight=weights))
        return float(self.function(true, found))


def _refuse_others(
    function: Own, name: str, parameters: Sequence[str], *, of_classes: bool
) -> None:
    """Refuse what is easily mistaken for a metric, before every trial fails or a wrong number is optimised."""
    if not callable(function):
        raise DataError(
            f"A metric must be a name, a coeval Metric or a function (y_true, y_pred), got {function!r}."
        )
    if hasattr(function, "_score_func"):
        raise DataError(
            f"Metric {function!r} is a scorer, which takes (estimator, X, y). Pass the function (y_true, y_pred) "
            "that it was made of; options go into functools.partial."
        )
    wants_scores = name in _OF_PROBABILITIES or any(one in _SCORES for one in parameters[1:2])
    if of_classes and wants_scores:
        raise DataError(
            f"Metric {name} needs probabilities, but a function gets labels. Use a name ('log_loss', 'roc_auc'), "
            "or coeval.task.metric.Metric(name, maximise, score) with score(class_indices, probabilities, weights)."
        )


def _is_maximised(function: Own, name: str) -> bool:
    inner = function.func if isinstance(function, functools.partial) else function
    for one in (function, inner):
        said = getattr(one, "greater_is_better", None)
        if said is not None:
            return bool(said)
    return not name.endswith(MINIMISED)


def _name(function: Own) -> str:
    inner = function.func if isinstance(function, functools.partial) else function
    name = str(getattr(inner, "__name__", type(inner).__name__))
    return "own_metric" if name == "<lambda>" else name


def _parameters(function: Own) -> list[str]:
    """Return the names of a function's parameters; none where Python cannot tell, as of some built-ins."""
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return []
