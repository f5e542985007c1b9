"""How finalists are compared on the selection rows, and how much of a difference is only the seed's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.bootstrap import score_difference, score_interval
from coeval.export.held_out import searched
from coeval.export.retrain import Finalist, Retrained
from coeval.statistics import Interval, NoiseFloor, noise_floor
from coeval.task.task import Index, Task
from coeval.trial import Artifacts

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FinalistResult:
    """What became of one finalist.

    Attributes:
        trial: Number of its trial.
        validation: Its score in the search.
        repeats: Score on the selection rows of each complete training.
        epochs: Of one training.
        seconds: Of all its trainings.
        failure: Why it has no score; empty otherwise.
    """

    trial: int
    validation: float
    repeats: tuple[float, ...]
    epochs: int
    seconds: float
    failure: str = ""

    @property
    def selection(self) -> float:
        """Return the mean score on the selection rows; NaN if there is none."""
        return float(np.mean(self.repeats)) if self.repeats else math.nan


def finalists_floor(results: Sequence[FinalistResult]) -> NoiseFloor | None:
    """Return the standard deviation between trainings of the same finalist, pooled over the finalists."""
    return noise_floor([one.repeats for one in results])


def rank(
    finalists: Sequence[Finalist],
    trained: Sequence[Retrained],
    results: Sequence[FinalistResult],
    task: Task,
) -> list[Finalist]:
    """Return the finalists by their scores on the selection rows, those without a score last.

    The best moves to the front only where the selection rows tell it from the one with the best
    validation score by more than a standard error (paired bootstrap): on few rows the search's own
    score, from more rows, is the better witness.
    """
    scores = {one.trial: one.selection for one in results if one.repeats}
    scored = [one for one in finalists if one.trial in scored_trials(results)]
    rest = [one for one in finalists if one not in scored]
    if not scored:
        return rest
    sign = -1.0 if task.metric.maximise else 1.0
    order = sorted(scored, key=lambda one: sign * scores[one.trial])
    best, favourite = order[0], scored[0]
    if best is not favourite:
        gain = sign * (scores[favourite.trial] - scores[best.trial])
        if gain <= _standard_error(best, favourite, trained, task):
            order = [favourite, *(one for one in order if one is not favourite)]
    return order + rest


def left_behind(
    finalists: Sequence[Finalist],
    winner: Finalist,
    trained: Sequence[Retrained],
    task: Task,
    artifacts: Artifacts | None,
) -> Finalist | None:
    """Return the best on validation where it has no complete training and led the contest's winner there by more than a standard error.

    Without it, a contest of the others says who is the best of them, and not who is the best.
    """
    favourite = finalists[0]
    if completed(favourite, trained) or not completed(winner, trained):
        return None
    one, other = (searched(each.predictions, task, artifacts) for each in (favourite, winner))
    if one is None or other is None:
        return None
    return favourite if leads(one, other, task, task.judged) else None


def leads(first: Floats, second: Floats, task: Task, rows: Index) -> bool:
    """Return whether predictions are better than others on some rows by more than a standard error."""
    lead = _difference(first, second, task, rows)
    return lead.low > 0 if task.metric.maximise else lead.high < 0


def scored_trials(results: Sequence[FinalistResult]) -> set[int]:
    """Return the numbers of the finalists that have a selection score."""
    return {one.trial for one in results if not math.isnan(one.selection)}


def _standard_error(
    first: Finalist, second: Finalist, trained: Sequence[Retrained], task: Task
) -> float:
    """Return half the width of the middle 68 % of the paired difference on the selection rows."""
    one, other = (completed(finalist, trained)[0].selection for finalist in (first, second))
    if one is None or other is None:
        return math.inf
    found = _difference(one, other, task, task.splits.selection)
    width = (found.high - found.low) / 2
    return width if math.isfinite(width) else math.inf


def _difference(first: Floats, second: Floats, task: Task, rows: Index) -> Interval:
    """Return the paired difference of two scores on some rows, a standard error to either side."""
    return score_difference(
        task.metric,
        task.target.values[rows],
        first,
        second,
        task.weights_of(rows),
        task.groups_of(rows),
        level=0.68,
        resamples=300,
    )


def has_lost(after: Retrained, before: Retrained | None, task: Task) -> bool:
    """Return whether a refit is clearly worse on rows it has seen than the model that had not seen them: it went wrong."""
    if before is None or before.selection is None or after.selection is None:
        return False
    rows = task.splits.selection
    weights, groups = task.weights_of(rows), task.groups_of(rows)
    usual = score_interval(task.metric, task.target.values[rows], before.selection, weights, groups)
    score = selection_score(task, after.selection)
    return score < usual.low if task.metric.maximise else score > usual.high


def trainings(finalist: Finalist, trained: Sequence[Retrained]) -> list[Retrained]:
    """Return all trainings of a finalist."""
    return [one for one in trained if one.trial == finalist.trial]


def completed(finalist: Finalist, trained: Sequence[Retrained]) -> list[Retrained]:
    """Return its complete trainings, the first seed first."""
    found = [one for one in trainings(finalist, trained) if one.is_complete]
    return sorted(found, key=lambda one: one.repeat)


def summary(finalist: Finalist, trained: Sequence[Retrained], task: Task) -> FinalistResult:
    """Return what became of a finalist that was trained at least once."""
    complete = completed(finalist, trained)
    failures = [
        one.failure or "not trained to its end in time" for one in trainings(finalist, trained)
    ]
    scores = [selection_score(task, one.selection) for one in complete if one.selection is not None]
    return FinalistResult(
        trial=finalist.trial,
        validation=finalist.validation,
        repeats=tuple(score for score in scores if not math.isnan(score)),
        epochs=finalist.epochs,
        seconds=sum(one.seconds for one in trainings(finalist, trained)),
        failure="" if complete else failures[0],
    )


def selection_score(task: Task, predictions: Floats) -> float:
    """Return the search's metric on the selection rows."""
    rows = task.splits.selection
    weights = task.weights_of(rows)
    return float(task.metric.score(task.target.values[rows], predictions, weights))
