"""The finalists together, with calibrated probabilities where that is clearly better.

Who predicts together is told by the rows that the search itself predicted with each finalist, out of fold or of validation, and by the
selection rows, which neither the search nor a training of the contest has seen (``export.confidence_set``): all that either cannot tell from its
best. On the former the winner was the best of many, which is partly luck; nobody was chosen on the latter, but they are fewer. Both together
then say who joins or weighs more (``export.ensemble_choice``); where rows are few they are believed half.
What is taken are the trainings of the contest and the winner's refit; ``export.seeds`` adds further ones, as time allows, or replaces trees by them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from coeval.component.solved import follows_no_recipe
from coeval.export.confidence_set import confidence_set
from coeval.export.ensemble import Ensemble, weighted_mean
from coeval.export.ensemble_choice import Guarded, calibrate, greedy, thinned
from coeval.export.final import EnsembleMember, FinalModel, Resources
from coeval.export.finalists import are_few
from coeval.export.held_out import searched
from coeval.export.judged import Floats, Judged
from coeval.export.model import Model
from coeval.export.retrain import Finalist, Retrained, Rows
from coeval.task.memory import load_task
from coeval.task.metrics import LOG_LOSS
from coeval.task.task import Problem, Task
from coeval.trial import Artifacts

CHOICE_SECONDS = 3.0
"""What the choice may take; it takes a few tenths of a second, unless a user's metric is slow."""
FRESH_LEVEL = 0.6827
"""Of the interval on the selection rows: one standard error to either side. They are few, so that by 1.5 of them hardly anyone stays out (splice: 8 % worse)."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A finalist with its trainings.

    Attributes:
        finalist: What was trained.
        contest: Its trainings on train and validation rows, which have predicted the selection rows.
        taken: What becomes of it in an ensemble: these, and the winner's refit before them, or instead of them if it is trees.
    """

    finalist: Finalist
    contest: tuple[Retrained, ...]
    taken: tuple[tuple[EnsembleMember, Model], ...]


@dataclass(frozen=True, slots=True)
class _Witness:
    """Held-out rows, and what each candidate predicts there, ``(candidates, rows, ...)``."""

    judged: Judged
    predictions: Floats

    def mean(self, weights: Floats) -> Floats:
        """Return the weighted mean of the candidates."""
        return weighted_mean(list(self.predictions), list(weights))

    def score(self, weights: Floats) -> float:
        """Return what it is worth."""
        return self.judged.score(self.mean(weights))

    def beside(self, other: "_Witness") -> "_Witness":
        """Return these rows and others."""
        one, two = self.judged, other.judged
        weights = None
        if one.weights is not None and two.weights is not None:
            weights = np.concatenate([one.weights, two.weights])
        groups = None
        if one.groups is not None and two.groups is not None:
            groups = np.concatenate([one.groups, two.groups])
        targets = np.concatenate([one.targets, two.targets])
        predictions = np.concatenate([self.predictions, other.predictions], axis=1)
        return _Witness(Judged(one.metric, targets, weights, groups), predictions)


@dataclass(frozen=True, slots=True)
class _Choice:
    """Who was chosen with which share, the heaviest first, and what a temperature is worth where it is worth it.

    Attributes:
        shares: Candidates and their weights.
        selection: Score on the selection rows of the even mean of those that other rows chose; ``None`` where there were no other rows.
        is_weighted: Whether greedy selection changed it.
        calibrated: Temperature, and what it is worth.
    """

    shares: tuple[tuple[_Candidate, float], ...]
    selection: float | None
    is_weighted: bool = False
    calibrated: tuple[float, Guarded] | None = None

    @property
    def temperature(self) -> float:
        """Return what logits are divided by."""
        return self.calibrated[0] if self.calibrated else 1.0

    def ensemble(self, members: Sequence[tuple[EnsembleMember, Model]]) -> Ensemble:
        """Return models as one, with the temperature."""
        weights = tuple(record.weight for record, _ in members)
        return Ensemble(tuple(model for _, model in members), weights, self.temperature)


def with_ensemble(
    final: FinalModel,
    finalists: Sequence[Finalist],
    resources: Resources,
    allowed: Callable[[Sequence[Finalist]], bool] = lambda members: True,
    artifacts: Artifacts | None = None,
) -> FinalModel:
    """Return the final model with those that cannot be told from it, and calibrated where held-out rows clearly say that it is better.

    Args:
        final: Made of the finalists. Of images, and without a contest, it is returned as it is.
        finalists: As ``make_final`` was given them.
        resources: Likewise.
        allowed: Told the finalist of each member; whether all together keep the user's limits.
        artifacts: Holds what the search predicted; without it the selection rows alone decide.
    """
    started = time.monotonic()
    task = load_task(resources.source)
    able = _candidates(final, finalists)
    winner = next((one for one in able if one.finalist.trial == final.trial), None)
    if task.is_image or winner is None:
        return final
    if not allowed(_networks([winner])):
        able = [replace(one, taken=one.taken[:1]) for one in able]
        winner = next(one for one in able if one.finalist.trial == final.trial)
    able = [one for one in able if one is winner or allowed(_networks([winner, one]))]
    choice = _chosen(able, winner, task, resources, allowed, artifacts)
    if len(choice.shares) == 1 and choice.calibrated is None:
        return final
    members = [
        (replace(record, weight=share / len(one.taken)), model)
        for one, share in choice.shares
        for record, model in one.taken
    ]
    whole = choice.ensemble(members)
    return replace(
        final,
        model=whole.first,
        trial=choice.shares[0][0].finalist.trial,
        validation=choice.shares[0][0].finalist.validation,
        selection=_improved(final.selection, choice, task),
        seconds=final.seconds + time.monotonic() - started,
        provenance=_provenance(final, choice),
        ensemble=whole,
        unseen=choice.ensemble(_unseen(choice)),
        members=tuple(record for record, _ in members),
    )


def _candidates(final: FinalModel, finalists: Sequence[Finalist]) -> list[_Candidate]:
    """Return the finalists with complete trainings that have not seen the selection rows: the contest's, or the search's own."""
    able = [one for one in final.trained if one.rows is not Rows.ALL and one.is_complete]
    able = [one for one in able if one.model is not None and one.selection is not None]
    found = []
    for finalist in finalists:
        contest = tuple(one for one in able if one.trial == finalist.trial)
        taken = _records(contest)
        if final.rows is Rows.ALL and finalist.trial == final.trial:
            refit = (EnsembleMember(final.trial, 0, 1.0, final.rows), final.model)
            taken = (refit, *(() if follows_no_recipe(finalist.architecture) else taken))
        if contest:
            found.append(_Candidate(finalist, contest, taken))
    return found


def _records(trained: Sequence[Retrained]) -> tuple[tuple[EnsembleMember, Model], ...]:
    """Return trainings as members, each with a weight of 1."""
    return tuple(
        (EnsembleMember(one.trial, one.repeat, 1.0, one.rows), one.model)
        for one in trained
        if one.model is not None
    )


def _networks(candidates: Sequence[_Candidate]) -> list[Finalist]:
    """Return the finalist of each network that would be taken, as large as it came out."""
    return [one.finalist.sized(model) for one in candidates for _, model in one.taken]


def _chosen(
    able: Sequence[_Candidate],
    winner: _Candidate,
    task: Task,
    resources: Resources,
    allowed: Callable[[Sequence[Finalist]], bool],
    artifacts: Artifacts | None,
) -> _Choice:
    """Return what the held-out rows say."""
    until = time.monotonic() + min(CHOICE_SECONDS, resources.seconds_left)
    first, seed = able.index(winner), resources.seed
    selection = _on_selection(able, task, seed)
    searched = _searched(able, task, artifacts, seed)
    witness = searched or selection
    together = confidence_set(witness.predictions, first, witness.judged, seed, until)
    score, every = None, selection
    if searched is not None:
        score, every = selection.score(_even(able, together)), searched.beside(selection)
        best = int(np.argmin([selection.judged.cost(one) for one in selection.predictions]))
        fresh = confidence_set(
            selection.predictions, best, selection.judged, seed, until, FRESH_LEVEL
        )
        together = sorted({*together, *fresh})
    while len(together) > 1 and not allowed(_networks([able[number] for number in together])):
        together.remove(next(one for one in reversed(together) if one != first))
    weights = even = _even(able, together)
    if len(able) > 1 and time.monotonic() < until:
        found = greedy(every.predictions, every.judged, together)
        if are_few(task):
            found = (found + even) / 2
        is_other = not np.allclose(found, even)
        if is_other and allowed(_networks([able[one] for one in np.flatnonzero(found).tolist()])):
            weights = found
    shares = [(one, float(weight)) for one, weight in zip(able, weights, strict=True) if weight]
    shares.sort(key=lambda share: (-share[1], share[0] is not winner))
    calibrated = None
    if task.problem is not Problem.REGRESSION and not are_few(task) and time.monotonic() < until:
        calibrated = calibrate(every.mean(weights), every.judged, seed)
    return _Choice(tuple(shares), score, weights is not even, calibrated)


def _even(able: Sequence[_Candidate], together: Sequence[int]) -> Floats:
    """Return equal weights of some candidates, and none of the others."""
    weights = np.zeros(len(able))
    weights[list(together)] = 1 / len(together)
    return weights


def _on_selection(able: Sequence[_Candidate], task: Task, seed: int) -> _Witness:
    """Return the selection rows."""
    rows = task.splits.selection
    kept = thinned(len(rows), seed)
    each = [_selection(one)[kept] for one in able]
    return _Witness(Judged.of(task, rows[kept]), np.stack(each))


def _searched(
    able: Sequence[_Candidate], task: Task, artifacts: Artifacts | None, seed: int
) -> _Witness | None:
    """Return the rows that the search was judged on; ``None`` where it did not keep what all candidates predicted there."""
    kept = thinned(len(task.judged), seed)
    each = [searched(one.finalist.predictions, task, artifacts) for one in able]
    found = [one[kept] for one in each if one is not None]
    if len(found) < len(able):
        return None
    return _Witness(Judged.of(task, task.judged[kept]), np.stack(found))


def _selection(one: _Candidate) -> Floats:
    """Return the mean of what a candidate's trainings predict for the selection rows."""
    found = [training.selection for training in one.contest if training.selection is not None]
    mean: Floats = np.mean(found, axis=0)
    return mean


def _unseen(choice: _Choice) -> list[tuple[EnsembleMember, Model]]:
    """Return the trainings of the contest of all that were chosen, each with an equal part of its share."""
    return [
        (replace(record, weight=share / len(one.contest)), model)
        for one, share in choice.shares
        for record, model in _records(one.contest)
    ]


def _improved(selection: float | None, choice: _Choice, task: Task) -> float | None:
    """Return the score on the selection rows: of equal shares, and a temperature counts as much as the halves say that it was not fitted on."""
    if selection is None:
        return None
    if choice.selection is not None:
        selection = choice.selection
    gain = 0.0
    if choice.calibrated and task.metric.name == LOG_LOSS.name:
        gain = choice.calibrated[1].gain
    return selection + gain if task.metric.maximise else selection - gain


def _provenance(final: FinalModel, choice: _Choice) -> str:
    said = [final.provenance]
    if len(choice.shares) > 1:
        shares = ", ".join(
            f"{one.finalist.named.lower()}: {weight:.2f}" for one, weight in choice.shares
        )
        said = [
            f"The mean of {len(choice.shares)} finalists ({shares}): the winner of the contest and those that held-out rows cannot tell from it"
            + (", and then who makes their mean better there." if choice.is_weighted else ".")
        ]
    if choice.calibrated:
        temperature, guarded = choice.calibrated
        said.append(
            f"Its logits are divided by {temperature:.3g}, which lowered log loss on {guarded.won} of {guarded.halves} halves of the "
            "held-out rows that it was not fitted on."
        )
    return " ".join(said)
