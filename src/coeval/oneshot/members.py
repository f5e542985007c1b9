"""The members of an opened space as options of its slots: drawn, bred, and the best by scores of single options.

Where a space forbids combinations (a DARTS node has two inputs), only its own parts know which: they draw and breed.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from coeval.architecture.step import Architecture
from coeval.space.open import OpenSpace
from coeval.space.protocol import Candidate
from coeval.space.slots import Slot, SlotSpace

Picks = tuple[int, ...]
NONE = "none"
"""The option of an edge that is not there."""


@dataclass(frozen=True, slots=True)
class Members:
    """Members of an opened space.

    Attributes:
        open: The space.
    """

    open: OpenSpace

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the options of each slot."""
        return tuple([len(one.options) for one in self.open.slots])

    def picks(self, candidate: Candidate) -> Picks:
        """Return the options of a candidate, of which only the parts that decide by slots are asked for."""
        return tuple(
            [
                pick
                for name, one in self.open.space.parts.items()
                if isinstance(one, SlotSpace)
                for pick in _picks(one, _architecture(candidate, name))
            ]
        )

    def sample(self, rng: np.random.Generator) -> Picks:
        """Draw a member."""
        return tuple([pick for one, _ in self._parts() for pick in _picks(one, one.sample(rng))])

    def mutate(self, picks: Picks, rng: np.random.Generator, chance: float) -> Picks:
        """Return a member of which each slot was, with some chance, given another option."""
        child: list[int] = []
        for part, span in self._parts():
            genotype = _assembled(part, picks[span])
            for _ in range(int(rng.binomial(len(part.slots), chance))):
                genotype = part.mutate(genotype, rng).genotype
            child += _picks(part, genotype)
        return tuple(child)

    def cross(self, first: Picks, second: Picks, rng: np.random.Generator) -> Picks:
        """Return a member that has each option from one of two others."""
        child: list[int] = []
        for part, span in self._parts():
            mine, theirs = _assembled(part, first[span]), _assembled(part, second[span])
            child += _picks(part, part.cross(mine, theirs, rng).genotype)
        return tuple(child)

    def best(self, scores: Sequence[Sequence[float]]) -> Picks:
        """Return the member of largest scores: in each slot its best option, where the space allows that.

        Args:
            scores: ``(options,)`` for each slot.
        """
        chosen: list[int] = []
        for part, span in self._parts():
            own = scores[span]
            if part.size() < math.prod(len(one.options) for one in part.slots):
                own = [_without_none(*one) for one in zip(part.slots, own, strict=True)]
            chosen += part.best(own)
        return tuple(chosen)

    def _parts(self) -> Iterator[tuple[SlotSpace, slice]]:
        """Yield the parts that decide by slots, and where their slots stand."""
        start = 0
        for one in self.open.space.parts.values():
            if isinstance(one, SlotSpace):
                yield one, slice(start, start + len(one.slots))
                start += len(one.slots)


def _architecture(candidate: Candidate, name: str) -> Architecture:
    genotype = candidate.part(name)
    assert isinstance(genotype, Architecture)  # parts that decide by slots make architectures
    return genotype


def _without_none(slot: Slot, scores: Sequence[float]) -> list[float]:
    """Return the scores with that of leaving the edge out set to 0: how many edges stay is the space's to say.

    Liu et al. 2019 (arXiv:1806.09055, section 2.4) keep the edges of the strongest options that are not zero.
    """
    pairs = zip(slot.options, scores, strict=True)
    return [0.0 if name == NONE else score for name, score in pairs]


def _picks(part: SlotSpace, genotype: Architecture) -> list[int]:
    names = part.choices(genotype)
    return [one.options.index(name) for one, name in zip(part.slots, names, strict=True)]


def _assembled(part: SlotSpace, picks: Sequence[int]) -> Architecture:
    return part.assemble([one.options[n] for one, n in zip(part.slots, picks, strict=True)])
