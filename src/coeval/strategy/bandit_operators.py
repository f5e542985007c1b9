"""Operators that a bandit mixes: each makes one proposal of what is known, and remembers nothing."""

import functools
from collections import deque
from collections.abc import Callable, Mapping

import numpy as np

from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate, Space
from coeval.strategy.objectives import Objectives
from coeval.trial import Proposal, Trial

ENTRANTS = 5
"""Trials that compete for being a parent."""


class Known:
    """The best and the latest judged trials, and what was tried.

    Attributes:
        tried: Says whether a candidate was proposed before.
        elites: The best, best first.
        latest: The latest, the oldest first.

    Args:
        objectives: What trials are ranked by.
        tried: As above.
        elites: How many of the best are kept.
        population: How many of the latest.
    """

    def __init__(
        self,
        objectives: Objectives,
        tried: Callable[[Candidate], bool],
        elites: int,
        population: int,
    ) -> None:
        self._objectives = objectives
        self.tried = tried
        self._size = elites
        self.elites: list[Trial] = []
        self.latest: deque[Trial] = deque(maxlen=population)

    def add(self, trial: Trial) -> float:
        """Take a judged trial in; return which share of the elites it beats, places not yet taken counting as beaten."""
        order = self._objectives.order([*self.elites, trial])
        place = next(n for n, one in enumerate(order) if one.number == trial.number)
        self.elites = order[: self._size]
        self.latest.append(trial)
        return max(0.0, 1.0 - place / self._size)

    def tournament(self, rng: np.random.Generator) -> Trial:
        """Return the best of some of the latest trials, drawn with replacement."""
        drawn = rng.integers(len(self.latest), size=ENTRANTS).tolist()
        return self._objectives.order([self.latest[place] for place in set(drawn)])[0]


Operator = Callable[[Known, np.random.Generator], Proposal | None]
"""Makes a proposal from what is known, or ``None`` where it has none; all randomness comes from the generator."""


def operators_for(space: Space[Candidate], seed: int = 0) -> Mapping[str, Operator]:
    """Return every operator here that a space can do, by name.

    Args:
        space: Is tried with two samples: what raises a ``SpaceError`` is left out.
        seed: Of these samples.
    """
    rng = generator(seed, "operators", "probe")
    first, second = space.sample(rng), space.sample(rng)
    found: dict[str, Operator] = {}
    if _can(lambda: next(iter(space.neighbours(first)), None)):
        found["neighbour"] = functools.partial(neighbour, space)
    if _can(lambda: space.mutate(first, rng)):
        found["mutation"] = functools.partial(mutation, space)
    if _can(lambda: space.cross(first, second, rng)):
        found["crossover"] = functools.partial(crossover, space)
    if isinstance(space, ProductSpace) and len(space.parts) > 1:
        found["exchange"] = functools.partial(exchange, space)
    found["random"] = functools.partial(random, space)
    return found


def neighbour(space: Space[Candidate], known: Known, rng: np.random.Generator) -> Proposal | None:
    """Return a neighbour of the incumbent that was not tried, each with equal chance; none at a local optimum."""
    if not known.elites:
        return None
    best = known.elites[0]
    children = list(space.neighbours(best.proposal.candidate))
    for place in rng.permutation(len(children)).tolist():
        child = children[place]
        if not known.tried(child.genotype):
            return Proposal(child.genotype, parent=best.number, moves=child.moves)
    return None


def mutation(space: Space[Candidate], known: Known, rng: np.random.Generator) -> Proposal | None:
    """Return a mutant of a tournament's winner (Real et al. 2019, arXiv:1802.01548)."""
    if not known.latest:
        return None
    parent = known.tournament(rng)
    child = space.mutate(parent.proposal.candidate, rng)
    return Proposal(child.genotype, parent=parent.number, moves=child.moves)


def crossover(space: Space[Candidate], known: Known, rng: np.random.Generator) -> Proposal | None:
    """Return a child of two tournaments' winners."""
    if len(known.latest) < 2:
        return None
    first, second = known.tournament(rng), known.tournament(rng)
    child = space.cross(first.proposal.candidate, second.proposal.candidate, rng)
    return Proposal(child.genotype, parent=first.number, moves=child.moves)


def exchange(space: Space[Candidate], known: Known, rng: np.random.Generator) -> Proposal | None:
    """Return one of the best with a part taken whole from another trial."""
    if not known.latest:
        return None
    mine = known.elites[int(rng.integers(len(known.elites)))]
    other = known.tournament(rng).proposal.candidate
    place = int(rng.integers(len(mine.proposal.candidate.parts)))
    parts = list(mine.proposal.candidate.parts)
    parts[place] = other.parts[place]
    candidate = Candidate(tuple(parts))
    if not space.contains(candidate):
        return None
    return Proposal(candidate, parent=mine.number)


def random(space: Space[Candidate], known: Known, rng: np.random.Generator) -> Proposal | None:
    """Return a sample."""
    del known
    return Proposal(space.sample(rng))


def _can(act: Callable[[], object]) -> bool:
    try:
        act()
    except SpaceError:
        return False
    return True
