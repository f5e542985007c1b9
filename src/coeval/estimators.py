"""scikit-learn estimators: ``fit`` searches an architecture, ``predict`` uses it.

They run serially in memory and write nothing until ``save``. scikit-learn's conventions hold:
parameters are stored as given, what is learnt ends in an underscore, ``random_state`` decides everything.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from coeval.architecture.text import outline
from coeval.evaluate.training import TrainingEvaluator
from coeval.export.card import CardFacts
from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.model import Model
from coeval.run.budget import Budget
from coeval.run.run import Run
from coeval.run.search import search
from coeval.run.strategies import strategy_for
from coeval.space.tabular import space_for
from coeval.task.frame import from_arrays, raw_frame_to_table
from coeval.task.table import Table
from coeval.task.task import Task
from coeval.trial import Objective

Floats = npt.NDArray[np.float64]


class _ArchitectureEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What both estimators share."""

    def __init__(
        self,
        budget: str | float | None = "60s",
        *,
        trials: int | None = None,
        metric: Any = None,
        strategy: str = "evolution",
        device: str = "auto",
        random_state: Any = None,
    ) -> None:
        self.budget = budget
        self.trials = trials
        self.metric = metric
        self.strategy = strategy
        self.device = device
        self.random_state = random_state

    def _search(self, task: Task, seed: int) -> None:
        """Search, train the best on all rows, and keep the model."""
        space = space_for(task)
        objective = Objective(task.metric.name, task.metric.maximise)
        run = search(
            task,
            space,
            strategy_for(self.strategy, space, objective, seed),
            TrainingEvaluator(task, space, seed=seed, device=self.device),
            Budget.of(self.budget, self.trials),
            seed=seed,
        )
        finalists = choose_finalists(run.trials, space, objective, 1)
        final = make_final(finalists, Resources(source=task, seed=seed, device=self.device))
        self.model_: Model = final.model
        self.architecture_ = final.model.architecture
        self.run_: Run = run
        self.best_score_: float = final.validation
        self._sample: Table = _head(task)

    def _task(self, X: Any, y: Any, sample_weight: Any, problem: str, seed: int) -> Task:
        return from_arrays(
            X, y, problem=problem, metric=self.metric, weights=sample_weight, seed=seed
        )

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Return the features as the task reads them: frames as they are, everything else as numbers."""
        if _is_frame(X):
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

        check_is_fitted(self, "model_")
        table = raw_frame_to_table(self._checked(X, reset=False), self.model_.schema)
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
        tags.non_deterministic = False
        return tags


class ArchitectureClassifier(ClassifierMixin, _ArchitectureEstimator):  # type: ignore[misc]
    """Searches a network that tells classes apart.

    Args:
        budget: Wall clock of ``fit``, such as ``"60s"``, or seconds; ``None`` with ``trials`` only.
        trials: Most candidates tried.
        metric: A name (``"log_loss"``, ``"accuracy"``, ``"roc_auc"`` …) or a callable ``(y_true, y_pred)``.
        strategy: ``"evolution"`` or ``"random"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        random_state: Decides every draw. With a limit on trials, equal seeds give equal models.

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
            X: ``(rows, columns)`` numbers, or a pandas or Polars frame with any columns; NaN is missing.
            y: ``(rows,)`` labels.
            sample_weight: ``(rows,)`` non-negative weights.

        Raises:
            ValueError: The data cannot be learnt from.
            BudgetError: The budget is not a duration.
        """
        X = self._checked(X, reset=True)
        y = column_or_1d(y, warn=True)
        check_consistent_length(X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"Classifier needs at least 2 classes, got one class: {self.classes_[0]!r}."
            )
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        seed = self._seed()
        task = self._task(X, codes, weights, "classification", seed)
        order = np.array([int(float(one)) for one in task.target.classes])
        self._order = np.argsort(order)
        self._search(task, seed)
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
    """Searches a network that predicts a number.

    Args:
        budget: Wall clock of ``fit``, such as ``"60s"``, or seconds; ``None`` with ``trials`` only.
        trials: Most candidates tried.
        metric: A name (``"rmse"``, ``"mae"``, ``"r2"``) or a callable ``(y_true, y_pred)``.
        strategy: ``"evolution"`` or ``"random"``.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        random_state: Decides every draw. With a limit on trials, equal seeds give equal models.

    Attributes:
        architecture_: The architecture found.
        best_score_: Its validation score.
        run_: The search, trial by trial.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ArchitectureRegressor":
        """Search and train.

        Args:
            X: ``(rows, columns)`` numbers, or a pandas or Polars frame with any columns; NaN is missing.
            y: ``(rows,)`` numbers.
            sample_weight: ``(rows,)`` non-negative weights.

        Raises:
            ValueError: The data cannot be learnt from.
            BudgetError: The budget is not a duration.
        """
        X = self._checked(X, reset=True)
        y = column_or_1d(y, warn=True, dtype=np.float64)
        check_consistent_length(X, y)
        if not np.isfinite(y).all():
            raise ValueError("Input y contains NaN or infinity: every row needs a finite target.")
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        seed = self._seed()
        self._search(self._task(X, y, weights, "regression", seed), seed)
        return self

    def predict(self, X: Any) -> Floats:
        """Return ``(rows,)`` values."""
        return self._raw_predictions(X)


def _is_frame(X: Any) -> bool:
    return hasattr(X, "columns") and hasattr(X, "dtypes")


def _head(task: Task, rows: int = 256) -> Table:
    """Return a few training rows, on which ``save`` verifies what it writes."""
    from coeval.export.model import rows_of  # noqa: PLC0415

    return rows_of(task.table, task.splits.train[:rows])
