"""Generations of equal size through ask and tell, whoever proposed their trials.

The log is the state: the first ``size`` trials that are told form generation 0, the next ``size`` generation 1, and
so on; seeds and controls of others are members like any. Children of generation g are bred from what survived
generations up to g - 1, and from nothing else, so that no order of completion can change them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from coeval.space.protocol import Candidate, Move, Space
from coeval.strategy.log import REDRAWS, Log, draws
from coeval.strategy.objectives import Objectives
from coeval.trial import Proposal, State, Trial

Succeed = Callable[[Sequence[Trial], Sequence[Trial]], list[Trial]]
"""From the members and the judged trials of the generation after them to the next members, best first."""
Select = Callable[[Sequence[Trial], np.random.Generator], Trial]
"""From the members, best first, to a parent."""


@dataclass(frozen=True, slots=True)
class Breeding:
    """How a generation comes from its parents.

    Attributes:
        name: In origins and in the addresses of draws.
        size: Trials of a generation.
        crossover: Probability that a child has two parents.
        mutation: Probability that a child is mutated; one that equals a known candidate is drawn anew.
    """

    name: str
    size: int
    crossover: float
    mutation: float

    def __post_init__(self) -> None:
        if self.size < 2:
            raise ValueError(
                f"population must be at least 2, got {self.size}: crossover takes two parents."
            )
        for name in ("crossover", "mutation"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is a probability in 0..1, got {getattr(self, name)}.")
        if self.crossover == self.mutation == 0:
            raise ValueError("crossover and mutation are both 0: no child would differ. Raise one.")


class Generations:
    """The engine of a generational strategy.

    While trials of the last generation run, a generation cannot be bred: ``ask`` returns none. It returns fewer than
    ``count`` at the end of a generation.

    Args:
        space: Where to sample, cross and mutate.
        objectives: By which trials are judged.
        seed: Below which every draw has its address.
        breeding: How children come about.
        succeed: Called once for each finished generation.
        select: Called for each parent.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objectives: Objectives,
        seed: int,
        breeding: Breeding,
        succeed: Succeed,
        select: Select,
    ) -> None:
        self.members: list[Trial] = []
        self._space, self._objectives, self._seed = space, objectives, seed
        self._breeding, self._succeed, self._select = breeding, succeed, select
        self._log = Log()
        self._generation = 0
        self._open: dict[int, int] = {}
        self._finished: dict[int, dict[int, Trial]] = {}

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` proposals of the present generation."""
        left = (self._generation + 1) * self._breeding.size - self._log.told
        return self._log.ask(min(count, left), self._propose)

    def tell(self, trial: Trial) -> None:
        """Record a trial; the last finished one of a generation lets the fittest breed."""
        place = self._log.told
        if self._log.tell(trial):
            self._open[trial.number] = place
        if trial.state is State.RUNNING or trial.number not in self._open:
            return
        place = self._open.pop(trial.number)
        self._finished.setdefault(place // self._breeding.size, {})[place] = trial
        while len(self._finished.get(self._generation, ())) == self._breeding.size:
            young = self._finished.pop(self._generation)
            ordered = [young[place] for place in sorted(young)]
            judged = [one for one in ordered if self._objectives.is_judged(one)]
            self.members = self._succeed(self.members, judged)
            self._generation += 1

    def _propose(self, number: int, taken: set[str]) -> Proposal:
        """Return a child that was not tried before; a sample of the space where none is found."""
        rngs = enumerate(draws(self._seed, self._breeding.name, number))
        drawn = (
            self._child(rng) if redraw < REDRAWS else self._sample(rng) for redraw, rng in rngs
        )
        return self._log.fresh(drawn, taken)

    def _sample(self, rng: np.random.Generator) -> Proposal:
        return Proposal(self._space.sample(rng), origin=f"{self._breeding.name}:sample")

    def _child(self, rng: np.random.Generator) -> Proposal:
        """Return a child: crossover, then mutation, each with its probability."""
        if not self.members:
            return self._sample(rng)
        first = self._select(self.members, rng)
        candidate = first.proposal.candidate
        moves: tuple[Move, ...] = ()
        origin = f"{self._breeding.name}:mutation"
        if rng.random() < self._breeding.crossover:
            second = self._select(self.members, rng)
            if second.number != first.number:
                crossed = self._space.cross(candidate, second.proposal.candidate, rng)
                candidate, moves = crossed.genotype, crossed.moves
                origin = f"{self._breeding.name}:crossover"
        if rng.random() < self._breeding.mutation:
            mutant = self._space.mutate(candidate, rng)
            candidate, moves = mutant.genotype, (*moves, *mutant.moves)
        return Proposal(candidate, parent=first.number, moves=moves, origin=origin)


def best_of(entrants: int) -> Select:
    """Return the selection of the best of ``entrants`` members drawn with replacement.

    Raises:
        ValueError: ``entrants`` is below 1.
    """
    if entrants < 1:
        raise ValueError(f"tournament must be at least 1, got {entrants}.")

    def select(members: Sequence[Trial], rng: np.random.Generator) -> Trial:
        return members[int(rng.integers(len(members), size=entrants).min())]

    return select
