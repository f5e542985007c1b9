"""Brackets: so many members start together, and a rung promotes when all of it has finished."""

from collections.abc import Sequence
from dataclasses import dataclass

from coeval.strategy.objectives import Objectives
from coeval.strategy.rungs import Member, Rung
from coeval.trial import Trial


@dataclass(frozen=True, slots=True)
class Shape:
    """How many members a bracket has on each rung from its first on."""

    first: int
    sizes: tuple[int, ...]


def shape(first: int, size: int, rungs: int, eta: int) -> Shape:
    """Return the shape of a bracket: every rung has 1 / eta of the one below, rounded down, at least one."""
    return Shape(first, tuple([max(1, size // eta**rung) for rung in range(rungs - first)]))


class Brackets:
    """The rules of successive halving and Hyperband: brackets of given shapes, one after the other, for ever.

    While a bracket waits for its stragglers the next one is filled, so that no worker idles.

    Args:
        objectives: The order of trials.
        shapes: Of the brackets, in turn.
        eta: The share that a bracket promotes which ends early is 1 / eta.
    """

    def __init__(self, objectives: Objectives, shapes: Sequence[Shape], eta: int) -> None:
        self._objectives = objectives
        self._shapes = tuple(shapes)
        self._eta = eta
        self._opened = 0
        self._active: list[_Bracket] = []
        self._filling: _Bracket | None = None
        self._of: dict[Member, _Bracket] = {}

    def first_rungs(self, count: int) -> list[int]:
        """Return the first rung of the bracket being filled, then of those after it."""
        rungs: list[int] = []
        if self._filling is not None:
            rungs += [self._filling.shape.first] * min(count, self._filling.room)
        upcoming = self._opened
        while len(rungs) < count:
            one = self._shapes[upcoming % len(self._shapes)]
            rungs += [one.first] * min(count - len(rungs), one.sizes[0])
            upcoming += 1
        return rungs

    def enter(self, member: Member) -> None:
        """Give the member a place in the bracket being filled.

        One that starts elsewhere, as when another strategy took a place out of a batch, has no bracket: its value
        is learnt from, and it is never promoted.
        """
        if member.first != self.first_rungs(1)[0]:
            return
        if self._filling is None:
            self._filling = _Bracket(
                self._shapes[self._opened % len(self._shapes)], self._objectives
            )
            self._opened += 1
            self._active.append(self._filling)
        self._filling.enter(member)
        self._of[member] = self._filling
        if not self._filling.room:
            self._filling = None

    def finish(self, member: Member, trial: Trial) -> list[Member]:
        """Note the result; a rung that it completes promotes its best and stops the others."""
        bracket = self._of.get(member)
        return [member] if bracket is None else self._leave(bracket, bracket.finish(member, trial))

    def promotable(self) -> list[Member]:
        """Return who was chosen and waits, the oldest bracket's first."""
        return [member for bracket in self._active for member in bracket.chosen]

    def leftover(self) -> list[Member]:
        """Return the best of a bracket that will not be filled."""
        return [] if self._filling is None else self._filling.early(self._eta)

    def promote(self, member: Member) -> list[Member]:
        """Let the member go on; its bracket ends its first rung early if it was not full."""
        bracket = self._of[member]
        stopped: list[Member] = []
        if member not in bracket.chosen:
            stopped = bracket.close(self._eta)
            self._filling = None
        bracket.chosen.remove(member)
        return self._leave(bracket, stopped)

    def _leave(self, bracket: "_Bracket", stopped: list[Member]) -> list[Member]:
        for member in stopped:
            del self._of[member]
        if bracket.is_over:
            self._active.remove(bracket)
        return stopped


class _Bracket:
    """Members of one bracket, rung by rung; ``level`` counts from the bracket's first rung."""

    def __init__(self, one: Shape, objectives: Objectives) -> None:
        self.shape = one
        self.chosen: list[Member] = []  # who waits for a promotion, best first
        self._sizes = list(one.sizes)
        self._rungs = [Rung(objectives) for _ in one.sizes]
        self._members: list[list[Member]] = [[] for _ in one.sizes]
        self._level = 0

    @property
    def room(self) -> int:
        """Return how many may still enter."""
        return self._sizes[0] - len(self._members[0])

    @property
    def is_over(self) -> bool:
        """Return whether nobody of it will be evaluated again."""
        return self._level == len(self._sizes)

    def enter(self, member: Member) -> None:
        """Take in a member."""
        self._members[0].append(member)

    def finish(self, member: Member, trial: Trial) -> list[Member]:
        """Note a result; return whom it stops."""
        rung = self._rungs[self._level]
        rung.add(member, trial)
        return self._complete() if rung.finished == self._sizes[self._level] else []

    def early(self, eta: int) -> list[Member]:
        """Return whom the first rung would promote if nobody else entered."""
        if len(self._sizes) == 1:
            return []
        return self._rungs[0].best(max(1, len(self._members[0]) // eta))

    def close(self, eta: int) -> list[Member]:
        """Let nobody else enter; return whom that stops."""
        entered = len(self._members[0])
        self._sizes = list(shape(0, entered, len(self._sizes), eta).sizes)
        return self._complete()

    def _complete(self) -> list[Member]:
        """Choose whom the rung promotes; return whom it stops."""
        level, last = self._level, self._level == len(self._sizes) - 1
        self.chosen = [] if last else self._rungs[level].best(self._sizes[level + 1])
        stopped = [one for one in self._members[level] if one not in self.chosen]
        if self.chosen:
            self._members[level + 1] = list(self.chosen)
            self._sizes[level + 1] = len(self.chosen)
            self._level += 1
        else:
            self._level = len(self._sizes)
        return stopped
