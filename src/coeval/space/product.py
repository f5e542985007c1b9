"""A space of whole candidates: the product of its parts."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coeval.architecture.step import Architecture
from coeval.errors import SpaceError
from coeval.space.digest import candidate_digest
from coeval.space.protocol import Candidate, Child, Move, Space


def nominal(candidate: Candidate) -> Architecture:
    """Return the candidate's architecture as it stands."""
    return candidate.architecture


@dataclass(frozen=True, slots=True)
class _Walked:
    """Decisions of one part that are known to be legal, and whether they are all of them."""

    prefix: tuple[int, ...] = ()
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class ProductSpace:
    """Every combination of the parts' genotypes.

    Attributes:
        parts: Spaces by name, in the candidate's order.
        weights: How often ``mutate`` edits each part; 1 where not said.
        named: What an expert would start with.
        typing: From a candidate to its architecture with the inputs that its preparation yields.
    """

    parts: Mapping[str, Space[Any]]
    weights: Mapping[str, float] = field(default_factory=dict)
    named: Mapping[str, Candidate] = field(default_factory=dict)
    typing: Callable[[Candidate], Architecture] = nominal
    _walked: dict[str, "_Walked"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # each part's last decisions: a walk asks after each of them

    def __post_init__(self) -> None:
        for name in self.weights:
            if name not in self.parts:
                raise SpaceError(f"Weights are for the parts {list(self.parts)}, got {name!r}.")
        for name, candidate in self.named.items():
            if not self.contains(candidate):
                raise SpaceError(
                    f"Seed {name!r} is no member of the space: {self._offending(candidate)}. "
                    "Widen the space's limits or change the seed."
                )

    def __deepcopy__(self, memo: dict[int, Any]) -> "ProductSpace":
        """Return itself: a space never changes, and what copies a strategy need not copy it."""
        return self

    def seeds(self) -> Mapping[str, Candidate]:
        """Return the named candidates."""
        return self.named

    def architecture(self, candidate: Candidate) -> Architecture:
        """Return the architecture of a candidate, its inputs typed by the candidate's preparation."""
        return self.typing(candidate)

    def sample(self, rng: np.random.Generator) -> Candidate:
        """Draw every part."""
        return Candidate(tuple((name, space.sample(rng)) for name, space in self.parts.items()))

    def mutate(self, genotype: Candidate, rng: np.random.Generator) -> Child[Candidate]:
        """Return a child with one part edited; the next part's turn comes where the first has no edit that matters."""
        for name in self._order(rng):
            child = self.parts[name].mutate(genotype.part(name), rng)
            if not child.moves:
                continue
            made = _with(genotype, {name: child.genotype})
            # Trees and linear models follow no recipe: another one would make a copy.
            if name != "recipe" or candidate_digest(made) != candidate_digest(genotype):
                return Child(made, child.moves)
        return Child(genotype, ())

    def cross(
        self, first: Candidate, second: Candidate, rng: np.random.Generator
    ) -> Child[Candidate]:
        """Return a child whose every part is the first's or a mix of the parents' parts, with equal chance.

        A part may also come whole from the second parent: parts are what fits together best.
        """
        changed: dict[str, Any] = {}
        child: Child[Any]
        moves: list[Move] = []
        for name, space in self.parts.items():
            draw = rng.random()
            if draw < 0.5 and len(self.parts) > 1:
                continue
            child = space.cross(first.part(name), second.part(name), rng)
            changed[name] = child.genotype
            moves += child.moves
        return Child(_with(first, changed), tuple(moves))

    def neighbours(self, genotype: Candidate) -> Iterator[Child[Candidate]]:
        """Yield every candidate with one part one edit away, in the parts' order."""
        for name, space in self.parts.items():
            for child in space.neighbours(genotype.part(name)):
                yield Child(_with(genotype, {name: child.genotype}), child.moves)

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the options of the next decision: the first part's first, then the second's."""
        spans, is_open = self._spans(prefix)
        _, space, part = spans[-1]
        return space.decisions(part) if is_open else ()

    def decide(self, prefix: tuple[int, ...]) -> Candidate:
        """Return the candidate of a complete prefix."""
        spans, is_open = self._spans(prefix)
        if is_open:
            raise SpaceError(
                f"The prefix of {len(prefix)} decisions is not complete: it ends in {spans[-1][0]!r}."
            )
        return Candidate(tuple((name, space.decide(part)) for name, space, part in spans))

    def size(self) -> int:
        """Return the product of the parts' sizes."""
        return math.prod(space.size() for space in self.parts.values())

    def __iter__(self) -> Iterator[Candidate]:
        """Yield all candidates in the order of their decisions, lazily."""

        def level(names: tuple[str, ...]) -> Iterator[tuple[tuple[str, Any], ...]]:
            if not names:
                yield ()
                return
            for genotype in self.parts[names[0]]:
                for rest in level(names[1:]):
                    yield ((names[0], genotype), *rest)

        yield from map(Candidate, level(tuple(self.parts)))

    def contains(self, genotype: Candidate) -> bool:
        """Return whether every part is a member of its space."""
        return self._offending(genotype) == ""

    def encode(self, genotype: Candidate) -> np.ndarray:
        """Return the parts' encodings side by side."""
        return np.concatenate(
            [space.encode(genotype.part(name)) for name, space in self.parts.items()]
        )

    def to_json(self, genotype: Candidate) -> dict[str, Any]:
        """Return part name -> the part's JSON."""
        return {name: self.parts[name].to_json(part) for name, part in genotype.parts}

    def from_json(self, value: Any) -> Candidate:
        """Return the candidate that ``to_json`` wrote."""
        if not isinstance(value, Mapping) or set(value) != set(self.parts):
            got = sorted(value) if isinstance(value, Mapping) else type(value).__name__
            raise SpaceError(f"Expected a candidate with the parts {list(self.parts)}, got {got}.")
        return Candidate(
            tuple((name, space.from_json(value[name])) for name, space in self.parts.items())
        )

    def _order(self, rng: np.random.Generator) -> list[str]:
        """Draw an order of the parts, heavier ones earlier (exponential clocks)."""
        clocks = {
            name: rng.exponential() / max(self.weights.get(name, 1.0), 1e-9) for name in self.parts
        }
        return sorted(clocks, key=clocks.__getitem__)

    def _spans(
        self, prefix: tuple[int, ...]
    ) -> tuple[list[tuple[str, Space[Any], tuple[int, ...]]], bool]:
        """Return each part that the prefix reaches with its decisions, and whether the last one is open."""
        spans: list[tuple[str, Space[Any], tuple[int, ...]]] = []
        start = 0
        for name, space in self.parts.items():
            walked = self._walked.get(name, _Walked())
            length, self._walked[name] = _complete_length(space, prefix[start:], walked)
            if length is None:
                return [*spans, (name, space, prefix[start:])], True
            spans.append((name, space, prefix[start : start + length]))
            start += length
        if start != len(prefix):
            raise SpaceError(f"A candidate takes {start} decisions here, got {len(prefix)}.")
        return spans, False

    def _offending(self, genotype: Candidate) -> str:
        names = [name for name, _ in genotype.parts]
        if names != list(self.parts):
            return f"it has the parts {names}, not {list(self.parts)}"
        for name, part in genotype.parts:
            if not self.parts[name].contains(part):
                return f"its {name} is not allowed"
        return ""


def _with(candidate: Candidate, changed: Mapping[str, Any]) -> Candidate:
    return Candidate(tuple((name, changed.get(name, part)) for name, part in candidate.parts))


def _complete_length(
    space: Space[Any], prefix: tuple[int, ...], walked: _Walked
) -> tuple[int | None, _Walked]:
    """Return after how many decisions the part is complete, ``None`` if the prefix ends before, and what is now known."""
    pairs = zip(prefix, walked.prefix, strict=False)
    shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    if walked.is_complete and shared == len(walked.prefix):
        return shared, walked
    for length in range(shared, len(prefix) + 1):
        options = space.decisions(prefix[:length])
        if not options:
            return length, _Walked(prefix[:length], is_complete=True)
        if length < len(prefix) and not 0 <= prefix[length] < len(options):
            raise SpaceError(
                f"A decision has options 0..{len(options) - 1}, got {prefix[length]}: {options[:8]}."
            )
    return None, _Walked(prefix)
