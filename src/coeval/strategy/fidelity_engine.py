"""What all multi-fidelity strategies share: the outer log, the inner strategy's numbers, promotions.

An outer trial is a new member's first evaluation, a promotion of a member, or a trial of somebody else (a
seed, a control), which the inner strategy hears of as it stands. Which of them follows from the proposal alone,
origin included, so that a journal can be replayed.
"""

from collections.abc import Callable
from dataclasses import replace

from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate
from coeval.strategy.fidelity_ladder import Ladder
from coeval.strategy.fidelity_models import ModelOfAllRungs, ModelPerRung, Models
from coeval.strategy.objectives import Objectives
from coeval.strategy.protocol import Strategy
from coeval.strategy.rungs import Member, Rules
from coeval.trial import Fidelity, Proposal, State, Trial

PROMOTION = "promotion"
Whole = Callable[[Candidate], bool]
"""Whether a candidate is evaluated whole at once: the shares of the rungs would say nothing of it."""


class Engine:
    """Asks for promotions first, then for new members.

    Args:
        inner: A fresh strategy.
        objectives: The order of trials.
        ladder: What each rung spends.
        rules: Where members start, and who is promoted.
        enough: Values that a rung must have before the inner strategy learns from it.
        name: What the origins of its trials begin with, before that which the inner strategy gave.
        pooled: Whether the inner strategy hears of the values of all rungs, rather than a copy of it of each.
        whole: Whether a candidate begins on the highest rung.
    """

    def __init__(
        self,
        inner: Strategy,
        objectives: Objectives,
        ladder: Ladder,
        rules: Rules,
        *,
        enough: int,
        name: str,
        pooled: bool = False,
        whole: Whole = lambda candidate: False,
    ) -> None:
        if enough < 1:
            raise ValueError(f"enough must be at least 1 value a rung, got {enough}.")
        self._objectives = objectives
        self._ladder = ladder
        self._rules = rules
        self._whole = whole
        self._prefix = f"{name}:"
        self._models: Models = (
            ModelOfAllRungs(inner, ladder)
            if pooled
            else ModelPerRung(inner, objectives, ladder.top + 1, enough)
        )
        self._members: dict[int, Member] = {}  # by the outer number of the newest trial
        self._running: set[int] = set()
        self._inner: dict[int, int] = {}  # inner number by outer number
        self._outer: dict[int, int] = {}  # newest outer number with a value by inner number

    def ask(self, count: int) -> list[Proposal]:
        """Return promotions, then new members; what is left over when nothing else can come."""
        promoted = self._rules.promotable()[:count]
        proposals = [self._promotion(member) for member in promoted]
        if len(proposals) < count:
            fresh = self._models.ask(count - len(proposals))
            rungs = self._rules.first_rungs(len(fresh))
            proposals += [self._entry(*pair) for pair in zip(fresh, rungs, strict=True)]
        if not proposals and not self._running:
            proposals = [self._promotion(member) for member in self._rules.leftover()[:count]]
        return proposals

    def tell(self, trial: Trial) -> None:
        """Record a trial, and let the inner strategy know what concerns it."""
        if trial.number not in self._inner:
            self._start(trial)
        if trial.state is not State.RUNNING and trial.number in self._running:
            self._running.discard(trial.number)
            member = self._members.get(trial.number)
            if member is None:
                self._finish_other(trial)
            else:
                self._finish(member, trial)

    def _entry(self, proposal: Proposal, rung: int) -> Proposal:
        parent = None if proposal.parent is None else self._outer.get(proposal.parent)
        if not self._ladder.top:
            return replace(proposal, parent=parent)
        rung = self._ladder.top if self._whole(proposal.candidate) else rung
        return replace(
            proposal,
            fidelity=self._ladder.fidelity(rung),
            parent=parent,
            origin=self._prefix + proposal.origin,
        )

    def _promotion(self, member: Member) -> Proposal:
        return replace(
            member.proposal,
            fidelity=self._ladder.fidelity(member.rung + 1),
            continues=member.trials[-1] if self._ladder.continues else None,
            parent=None,
            moves=(),
            origin=self._prefix + PROMOTION,
        )

    def _start(self, trial: Trial) -> None:
        proposal = trial.proposal
        rung = self._ladder.rung(proposal)
        member = None if rung is None else self._whom_it_promotes(proposal, rung)
        if member is not None:
            del self._members[member.trials[-1]]
            self._stop(self._rules.promote(member))
        elif rung is not None and self._is_own(proposal):
            member = Member(self._models.start(self._seen_inside(proposal)), proposal, rung)
            self._rules.enter(member)
        if member is None:
            seen = replace(proposal, parent=self._parent_inside(proposal), continues=None)
            self._inner[trial.number] = self._models.start(seen)
        else:
            member.trials.append(trial.number)
            self._members[trial.number] = member
            self._inner[trial.number] = member.number
        self._running.add(trial.number)

    def _is_own(self, proposal: Proposal) -> bool:
        """Return whether this strategy asked for the trial as a new member: a promotion of nobody is somebody else's."""
        origin = proposal.origin
        return origin.startswith(self._prefix) and origin != self._prefix + PROMOTION

    def _seen_inside(self, proposal: Proposal) -> Proposal:
        origin = proposal.origin.removeprefix(self._prefix)
        parent = self._parent_inside(proposal)
        return replace(proposal, fidelity=Fidelity(), parent=parent, origin=origin)

    def _parent_inside(self, proposal: Proposal) -> int | None:
        return None if proposal.parent is None else self._inner.get(proposal.parent)

    def _whom_it_promotes(self, proposal: Proposal, rung: int) -> Member | None:
        """Return the member, if the rules would promote it: a journal of other settings must not confuse them."""
        if proposal.origin != self._prefix + PROMOTION:
            return None
        waiting = self._rules.promotable()
        if not waiting and not self._running:
            waiting = self._rules.leftover()
        fitting = [one for one in waiting if one.rung == rung - 1]
        if self._ladder.continues:
            return next((one for one in fitting if one.trials[-1] == proposal.continues), None)
        return next((one for one in fitting if _equal(one.proposal, proposal)), None)

    def _finish(self, member: Member, trial: Trial) -> None:
        rung = member.rung
        if not self._models.waits(member.number, rung):  # given up, and promoted late
            member.number = self._models.start(self._seen_inside(member.proposal))
            self._inner[trial.number] = member.number
        if trial.measurement is not None:
            self._models.measure(member.number, rung, trial.measurement)
        self._models.give_up(member.number, range(rung))
        if self._objectives.is_measured(trial):
            self._outer[member.number] = trial.number
        else:
            self._models.give_up(member.number, range(rung, self._ladder.top + 1))
        self._stop(self._rules.finish(member, trial))

    def _finish_other(self, trial: Trial) -> None:
        number = self._inner[trial.number]
        if trial.measurement is not None:
            self._models.measure(number, self._ladder.top, trial.measurement)
        if trial.state is State.DONE:
            self._outer[number] = trial.number
        self._models.give_up(number, range(self._ladder.top))

    def _stop(self, members: list[Member]) -> None:
        for member in members:
            self._models.give_up(member.number, range(member.rung + 1, self._ladder.top + 1))


def _equal(mine: Proposal, other: Proposal) -> bool:
    if (mine.repeat, mine.cases) != (other.repeat, other.cases):
        return False
    return candidate_digest(mine.candidate) == candidate_digest(other.candidate)
