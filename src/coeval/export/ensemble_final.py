"""The finalists' trainings together, where that is clearly better than the best of them, and with calibrated probabilities.

A contest of finalists trains several of them, under several seeds; all have predicted the selection rows, which none has seen, and the
search has predicted its judged rows with each of them (``export.held_out``). What is chosen there keeps its weights. The members themselves are trained again on all rows but the test rows as a single winner
is, the winner first; where time is out they stay as they were compared.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coeval.export.ensemble import Ensemble, weighted_mean
from coeval.export.ensemble_choice import Guarded, calibrate, choose, thinned
from coeval.export.final import HOPE, EnsembleMember, FinalModel, Resources
from coeval.export.finalists import round_seconds
from coeval.export.held_out import held_out, held_out_rows
from coeval.export.judged import Floats, Judged
from coeval.export.model import Model
from coeval.export.retrain import Finalist, Retrained, Rows, retrain
from coeval.export.selection import has_lost
from coeval.task.memory import load_task
from coeval.task.metrics import LOG_LOSS
from coeval.task.task import Problem, Task
from coeval.trial import Artifacts

CHOICE_SECONDS = 3.0
"""What the choice may take; it takes a few tenths of a second, unless a user's metric is slow."""


@dataclass(frozen=True, slots=True)
class _Pick:
    """A training and its weight."""

    training: Retrained
    weight: float


@dataclass(frozen=True, slots=True)
class _Choice:
    """What was chosen: trainings, the heaviest first, and what they and a temperature are worth where they are worth it."""

    picks: tuple[_Pick, ...]
    where: str
    gained: Guarded | None = None
    calibrated: tuple[float, Guarded] | None = None

    def ensemble(self, models: Sequence[Model]) -> Ensemble:
        """Return models with what was chosen for them."""
        temperature = self.calibrated[0] if self.calibrated else 1.0
        return Ensemble(tuple(models), tuple(one.weight for one in self.picks), temperature)


def with_ensemble(
    final: FinalModel,
    finalists: Sequence[Finalist],
    resources: Resources,
    allowed: Callable[[Sequence[Finalist]], bool] = lambda members: True,
    artifacts: Artifacts | None = None,
) -> FinalModel:
    """Return the final model with an ensemble, or calibrated, where the rows held out clearly say that it is better.

    Args:
        final: Made of the finalists. Of images, and without a contest, it is returned as it is.
        finalists: As ``make_final`` was given them.
        resources: Likewise.
        allowed: Told the finalist of each member; whether all together keep the user's limits.
        artifacts: Holds what the search predicted; without it the selection rows alone decide.
    """
    started = time.monotonic()
    task = load_task(resources.source)
    able = [one for one in final.trained if _is_able(one)]
    alone = next((one for one in able if (one.trial, one.repeat) == (final.trial, 0)), None)
    if task.is_image or alone is None:
        return final
    first = _finalist(finalists, alone)
    able = [one for one in able if one is alone or allowed([first, _finalist(finalists, one)])]
    judging = _judging(able, finalists, task, artifacts, resources.seed)
    choice = _chosen(judging, able, alone, finalists, resources, allowed)
    if choice.gained is None and choice.calibrated is None:
        return final
    models = _refitted(choice.picks, final, finalists, resources, task)
    heaviest = choice.picks[0].training
    ensemble = choice.ensemble([model for model, _ in models])
    return replace(
        final,
        model=ensemble.first,
        trial=heaviest.trial,
        validation=_finalist(finalists, heaviest).validation,
        selection=_improved(final.selection, choice, task),
        epochs=heaviest.epochs,
        seconds=final.seconds + time.monotonic() - started,
        rows=Rows.ALL if all(rows is Rows.ALL for _, rows in models) else Rows.KNOWN,
        provenance=_provenance(final, choice, models, finalists),
        ensemble=ensemble,
        unseen=choice.ensemble([_model(one.training) for one in choice.picks]),
        members=tuple(
            EnsembleMember(one.training.trial, one.training.repeat, one.weight, rows)
            for one, (_, rows) in zip(choice.picks, models, strict=True)
        ),
    )


@dataclass(frozen=True, slots=True)
class _Judging:
    """Rows that trainings are compared on, and what each predicts for them.

    Attributes:
        judged: The rows.
        predictions: Of each training.
        where: The rows in words.
        are_classes: Whether probabilities are predicted.
    """

    judged: Judged
    predictions: Sequence[Floats]
    where: str
    are_classes: bool


def _judging(
    able: Sequence[Retrained],
    finalists: Sequence[Finalist],
    task: Task,
    artifacts: Artifacts | None,
    seed: int,
) -> _Judging:
    """Return the selection rows, with those that the search was judged on where it kept what it predicted there."""
    found = held_out(able, finalists, task, artifacts)
    rows, where = held_out_rows(task), "rows held out in the search and the selection rows"
    if found is None:
        found, rows = [_selection(one) for one in able], task.splits.selection
        where = "selection rows"
    kept = thinned(len(rows), seed)
    judged, predictions = Judged.of(task, rows[kept]), [one[kept] for one in found]
    return _Judging(judged, predictions, where, task.problem is not Problem.REGRESSION)


def _chosen(
    judging: _Judging,
    able: Sequence[Retrained],
    alone: Retrained,
    finalists: Sequence[Finalist],
    resources: Resources,
    allowed: Callable[[Sequence[Finalist]], bool],
) -> _Choice:
    """Return what the rows say."""
    until = time.monotonic() + min(CHOICE_SECONDS, resources.seconds_left)
    judged, predictions = judging.judged, judging.predictions
    weights = np.array([float(one is alone) for one in able])
    gained: Guarded | None = None
    if found := choose(predictions, able.index(alone), judged, resources.seed, until):
        mixed = _picks(able, found[0], alone)
        if allowed([_finalist(finalists, one.training) for one in mixed]):
            weights, gained = found
    picks = _picks(able, weights, alone)
    if not judging.are_classes or time.monotonic() >= until:
        return _Choice(picks, judging.where, gained)
    mean = weighted_mean(list(predictions), list(weights))
    return _Choice(picks, judging.where, gained, calibrate(mean, judged, resources.seed))


def _is_able(one: Retrained) -> bool:
    known = one.rows is Rows.KNOWN and one.is_complete
    return known and one.model is not None and one.selection is not None


def _selection(one: Retrained) -> Floats:
    assert one.selection is not None  # ``_is_able``
    return one.selection


def _model(one: Retrained) -> Model:
    assert one.model is not None  # ``_is_able``
    return one.model


def _finalist(finalists: Sequence[Finalist], training: Retrained) -> Finalist:
    return next(one for one in finalists if one.trial == training.trial)


def _picks(able: Sequence[Retrained], weights: Floats, alone: Retrained) -> tuple[_Pick, ...]:
    """Return the members, the heaviest first; of equal ones the one that would be taken alone."""
    found = [_Pick(one, float(weight)) for one, weight in zip(able, weights, strict=True) if weight]
    return tuple(sorted(found, key=lambda one: (-one.weight, one.training is not alone)))


def _refitted(
    picks: Sequence[_Pick],
    final: FinalModel,
    finalists: Sequence[Finalist],
    resources: Resources,
    task: Task,
) -> list[tuple[Model, Rows]]:
    """Return the members' models, trained on all rows but the test rows where there is time, and the rows of each."""
    found = [(_model(one.training), Rows.KNOWN) for one in picks]
    if final.rows is not Rows.ALL:
        return found
    open_ones: list[int] = []
    for number, one in enumerate(picks):
        if (one.training.trial, one.training.repeat) == (final.trial, 0):
            found[number] = (final.model, Rows.ALL)
        else:
            open_ones.append(number)
    members = [_finalist(finalists, picks[number].training) for number in open_ones]
    if not members:
        return found
    needed = round_seconds(members, task, resources.workers, Rows.ALL)
    if HOPE * needed > resources.seconds_left:
        return found
    jobs = [
        resources.job(one, Rows.ALL, picks[number].training.repeat)
        for one, number in zip(members, open_ones, strict=True)
    ]
    again = {(one.trial, one.repeat): one for one in resources.mapped(retrain, jobs)}
    for number in open_ones:
        before = picks[number].training
        after = again[before.trial, before.repeat]
        if after.is_complete and not has_lost(after, before, task):
            found[number] = (_model(after), Rows.ALL)
    return found


def _improved(selection: float | None, choice: _Choice, task: Task) -> float | None:
    """Return the single model's score on the selection rows, better by what the halves say: those were not chosen on."""
    if selection is None:
        return None
    gain = choice.gained.gain if choice.gained else 0.0
    if choice.calibrated and task.metric.name == LOG_LOSS.name:
        gain += choice.calibrated[1].gain
    return selection + gain if task.metric.maximise else selection - gain


def _provenance(
    final: FinalModel,
    choice: _Choice,
    models: Sequence[tuple[Model, Rows]],
    finalists: Sequence[Finalist],
) -> str:
    said = [final.provenance]
    if gained := choice.gained:
        shares = ", ".join(
            f"{_finalist(finalists, one.training).named.lower()}: {one.weight:.2f}"
            for one in choice.picks
        )
        said = [
            f"The weighted mean of {len(models)} trainings ({shares}), chosen greedily on the {choice.where}. Chosen on half of "
            f"these, such a mean was better than trial {final.trial} alone on {gained.won} of {gained.halves} other halves; "
            f"{_trained([rows for _, rows in models])}."
        ]
    if choice.calibrated:
        temperature, guarded = choice.calibrated
        said.append(
            f"Its logits are divided by {temperature:.3g}, which lowered log loss on {guarded.won} of {guarded.halves} halves of the "
            f"{choice.where} that it was not fitted on."
        )
    return " ".join(said)


def _trained(rows: Sequence[Rows]) -> str:
    if len(set(rows)) == 1:
        return f"each trained from scratch on {rows[0].value}"
    again = sum(one is Rows.ALL for one in rows)
    return f"trained from scratch on {Rows.KNOWN.value}, {again} of them again on {Rows.ALL.value}"
