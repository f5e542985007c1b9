"""The candidates' side of a competitive search: samples, and children of tournaments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate, Move, Space
from coeval.strategy.competitive_options import Competition
from coeval.strategy.log import REDRAWS, Log


@dataclass(frozen=True, slots=True)
class Member:
    """A candidate of the population.

    Attributes:
        candidate: Itself.
        origin: How it came to be.
        number: The trial that judged it last, once there is one.
        parent: The trial that judged its first parent.
        moves: The edits that made it of its parents.
    """

    candidate: Candidate
    origin: str
    number: int | None = None
    parent: int | None = None
    moves: tuple[Move, ...] = ()


def samples(
    space: Space[Candidate], count: int, rng: np.random.Generator, log: Log
) -> list[Member]:
    """Return samples of the space that were not tried before, as far as the space has any."""
    return _new(count, lambda _: Member(space.sample(rng), "sample"), log)


def children(
    space: Space[Candidate],
    parents: Sequence[Member],
    fitness: npt.NDArray[np.float64],
    count: int,
    options: Competition,
    rng: np.random.Generator,
    log: Log,
) -> list[Member]:
    """Return children of tournament winners that were not tried before, as far as that succeeds.

    Args:
        space: Mutates and crosses.
        parents: The last generation, each judged by a trial.
        fitness: ``(parents,)``, to be large.
        count: How many children.
        options: Size of tournaments, and how often two parents are crossed.
        rng: Every draw's source.
        log: Knows what was tried.
    """
    drawn = rng.integers(len(parents), size=(count, 2, options.tournament))
    best = fitness[drawn].argmax(axis=2)[:, :, None]
    pairs = np.take_along_axis(drawn, best, axis=2)[:, :, 0].tolist()

    def child(place: int) -> Member:
        first, second = parents[pairs[place][0]], parents[pairs[place][1]]
        candidate, origin = first.candidate, "mutation"
        moves: tuple[Move, ...] = ()
        if rng.random() < options.crossover and second.candidate != candidate:
            crossed = space.cross(candidate, second.candidate, rng)
            candidate, moves, origin = crossed.genotype, crossed.moves, "crossover"
        changed = space.mutate(candidate, rng)
        return Member(changed.genotype, origin, None, first.number, (*moves, *changed.moves))

    return _new(count, child, log)


def _new(count: int, draw: Callable[[int], Member], log: Log) -> list[Member]:
    """Return members, each drawn again while it is known, at most ``REDRAWS`` times."""
    taken: set[str] = set()
    members: list[Member] = []
    for place in range(count):
        member = draw(place)
        for _ in range(REDRAWS):
            if not log.knows(member.candidate, taken):
                break
            member = draw(place)
        taken.add(candidate_digest(member.candidate))
        members.append(member)
    return members
