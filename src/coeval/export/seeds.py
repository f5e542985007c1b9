"""Several trainings of what was chosen, on all rows but the test rows and under different seeds: a single one is a matter of luck.

Of a few hundred rows the same network, trained twice on the same rows, differs by more than the candidates that a search chooses
among (titanic: log loss .473 and .517 on the test rows, out of fold .420), and of a few thousand by several per cent. No choice mends
that, but a mean does: what a training learnt by chance is different in each ("deep ensembles", Lakshminarayanan et al. 2017,
arXiv:1612.01474, section 2.4). Networks of the contest stay members: a mean of one on some rows and one on all is as good as of
two on all (ADR 10; ``benchmarks/selection.py``). Trees, which are large, are replaced.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from coeval.component.solved import depends_on_seed, follows_no_recipe
from coeval.export.ensemble import Ensemble
from coeval.export.final import EnsembleMember, FinalModel, Resources
from coeval.export.finalists import LONGER, hoped, timed
from coeval.export.model import Model
from coeval.export.retrain import Finalist, Retrained, Rows, retrain
from coeval.export.selection import completed, has_lost
from coeval.task.memory import load_task
from coeval.task.task import Task

NETWORKS = 12
"""Networks that predict together at most: each takes ONNX Runtime .05 to .1 ms a row, whatever its size."""
REFIT_PULL = 3.0
"""What a refit weighs beside a training of the search, on fewer rows and for less long. In validation, trained on .7 of the rows and on all for 1.4 times as
long, equal weights against the latter alone and 1 : 3: letter .1125, .1165, .1095; connect_4 .4006, .3988, .3945; california_houses 53,671, 52,493, 52,953."""
SEEDS = 4
"""Trainings of each candidate at most; those of the contest count."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A candidate's trainings so far, with their records.

    Attributes:
        finalist: Who is trained.
        share: Of the mean.
        trained: The trainings that predict.
        epochs: Of the last one.
        keeps: Whether those on fewer rows stay beside one on all; of trees, which are large, they do not.
        has_failed: Whether one went wrong, as another try would.
    """

    finalist: Finalist
    share: float
    trained: tuple[tuple[EnsembleMember, Model], ...]
    epochs: int
    keeps: bool
    has_failed: bool = False

    @property
    def refits(self) -> int:
        """Return how many of them learnt from all rows but the test rows."""
        return sum(record.rows is Rows.ALL for record, _ in self.trained)

    def wants(self, refits: int) -> bool:
        """Return whether another training is worth it, to have so many on all rows."""
        if self.has_failed:
            return False
        if not depends_on_seed(self.finalist.architecture):
            return self.refits == 0  # a second one would be a copy
        return self.refits < refits and len(self.trained) < SEEDS

    @property
    def beside(self) -> tuple[tuple[EnsembleMember, Model], ...]:
        """Return the trainings that stay beside another one; none where seeds have no say."""
        if not depends_on_seed(self.finalist.architecture):
            return ()
        return tuple(pair for pair in self.trained if self.keeps or pair[0].rows is Rows.ALL)

    def also(self, found: Retrained, model: Model) -> "_Member":
        """Return it with another training."""
        record = EnsembleMember(found.trial, found.repeat, self.share, found.rows)
        return replace(self, trained=(*self.beside, (record, model)), epochs=found.epochs)

    def sizes(self, *, further: bool) -> list[Finalist]:
        """Return the finalist of each training, as large as it came out; with a further one, which will come out about as large as the first."""
        pairs = (*self.beside, self.trained[0]) if further else self.trained
        return [self.finalist.sized(model) for _, model in pairs]


def with_seeds(
    final: FinalModel,
    finalists: Sequence[Finalist],
    resources: Resources,
    allowed: Callable[[Sequence[Finalist]], bool] = lambda members: True,
) -> FinalModel:
    """Return the final model with further trainings of each member, which share its weight, while there is time.

    Args:
        final: As ``with_ensemble`` returned it. What the contest trained and nobody refitted, for want of time, is returned as it is, and so is a model of
            images.
        finalists: As ``make_final`` was given them.
        resources: Likewise.
        allowed: Told the finalist of each training; whether all together keep the user's limits.
    """
    started = time.monotonic()
    task = load_task(resources.source)
    if final.rows is Rows.KNOWN or task.is_image:
        return final
    members, added = _members(final, finalists), 0
    alone = members[0]
    if len(members) == 1 and not alone.refits and not allowed(alone.sizes(further=True)):
        # A refit of a model that is large takes the place of what was trained on fewer rows.
        members = [replace(alone, keeps=False)]
    for refits in range(1, SEEDS + 1):
        asked = [one for one in members if one.wants(refits)]
        wanted = _affordable(asked, members, task, resources, allowed)
        refitted = {one.finalist.trial: one.refits for one in asked}
        jobs = [resources.refit(one, refitted[one.trial]) for one in wanted]
        found = _usable(resources.mapped(retrain, jobs) if jobs else (), final, members, task)
        for one in wanted:
            members, is_added = _with(members, one.trial, found.get(one.trial), allowed)
            added += is_added
        if asked and not wanted:
            break
    return _joined(final, members, time.monotonic() - started) if added else final


def _members(final: FinalModel, finalists: Sequence[Finalist]) -> list[_Member]:
    """Return the candidates, the heaviest first."""
    known = {one.trial: one for one in finalists}

    def member(
        trial: int, share: float, trained: Iterable[tuple[EnsembleMember, Model]]
    ) -> _Member:
        one = known[trial]
        epochs = final.epochs if trial == final.trial else one.epochs
        keeps = not follows_no_recipe(one.architecture)
        return _Member(one, share, tuple(trained), epochs, keeps)

    if final.ensemble is None:
        record = EnsembleMember(final.trial, 0, 1.0, final.rows)
        return [member(final.trial, 1.0, [(record, final.model)])]
    pairs = list(zip(final.members, final.ensemble.members, strict=True))
    found = []
    for trial in dict.fromkeys(record.trial for record, _ in pairs):
        own = [pair for pair in pairs if pair[0].trial == trial]
        found.append(member(trial, sum(record.weight for record, _ in own), own))
    return found


def _affordable(
    wanted: Sequence[_Member],
    members: Sequence[_Member],
    task: Task,
    resources: Resources,
    allowed: Callable[[Sequence[Finalist]], bool],
) -> list[Finalist]:
    """Return those whose further training time and limits have room for, the heaviest first."""
    chosen: list[_Member] = []
    now = sum(len(member.trained) for member in members)
    for one in wanted:
        more = [*chosen, one]
        plain = [member.finalist for member in more]
        needed = hoped(plain, task, resources.workers)
        there = [size for member in members for size in member.sizes(further=member in more)]
        has_room = len(there) <= now or (len(there) <= NETWORKS and allowed(there))
        if has_room and needed <= resources.seconds_left:
            chosen = more
    return _in_time([member.finalist for member in chosen], task, resources.workers)


def _in_time(finalists: Sequence[Finalist], task: Task, workers: int) -> list[Finalist]:
    """Return finalists as they are trained: those that follow the clock last, and for long where each of them has a worker to itself.

    Where they are more than workers, the heaviest have all workers but one to themselves.
    """
    clocked = [one for one in finalists if timed(one, task, LONGER).longest]
    has_room = len(clocked) <= workers
    alone = clocked if has_room else clocked[: workers - 1]
    others = [timed(one, task) for one in finalists if one not in alone]
    others.sort(key=lambda one: one.longest > 0)
    long = [timed(one, task, LONGER) for one in alone]
    return [*others, *long] if has_room else [*long, *others]


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


def _with(
    members: Sequence[_Member],
    trial: int,
    found: tuple[Retrained, Model] | None,
    allowed: Callable[[Sequence[Finalist]], bool],
) -> tuple[list[_Member], bool]:
    """Return members with a training of one, and whether it has joined: not one that went wrong, or came out too large for limits that were kept before."""

    def fits(those: Sequence[_Member]) -> bool:
        return allowed([size for one in those for size in one.sizes(further=False)])

    place = next(n for n, one in enumerate(members) if one.finalist.trial == trial)
    able = list(members)
    if found is not None:
        able[place] = members[place].also(*found)
        if fits(able) or not fits(members):
            return able, True
    able[place] = replace(members[place], has_failed=True)
    return able, False


def _joined(final: FinalModel, members: Sequence[_Member], seconds: float) -> FinalModel:
    """Return the final model made of all trainings, which divide their candidate's share; the search's own, on fewer rows, pull less."""
    shares = [one.share * max(_pull(record) for record, _ in one.trained) for one in members]
    pairs = []
    for one, share in zip(members, shares, strict=True):
        pulls = sum(_pull(record) for record, _ in one.trained)
        part = share / sum(shares) / pulls
        pairs += [(replace(record, weight=part * _pull(record)), m) for record, m in one.trained]
    pairs.sort(key=lambda pair: -pair[0].weight)
    first = next(one for one in members if one.finalist.trial == pairs[0][0].trial)
    return replace(
        final,
        model=pairs[0][1],
        trial=first.finalist.trial,
        validation=first.finalist.validation,
        epochs=first.epochs,
        seconds=final.seconds + seconds,
        rows=Rows.ALL,
        provenance=f"{final.provenance} {_said(pairs)}",
        ensemble=Ensemble(
            tuple(model for _, model in pairs),
            tuple(record.weight for record, _ in pairs),
            1.0 if final.ensemble is None else final.ensemble.temperature,
        ),
        members=tuple(record for record, _ in pairs),
    )


def _pull(record: EnsembleMember) -> float:
    return 1.0 if record.rows is Rows.SEARCHED else REFIT_PULL


def _said(pairs: Sequence[tuple[EnsembleMember, Model]]) -> str:
    if len(pairs) == 1:
        return (
            "It was then trained again on all rows but the test rows, and that training is taken."
        )
    refits = sum(record.rows is Rows.ALL for record, _ in pairs)
    return (
        f"In all {len(pairs)} trainings under different seeds predict together, {refits} of them on all rows but the test rows: "
        "a single one is a matter of luck."
    )
