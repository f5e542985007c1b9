"""Training one candidate from scratch on more rows than the search had, as an independent job.

A job and its result are plain values, so jobs may run in any worker. This file imports no torch: the
driver makes jobs and reads results, and only the process that runs one needs it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Settings
from coeval.architecture.step import Architecture
from coeval.component.solved import NETWORK, follows_no_recipe, kind_of
from coeval.errors import ExportError
from coeval.export.ensemble import Trained
from coeval.export.model import Model
from coeval.task.memory import TaskSource, load_task
from coeval.task.task import Index, Task


class Rows(StrEnum):
    """Which rows a model is trained on."""

    SEARCHED = "the first training rows"
    KNOWN = "train and validation rows"
    ALL = "all rows but the test rows"


@dataclass(frozen=True, slots=True)
class Finalist:
    """A finished trial, with what is needed to train it again.

    Attributes:
        trial: Its number.
        validation: Its score on validation.
        architecture: Typed by any preparation; each training types it anew.
        preparation: The preparation's settings.
        recipe: The recipe's settings.
        epochs: At which its validation score was best (the median over folds).
        schedule_epochs: Length of the schedule that those epochs belong to.
        epoch_seconds: Measured seconds of one epoch.
        train_rows: Rows that an epoch had.
        weights: Digest of its stored weights, of the first fold; empty if none were kept.
        predictions: Digest of what its networks predicted for the rows that they were judged on; empty if it was not kept.
        is_ripe: Whether the last epochs that it was trained for were its best: it was still getting better, and may only have been stopped.
        longest: Epochs of a schedule that follows the clock to the deadline and ends there or, where there is time for so
            many, after them; ``epochs`` is then what is expected. Trees, which follow no schedule, take rounds beyond ``epochs`` so. 0 for one that
            counts epochs, as usual.
    """

    trial: int
    validation: float
    architecture: Architecture
    preparation: Settings
    recipe: Settings
    epochs: int
    schedule_epochs: int
    epoch_seconds: float
    train_rows: int
    weights: str = ""
    predictions: str = ""
    is_ripe: bool = False
    longest: int = 0

    @property
    def named(self) -> str:
        """Return its trial for people, and what it is where it is no network."""
        kind = kind_of(self.architecture)
        return f"Trial {self.trial}" + ("" if kind == NETWORK else f" ({kind})")

    @property
    def least(self) -> int:
        """Return the epochs without which a training is not complete: one with a schedule by the clock is whenever it ends."""
        has_schedule = self.longest and not follows_no_recipe(self.architecture)
        return 1 if has_schedule else self.epochs

    def sized(self, model: Model) -> "Finalist":
        """Return it as large as a training of it came out: trees may have fewer leaves than they might."""
        return replace(self, architecture=model.architecture)

    def seconds(self, rows: int) -> float:
        """Return about how long training it again on so many rows takes."""
        return 0.1 + self.epochs * self.epoch_seconds * rows / max(self.train_rows, 1)


@dataclass(frozen=True, slots=True)
class Job:
    """One training from scratch.

    Attributes:
        source: The task, or its folder.
        finalist: What to train.
        rows: On which rows.
        seed: Of initialisation, order and dropout.
        repeat: Counts trainings of the same finalist; they differ in their seed.
        deadline: ``time.monotonic()`` seconds at which it is given up.
        device: A name for ``train.device.resolve``.
        threads: That one operation may use.
        lesson: What a teacher predicts for these rows, in their order, to be learnt beside the targets; ``None`` for none.
    """

    source: TaskSource
    finalist: Finalist
    rows: Rows
    seed: int
    repeat: int = 0
    deadline: float | None = None
    device: str = "cpu"
    threads: int = 1
    lesson: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Retrained:
    """What a job gave.

    Attributes:
        trial: Number of the finalist's trial.
        repeat: As in the job.
        rows: As in the job.
        model: ``None`` if it failed.
        epochs: Trained to their end.
        seconds: Wall clock.
        selection: Predictions on the selection rows; ``None`` if it failed or there are none.
        is_complete: Whether all epochs were trained before the deadline.
        failure: Why there is no model; empty otherwise.
    """

    trial: int
    repeat: int
    rows: Rows
    model: Model | None
    epochs: int
    seconds: float
    selection: npt.NDArray[np.float64] | None = None
    is_complete: bool = True
    failure: str = ""


def retrain(job: Job) -> Retrained:
    """Train a finalist from scratch at its found number of epochs; a failure is a result, not an exception."""
    from coeval.export import fitting  # noqa: PLC0415 - loads torch

    started = time.monotonic()
    failure, model, epochs, selection = "", None, 0, None
    try:
        task = load_task(job.source)
        model, epochs = fitting.train(task, job)
        selection = predictions(model, task, task.splits.selection)
        if selection is not None and not np.isfinite(selection).all():
            model, failure = None, "its predictions are not finite"
    except Exception as error:  # noqa: BLE001 - another finalist, or the stored weights, take its place
        model, failure = None, f"{type(error).__name__}: {error}"
    return Retrained(
        trial=job.finalist.trial,
        repeat=job.repeat,
        rows=job.rows,
        model=model,
        epochs=epochs,
        seconds=time.monotonic() - started,
        selection=None if model is None else selection,
        is_complete=model is not None and epochs >= job.finalist.least,
        failure=failure,
    )


def restore(source: TaskSource, finalist: Finalist, weights: Mapping[str, np.ndarray]) -> Retrained:
    """Return the model that the search itself trained, from its stored weights, without any training.

    Its preparation is fitted again on the first fold's training rows, which gives the same numbers.
    """
    from coeval.export import fitting  # noqa: PLC0415 - loads torch

    started = time.monotonic()
    task = load_task(source)
    model = fitting.restore(task, finalist, weights)
    return Retrained(
        trial=finalist.trial,
        repeat=0,
        rows=Rows.SEARCHED,
        model=model,
        epochs=finalist.epochs,
        seconds=time.monotonic() - started,
        selection=predictions(model, task, task.splits.selection),
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """Weights that the search stored, of a finalist.

    Attributes:
        source: The task, or its folder.
        finalist: Whose they are.
        weights: Of its first fold.
    """

    source: TaskSource
    finalist: Finalist
    weights: Mapping[str, np.ndarray]


def restored(stored: Stored) -> Retrained:
    """Return the model of stored weights, as a job does; that they do not fit is a result, not an exception."""
    finalist = stored.finalist
    try:
        return restore(stored.source, finalist, stored.weights)
    except ExportError as error:
        return Retrained(finalist.trial, 0, Rows.SEARCHED, None, 0, 0.0, None, False, str(error))


def predictions(model: Trained, task: Task, rows: Index) -> npt.NDArray[np.float64] | None:
    """Return a model's predictions ``(rows, classes)`` or ``(rows,)`` on some rows of the task; ``None`` for no rows."""
    from coeval.export import fitting  # noqa: PLC0415 - loads torch

    return fitting.predict_table(model, task.table.take(rows)) if len(rows) else None


def row_indices(task: Task, rows: Rows) -> Index:
    """Return which rows of the task a model is trained on."""
    splits = task.splits
    if rows is Rows.SEARCHED:
        return task.folds[0][0]
    known = (splits.train, splits.validation)
    return np.sort(np.concatenate(known if rows is Rows.KNOWN else (*known, splits.selection)))
