"""Several trainings of what was chosen, under other seeds: of few rows a single one is a matter of luck.

Of a few hundred rows the same network, trained twice on the same rows, differs by more than the candidates that a search chooses
among (titanic: log loss .473 and .517 on the test rows, out of fold .420). No choice mends that, but a mean does: what a training
learnt by chance is different in each ("deep ensembles", Lakshminarayanan et al. 2017, arXiv:1612.01474, section 2.4). On ten tables of
400 to 1,000 rows (``benchmarks/selection.py``) it was worth more than any rule for choosing.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

from coeval.component.solved import follows_no_recipe
from coeval.export.ensemble import Ensemble
from coeval.export.final import HOPE, EnsembleMember, FinalModel, Resources
from coeval.export.finalists import NETWORKS_OF_FEW, are_few, round_seconds
from coeval.export.model import Model
from coeval.export.retrain import Finalist, Job, Retrained, Rows, retrain
from coeval.export.selection import completed, has_lost
from coeval.task.memory import load_task
from coeval.task.task import Task

SEEDS = 4
"""Trainings of each member at most: of four members two, of one or two four."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A member with its model."""

    record: EnsembleMember
    model: Model


def with_seeds(
    final: FinalModel,
    finalists: Sequence[Finalist],
    resources: Resources,
    allowed: Callable[[Sequence[Finalist]], bool] = lambda members: True,
) -> FinalModel:
    """Return the final model of few rows with further trainings of each member, which share its weight, while there is time.

    Args:
        final: As ``with_ensemble`` returned it. What was not refitted, for want of time, is returned as it is.
        finalists: As ``make_final`` was given them.
        resources: Likewise.
        allowed: Told the finalist of each training; whether all together keep the user's limits.
    """
    started = time.monotonic()
    task = load_task(resources.source)
    if final.rows is not Rows.ALL or not are_few(task):
        return final
    known = {one.trial: one for one in finalists}
    members = _members(final)
    jobs: dict[tuple[int, int], int] = {}
    trained = [one for one in members if not follows_no_recipe(one.model.architecture)]
    for seeds in range(min(SEEDS, NETWORKS_OF_FEW // len(members)), 1, -1):
        wanted = [known[one.record.trial] for one in trained for _ in range(seeds - 1)]
        together = [*wanted, *(known[one.record.trial] for one in members)]
        if wanted and _fits(wanted, task, resources) and allowed(together):
            jobs = _numbered(members, seeds - 1)
            break
    asked = [resources.job(known[trial], Rows.ALL, repeat) for trial, repeat in jobs]
    again = _usable(asked, final, known, resources, task)
    if not again:
        return final
    whole = [
        one
        for place, member in enumerate(members)
        for one in _shared(member, [one for one in again if jobs[one.trial, one.repeat] == place])
    ]
    whole.sort(key=lambda one: -one.record.weight)
    first = known[whole[0].record.trial]
    return replace(
        final,
        model=whole[0].model,
        trial=first.trial,
        validation=first.validation,
        epochs=first.epochs,
        seconds=final.seconds + time.monotonic() - started,
        provenance=f"{final.provenance} {_said(members, whole)}",
        ensemble=Ensemble(
            tuple(one.model for one in whole),
            tuple(one.record.weight for one in whole),
            1.0 if final.ensemble is None else final.ensemble.temperature,
        ),
        members=tuple(one.record for one in whole),
    )


def _members(final: FinalModel) -> list[_Member]:
    if final.ensemble is None:
        return [_Member(EnsembleMember(final.trial, 0, 1.0, final.rows), final.model)]
    pairs = zip(final.members, final.ensemble.members, strict=True)
    return [_Member(record, model) for record, model in pairs]


def _fits(wanted: Sequence[Finalist], task: Task, resources: Resources) -> bool:
    needed = round_seconds(wanted, task, resources.workers, Rows.ALL)
    return HOPE * needed <= resources.seconds_left


def _numbered(members: Sequence[_Member], further: int) -> dict[tuple[int, int], int]:
    """Return the place of the member that each further training belongs to, by trial and a number that is not taken."""
    taken = {(one.record.trial, one.record.repeat) for one in members}
    found: dict[tuple[int, int], int] = {}
    for place, one in enumerate(members):
        if follows_no_recipe(one.model.architecture):
            continue  # solved or grown: another training would be a copy
        trial = one.record.trial
        free = (number for number in count() if (trial, number) not in taken | found.keys())
        found |= {(trial, number): place for number in islice(free, further)}
    return found


def _usable(
    jobs: Sequence[Job],
    final: FinalModel,
    known: Mapping[int, Finalist],
    resources: Resources,
    task: Task,
) -> list[Retrained]:
    """Return the trainings that came to their end and did not go wrong."""
    found: Iterable[Retrained] = resources.mapped(retrain, jobs) if jobs else ()
    return [
        one
        for one in found
        if one.model is not None
        and one.is_complete
        and not has_lost(one, next(iter(completed(known[one.trial], final.trained)), None), task)
    ]


def _shared(member: _Member, again: Sequence[Retrained]) -> list[_Member]:
    """Return a member and its further trainings, each with an equal share of its weight."""
    weight = member.record.weight / (1 + len(again))
    others = [
        _Member(EnsembleMember(one.trial, one.repeat, weight, one.rows), one.model)
        for one in again
        if one.model is not None
    ]
    return [_Member(replace(member.record, weight=weight), member.model), *others]


def _said(members: Sequence[_Member], whole: Sequence[_Member]) -> str:
    what = "It is" if len(members) == 1 else f"Each of the {len(members)} is"
    return (
        f"{what} trained under several seeds, {len(whole)} networks in all, whose mean is taken: of few rows a single training "
        "is a matter of luck."
    )
