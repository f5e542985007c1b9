"""A space whose members are those of several others: networks or trees, say."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeval.architecture.step import Architecture
from coeval.errors import SpaceError
from coeval.space.protocol import Child, Space


@dataclass(frozen=True, slots=True)
class EitherSpace:
    """The members of all families; a family is decided first, and no edit leads from one to another.

    Attributes:
        families: Spaces by name; no two share a member.
        shares: With which chance a sample is drawn from each; they add up to 1.
    """

    families: Mapping[str, Space[Architecture]]
    shares: tuple[float, ...]

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw a family, then a member of it."""
        every = list(self.families.values())
        return every[int(rng.choice(len(every), p=self.shares))].sample(rng)

    def mutate(self, genotype: Architecture, rng: np.random.Generator) -> Child[Architecture]:
        """Return a child in the same family."""
        return self._home(genotype).mutate(genotype, rng)

    def cross(
        self, first: Architecture, second: Architecture, rng: np.random.Generator
    ) -> Child[Architecture]:
        """Return a mix of two of one family; the first itself, without moves, where they are of two."""
        home = self._home(first)
        if not home.contains(second):
            return Child(first, ())
        return home.cross(first, second, rng)

    def neighbours(self, genotype: Architecture) -> Iterator[Child[Architecture]]:
        """Yield the neighbours in the same family."""
        return self._home(genotype).neighbours(genotype)

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the families, then the options of the family that was chosen."""
        if not prefix:
            return tuple(self.families)
        return self._family(prefix).decisions(prefix[1:])

    def decide(self, prefix: tuple[int, ...]) -> Architecture:
        """Return the architecture of a complete prefix."""
        if not prefix:
            raise SpaceError("The prefix is not complete: the family is open.")
        return self._family(prefix).decide(prefix[1:])

    def size(self) -> int:
        """Return the number of members of all families."""
        return sum(one.size() for one in self.families.values())

    def __iter__(self) -> Iterator[Architecture]:
        """Yield the families' members, one family after the other."""
        return itertools.chain.from_iterable(self.families.values())

    def contains(self, genotype: Architecture) -> bool:
        """Return whether a family has it."""
        return any(one.contains(genotype) for one in self.families.values())

    def encode(self, genotype: Architecture) -> np.ndarray:
        """Return the families' encodings side by side, zeros for those that it is not of, behind a one-hot of its own."""
        parts = [np.array([float(one.contains(genotype)) for one in self.families.values()])]
        for family in self.families.values():
            if family.contains(genotype):
                parts.append(family.encode(genotype))
            else:
                parts.append(np.zeros_like(family.encode(next(iter(family)))))
        return np.concatenate(parts)

    def to_json(self, genotype: Architecture) -> Any:
        """Return what its family writes."""
        return self._home(genotype).to_json(genotype)

    def from_json(self, value: Any) -> Architecture:
        """Return what ``to_json`` wrote."""
        reasons = []
        for name, family in self.families.items():
            try:
                return family.from_json(value)
            except SpaceError as error:
                reasons.append(f"{name}: {error}")
        raise SpaceError(f"No family reads the architecture. {' '.join(reasons)}")

    def _home(self, genotype: Architecture) -> Space[Architecture]:
        for family in self.families.values():
            if family.contains(genotype):
                return family
        raise SpaceError(f"The architecture is in none of the families {list(self.families)}.")

    def _family(self, prefix: tuple[int, ...]) -> Space[Architecture]:
        every = list(self.families.values())
        if not 0 <= prefix[0] < len(every):
            raise SpaceError(
                f"The family must be 0..{len(every) - 1}, got {prefix[0]}: {list(self.families)}."
            )
        return every[prefix[0]]
