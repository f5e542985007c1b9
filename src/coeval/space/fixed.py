"""A space of one genotype: a part that is given and not searched."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from coeval.architecture.serial import to_json
from coeval.architecture.step import Architecture
from coeval.errors import SpaceError
from coeval.space.protocol import Child


@dataclass(frozen=True, slots=True)
class FixedSpace:
    """The space whose only member is an architecture.

    Attributes:
        member: The architecture.
        part: What messages call it.
    """

    member: Architecture
    part: str = "architecture"

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Return the member."""
        del rng
        return self.member

    def mutate(self, genotype: Architecture, rng: np.random.Generator) -> Child[Architecture]:
        """Return the genotype itself, as no edit is legal."""
        del rng
        return Child(genotype, ())

    def cross(
        self, first: Architecture, second: Architecture, rng: np.random.Generator
    ) -> Child[Architecture]:
        """Return the first itself."""
        del second, rng
        return Child(first, ())

    def neighbours(self, genotype: Architecture) -> Iterator[Child[Architecture]]:
        """Yield nothing."""
        del genotype
        yield from ()

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return no options: nothing is to be decided.

        Raises:
            SpaceError: The prefix holds decisions.
        """
        self._check(prefix)
        return ()

    def decide(self, prefix: tuple[int, ...]) -> Architecture:
        """Return the member.

        Raises:
            SpaceError: The prefix holds decisions.
        """
        self._check(prefix)
        return self.member

    def size(self) -> int:
        """Return 1."""
        return 1

    def __iter__(self) -> Iterator[Architecture]:
        """Yield the member."""
        yield self.member

    def contains(self, genotype: Architecture) -> bool:
        """Return whether it is the member."""
        return genotype == self.member

    def encode(self, genotype: Architecture) -> np.ndarray:
        """Return no numbers: members do not differ."""
        del genotype
        return np.zeros(0)

    def to_json(self, genotype: Architecture) -> dict[str, Any]:
        """Return the architecture's own JSON."""
        return to_json(genotype)

    def from_json(self, value: Any) -> Architecture:
        """Return the member.

        Raises:
            SpaceError: The value describes anything else.
        """
        if value != to_json(self.member):
            raise SpaceError(
                f"The part {self.part!r} is fixed in this run, and another architecture was given for it."
            )
        return self.member

    def _check(self, prefix: tuple[int, ...]) -> None:
        if prefix:
            raise SpaceError(f"The part {self.part!r} is fixed, got {len(prefix)} decisions.")
