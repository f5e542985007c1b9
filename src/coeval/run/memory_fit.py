"""A search and its final training in this process and in memory, within one budget: what the estimators do."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from coeval.errors import RunError
from coeval.evaluate.protocol import Evaluator
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export import stretch
from coeval.export.final import FinalModel, Resources, make_final
from coeval.export.finalists import choose_finalists, refit_seconds
from coeval.oneshot.evaluator import OneShotEvaluator
from coeval.oneshot.method import METHODS
from coeval.oneshot.tick import Kind
from coeval.run.budget import Budget
from coeval.run.compiling import compile_loops
from coeval.run.keeper import MEMORY_LIMIT_BYTES, Keeper
from coeval.run.one_shot import Division, divide, tick_deadlines
from coeval.run.run import Run
from coeval.run.search import search
from coeval.run.strategies import rungs_of, strategy_for
from coeval.space.protocol import CandidateSpace
from coeval.store.artifacts import MemoryArtifacts
from coeval.store.protocol import Note
from coeval.task.task import Task
from coeval.trial import Objective, Trial

LEAST_SECONDS = 1.0
"""Given to the search however little the imports left of a budget: enough for a model of a small table."""
TRIAL_SHARE = 0.2
"""Share of the budget that one trial may take; then the best epoch so far counts."""
LEAST_TRIAL_SECONDS = 0.5
"""Below this, a trial on several folds is cut before it has learnt anything."""
MARGIN_SECONDS = 0.1
"""Kept for fitting the preparation anew and for the way back."""
INTERRUPTED_SECONDS = 10.0
"""After Ctrl-C a user waits for a finished model, but not for long."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a user decides about a fit.

    Attributes:
        budget: Time from ``started`` to the finished model, trials, or both.
        strategy: A name for ``strategy_for``.
        device: A name for ``train.device.resolve``.
        seed: Source of chance.
        started: ``time.monotonic()`` seconds from which the budget counts.
    """

    budget: Budget
    strategy: str
    device: str
    seed: int
    started: float

    @property
    def end(self) -> float:
        """Return the ``time.monotonic()`` seconds at which the model has to be there, if the search starts now."""
        if self.budget.seconds is None:
            return math.inf
        return max(self.started + self.budget.seconds, time.monotonic() + LEAST_SECONDS)


def fit_in_memory(task: Task, space: CandidateSpace, how: Fit) -> tuple[Run, FinalModel]:
    """Search, and train the best on all rows, within the budget.

    The search ends early enough to train the best again; where that does not fit either, the model keeps
    the weights that the search trained.

    Raises:
        KeyboardInterrupt: Ctrl-C came before any trial had finished. Later it ends the search, and the best
            so far is finished.
        RunError: No trial succeeded.
    """
    objective = Objective(task.metric.name, task.metric.maximise)
    artifacts = MemoryArtifacts()
    if task.is_image:
        compile_loops()  # once on a machine, and not in the first trial's time
    end = how.end
    seconds = how.budget.seconds
    division = None if seconds is None or how.strategy not in METHODS else divide(seconds)
    longest = None if division is None else division.final
    best = BestSoFar(task, space, objective, artifacts, end, longest=longest)
    limits = Limits(seconds=_trial_seconds(seconds, division), deadline=_finite(end))
    run = search(
        task,
        space,
        strategy_for(
            how.strategy,
            space,
            objective,
            how.seed,
            rungs_of=rungs_of(task),
            seconds=seconds,
        ),
        _evaluator(task, space, how, artifacts, limits, division),
        how.budget,
        objective=objective,
        on_event=best.record,
        deadline=_finite(end),
        stop=best.is_due,
        seed=how.seed,
    )
    if run.why == "stopped":  # only the clock says stop here
        run = replace(run, why="time")
    _check_any(run)
    if run.why == "interrupted":
        end = min(end, time.monotonic() + INTERRUPTED_SECONDS)
    resources = Resources(source=task, seed=how.seed, device=how.device, deadline=_finite(end))
    finalists = choose_finalists(run.trials, space, objective, 1)
    return run, make_final(finalists, resources, artifacts)


def _trial_seconds(whole: float | None, division: Division | None) -> float | None:
    if whole is None:
        return None
    return max(LEAST_TRIAL_SECONDS, TRIAL_SHARE * whole if division is None else division.trial)


def _evaluator(
    task: Task,
    space: CandidateSpace,
    how: Fit,
    artifacts: MemoryArtifacts,
    limits: Limits,
    division: Division | None,
) -> Evaluator:
    inner = TrainingEvaluator(
        task, space, seed=how.seed, device=how.device, artifacts=artifacts, limits=limits
    )
    if how.strategy not in METHODS:
        return inner
    deadlines: Mapping[Kind, float] = {}
    if division is not None and limits.deadline is not None:
        end = limits.deadline - division.after_ticks
        deadlines = tick_deadlines(how.strategy, end, division.ticks)
    return OneShotEvaluator(
        inner, task, space, seed=how.seed, artifacts=artifacts, deadlines=deadlines
    )


class BestSoFar:
    """Follows a search: forgets the weights that are needed least, and says when the best trial's refit has to begin.

    Args:
        task: What is solved.
        space: The trials' own.
        objective: What is best.
        artifacts: Holds the trials' weights.
        end: ``time.monotonic()`` seconds at which the refit has to be done.
        limit: Bytes of weights and checkpoints at most, the best trial's apart.
        longest: Seconds that a long final training may take; by default its share of what is left.
    """

    def __init__(
        self,
        task: Task,
        space: CandidateSpace,
        objective: Objective,
        artifacts: MemoryArtifacts,
        end: float,
        limit: int = MEMORY_LIMIT_BYTES,
        longest: float | None = None,
    ) -> None:
        self._task, self._space, self._objective = task, space, objective
        self._end = end
        self._best: list[Trial] = []
        self._begin = math.inf
        self._most = stretch.SHARE * (end - time.monotonic()) if longest is None else longest
        self._keeper = Keeper(artifacts, objective, lambda: self._best, limit=limit)

    def record(self, record: Trial | Note) -> None:
        """Take a trial into account."""
        if not isinstance(record, Trial):
            return
        self._keeper.record(record)
        least = min(map(self._objective.cost, self._best), default=math.inf)
        if record.is_comparable and self._objective.cost(record) < least:
            self._best = [record]
            (finalist,) = choose_finalists(self._best, self._space, self._objective, 1)
            long = min(stretch.stretch_seconds(finalist, self._task), self._most)
            needed = max(long, refit_seconds(finalist, self._task))
            self._begin = self._end - needed - MARGIN_SECONDS
        self._keeper.tidy()

    def is_due(self) -> bool:
        """Return whether the search has to end for the refit; never while there is nothing to refit."""
        return time.monotonic() >= self._begin


def _check_any(run: Run) -> None:
    if run.best is not None:
        return
    if run.why == "interrupted":
        raise KeyboardInterrupt
    failures = [
        one.measurement.failure for one in run.trials if one.measurement and one.measurement.failure
    ]
    why = f" The first says: {failures[0].reason}, {failures[0].detail}" if failures else ""
    raise RunError(
        f"None of {len(run.trials)} trials succeeded, so there is no model.{why} Raise the budget, or mend what "
        "the failures name."
    )


def _finite(moment: float) -> float | None:
    return None if moment == math.inf else moment
