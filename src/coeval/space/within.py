"""A space without the members that break a limit, for limits that the space does not know by construction.

What one candidate costs is said by whoever made the limit: latency, for one, is measured. Draws that break it are drawn
again, a few times; then comes a member that is known to keep it, so that a tight limit ends nowhere in a loop.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeval.architecture.step import Architecture
from coeval.errors import SpaceError
from coeval.space.protocol import Candidate, CandidateSpace, Child, Space

REDRAWS = 64
"""Draws of one sample or child; each costs an inference, a thousandth of a training."""
Allows = Callable[[Candidate], bool]


@dataclass(frozen=True, slots=True)
class Within:
    """The members of a space that a limit allows.

    Decisions and size are those of the whole space: who decides step by step may arrive at what ``decide`` refuses.

    Attributes:
        space: The whole space.
        allows: Says of a member whether it keeps the limit.
        safe: A member that keeps it, for when none is drawn.

    Raises:
        SpaceError: The safe member breaks the limit.
    """

    space: CandidateSpace
    allows: Allows
    safe: Candidate

    def __post_init__(self) -> None:
        if not self.allows(self.safe):
            raise SpaceError(
                "The safe member of a limited space must keep the limit, got one that breaks it. Find one with "
                "space.within.least."
            )

    def __deepcopy__(self, memo: dict[int, Any]) -> "Within":
        """Return itself: a space never changes."""
        return self

    @property
    def parts(self) -> Mapping[str, Space[Any]]:
        """Return the parts by name, in order."""
        return self.space.parts

    def seeds(self) -> Mapping[str, Candidate]:
        """Return the seeds that keep the limit; where none does, the safe member as ``small``."""
        kept = {name: one for name, one in self.space.seeds().items() if self.allows(one)}
        return kept or {"small": self.safe}

    def architecture(self, candidate: Candidate) -> Architecture:
        """Return the architecture of a candidate."""
        return self.space.architecture(candidate)

    def sample(self, rng: np.random.Generator) -> Candidate:
        """Draw until one keeps the limit; else walk away from the safe member by a few legal edits."""
        for _ in range(REDRAWS):
            found = self.space.sample(rng)
            if self.allows(found):
                return found
        found = self.safe
        for _ in range(int(rng.integers(1, 6))):
            found = self.mutate(found, rng).genotype
        return found

    def mutate(self, genotype: Candidate, rng: np.random.Generator) -> Child[Candidate]:
        """Return a child one edit away that keeps the limit; the genotype itself, without moves, where none is found."""
        return self._drawn(genotype, lambda: self.space.mutate(genotype, rng))

    def cross(
        self, first: Candidate, second: Candidate, rng: np.random.Generator
    ) -> Child[Candidate]:
        """Return a mix of two parents that keeps the limit; the first without moves where none is found."""
        return self._drawn(first, lambda: self.space.cross(first, second, rng))

    def neighbours(self, genotype: Candidate) -> Iterator[Child[Candidate]]:
        """Yield the neighbours that keep the limit."""
        return (one for one in self.space.neighbours(genotype) if self.allows(one.genotype))

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the options of the whole space's next decision."""
        return self.space.decisions(prefix)

    def decide(self, prefix: tuple[int, ...]) -> Candidate:
        """Return the candidate of a complete prefix.

        Raises:
            SpaceError: The prefix is not complete, or its candidate breaks the limit.
        """
        found = self.space.decide(prefix)
        if not self.allows(found):
            raise SpaceError(
                "The decisions lead to a candidate that breaks a limit. Decide otherwise."
            )
        return found

    def size(self) -> int:
        """Return the size of the whole space, the limit aside."""
        return self.space.size()

    def __iter__(self) -> Iterator[Candidate]:
        """Yield the members that keep the limit."""
        return (one for one in self.space if self.allows(one))

    def contains(self, genotype: Candidate) -> bool:
        """Return whether the genotype is a member that keeps the limit."""
        return self.space.contains(genotype) and self.allows(genotype)

    def encode(self, genotype: Candidate) -> np.ndarray:
        """Return the whole space's encoding."""
        return self.space.encode(genotype)

    def to_json(self, genotype: Candidate) -> Any:
        """Return the genotype as plain JSON values."""
        return self.space.to_json(genotype)

    def from_json(self, value: Any) -> Candidate:
        """Return the genotype that ``to_json`` wrote."""
        return self.space.from_json(value)

    def _drawn(self, parent: Candidate, draw: Callable[[], Child[Candidate]]) -> Child[Candidate]:
        for _ in range(REDRAWS):
            child = draw()
            if not child.moves or self.allows(child.genotype):
                return child if self.allows(child.genotype) else Child(parent, ())
        return Child(parent, ())


def least(
    space: CandidateSpace, amount: Callable[[Candidate], float], enough: float = 0.0
) -> tuple[Candidate, float]:
    """Return the member with the least amount of something that a descent finds, and that amount.

    From the smallest seed, or a few samples where there is none, to a better neighbour until there is none (or
    ``enough`` is reached). Exact where decisions cost independently of each other, which is nearly so for parameters,
    multiply-accumulates and latency.

    Args:
        space: Where to look.
        amount: Of a member; less is better.
        enough: Where to stop.
    """
    starts = [*space.seeds().values()]
    starts += [space.sample(np.random.default_rng(number)) for number in range(4)]
    amounts = [amount(one) for one in starts]
    lowest = min(range(len(starts)), key=amounts.__getitem__)
    best, value = starts[lowest], amounts[lowest]
    improved = value > enough
    while improved:
        improved = False
        for child in space.neighbours(best):
            found = amount(child.genotype)
            if found < value:
                best, value, improved = child.genotype, found, value > enough
                break
    return best, value
