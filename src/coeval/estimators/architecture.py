"""scikit-learn estimators: ``fit`` searches an architecture, ``predict`` uses it.

They run serially in memory and write nothing until ``save``. scikit-learn's conventions hold:
parameters are stored as given, what is learnt ends in an underscore, ``random_state`` decides everything.
torch uses one thread while an estimator works, and afterwards as many as before.

**Ctrl-C** during ``fit`` ends the search, not the program: the best architecture so far becomes the model, with
a ``UserWarning``. Before the first trial has finished, or a second time, it is an ordinary ``KeyboardInterrupt``.
So in a ``GridSearchCV`` one Ctrl-C shortens the current fit, and two in a row leave the grid.
"""

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import assert_all_finite, check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from coeval.architecture.text import outline
from coeval.estimators.images import Form, form_of, holds_images, table_of, task_of
from coeval.estimators.labels import label_texts, labelled, refuse_missing, refuse_times
from coeval.export.card import CardFacts
from coeval.export.ensemble import Trained
from coeval.oneshot.history import history, nothing
from coeval.oneshot.method import METHODS
from coeval.run.budget import Budget
from coeval.run.checks import effort
from coeval.run.fit_space import space_of
from coeval.run.memory_fit import Fit, fit_in_memory
from coeval.run.run import Run
from coeval.task.frame import from_arrays, raw_frame_to_table
from coeval.task.own_metric import own_metric
from coeval.task.split import Shares
from coeval.task.table import Table
from coeval.task.task import Problem, Task

Floats = npt.NDArray[np.float64]


class _ArchitectureEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What both estimators share."""

    _form: Form | None
    _by_name: bool

    def __init__(
        self,
        budget: str | float | None = "60s",
        *,
        trials: int | None = None,
        metric: Any = None,
        strategy: str = "evolution",
        preset: str | None = None,
        models: str = "all",
        ensemble: bool = False,
        max_latency: str | None = None,
        max_parameters: str | int | None = None,
        max_macs: str | int | None = None,
        max_memory: str | None = None,
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.budget = budget
        self.trials = trials
        self.metric = metric
        self.strategy = strategy
        self.preset = preset
        self.models = models
        self.ensemble = ensemble
        self.max_latency = max_latency
        self.max_parameters = max_parameters
        self.max_macs = max_macs
        self.max_memory = max_memory
        self.device = device
        self.random_state = random_state

    def _search(self, task: Task, seed: int, started: float) -> None:
        """Search, train the best on all rows, and keep the model."""
        from coeval.train.device import limited, resolve  # noqa: PLC0415 - loads torch

        resolve(self.device)  # one that is not there would fail every trial until the budget ends
        how = Fit(
            Budget.of(self.budget, self.trials),
            self.strategy,
            self.device,
            seed,
            started,
            ensemble=self.ensemble,
            models=self.models,
            preset=self.preset,
            max_latency=self.max_latency,
            max_parameters=self.max_parameters,
            max_macs=self.max_macs,
            max_memory=self.max_memory,
        )
        if not isinstance(self.metric, str | None):
            _try_metric(task)
        # Networks for images take so long that a recipe must suit the budget; those for tables are cut by it.
        space = space_of(how, task, None, effort(how.budget) if task.is_image else 1.0)
        with limited():
            run, final = fit_in_memory(task, space, how)
        if run.why == "interrupted":
            warnings.warn(
                f"fit was interrupted: the model is the best of {run.counts.done} trials.",
                UserWarning,
                stacklevel=3,
            )
        if self.strategy in METHODS:
            found = history(self.strategy, run.trials)
            for said in (nothing(self.strategy, run.trials),) if found is None else found.on_time:
                warnings.warn(said, UserWarning, stacklevel=3)
        self.model_: Trained = final.whole
        self.architecture_ = final.model.architecture
        self.run_: Run = run
        self.best_score_: float = final.validation
        self._sample: Table = _head(task)

    def _task(
        self, X: Any, y: Any, sample_weight: Any, problem: str, metric: Any, seed: int
    ) -> Task:
        if holds_images(X):
            return task_of(X, y, sample_weight, problem=problem, metric=metric, seed=seed)
        return from_arrays(
            X,
            y,
            problem=problem,
            metric=metric,
            weights=sample_weight,
            seed=seed,
            shares=Shares(test=0.0) if self.ensemble else None,
        )

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Return the features as the task reads them: frames and images as they are, everything else as numbers.

        What was fitted on an array takes a frame by the order of its columns, as scikit-learn's estimators do.
        """
        if (
            type(X).__name__ == "LazyFrame"
        ):  # scikit-learn finds no features in what is not collected
            X = X.collect()
        is_image = holds_images(X)
        if reset:
            self._form = form_of(X) if is_image else None
            self._by_name = _is_frame(X)
        if is_image or (self._by_name and _is_frame(X)):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        return validate_data(
            self,
            X,
            reset=reset,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            ensure_min_samples=2 if reset else 1,
        )

    def _raw_predictions(self, X: Any) -> Floats:
        from coeval.export.fitting import predict_table  # noqa: PLC0415 - loads torch
        from coeval.train.device import limited  # noqa: PLC0415 - loads torch

        check_is_fitted(self, "model_")
        if self._form is not None:
            table = table_of(X, self._form, self.model_)
        else:
            table = raw_frame_to_table(self._checked(X, reset=False), self.model_.schema)
        with limited():
            return predict_table(self.model_, table)

    def describe(self) -> str:
        """Return the architecture as text, one step a line."""
        check_is_fitted(self, "model_")
        return outline(self.architecture_)

    def save(self, folder: str | Path) -> Path:
        """Write ``model.onnx``, ``network.py``, weights and card into a folder, verified on training rows.

        Raises:
            ExportError: The folder cannot be written, or a file does not reproduce the model.
        """
        from coeval.export.write import write_model  # noqa: PLC0415 - loads torch and onnx

        check_is_fitted(self, "model_")
        metric = self.run_.objective.name
        card = CardFacts(
            title=type(self).__name__,
            metric_label=metric.replace("_", " "),
            maximise=self.run_.objective.maximise,
            validation=self.best_score_,
            trials=len(self.run_.trials),
        )
        rows = np.arange(self._sample.rows)
        return write_model(Path(folder), self.model_, self._sample, rows, card).folder

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class ArchitectureClassifier(ClassifierMixin, _ArchitectureEstimator):  # type: ignore[misc]
    """Searches a model that tells classes apart.

    Args:
        budget: Wall clock of ``fit``, its final training included, such as ``"60s"``, or seconds; ``None`` with
            ``trials`` only. One trial gets a fifth of it at most.
        trials: Most candidates tried.
        metric: What the search optimises, log loss by default: a name (``"log_loss"``, ``"accuracy"``,
            ``"balanced_accuracy"``, ``"roc_auc"``, ``"macro_f1"``), a function or a ``Metric``.
            A function ``(y_true, y_pred) -> float``, as in ``sklearn.metrics``, gets true and predicted labels
            (and ``sample_weight`` if it has such a parameter). It is maximised, unless its name ends in
            ``_error``, ``_loss`` or ``deviance``; an attribute ``greater_is_better`` of the function decides
            otherwise. For a function of probabilities pass ``coeval.task.metric.Metric``, which states its
            direction and gets class indices and probabilities.
        strategy: How to search, as ``coeval fit --strategy``: ``"evolution"``, ``"random"`` and others.
        preset: Of images, the space of networks, as ``coeval fit --preset``.
        models: Of tables, ``"all"`` for networks, boosted trees, forests and linear models together, ``"neural"`` for networks alone.
        ensemble: Hold a tenth of a table's rows back as a selection split, on which up to six finalists compete, and let
            those that these rows cannot tell apart predict together. All rows train the result where there is time.
        max_latency: Slowest model here, for one row, such as ``"5ms"``; measured with ONNX Runtime.
        max_parameters: Largest model, in parameters (of trees: nodes), such as ``"200k"`` or 200_000.
        max_macs: Most multiply-accumulates of a row, such as ``"20M"``.
        max_memory: Most memory of a network at work, such as ``"8MB"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        random_state: Decides every draw. With a limit on trials, which ends the search before ``budget``
            does, equal seeds give equal models.

    Attributes:
        classes_: ``(classes,)`` labels.
        architecture_: The architecture found.
        best_score_: Its validation score.
        run_: The search, trial by trial.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> ArchitectureClassifier(trials=2, random_state=0).fit(X, y).score(X, y) > 0.8
        True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ArchitectureClassifier":
        """Search and train.

        Args:
            X: ``(rows, columns)`` numbers, or a pandas or Polars frame with any columns; NaN is missing. Or images
                ``(rows, height, width, channels)``, bytes or real numbers from 0 to 1.
            y: ``(rows,)`` labels.
            sample_weight: ``(rows,)`` non-negative weights.

        Raises:
            ValueError: The data cannot be learnt from, or this machine lacks the device.
            BudgetError: The budget is not a duration, a limit is no number with its unit, or no network keeps it.
            SpaceError: No network keeps a limit, or a name among the parameters is unknown.
            RunError: No candidate could be trained, or the budget is too short for a single one.
            KeyboardInterrupt: Ctrl-C before the first trial had finished.
        """
        started = time.monotonic()
        X = self._checked(X, reset=True)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        refuse_missing(y)
        assert_all_finite(y, input_name="y")  # first: the next line casts what it is given
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"Classifier needs at least 2 classes, got one class: {self.classes_[0]!r}."
            )
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        seed = self._seed()
        # The task sees codes, but a function of the user's gets the user's labels.
        metric = self.metric
        if callable(metric):
            metric = own_metric(metric, Problem.MULTICLASS, labels=self.classes_)
        task = self._task(X, codes, weights, "classification", metric, seed)
        order = np.array([int(float(one)) for one in task.target.classes])
        self._order = np.argsort(order)
        self._search(task, seed, started)
        labels, number = label_texts(self.classes_[order])
        self.model_ = labelled(self.model_, labels, number)
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return probabilities ``(rows, classes)`` in the order of ``classes_``."""
        return self._raw_predictions(X)[:, self._order]

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most probable label of each row."""
        found = self.predict_proba(X)
        labels: npt.NDArray[Any] = self.classes_[found.argmax(axis=1)]
        return labels


class ArchitectureRegressor(RegressorMixin, _ArchitectureEstimator):  # type: ignore[misc]
    """Searches a model that predicts a number.

    Args:
        budget: Wall clock of ``fit``, its final training included, such as ``"60s"``, or seconds; ``None`` with
            ``trials`` only. One trial gets a fifth of it at most.
        trials: Most candidates tried.
        metric: What the search optimises, RMSE by default: a name (``"rmse"``, ``"mae"``, ``"r2"``), a function
            or a ``coeval.task.metric.Metric``, which states its direction. A function
            ``(y_true, y_pred) -> float``, as in ``sklearn.metrics``, gets values in the units of ``y`` (and
            ``sample_weight`` if it has such a parameter). It is minimised if its name ends in ``_error``,
            ``_loss`` or ``deviance`` and maximised otherwise; an attribute ``greater_is_better`` of the
            function decides otherwise.
        strategy: How to search, as ``coeval fit --strategy``: ``"evolution"``, ``"random"`` and others.
        preset: Of images, the space of networks, as ``coeval fit --preset``.
        models: Of tables, ``"all"`` for networks, boosted trees, forests and linear models together, ``"neural"`` for networks alone.
        ensemble: Hold a tenth of a table's rows back as a selection split, on which up to six finalists compete, and let
            those that these rows cannot tell apart predict together. All rows train the result where there is time.
        max_latency: Slowest model here, for one row, such as ``"5ms"``; measured with ONNX Runtime.
        max_parameters: Largest model, in parameters (of trees: nodes), such as ``"200k"`` or 200_000.
        max_macs: Most multiply-accumulates of a row, such as ``"20M"``.
        max_memory: Most memory of a network at work, such as ``"8MB"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        random_state: Decides every draw. With a limit on trials, which ends the search before ``budget``
            does, equal seeds give equal models.

    Attributes:
        architecture_: The architecture found.
        best_score_: Its validation score.
        run_: The search, trial by trial.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ArchitectureRegressor":
        """Search and train.

        Args:
            X: ``(rows, columns)`` numbers, or a pandas or Polars frame with any columns; NaN is missing. Or images
                ``(rows, height, width, channels)``, bytes or real numbers from 0 to 1.
            y: ``(rows,)`` numbers.
            sample_weight: ``(rows,)`` non-negative weights.

        Raises:
            ValueError: The data cannot be learnt from, or this machine lacks the device.
            BudgetError: The budget is not a duration, a limit is no number with its unit, or no network keeps it.
            SpaceError: No network keeps a limit, or a name among the parameters is unknown.
            RunError: No candidate could be trained, or the budget is too short for a single one.
            KeyboardInterrupt: Ctrl-C before the first trial had finished.
        """
        started = time.monotonic()
        X = self._checked(X, reset=True)
        y = column_or_1d(y, warn=True)
        refuse_missing(y)
        refuse_times(y)
        y = column_or_1d(y, dtype=np.float64)
        check_consistent_length(X, y)
        if not np.isfinite(y).all():
            raise ValueError("Input y contains NaN or infinity: every row needs a finite target.")
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        seed = self._seed()
        task = self._task(X, y, weights, "regression", self.metric, seed)
        self._search(task, seed, started)
        return self

    def predict(self, X: Any) -> Floats:
        """Return ``(rows,)`` values."""
        return self._raw_predictions(X)


def _is_frame(X: Any) -> bool:
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def _try_metric(task: Task) -> None:
    """Call a user's metric once, on near perfect predictions: a slip in it is better raised than found in every trial."""
    rows = task.folds[0][1]
    values = task.target.values[rows]
    if task.target.classes:
        found = np.eye(len(task.target.classes))[values.astype(np.int64)]
    else:
        found = (values + values.mean()) / 2
    float(task.metric.score(values, found, task.weights_of(rows)))


def _head(task: Task, rows: int = 256) -> Table:
    """Return a few training rows, on which ``save`` verifies what it writes."""
    return task.table.take(task.splits.train[:rows])
