"""Which trials are trained again at the end of a search, and how long that takes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from coeval.component.solved import LINEAR, follows_no_recipe, kind_of
from coeval.export.retrain import Finalist, Rows, row_indices
from coeval.space.digest import candidate_digest
from coeval.space.portfolio import MANY
from coeval.space.protocol import CandidateSpace
from coeval.space.recipe import Recipe
from coeval.task.task import Task
from coeval.trial import Objective, Trial

FINALISTS, FINALISTS_OF_IMAGES = 6, 4
"""Trials that are trained again, where there is time; fewer of images, where one is taken home and each is trained for long. Eight finalists
predicted together as well as six."""
TOO_FEW_TO_MIX = 2
"""So few finalists are the best, whatever they are."""

RIPE, LONGER = 0.9, 2
"""Share of its epochs up to which a network must have become better, to be trained for so many times as long at the end."""
HOPE = 0.6
"""Share of a training's planned seconds for which it is still tried where it is short, since such plans are cautious, or follows the clock."""
LEAST_BUSY = 0.5
"""Share of its seconds that a trial is planned with at least when it is trained again: beside the baselines it had less than a core, at the end there are
none. Of letter, 60 s on one core, the first trees took 10 s in the search and 5 s at its end. Who else uses the machine may stay."""
SLACK = 0.8
"""Measured seconds times this are planned with: a search measures with every core busy and scores after every epoch;
the final training has less company and scores nothing, and on adult took 0.3 of what was measured."""


def choose_finalists(
    trials: Iterable[Trial], space: CandidateSpace, objective: Objective, count: int = FINALISTS
) -> tuple[Finalist, ...]:
    """Return the best comparable trials with distinct candidates, the best first.

    Where a search tried networks, boosted trees and forests, the best of each kind is among them: they err in different
    places, so that a worse one may be the better partner (``export.ensemble_final``).

    Args:
        trials: Of the whole search.
        space: Turns a candidate into its architecture.
        objective: What is best.
        count: How many at most; of two or fewer no place is given away.
    """
    ranked = ranked_trials(trials, objective)
    champions: dict[str, Trial] = {}
    if count > TOO_FEW_TO_MIX:
        for one in ranked:
            champions.setdefault(_kind(one, space), one)
        champions.pop(LINEAR, None)
    best = _distinct([*champions.values(), *ranked], count)
    return tuple(_finalist(one, space, objective) for one in ranked_trials(best, objective))


def ranked_trials(trials: Iterable[Trial], objective: Objective) -> list[Trial]:
    """Return the comparable trials with a score, the best first, of equals the earlier."""
    able = [one for one in trials if one.is_comparable and objective.cost(one) < math.inf]
    return sorted(able, key=lambda one: (objective.cost(one), one.number))


def are_few(task: Task) -> bool:
    """Return whether a table has so few rows that the search judged on several folds: trainings are short and scores uncertain."""
    return len(task.folds) > 1 and not task.is_image


def are_many(task: Task) -> bool:
    """Return whether a table has so many rows that the search's own trainings are compared: training all again would take a third of the time."""
    return len(task.splits.train) > MANY and len(task.folds) == 1 and not task.is_image


def finalists_for(task: Task) -> int:
    """Return how many finalists a task has at most."""
    return FINALISTS_OF_IMAGES if task.is_image else FINALISTS


def _distinct(ranked: Sequence[Trial], count: int) -> list[Trial]:
    """Return the first so many trials with distinct candidates."""
    found: dict[str, Trial] = {}
    for trial in ranked:
        if len(found) == count:
            break
        found.setdefault(candidate_digest(trial.proposal.candidate), trial)
    return list(found.values())


def _kind(trial: Trial, space: CandidateSpace) -> str:
    """Return what a trial's candidate is: a network, trees, a forest or a linear model."""
    return kind_of(space.architecture(trial.proposal.candidate))


def final_seconds(
    finalists: Sequence[Finalist], task: Task, *, workers: int = 1, together: bool = False
) -> float:
    """Return about how long training the finalists once and the refits take, test scoring aside.

    A search keeps this much of its budget for the end.

    Args:
        finalists: The best first.
        task: Theirs.
        workers: Trainings at once.
        together: Whether all are refitted, to predict together; otherwise one is, and the slowest is counted, since anyone may win.
    """
    if not finalists:
        return 0.0
    is_contested = len(task.splits.selection) and not (together and are_many(task))
    contest = round_seconds(finalists, task, workers) if is_contested else 0.0
    return contest + refits_seconds(finalists, task, workers, together=together)


def refits_seconds(
    finalists: Sequence[Finalist], task: Task, workers: int, *, together: bool
) -> float:
    """Return about how long refitting all of at least one takes, or the slowest of them, on everything but the test rows."""
    if together:
        return round_seconds(finalists, task, workers, Rows.ALL)
    return max(refit_seconds(one, task) for one in finalists)


def refit_seconds(finalist: Finalist, task: Task) -> float:
    """Return about how long training it on everything but the test rows takes."""
    return round_seconds([finalist], task, 1, Rows.ALL)


def hoped(finalists: Sequence[Finalist], task: Task, workers: int) -> float:
    """Return the seconds that there must be for refits to be tried, of finalists as ``timed`` returns them.

    That is their plan where one of many rows would be cut short and discarded; a part of it where they take moments or follow the clock.
    """
    is_exact = are_many(task) and not all(timed(one, task).longest for one in finalists)
    return (1.0 if is_exact else HOPE) * round_seconds(finalists, task, workers, Rows.ALL)


def round_seconds(
    finalists: Sequence[Finalist], task: Task, workers: int, rows: Rows = Rows.KNOWN
) -> float:
    """Return about how long training each of at least one takes, by default on train and validation rows."""
    count = len(row_indices(task, rows))
    each = [one.seconds(count) for one in finalists]
    return SLACK * max(sum(each) / max(workers, 1), *each)


def timed(finalist: Finalist, task: Task, times: int = 1) -> Finalist:
    """Return a finalist as it is trained on all rows: a network of a large table by the clock, its schedule as many times as long if time allows.

    Only one whose last epochs were its best. A search of a minute gives such a network a few dozen epochs; twice as many lowered the loss in
    validation by 2 to 18 % (california_houses, sleep, letter, connect_4; one training each), four times as many not always. Longer
    trainings in the search would leave it fewer candidates. By the clock, a slow machine ends such a training early instead of cutting it short.
    Boosting that the search broke off goes on likewise, and gets the rounds that it had at least.
    """
    if not are_many(task) or not finalist.is_ripe:
        return finalist
    if follows_no_recipe(finalist.architecture):
        most = min(times * finalist.epochs, finalist.schedule_epochs)
        return replace(finalist, longest=most) if most > finalist.epochs else finalist
    length = times * finalist.schedule_epochs
    return replace(finalist, epochs=length, schedule_epochs=length, longest=length)


def training_seconds(trial: Trial) -> float:
    """Return what training a trial took, on all folds, what it continues included; 0 before it has finished."""
    measured = trial.measurement
    if measured is None:
        return 0.0
    return float(sum(measured.data.get("fold_seconds", [measured.cost.get("seconds", 0.0)])))


def _finalist(trial: Trial, space: CandidateSpace, objective: Objective) -> Finalist:
    """Return the finalist of a finished trial; an evaluator that records no epochs means the whole recipe."""
    candidate = trial.proposal.candidate
    measurement = trial.measurement
    if measurement is None:
        raise ValueError(f"trial {trial.number} has no measurement, so it is no finalist.")
    recipe = candidate.settings("recipe")
    data = measurement.data
    length = int(data.get("schedule_epochs", Recipe.of(recipe).epochs))
    best = [int(one) for one in data.get("best_epochs", [length])]
    if (
        "inherited" in data
    ):  # it began where another ended: its own epochs are not those of a training from scratch
        length = Recipe.of(recipe).epochs
        best = [round(data["inherited"]["ripe"] * length)]
    scores = data.get("fold_scores", [])
    # Of a fold where the metric is undefined, early stopping had nothing to go by.
    told = [one for one, score in zip(best, scores, strict=False) if not math.isnan(score)] or best
    trained = max(sum(data.get("fold_epochs", [length])), 1)
    alone = max(float(data.get("busy", 1.0)), LEAST_BUSY)
    return Finalist(
        trial=trial.number,
        validation=measurement.values[objective.name],
        architecture=space.architecture(candidate),
        preparation=tuple(candidate.settings("preparation").items()),
        recipe=tuple(recipe.items()),
        epochs=max(round(float(np.median(told))), 1),
        schedule_epochs=length,
        epoch_seconds=alone * training_seconds(trial) / trained,
        train_rows=int(data.get("train_rows", 1)),
        weights=measurement.artifacts.get("weights", ""),
        predictions=measurement.artifacts.get("predictions", ""),
        is_ripe=sum(best) >= RIPE * trained,
    )
