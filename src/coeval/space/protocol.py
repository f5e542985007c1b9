"""What every space offers to every strategy, and the candidate that a strategy proposes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from coeval.architecture.component import Settings, Value
from coeval.architecture.program import Program
from coeval.architecture.step import Architecture

G = TypeVar("G")
Genotype = Architecture | Settings | Program
"""One part of a candidate: an architecture, named choices such as a recipe's, or a sequence of scalar steps."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One genotype for each part of the space, in the space's order of parts."""

    parts: tuple[tuple[str, Genotype], ...]

    def part(self, name: str) -> Genotype:
        """Return the genotype of one part.

        Raises:
            KeyError: The candidate has no such part.
        """
        return dict(self.parts)[name]

    def settings(self, name: str) -> dict[str, Value]:
        """Return a part that consists of named choices; none, and so the defaults, where there is no such part."""
        genotype = dict(self.parts).get(name, ())
        assert isinstance(genotype, tuple)
        return dict(genotype)

    @property
    def architecture(self) -> Architecture:
        """Return the part named ``architecture``."""
        genotype = self.part("architecture")
        assert isinstance(genotype, Architecture)
        return genotype


@dataclass(frozen=True, slots=True)
class Move:
    """An edit that led from a parent to a child.

    Attributes:
        name: The rule, such as ``"insert"`` or ``"widen"``.
        part: The part of the candidate it changed.
        site: Where, as a path of step indices joined by dots.
        exact: Whether the child can start with exactly the parent's function.
        detail: What the rule did, in a few words a person can read.
    """

    name: str
    part: str
    site: str = ""
    exact: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Child(Generic[G]):
    """What a move yields: a genotype and the moves that made it."""

    genotype: G
    moves: tuple[Move, ...]


class Space(Protocol[G]):
    """Which genotypes are allowed. Every genotype that a space yields is legal by construction."""

    def sample(self, rng: np.random.Generator) -> G:
        """Draw one genotype; every member has a positive probability."""
        ...

    def mutate(self, genotype: G, rng: np.random.Generator) -> Child[G]:
        """Return a legal child one edit away; the genotype itself, without moves, where no edit is legal."""
        ...

    def cross(self, first: G, second: G, rng: np.random.Generator) -> Child[G]:
        """Return a legal child that mixes two parents."""
        ...

    def neighbours(self, genotype: G) -> Iterator[Child[G]]:
        """Yield every legal child one edit away, in a fixed order."""
        ...

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the options of the next decision after a prefix of option indices; empty when the genotype is complete."""
        ...

    def decide(self, prefix: tuple[int, ...]) -> G:
        """Return the genotype of a complete prefix.

        Raises:
            SpaceError: The prefix is not complete, or not legal.
        """
        ...

    def size(self) -> int:
        """Return the exact number of genotypes that ``decisions`` leads to, cost limits aside."""
        ...

    def __iter__(self) -> Iterator[G]:
        """Yield all legal genotypes in the order of their decisions, lazily."""
        ...

    def contains(self, genotype: G) -> bool:
        """Return whether the genotype is a legal member."""
        ...

    def encode(self, genotype: G) -> np.ndarray:
        """Return a float64 vector of fixed length for predictors."""
        ...

    def to_json(self, genotype: G) -> Any:
        """Return the genotype as plain JSON values."""
        ...

    def from_json(self, value: Any) -> G:
        """Return the genotype that ``to_json`` wrote.

        Raises:
            SpaceError: The value does not describe a genotype of this kind.
        """
        ...


class CandidateSpace(Space[Candidate], Protocol):
    """A space of whole candidates: the product of its parts."""

    @property
    def parts(self) -> Mapping[str, Space[Any]]:
        """Return the parts by name, in order."""
        ...

    def seeds(self) -> Mapping[str, Candidate]:
        """Return the named candidates that an expert would start with; all are members."""
        ...

    def architecture(self, candidate: Candidate) -> Architecture:
        """Return the architecture of a candidate, its inputs typed by the candidate's preparation."""
        ...
