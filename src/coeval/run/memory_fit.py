"""A search and its final training in this process and in memory, within one budget: what the estimators do."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from coeval.errors import RunError
from coeval.evaluate.protocol import Evaluator
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export import stretch
from coeval.export.ensemble_final import with_ensemble
from coeval.export.final import FinalModel, Resources, make_final
from coeval.export.finalists import (
    choose_finalists,
    final_seconds,
    finalists_for,
    refit_seconds,
)
from coeval.export.seeds import with_seeds
from coeval.oneshot.evaluator import OneShotEvaluator
from coeval.oneshot.method import METHODS
from coeval.oneshot.tick import Kind
from coeval.run.budget import Budget
from coeval.run.compiling import compile_here
from coeval.run.constraints import SCORE, constraints_of
from coeval.run.demands import Demands, demands_of
from coeval.run.gate import GatedEvaluator
from coeval.run.held import Held
from coeval.run.keeper import MEMORY_LIMIT_BYTES, Keeper
from coeval.run.one_shot import Division, divide, tick_deadlines
from coeval.run.reserve import CONTEST_SHARE
from coeval.run.run import Run
from coeval.run.search import search
from coeval.run.strategies import rungs_of, strategy_for
from coeval.run.verified import finalists_within, together_within
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
        ensemble: Whether finalists compete and may predict together; the task needs selection rows for it.
        models: And what follows: as ``coeval fit`` has it (``options.Asked``).
    """

    budget: Budget
    strategy: str
    device: str
    seed: int
    started: float
    ensemble: bool = False
    models: str = "all"
    preset: str | None = None
    policies: int = 0
    objective: str = SCORE
    max_latency: str | None = None
    max_parameters: str | int | None = None
    max_macs: str | int | None = None
    max_memory: str | None = None

    @property
    def end(self) -> float:
        """Return the ``time.monotonic()`` seconds at which the model has to be there, if the search starts now."""
        if self.budget.seconds is None:
            return math.inf
        return max(self.started + self.budget.seconds, time.monotonic() + LEAST_SECONDS)


@dataclass(frozen=True, slots=True)
class Memory:
    """Where a fit works, as ``verified.Place`` has it; nothing is recorded.

    Attributes:
        task: What is solved.
        space: All candidates.
        objective: What is best.
        demands: Limits, and the candidates that keep them.
        artifacts: The trials' weights.
        how: What the user decides.
    """

    task: Task
    space: CandidateSpace
    objective: Objective
    demands: Demands
    artifacts: MemoryArtifacts
    how: Fit

    def record(self, *notes: Note) -> None:
        """Forget notes."""


def fit_in_memory(task: Task, space: CandidateSpace, how: Fit) -> tuple[Run, FinalModel]:
    """Search, and train the best on all rows, within the budget.

    The search ends early enough to train the best again; where that does not fit either, the model keeps
    the weights that the search trained.

    Raises:
        BudgetError: A limit cannot be read, or no network keeps the limits.
        ExportError: Latency is bounded and cannot be measured.
        KeyboardInterrupt: Ctrl-C came before any trial had finished. Later it ends the search, and the best
            so far is finished.
        RunError: No trial succeeded.
    """
    objective = Objective(task.metric.name, task.metric.maximise)
    if task.is_image:
        compile_here(how.end - time.monotonic())  # once on a machine, and not in a trial's time
    end = how.end
    with demands_of(constraints_of(how), space, task, how.seed, how.budget.seconds) as demands:
        place = Memory(task, space, objective, demands, MemoryArtifacts(), how)
        run = _searched(place, end)
        if run.why == "interrupted":
            end = min(end, time.monotonic() + INTERRUPTED_SECONDS)
        return run, _final(place, run, end)


def _searched(place: Memory, end: float) -> Run:
    """Return the run, in which something succeeded."""
    how, task = place.how, place.task
    seconds = how.budget.seconds
    division = None if seconds is None or how.strategy not in METHODS else divide(seconds)
    longest = None if division is None else division.final
    best = BestSoFar(
        task,
        place.space,
        place.objective,
        place.artifacts,
        end - place.demands.closing_seconds,
        longest=longest,
        count=_finalists(place),
    )
    limits = Limits(seconds=_trial_seconds(seconds, division), deadline=_finite(end))
    run = search(
        task,
        place.space,
        strategy_for(
            how.strategy,
            place.demands.space,
            place.objective,
            how.seed,
            rungs_of=rungs_of(task),
            seconds=seconds,
            trials=how.budget.trials,
        ),
        _evaluator(place, limits, division),
        how.budget,
        objective=place.objective,
        on_event=best.record,
        deadline=_finite(end),
        stop=best.is_due,
        seed=how.seed,
    )
    if run.why == "stopped":  # only the clock says stop here
        run = replace(run, why="time")
    _check_any(run)
    return run


def _final(place: Memory, run: Run, end: float) -> FinalModel:
    """Return the model: the best trial that keeps the limits, measured, or the finalists together."""
    how = place.how
    resources = Resources(
        source=place.task,
        seed=how.seed,
        device=how.device,
        deadline=_finite(end),
        together=how.ensemble and not place.task.is_image,
        seeded=how.ensemble,
    )
    finalists = finalists_within(place, run, end, _finalists(place))
    final = make_final(finalists, resources, place.artifacts)
    if not how.ensemble:
        return final
    allowed = partial(together_within, place)
    final = with_ensemble(final, finalists, resources, allowed, place.artifacts)
    return with_seeds(final, finalists, resources, allowed)


def _finalists(place: Memory) -> int:
    """Return how many trials are trained again; one where there are no rows to compare them on."""
    together = place.how.ensemble and len(place.task.splits.selection)
    return finalists_for(place.task) if together else 1


def _trial_seconds(whole: float | None, division: Division | None) -> float | None:
    if whole is None:
        return None
    return max(LEAST_TRIAL_SECONDS, TRIAL_SHARE * whole if division is None else division.trial)


def _evaluator(place: Memory, limits: Limits, division: Division | None) -> Evaluator:
    how, task, space, artifacts = place.how, place.task, place.space, place.artifacts
    inner: Evaluator = TrainingEvaluator(
        task, space, seed=how.seed, device=how.device, artifacts=artifacts, limits=limits
    )
    if how.strategy in METHODS:
        deadlines: Mapping[Kind, float] = {}
        if division is not None and limits.deadline is not None:
            end = limits.deadline - division.after_ticks
            deadlines = tick_deadlines(how.strategy, end, division.ticks)
        inner = OneShotEvaluator(
            inner, task, space, seed=how.seed, artifacts=artifacts, deadlines=deadlines
        )
    return inner if place.demands.is_plain else GatedEvaluator(inner, Held(place.demands.costs))


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
        count: Trials that are trained again, where there is time for a contest.
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
        count: int = 1,
    ) -> None:
        self._task, self._space, self._objective = task, space, objective
        self._end = end
        self._best: list[Trial] = []
        self._begin = math.inf
        self._count = count
        self._contest = CONTEST_SHARE * (end - time.monotonic())
        share = stretch.share_for(task)
        self._most = share * (end - time.monotonic()) if longest is None else longest
        self._keeper = Keeper(artifacts, objective, lambda: self._best, limit=limit)

    def record(self, record: Trial | Note) -> None:
        """Take a trial into account."""
        if not isinstance(record, Trial):
            return
        self._keeper.record(record)
        cost = self._objective.cost
        if record.is_comparable and cost(record) < math.inf:
            self._best = sorted([*self._best, record], key=cost)[: self._count]
            if any(one is record for one in self._best):
                self._begin = self._end - self._needed() - MARGIN_SECONDS
        self._keeper.tidy()

    def _needed(self) -> float:
        """Return what the final training takes: a contest that is not too long, or the refit of the best alone."""
        found = choose_finalists(self._best, self._space, self._objective, self._count)
        for count in range(len(found), 1, -1):
            seconds = final_seconds(found[:count], self._task, together=not self._task.is_image)
            if seconds <= self._contest:
                return seconds
        long = min(stretch.stretch_seconds(found[0], self._task), self._most)
        return max(long, refit_seconds(found[0], self._task))

    def is_due(self) -> bool:
        """Return whether the search has to end for the refit; never while there is nothing to refit."""
        return time.monotonic() >= self._begin


def _check_any(run: Run) -> None:
    if run.best is not None:
        return
    if run.why == "interrupted":
        raise KeyboardInterrupt
    raise RunError(
        f"None of {len(run.trials)} trials succeeded, so there is no model.{run.first_failure} Raise the budget, or mend what "
        "the failures name."
    )


def _finite(moment: float) -> float | None:
    return None if moment == math.inf else moment
