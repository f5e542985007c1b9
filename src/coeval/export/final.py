"""From a search's best trials to one model, honestly chosen.

Finalists are trained from scratch on train and validation rows and compared on the selection rows, which
the search never saw; the winner is refitted on everything but the test rows. Of a large table the search's own trainings
are compared instead, and ``export.seeds`` refits those that predict together. Whatever the time, there is
a model at the end: with less of it fewer finalists, then no refit, then the weights the search stored.
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coeval.component.solved import rounds_of
from coeval.errors import CoevalError, ExportError
from coeval.export.ensemble import Ensemble, Trained
from coeval.export.finalists import (
    LONGER,
    are_many,
    hoped,
    refits_seconds,
    round_seconds,
    timed,
)
from coeval.export.model import Model
from coeval.export.retrain import (
    Finalist,
    Job,
    Retrained,
    Rows,
    Stored,
    restored,
    retrain,
)
from coeval.export.selection import (
    FinalistResult,
    completed,
    finalists_floor,
    has_lost,
    left_behind,
    rank,
    scored_trials,
    selection_score,
    summary,
    trainings,
)
from coeval.export.stretch import stretched
from coeval.seed import entropy
from coeval.statistics import NoiseFloor
from coeval.task.memory import TaskSource, load_task
from coeval.task.task import Task
from coeval.trial import Artifacts

Mapped = Callable[[Callable[[Any], Retrained], Sequence[Any]], Iterable[Retrained]]
"""``map``, or a pool's; results may come in any order."""

REFITS_SHARE = 0.5
"""Share of what is left that several refits may take, or one is kept time for."""
_LAST_SECONDS = 2.0
"""What a training may take when time is over and there is no model at all."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Where and within what the final training happens.

    Attributes:
        source: The task, or its folder.
        seed: The run's.
        device: A name for ``train.device.resolve``.
        threads: That one operation may use.
        deadline: ``time.monotonic()`` seconds at which a model must be there; ``None`` for no hurry.
        latest: Says by when at the latest as things stand, for who may be interrupted.
        workers: Jobs that ``mapped`` runs at once.
        mapped: Runs jobs; one after the other in this process by default.
        rounds: Trainings of each finalist at most, each under another seed.
        refits: Whether the winner is trained again on all rows but the test rows.
        together: Whether finalists may predict together: then one round of the contest is enough, and time is kept to refit them all.
        seeded: Whether ``export.seeds`` follows: of a large table it refits the winner, too, beside those that predict with it.
    """

    source: TaskSource
    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    deadline: float | None = None
    latest: Callable[[], float] = lambda: math.inf
    workers: int = 1
    mapped: Mapped = map
    rounds: int = 2
    refits: bool = True
    together: bool = False
    seeded: bool = False

    @property
    def seconds_left(self) -> float:
        """Return the seconds until the deadline."""
        end = math.inf if self.deadline is None else self.deadline
        return min(end, self.latest()) - time.monotonic()

    def job(self, finalist: Finalist, rows: Rows, repeat: int, *, reserve: float = 0.0) -> Job:
        """Return the job of training a finalist, to be given up ``reserve`` seconds before the deadline."""
        return Job(
            source=self.source,
            finalist=finalist,
            rows=rows,
            seed=entropy(self.seed, "final", finalist.trial, rows.name, repeat),
            repeat=repeat,
            deadline=None if self.deadline is None else self.deadline - reserve,
            device=self.device,
            threads=self.threads,
        )

    def refit(self, finalist: Finalist, repeat: int) -> Job:
        """Return the job of training a finalist on all rows; one that follows the clock ends an epoch before the deadline."""
        spare = finalist.epoch_seconds if finalist.longest else 0.0
        return self.job(finalist, Rows.ALL, repeat, reserve=spare)


@dataclass(frozen=True, slots=True)
class EnsembleMember:
    """One training among those that predict together.

    Attributes:
        trial: Number of its trial.
        repeat: Counts trainings of the same trial.
        weight: Its share.
        rows: What it was trained on.
    """

    trial: int
    repeat: int
    weight: float
    rows: Rows


@dataclass(frozen=True, slots=True, eq=False)
class FinalModel:
    """The model a user takes home.

    Attributes:
        model: Architecture, weights, fitted preparation, the target's scale; the heaviest member's of an ensemble.
        trial: Number of the trial it comes from.
        validation: That trial's score in the search.
        selection: Its score on the selection rows before any refit on them; ``None`` without such rows.
        epochs: It was trained for.
        seconds: Of the whole final training.
        rows: What it was trained on.
        provenance: What it was trained on and how it was chosen, for people.
        finalists: What became of each finalist that was trained, best validation first.
        noise_floor: ``None`` where nothing was trained twice.
        trained: Every training of the contest, with its model.
        ensemble: What the user takes home instead of ``model`` alone, if anything (``export.ensemble_final``).
        unseen: The same as trained on train and validation rows: it has not seen the selection rows.
        members: What the ensemble consists of, in its order.
    """

    model: Model
    trial: int
    validation: float
    selection: float | None
    epochs: int
    seconds: float
    rows: Rows
    provenance: str
    finalists: tuple[FinalistResult, ...] = ()
    noise_floor: NoiseFloor | None = None
    trained: tuple[Retrained, ...] = ()
    ensemble: Ensemble | None = None
    unseen: Ensemble | None = None
    members: tuple[EnsembleMember, ...] = ()

    @property
    def whole(self) -> Trained:
        """Return what the user takes home: the ensemble if there is one, else the model."""
        return self.model if self.ensemble is None else self.ensemble


def make_final(
    finalists: Sequence[Finalist], resources: Resources, artifacts: Artifacts | None = None
) -> FinalModel:
    """Train the finalists, choose one, refit it, within the time there is.

    Args:
        finalists: The best first, as ``choose_finalists`` returns them.
        resources: Where and within what.
        artifacts: Holds the weights that the search stored, for when there is no time to train.

    Raises:
        ExportError: There is no finalist, or none could be trained or restored.
    """
    if not finalists:
        raise ExportError(
            "No trial succeeded, so there is no model to finish. Give the search more time, or read why its "
            "trials failed."
        )
    started = time.monotonic()
    task = load_task(resources.source)
    searched = {one.trial: one.epochs for one in finalists}
    finalists, resources = _drawn_out(finalists, resources, task)
    mixes = resources.together and resources.refits
    is_quick = mixes and are_many(task)
    trained = _searched(finalists, resources, task, artifacts) if is_quick else []
    if not trained:
        trained = _compete(finalists, resources, task)
    if not trained and mixes:
        trained = _searched(finalists, resources, task, artifacts)
    results = tuple(summary(one, trained, task) for one in finalists if trainings(one, trained))
    ranking = rank(finalists, trained, results, task)
    ahead = left_behind(finalists, ranking[0], trained, task, artifacts)
    if ahead is not None and stored(ahead, resources.source, artifacts) is not None:
        ranking = [ahead, *(one for one in ranking if one is not ahead)]
    if resources.seeded and is_quick and trained:
        chosen, kept = ranking[0], completed(ranking[0], trained)[0]
    else:
        chosen, kept = _best_model(ranking, trained, resources, task, artifacts)
    selection = next((one.selection for one in results if one.trial == chosen.trial), math.nan)
    if math.isnan(selection) and kept.rows is not Rows.ALL and kept.selection is not None:
        selection = selection_score(task, kept.selection)
    model = kept.model
    if model is None:
        raise ExportError(f"Trial {chosen.trial} could not be trained again: {kept.failure}.")
    return FinalModel(
        model=model,
        trial=chosen.trial,
        validation=chosen.validation,
        selection=None if math.isnan(selection) else selection,
        epochs=searched[chosen.trial] if kept.rows is Rows.SEARCHED else kept.epochs,
        seconds=time.monotonic() - started,
        rows=kept.rows,
        provenance=_provenance(chosen, kept, finalists[0], results),
        finalists=results,
        noise_floor=finalists_floor(results),
        trained=tuple(trained),
    )


def _drawn_out(
    finalists: Sequence[Finalist], resources: Resources, task: Task
) -> tuple[Sequence[Finalist], Resources]:
    """Return finalists with schedules as long as there is time for, and how they are trained; as they are where that is no use."""
    found = stretched(finalists, task, seconds=resources.seconds_left, workers=resources.workers)
    if not found:
        return finalists, resources
    if not task.is_image:  # the search's own weights are what it has to be better than
        spare = max(one.epoch_seconds for one in found)
        end = None if resources.deadline is None else resources.deadline - spare
        return found, replace(resources, rounds=1, refits=False, deadline=end)
    if len(found) == 1:  # nothing to choose: it learns from all rows, and has all cores
        return found, replace(resources, rounds=0, threads=max(resources.workers, 1))
    return found, replace(resources, rounds=1, refits=False)


def _compete(finalists: Sequence[Finalist], resources: Resources, task: Task) -> list[Retrained]:
    """Train every finalist for which there is time, then, while it lasts, all of them again under other seeds."""
    trained: list[Retrained] = []
    if not len(task.splits.selection):
        return trained
    planned: list[Finalist] = []
    for one in finalists:
        if _round_need([*planned, one], resources, task) <= resources.seconds_left:
            planned.append(one)
        elif not planned:
            return trained  # without the best on validation it would be a contest of the also-rans
    if resources.together and len(planned) == 1 < len(finalists):
        return trained  # its time is better spent on the refit: the search's own trainings are compared instead
    rounds = min(resources.rounds, 1) if resources.together else resources.rounds
    for repeat in range(rounds if planned else 0):
        if repeat and _round_need(planned, resources, task) > resources.seconds_left:
            break
        reserve = _refit_need(planned, resources, task)
        jobs = [resources.job(one, Rows.KNOWN, repeat, reserve=reserve) for one in planned]
        trained += resources.mapped(retrain, jobs)
        planned = [one for one in planned if completed(one, trained)]
        if not planned:
            break
    return trained


def _searched(
    finalists: Sequence[Finalist], resources: Resources, task: Task, artifacts: Artifacts | None
) -> list[Retrained]:
    """Return the trainings of the search itself, where there is no time to train the finalists again to compare and join them, or it is better spent."""
    if len(task.folds) > 1 or not len(task.splits.selection):
        return []
    found = [stored(one, resources.source, artifacts) for one in finalists]
    known = [one for one in found if one is not None]
    return [one for one in resources.mapped(restored, known) if one.model is not None]


def stored(finalist: Finalist, source: TaskSource, artifacts: Artifacts | None) -> Stored | None:
    """Return the weights of a finalist that the search stored; ``None`` where there are none, pruned or damaged."""
    if artifacts is None or not finalist.weights:
        return None
    try:
        return Stored(source, finalist, artifacts.get(finalist.weights))
    except (KeyError, CoevalError):
        return None


def _round_need(planned: Sequence[Finalist], resources: Resources, task: Task) -> float:
    refit = _refit_need(planned, resources, task)
    return round_seconds(planned, task, resources.workers) + refit


def _refit_need(planned: Sequence[Finalist], resources: Resources, task: Task) -> float:
    """Return what is kept for refits: for all that there may be, unless they would take more than half of what is left."""
    if not resources.refits:
        return 0.0
    if resources.together:
        several = refits_seconds(planned, task, resources.workers, together=True)
        if several <= REFITS_SHARE * resources.seconds_left:
            return several
    return refits_seconds(planned, task, resources.workers, together=False)


def _best_model(
    ranking: Sequence[Finalist],
    trained: Sequence[Retrained],
    resources: Resources,
    task: Task,
    artifacts: Artifacts | None,
) -> tuple[Finalist, Retrained]:
    """Return the winner with the best model of it that there is time for."""
    winner = ranking[0]
    compared = completed(winner, trained)
    before = compared[0] if compared else None
    if resources.refits and hoped([winner], task, 1) <= resources.seconds_left:
        # Who is to predict with it is trained after it.
        job = resources.refit(timed(winner, task, 1 if resources.together else LONGER), 0)
        after = next(iter(resources.mapped(retrain, [job])))
        kept = None if before else _stored([winner], resources, artifacts)
        if after.is_complete and not has_lost(after, kept[1] if kept else before, task):
            return winner, after
    if before is not None:
        found = (
            None if resources.refits or task.is_image else _stored([winner], resources, artifacts)
        )
        return found if found and has_lost(before, found[1], task) else (winner, before)
    last = _stored(ranking, resources, artifacts)
    return last if last is not None else _at_any_cost(ranking, trained, resources)


def _stored(
    ranking: Sequence[Finalist], resources: Resources, artifacts: Artifacts | None
) -> tuple[Finalist, Retrained] | None:
    """Return the first finalist whose weights the search stored."""
    for one in ranking:
        kept = stored(one, resources.source, artifacts)
        found = None if kept is None else restored(kept)
        if (
            found is not None and found.model is not None
        ):  # else pruned or damaged: the next may be there
            return one, found
    return None


def _at_any_cost(
    ranking: Sequence[Finalist], trained: Sequence[Retrained], resources: Resources
) -> tuple[Finalist, Retrained]:
    """Return an unfinished model, trained in the two seconds that a budget may be exceeded by if there is none yet."""
    for one in ranking:
        for unfinished in trainings(one, trained):
            if unfinished.model is not None and unfinished.epochs:
                return one, unfinished
    last = time.monotonic() + max(_LAST_SECONDS, resources.seconds_left)
    failures = []
    for one in ranking:
        late = Resources(
            resources.source, resources.seed, resources.device, resources.threads, last
        )
        found = retrain(late.job(one, Rows.ALL, 0))
        if found.model is not None:
            return one, found
        failures.append(f"trial {one.trial}: {found.failure}")
    raise ExportError(
        f"None of the {len(ranking)} best trials could be trained again ({'; '.join(failures)})."
    )


def _provenance(
    chosen: Finalist, kept: Retrained, favourite: Finalist, results: Sequence[FinalistResult]
) -> str:
    """Return how the model came about, and why the best on validation was not among those compared."""
    compared = scored_trials(results)
    how = f"{chosen.named}, the best on validation"
    if chosen.trial in compared and len(compared) > 1:
        how = f"{chosen.named}, chosen among {len(compared)} finalists on the selection rows"
    elif chosen is not favourite:
        how = chosen.named
    if chosen is not favourite and favourite.trial not in compared:
        why = next((one.failure for one in results if one.trial == favourite.trial), "")
        how += f", without {favourite.named.lower()}, the best on validation ({why or 'no model of it'})"
    if kept.rows is Rows.SEARCHED:
        return f"{how}; with the weights of the search itself."
    end = "" if kept.is_complete else ", stopped before its last epoch for lack of time"
    return f"{how}; trained from scratch on {kept.rows.value} for {kept.epochs} {rounds_of(chosen.architecture)}{end}."
