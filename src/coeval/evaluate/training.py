"""The evaluator that trains: prepare, build, train with early stopping, score out of fold.

This file imports no torch: the driver makes the evaluator and sends it to workers, and only a worker
that evaluates needs one. What goes wrong becomes a failed measurement with a reason, never an exception.
"""

import time
import traceback
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from coeval.errors import RunError
from coeval.evaluate.cost import TimeModel, megabytes
from coeval.evaluate.folds import FoldCache
from coeval.evaluate.machine import available_memory
from coeval.evaluate.plan import Plan, Refusal, make_plan
from coeval.evaluate.protocol import Report
from coeval.evaluate.scoring import scores
from coeval.evaluate.watch import NO_LIMITS, Limits, NothingLearnt, Watch
from coeval.seed import entropy
from coeval.space.protocol import CandidateSpace
from coeval.task.memory import TaskSource, load_task
from coeval.task.task import Task
from coeval.train.errors import Diverged
from coeval.trial import Artifacts, Failure, Measurement, Proposal, Reason, Trial

if TYPE_CHECKING:
    from coeval.evaluate.trainer import Trained

_MEMORY_SHARE = 0.8
_LEAST_EPOCHS = 2


class TrainingEvaluator:
    """Trains each candidate and measures it on validation.

    Args:
        source: The task, or the folder that ``task.memory`` wrote it to (for workers).
        space: Turns a candidate into its architecture.
        seed: The run's; each trial's draws are addressed by its number below it.
        device: A name for ``train.device.resolve``.
        threads: That one operation may use.
        artifacts: Where weights go; without it they are dropped.
        limits: When a trial is refused or stopped.
    """

    def __init__(
        self,
        source: TaskSource,
        space: CandidateSpace,
        *,
        seed: int = 0,
        device: str = "cpu",
        threads: int = 1,
        artifacts: Artifacts | None = None,
        limits: Limits = NO_LIMITS,
    ) -> None:
        self.source = source
        self.space = space
        self.seed = seed
        self.device = device
        self.threads = threads
        self.artifacts = artifacts
        self.limits = limits
        self._folds = FoldCache()
        self._times = TimeModel()

    def bucket(self, proposal: Proposal) -> str:
        """Return one key for all: candidates are trained one after the other."""
        del proposal
        return ""

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's number and measurement as it finishes."""
        for trial in trials:
            yield trial.number, self._measure(trial, report)

    def _measure(self, trial: Trial, report: Report) -> Measurement:
        started = time.monotonic()
        data: dict[str, Any] = {}
        try:
            return self._train(trial, report, started)
        except Refusal as error:
            failure = Failure(Reason.REFUSED, str(error))
        except NothingLearnt as error:
            failure = Failure(Reason.TIMED_OUT, str(error))
        except Diverged as error:
            failure = Failure(Reason.DIVERGED, str(error))
        except MemoryError as error:
            failure = Failure(Reason.OUT_OF_MEMORY, str(error))
        except Exception as error:  # noqa: BLE001 - the contract: a failure is a value
            failure = Failure(_reason(error), f"{type(error).__name__}: {error}")
            data["traceback"] = traceback.format_exc().splitlines()[-8:]
        return Measurement(cost={"seconds": time.monotonic() - started}, data=data, failure=failure)

    def _train(self, trial: Trial, report: Report, started: float) -> Measurement:
        from coeval.train.device import configure  # noqa: PLC0415 - loads torch

        if not report(trial.number, 0, {}):
            raise NothingLearnt("told to stop before training began.")
        configure(self.threads)
        task = load_task(self.source)
        plan = make_plan(task, self.space, trial.proposal)
        self._check_memory(plan)
        self._check_time(plan)
        watch = Watch(report, trial.number, started, self.limits, len(task.folds))
        trained = [
            self._train_fold(task, plan, number, watch, entropy(self.seed, "trial", trial.number))
            for number in range(len(task.folds))
        ]
        return self._measured(task, plan, trained, watch)

    def _train_fold(
        self, task: Task, plan: Plan, number: int, watch: Watch, seed: int
    ) -> "Trained":
        from coeval.evaluate.trainer import train_fold  # noqa: PLC0415 - loads torch

        watch.begin_fold()
        before = time.monotonic()
        fold = self._folds.get(
            task, plan.preparation, number, share=plan.rows_share, seed=self.seed
        )
        trained = train_fold(
            task,
            plan.architecture,
            plan.recipe,
            fold,
            epochs=plan.epochs,
            seed=entropy(seed, number),
            device=self.device,
            on_epoch=watch.epoch,
            should_stop=watch.should_stop,
        )
        fitted = trained.fitted
        # A trial that its own limits cut inside its first epoch still has a score: on a table so large
        # it may be the only model there will be.
        if watch.is_stopped and (fitted.epochs == 0 or number < len(task.folds) - 1):
            raise NothingLearnt(
                f"stopped after {fitted.epochs} epochs of fold {number + 1} of {len(task.folds)}, "
                "too early to score the trial."
            )
        self._times.observe(plan.work, fitted.epochs, time.monotonic() - before)
        return trained

    def _measured(
        self, task: Task, plan: Plan, trained: Sequence["Trained"], watch: Watch
    ) -> Measurement:
        rows = np.concatenate([judged for _, judged in task.folds])
        values = scores(task, rows, np.concatenate([one.predictions for one in trained]))
        if task.metric.name not in values:
            raise ValueError(
                f"{task.metric.name} is undefined on the validation rows: too few of them, or one class only."
            )
        fitted = [one.fitted for one in trained]
        artifacts, lost = self._stored(trained[0])
        data: dict[str, Any] = {
            "best_epochs": [one.best_epoch for one in fitted],
            "schedule_epochs": fitted[0].schedule_epochs,
            "fold_scores": [one.score for one in fitted],
            "fold_epochs": [one.epochs for one in fitted],
            "fold_seconds": [one.seconds for one in fitted],
            "train_rows": plan.work.rows,
            **lost,
        }
        if watch.is_stopped or watch.is_shortened:
            data["stopped_early"] = True
        return Measurement(
            values=values,
            curve={task.metric.name: _mean_curve([one.curve[task.metric.name] for one in fitted])},
            cost={
                "seconds": time.monotonic() - watch.started,
                "epochs": float(sum(one.epochs for one in fitted)),
                "parameters": float(plan.work.cost.parameters),
                "macs": float(plan.work.cost.macs),
                "memory_bytes": float(plan.memory_bytes),
            },
            data=data,
            artifacts=artifacts,
        )

    def _stored(self, trained: "Trained") -> tuple[dict[str, str], dict[str, str]]:
        """Store a fold's weights; return their digest, or why there is none: a full disk must not cost the score."""
        if self.artifacts is None:
            return {}, {}
        try:
            return {"weights": self.artifacts.put(trained.weights)}, {}
        except RunError as error:
            return {}, {"weights_lost": str(error)}

    def _check_memory(self, plan: Plan) -> None:
        limit = self.limits.memory_bytes
        if limit is None:
            free = available_memory()
            limit = None if free is None else int(_MEMORY_SHARE * free)
        if limit is not None and plan.memory_bytes > limit:
            raise Refusal(
                f"training would need about {megabytes(plan.memory_bytes)} "
                f"({plan.work.cost.parameters:,} parameters, {plan.work.cost.activations:,} activations "
                f"a row, batch size {plan.recipe.batch_size}), {megabytes(limit)} may be used."
            )

    def _check_time(self, plan: Plan) -> None:
        if self.limits.deadline is None:
            return
        left = self.limits.deadline - time.monotonic()
        epochs = min(_LEAST_EPOCHS, plan.epochs)
        needed = plan.folds * self._times.at_least(plan.work, epochs)
        if needed > left:
            raise Refusal(
                f"{epochs} epochs on {plan.folds} fold(s) of {plan.work.rows:,} rows would take at least "
                f"{needed:.1f} s ({plan.work.cost.macs:,} multiply-accumulates a row), {max(left, 0):.1f} s are left."
            )


def _mean_curve(curves: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Return the mean over folds after each epoch; a fold that ended earlier counts with its last value."""
    length = max(len(one) for one in curves)
    padded = [one + (one[-1],) * (length - len(one)) for one in curves]
    return tuple(float(value) for value in np.mean(padded, axis=0))


def _reason(error: Exception) -> Reason:
    """Tell an allocation that failed from every other error: torch raises a plain RuntimeError for it on a CPU."""
    text = str(error).lower()
    words = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate")
    is_memory = isinstance(error, RuntimeError) and any(one in text for one in words)
    return Reason.OUT_OF_MEMORY if is_memory else Reason.ERROR
