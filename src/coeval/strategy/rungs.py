"""Who stands on which rung, and in which order those who finished it are promoted.

What a rule of promotion decides is in ``halving`` (in brackets, when a rung is complete) and in ``asha``
(at once); this file holds what both rank with.
"""

import bisect
from dataclasses import dataclass, field
from typing import Protocol

from coeval.strategy.objectives import Objectives, violation
from coeval.strategy.promotion import PromotionOrder
from coeval.trial import Proposal, Trial

Key = tuple[float, float, int]


@dataclass(slots=True, eq=False)
class Member:
    """A candidate on its way up.

    Attributes:
        number: Under which the inner strategy knows it; another one after a late promotion.
        proposal: As it was first asked, at its first rung.
        first: The rung where it entered.
        trials: Outer trial numbers, one for each rung from ``first`` on.
    """

    number: int
    proposal: Proposal
    first: int
    trials: list[int] = field(default_factory=list)

    @property
    def rung(self) -> int:
        """Return the rung that it reached, finished or not."""
        return self.first + len(self.trials) - 1


class Rules(Protocol):
    """Where new members start, and who is promoted. Everything follows from what was entered and finished."""

    def first_rungs(self, count: int) -> list[int]:
        """Return the rungs where the next ``count`` new members start."""
        ...

    def enter(self, member: Member) -> None:
        """Take in a new member, which runs."""
        ...

    def finish(self, member: Member, trial: Trial) -> list[Member]:
        """Note that a member finished its rung; return whom that stops."""
        ...

    def promotable(self) -> list[Member]:
        """Return who should be evaluated one rung higher, in this order."""
        ...

    def leftover(self) -> list[Member]:
        """Return who should still be promoted when nobody runs and nobody new will come."""
        ...

    def promote(self, member: Member) -> list[Member]:
        """Note that a member runs on the next rung; return whom that stops."""
        ...


class Rung:
    """The finished of one rung, ranked; adding one takes logarithmic time for one objective.

    Failed members count as finished: they took a place, and are never promoted.

    Args:
        objectives: The order of trials.
        promotion: Another order, by more than the values here; it may change with what it learns.
    """

    def __init__(self, objectives: Objectives, promotion: PromotionOrder | None = None) -> None:
        self._objectives = objectives
        self._promotion = promotion
        self._version = 0
        self._members: dict[int, Member] = {}  # measured and waiting, by trial number
        self._trials: dict[int, Trial] = {}  # measured, promoted or not; for several objectives
        self._waiting: list[Key] = []
        self._promoted: list[Key] = []
        self._order: list[int] | None = None
        self.finished = 0

    def add(self, member: Member, trial: Trial) -> None:
        """Take in a finished trial of a member."""
        self.finished += 1
        if not self._objectives.is_measured(trial):
            return
        self._members[trial.number] = member
        if len(self._objectives) == 1:
            bisect.insort(self._waiting, self._key(trial))
        self._trials[trial.number] = trial
        self._order = None

    @property
    def measured(self) -> int:
        """Return how many finished with a value."""
        return len(self._trials)

    def best(self, places: int) -> list[Member]:
        """Return who stands on the first ``places`` places and was not promoted yet, best first."""
        if len(self._objectives) > 1 or self._promotion is not None:
            best = self._ranked()[:places]
            return [self._members[number] for number in best if number in self._members]
        chosen: list[Member] = []
        for place, key in enumerate(self._waiting):
            if place + bisect.bisect(self._promoted, key) >= places:
                break
            chosen.append(self._members[key[2]])
        return chosen

    def promote(self, member: Member, number: int) -> None:
        """Note that the member whose trial here has this number went on."""
        del self._members[number]
        if len(self._objectives) == 1:
            key = self._key(self._trials[number])
            del self._waiting[bisect.bisect_left(self._waiting, key)]
            bisect.insort(self._promoted, key)

    def _ranked(self) -> list[int]:
        version = 0 if self._promotion is None else self._promotion.version
        if self._order is None or version != self._version:
            trials = list(self._trials.values())
            order = (self._promotion or self._objectives).order(trials)
            self._order, self._version = [trial.number for trial in order], version
        return self._order

    def _key(self, trial: Trial) -> Key:
        """Return what ``Objectives.order`` sorts by for one objective: values of the infeasible decide nothing."""
        excess = violation(trial)
        return excess, 0.0 if excess else self._objectives.costs(trial)[0], trial.number
