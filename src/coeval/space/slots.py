"""Preset spaces: one option for each of a fixed number of slots.

The classic spaces of architecture search are of this kind: the edges of a cell, the layers of a chain. A genotype is an ordinary
``Architecture``, so everything that draws, hashes, counts or builds architectures takes it as it is; the slots are
read from it again when it is edited.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from coeval.architecture.component import Component
from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Architecture
from coeval.component.library import IMAGE
from coeval.errors import SpaceError, did_you_mean
from coeval.space.protocol import Child, Move
from coeval.space.slot_rows import Rows, table, tables

REMEMBERED = 65_536
"""How many architectures are remembered with their choices, so that reading these is a look-up."""


class Assembly(Protocol):
    """From one option for each slot to an architecture, and back."""

    def assemble(self, picks: tuple[int, ...]) -> Architecture:
        """Return the architecture of these options, given by their numbers."""
        ...

    def parse(self, architecture: Architecture) -> tuple[int, ...] | None:
        """Return the options that an architecture seems to be made of; the asker checks by assembling them."""
        ...


@dataclass(frozen=True, slots=True)
class Slot:
    """A decision: its name and the names of its options."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlotSpace:
    """All architectures that an assembly makes of one option for each slot.

    Attributes:
        slots: In the order in which they are decided.
        assembly: Makes the architectures; different choices give different ones.
        part: The name that moves carry.
        only: The allowed choices as option numbers, where not every combination is allowed, in
            lexicographic order; ``None`` allows all.
        components: What ``from_json`` reads.
        groups: The same where only some slots depend on each other: for each group of consecutive slots its own
            list, together for all slots. Then an edit may change two slots of a group, where neither change alone is
            allowed.

    Raises:
        SpaceError: A slot has no options or repeats one, two slots share a name, or ``only`` or a group is empty, out
            of order or names an option that is not there.
    """

    slots: tuple[Slot, ...]
    assembly: Assembly
    part: str = "cell"
    only: tuple[tuple[int, ...], ...] | None = None
    components: tuple[Component, ...] = field(
        default=tuple(IMAGE.values()), repr=False, compare=False
    )
    groups: tuple[tuple[tuple[int, ...], ...], ...] = ()
    _tables: list[Rows] = field(default_factory=list, init=False, repr=False, compare=False)
    _made: dict[tuple[int, ...], Architecture] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _read: dict[Architecture, tuple[int, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        names = [one.name for one in self.slots]
        if len(set(names)) != len(names):
            raise SpaceError(f"Slots need different names, got {names}.")
        for one in self.slots:
            if not one.options or len(set(one.options)) != len(one.options):
                raise SpaceError(
                    f"Slot {one.name!r} needs at least one option, all different, got {list(one.options)}."
                )
        sizes = [len(one.options) for one in self.slots]
        if self.only is not None:
            self._tables.append(table(self.only, 0, sizes, pairs=False))
        elif self.groups:
            self._tables.extend(tables(self.groups, sizes))

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave what is remembered behind where the space is copied or sent."""
        given = (self.slots, self.assembly, self.part, self.only, self.components, self.groups)
        return SlotSpace, given

    def assemble(self, choices: Sequence[str]) -> Architecture:
        """Return the architecture of one option for each slot.

        Args:
            choices: Names of options in the order of the slots.

        Raises:
            SpaceError: Their number is another, one is not an option of its slot, or they are not
                allowed together.
        """
        if len(choices) != len(self.slots):
            raise SpaceError(
                f"Expected one choice for each of the {len(self.slots)} slots "
                f"{[one.name for one in self.slots]}, got {len(choices)}."
            )
        picks = []
        for name, slot in zip(choices, self.slots, strict=True):
            if name not in slot.options:
                hint = did_you_mean(str(name), slot.options)
                raise SpaceError(
                    f"Slot {slot.name!r} must be one of {list(slot.options)}, got {name!r}.{hint}"
                )
            picks.append(slot.options.index(name))
        if not self._allows(tuple(picks)):
            raise SpaceError(f"The choices {list(choices)} are not allowed together.")
        return self._architecture(tuple(picks))

    def choices(self, genotype: Architecture) -> tuple[str, ...]:
        """Return the name of the chosen option of each slot.

        Raises:
            SpaceError: The genotype is no member.
        """
        picks = self._picks(genotype)
        return tuple([slot.options[pick] for slot, pick in zip(self.slots, picks, strict=True)])

    def prefix(self, genotype: Architecture) -> tuple[int, ...]:
        """Return the decisions that lead to a genotype.

        Raises:
            SpaceError: The genotype is no member.
        """
        picks = self._picks(genotype)
        return tuple([self._offered(picks[:n]).index(pick) for n, pick in enumerate(picks)])

    def best(self, scores: Sequence[Sequence[float]]) -> tuple[int, ...]:
        """Return the allowed choices with the largest sum of scores, as option numbers; the first of equals.

        Args:
            scores: For each slot one number for each option.
        """
        picks = tuple([int(np.argmax(one)) for one in scores])
        for rows in self._tables:
            picks = rows.put(picks, rows.best(scores))
        return picks

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw a member, each with equal chance."""
        if self._tables:
            return self._architecture(sum([one.draw(rng) for one in self._tables], ()))
        sizes = [len(one.options) for one in self.slots]
        return self._architecture(tuple(rng.integers(sizes).tolist()))

    def mutate(self, genotype: Architecture, rng: np.random.Generator) -> Child[Architecture]:
        """Return a child one edit away: each slot that can be changed, then each way to do it, with equal chance."""
        picks = self._picks(genotype)
        edits = [found for n in range(len(picks)) if (found := self._edits(picks, n))]
        edits += [
            [rows.put(picks, row) for row in found]
            for rows in self._tables
            for found in rows.swaps(rows.of(picks)).values()
        ]
        if not edits:
            return Child(genotype, ())
        slot = edits[int(rng.integers(len(edits)))]
        return self._edited(picks, slot[int(rng.integers(len(slot)))])

    def cross(
        self, first: Architecture, second: Architecture, rng: np.random.Generator
    ) -> Child[Architecture]:
        """Return a uniform crossover: each slot in which they differ comes from either parent with equal chance.

        Where not every combination is allowed, each allowed mix of the two (in a group of slots) has equal chance.
        """
        mine, theirs = self._picks(first), self._picks(second)
        if self._tables:
            taken = tuple([n for rows in self._tables for n in _drawn(rows, mine, theirs, rng)])
        else:
            differing = [n for n in range(len(mine)) if mine[n] != theirs[n]]
            taken = tuple([n for n in differing if rng.random() < 0.5])
        if not taken:
            return Child(first, ())
        moves = [self._move("cross", mine, n, theirs[n]) for n in taken]
        return Child(self._architecture(_mixed(mine, theirs, taken)), tuple(moves))

    def neighbours(self, genotype: Architecture) -> Iterator[Child[Architecture]]:
        """Yield every member with one slot changed, in the order of slots and options, then those with two."""
        picks = self._picks(genotype)
        for slot in range(len(picks)):
            for other in self._edits(picks, slot):
                yield self._edited(picks, other)
        for rows in self._tables:
            for found in rows.swaps(rows.of(picks)).values():
                for row in found:
                    yield self._edited(picks, rows.put(picks, row))

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the options of the slot that comes after the prefix, those left out that lead to no member."""
        picks = self._decided(prefix)
        if len(picks) == len(self.slots):
            return ()
        options = self.slots[len(picks)].options
        return tuple([options[n] for n in self._offered(picks)])

    def decide(self, prefix: tuple[int, ...]) -> Architecture:
        """Return the architecture of a complete prefix."""
        picks = self._decided(prefix)
        if len(picks) < len(self.slots):
            raise SpaceError(
                f"The prefix of {len(prefix)} decisions is not complete: {self.slots[len(picks)].name!r} is open."
            )
        return self._architecture(picks)

    def size(self) -> int:
        """Return the number of members."""
        if self._tables:
            return math.prod(len(one.rows) for one in self._tables)
        return math.prod(len(one.options) for one in self.slots)

    def __iter__(self) -> Iterator[Architecture]:
        """Yield all members in the order of their decisions."""
        every = [one.rows for one in self._tables]
        if not every:
            every = [tuple((n,) for n in range(len(one.options))) for one in self.slots]
        for rows in itertools.product(*every):
            yield self._architecture(sum(rows, ()))

    def contains(self, genotype: Architecture) -> bool:
        """Return whether the assembly makes exactly this architecture of allowed options."""
        return self._found(genotype) is not None

    def encode(self, genotype: Architecture) -> np.ndarray:
        """Return a one-hot for each slot, side by side."""
        vector = np.zeros(sum(len(one.options) for one in self.slots))
        start = 0
        for slot, pick in zip(self.slots, self._picks(genotype), strict=True):
            vector[start + pick] = 1.0
            start += len(slot.options)
        return vector

    def to_json(self, genotype: Architecture) -> dict[str, Any]:
        """Return the architecture's own JSON, which any reader of architectures takes."""
        return to_json(genotype)

    def from_json(self, value: Any) -> Architecture:
        """Return the architecture that ``to_json`` wrote.

        Raises:
            SpaceError: The value does not describe an architecture, or not a member.
        """
        return self._architecture(
            self._picks(from_json(value, {one.name: one for one in self.components}))
        )

    def _architecture(self, picks: tuple[int, ...]) -> Architecture:
        found = self._made.get(picks)
        if found is None:
            found = self.assembly.assemble(picks)
            self._remember(found, picks)
        return found

    def _picks(self, genotype: Architecture) -> tuple[int, ...]:
        found = self._found(genotype)
        if found is None:
            raise SpaceError(
                f"The architecture is no member of this space of {len(self.slots)} slots "
                f"({', '.join(one.name for one in self.slots[:8])}): it has {len(genotype.body.steps)} steps that "
                "the space's options do not make. Take it from the space's own sample, decide or assemble."
            )
        return found

    def _found(self, genotype: Architecture) -> tuple[int, ...] | None:
        found = self._read.get(genotype)
        if found is None:
            found = self.assembly.parse(genotype)
            if found is None or not self._allows(found):
                return None
            if self.assembly.assemble(found) != genotype:
                return None
            self._remember(genotype, found)
        return found

    def _remember(self, genotype: Architecture, picks: tuple[int, ...]) -> None:
        if len(self._made) >= REMEMBERED:
            self._made.clear()
            self._read.clear()
        self._made[picks] = genotype
        self._read[genotype] = picks

    def _allows(self, picks: tuple[int, ...]) -> bool:
        return all(one.allows(picks) for one in self._tables)

    def _offered(self, picks: tuple[int, ...]) -> Sequence[int]:
        """Return the options of the slot behind the decided ones that lead to a member."""
        slot = len(picks)
        for rows in self._tables:
            if rows.start <= slot < rows.stop:
                return rows.following[picks[rows.start :]]
        return range(len(self.slots[slot].options))

    def _edits(self, picks: tuple[int, ...], slot: int) -> list[tuple[int, ...]]:
        """Return all members' choices that differ in one slot."""
        others = [n for n in range(len(self.slots[slot].options)) if n != picks[slot]]
        for rows in self._tables:
            if rows.start <= slot < rows.stop:
                others = rows.others(rows.of(picks), slot - rows.start)
        return [(*picks[:slot], n, *picks[slot + 1 :]) for n in others]

    def _edited(self, picks: tuple[int, ...], other: tuple[int, ...]) -> Child[Architecture]:
        changed = [n for n in range(len(picks)) if picks[n] != other[n]]
        moves = tuple([self._move("choose", picks, n, other[n]) for n in changed])
        return Child(self._architecture(other), moves)

    def _move(self, name: str, picks: tuple[int, ...], slot: int, pick: int) -> Move:
        one = self.slots[slot]
        detail = f"{one.name} {one.options[picks[slot]]} -> {one.options[pick]}"
        return Move(name, self.part, one.name, detail=detail)

    def _decided(self, prefix: tuple[int, ...]) -> tuple[int, ...]:
        """Return the option numbers of a prefix of decisions."""
        if len(prefix) > len(self.slots):
            raise SpaceError(f"Expected at most {len(self.slots)} decisions, got {len(prefix)}.")
        picks: tuple[int, ...] = ()
        for slot, index in zip(self.slots, prefix, strict=False):
            offered = self._offered(picks)
            if not 0 <= index < len(offered):
                raise SpaceError(
                    f"Decision {slot.name!r} has options 0..{len(offered) - 1}, got {index}."
                )
            picks = (*picks, offered[index])
        return picks


def _drawn(
    rows: Rows, mine: tuple[int, ...], theirs: tuple[int, ...], rng: np.random.Generator
) -> list[int]:
    """Return which slots of a table a crossover takes from the second parent."""
    mixes = rows.mixes(rows.of(mine), rows.of(theirs))
    return [rows.start + n for n in mixes[int(rng.integers(len(mixes)))]]


def _mixed(mine: tuple[int, ...], theirs: tuple[int, ...], taken: Sequence[int]) -> tuple[int, ...]:
    return tuple([theirs[n] if n in taken else one for n, one in enumerate(mine)])
