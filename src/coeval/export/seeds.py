"""Several trainings of what was chosen, on all rows but the test rows and under different seeds: a single one is a matter of luck.

Of a few hundred rows the same network, trained twice on the same rows, differs by more than the candidates that a search chooses
among (titanic: log loss .473 and .517 on the test rows, out of fold .420), and of a few thousand by several per cent. No choice mends
that, but a mean does: what a training learnt by chance is different in each ("deep ensembles", Lakshminarayanan et al. 2017,
arXiv:1612.01474, section 2.4). The trainings of the contest stay members: a mean of one on some rows and one on all is as good as of
two on all (ADR 10; ``benchmarks/selection.py``).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from coeval.component.solved import depends_on_seed
from coeval.export.ensemble import Ensemble
from coeval.export.final import HOPE, EnsembleMember, FinalModel, Resources
from coeval.export.finalists import round_seconds
from coeval.export.model import Model
from coeval.export.retrain import Finalist, Retrained, Rows, retrain
from coeval.export.selection import completed, has_lost
from coeval.task.memory import load_task
from coeval.task.task import Task

NETWORKS = 12
"""Networks that predict together at most: each takes ONNX Runtime .05 to .1 ms a row, whatever its size."""
SEEDS = 4
"""Trainings of each candidate at most; those of the contest count."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A candidate's trainings so far, with their records."""

    finalist: Finalist
    share: float
    trained: tuple[tuple[EnsembleMember, Model], ...]

    @property
    def refits(self) -> int:
        """Return how many of them learnt from all rows but the test rows."""
        return sum(record.rows is Rows.ALL for record, _ in self.trained)

    def wants(self, refits: int) -> bool:
        """Return whether another training is worth it, to have so many on all rows."""
        if not depends_on_seed(self.finalist.architecture):
            return self.refits == 0  # a second one would be a copy
        return self.refits < refits and len(self.trained) < SEEDS

    def also(self, found: Retrained, model: Model) -> "_Member":
        """Return it with another training; where seeds have no say it takes the place of the one on fewer rows."""
        record = EnsembleMember(found.trial, found.repeat, self.share, found.rows)
        kept = self.trained if depends_on_seed(self.finalist.architecture) else ()
        return replace(self, trained=(*kept, (record, model)))


def with_seeds(
    final: FinalModel,
    finalists: Sequence[Finalist],
    resources: Resources,
    allowed: Callable[[Sequence[Finalist]], bool] = lambda members: True,
) -> FinalModel:
    """Return the final model with further trainings of each member, which share its weight, while there is time.

    Args:
        final: As ``with_ensemble`` returned it. What was not refitted, for want of time, is returned as it is, and so is a model of images.
        finalists: As ``make_final`` was given them.
        resources: Likewise.
        allowed: Told the finalist of each training; whether all together keep the user's limits.
    """
    started = time.monotonic()
    task = load_task(resources.source)
    if final.rows is not Rows.ALL or task.is_image:
        return final
    members, added = _members(final, finalists), 0
    for refits in range(1, SEEDS + 1):
        asked = [one for one in members if one.wants(refits)]
        wanted = _affordable(asked, members, task, resources, allowed)
        jobs = [resources.job(one.finalist, Rows.ALL, one.refits) for one in wanted]
        found = _usable(resources.mapped(retrain, jobs) if jobs else (), final, members, task)
        members = [
            one.also(*found[one.finalist.trial]) if one.finalist.trial in found else one
            for one in members
        ]
        added += len(found)
        if len(found) < len(asked):
            break
    return _joined(final, members, time.monotonic() - started) if added else final


def _members(final: FinalModel, finalists: Sequence[Finalist]) -> list[_Member]:
    """Return the candidates, the heaviest first."""
    known = {one.trial: one for one in finalists}
    if final.ensemble is None:
        record = EnsembleMember(final.trial, 0, 1.0, final.rows)
        return [_Member(known[final.trial], 1.0, ((record, final.model),))]
    pairs = list(zip(final.members, final.ensemble.members, strict=True))
    found = []
    for trial in dict.fromkeys(record.trial for record, _ in pairs):
        own = tuple(pair for pair in pairs if pair[0].trial == trial)
        found.append(_Member(known[trial], sum(record.weight for record, _ in own), own))
    return found


def _affordable(
    wanted: Sequence[_Member],
    members: Sequence[_Member],
    task: Task,
    resources: Resources,
    allowed: Callable[[Sequence[Finalist]], bool],
) -> list[_Member]:
    """Return the first of those that another training is worth it for, as many as time and limits have room for."""
    there = [one.finalist.sized(model) for one in members for _, model in one.trained]
    for count in range(min(len(wanted), NETWORKS - len(there)), 0, -1):
        # Another training will come out about as large as the first.
        more = [one.finalist.sized(one.trained[0][1]) for one in wanted[:count]]
        needed = HOPE * round_seconds(more, task, resources.workers, Rows.ALL)
        if needed <= resources.seconds_left and allowed([*there, *more]):
            return list(wanted[:count])
    return []


def _usable(
    trained: Iterable[Retrained], final: FinalModel, members: Sequence[_Member], task: Task
) -> dict[int, tuple[Retrained, Model]]:
    """Return, by trial, the trainings that came to their end and did not go wrong, with their models."""
    known = {one.finalist.trial: one.finalist for one in members}
    return {
        one.trial: (one, one.model)
        for one in trained
        if one.model is not None
        and one.is_complete
        and not has_lost(one, next(iter(completed(known[one.trial], final.trained)), None), task)
    }


def _joined(final: FinalModel, members: Sequence[_Member], seconds: float) -> FinalModel:
    """Return the final model made of all trainings, each with an equal part of its candidate's share."""
    pairs = [
        (replace(record, weight=one.share / len(one.trained)), model)
        for one in members
        for record, model in one.trained
    ]
    pairs.sort(key=lambda pair: -pair[0].weight)
    first = next(one.finalist for one in members if one.finalist.trial == pairs[0][0].trial)
    return replace(
        final,
        model=pairs[0][1],
        trial=first.trial,
        validation=first.validation,
        epochs=first.epochs,
        seconds=final.seconds + seconds,
        provenance=f"{final.provenance} {_said(pairs)}",
        ensemble=Ensemble(
            tuple(model for _, model in pairs),
            tuple(record.weight for record, _ in pairs),
            1.0 if final.ensemble is None else final.ensemble.temperature,
        ),
        members=tuple(record for record, _ in pairs),
    )


def _said(pairs: Sequence[tuple[EnsembleMember, Model]]) -> str:
    refits = sum(record.rows is Rows.ALL for record, _ in pairs)
    return (
        f"In all {len(pairs)} trainings under different seeds predict together, {refits} of them on all rows but the test rows: "
        "a single one is a matter of luck."
    )
