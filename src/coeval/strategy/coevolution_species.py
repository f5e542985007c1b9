"""A candidate as a team: which species there are, what their members are, and how members become a candidate.

Cooperative coevolution takes a candidate apart (Potter & De Jong 2000, doi:10.1162/106365600568086). A space of
several parts has a species a part (preparation, architecture, recipe); a space of one part that consists of slots
or settings has a species each of them, or each block of them that the user names.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from coeval.architecture.step import Architecture
from coeval.errors import SpaceError, did_you_mean
from coeval.space.choices import ChoiceSpace
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate, Space
from coeval.space.slots import SlotSpace

Member = Any
"""What a species contributes to a team; hashable: option numbers of its slots, or a part's genotype."""
Team = tuple[Member, ...]
Floats = npt.NDArray[np.float64]


class Decomposition(Protocol):
    """How candidates are taken apart into members of species, and put together."""

    @property
    def species(self) -> tuple["Species", ...]:
        """Return the species in the order of a team's members."""
        ...

    def sample(self, rng: np.random.Generator) -> Candidate:
        """Draw a legal candidate that can be taken apart."""
        ...

    def team(self, candidate: Candidate) -> Team | None:
        """Return the members of a candidate of the space; ``None`` where it cannot be taken apart so."""
        ...

    def candidate(self, team: Team) -> Candidate | None:
        """Return the candidate of a team; ``None`` where the members are not allowed together."""
        ...


class Species(Protocol):
    """One place of the team and what may stand in it."""

    @property
    def name(self) -> str:
        """Return what a report calls it."""
        ...

    @property
    def scale(self) -> float:
        """Return what squared distances of encodings are divided by; 0 where it must be learnt from members."""
        ...

    @property
    def is_dear(self) -> bool:
        """Return whether making a member takes long, a millisecond say."""
        ...

    def sample(self, rng: np.random.Generator) -> Member:
        """Draw a member."""
        ...

    def vary(self, member: Member, rng: np.random.Generator) -> Member:
        """Return a member one edit away; the member itself where there is none."""
        ...

    def encode(self, member: Member) -> Floats:
        """Return a vector of fixed length in which like members are near."""
        ...


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one slot: what they are called, and whether neighbours in their order are alike."""

    name: str
    names: tuple[object, ...]
    is_ordered: bool

    @property
    def count(self) -> int:
        """Return how many options there are."""
        return len(self.names)


@dataclass(frozen=True, slots=True)
class BlockSpecies:
    """Some slots; a member is a tuple of option numbers.

    Attributes:
        name: What a report calls it.
        slots: Their options.
    """

    name: str
    slots: tuple[Options, ...]

    @property
    def scale(self) -> float:
        """Return the number of slots: members that differ everywhere are 1 apart."""
        return float(len(self.slots))

    @property
    def is_dear(self) -> bool:
        """Return False: numbers are drawn."""
        return False

    def sample(self, rng: np.random.Generator) -> Member:
        """Draw every slot uniformly."""
        return tuple([below(one.count, rng) for one in self.slots])

    def vary(self, member: Member, rng: np.random.Generator) -> Member:
        """Return a member with one slot changed: an ordered one by a step, any other at will."""
        free = [place for place, one in enumerate(self.slots) if len(one.names) > 1]
        if not free:
            return member
        place = free[below(len(free), rng)]
        slot, old = self.slots[place], member[place]
        if slot.is_ordered:
            steps = [step for step in (old - 1, old + 1) if 0 <= step < slot.count]
            new = steps[below(len(steps), rng)]
        else:
            new = (old + 1 + below(slot.count - 1, rng)) % slot.count
        return (*member[:place], new, *member[place + 1 :])

    def encode(self, member: Member) -> Floats:
        """Return each slot's place on its ladder in 0..1, or a one-hot of length 1/√2, so that options are 1 apart."""
        numbers: list[float] = []
        for one, pick in zip(self.slots, member, strict=True):
            if one.is_ordered:
                numbers.append(pick / max(1, one.count - 1))
            else:
                numbers += [0.5**0.5 if place == pick else 0.0 for place in range(one.count)]
        return np.array(numbers, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class PartSpecies:
    """A whole part of the candidate; a member is its genotype."""

    name: str
    space: Space[Any]

    @property
    def scale(self) -> float:
        """Return 0: a space's own encoding has no known scale."""
        return 0.0

    @property
    def is_dear(self) -> bool:
        """Return True: sampling and mutating an architecture checks its types, cost and memory."""
        return True

    def sample(self, rng: np.random.Generator) -> Member:
        """Draw a genotype."""
        return self.space.sample(rng)

    def vary(self, member: Member, rng: np.random.Generator) -> Member:
        """Return a mutant."""
        return self.space.mutate(member, rng).genotype

    def encode(self, member: Member) -> Floats:
        """Return the space's encoding."""
        return np.asarray(self.space.encode(member), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Teams:
    """How candidates of a space are taken apart and put together.

    Attributes:
        space: Of the candidates.
        species: In the order of a team's members.
        places: For each species the (part, slot numbers) that it holds; no slots for a whole part.
    """

    space: ProductSpace
    species: tuple[Species, ...]
    places: tuple[tuple[tuple[str, tuple[int, ...]], ...], ...]

    def sample(self, rng: np.random.Generator) -> Candidate:
        """Draw a candidate of the space."""
        return self.space.sample(rng)

    def team(self, candidate: Candidate) -> Team:
        """Return the members of a candidate.

        Raises:
            SpaceError: The candidate is no member of the space.
        """
        parts = dict(candidate.parts)
        picks: dict[str, tuple[int, ...]] = {}
        members: list[Member] = []
        for held in self.places:
            if not held[0][1]:
                members.append(parts[held[0][0]])
                continue
            chosen: list[int] = []
            for part, slots in held:
                if part not in picks:
                    picks[part] = _picks(self.space.parts[part], parts[part])
                chosen += [picks[part][slot] for slot in slots]
            members.append(tuple(chosen))
        return tuple(members)

    def candidate(self, team: Team) -> Candidate | None:
        """Return the candidate of a team; ``None`` where the members are not allowed together."""
        parts: dict[str, Any] = {}
        picks: dict[str, dict[int, int]] = {}
        for held, member in zip(self.places, team, strict=True):
            if not held[0][1]:
                parts[held[0][0]] = member
                continue
            chosen = iter(member)
            for part, slots in held:
                picks.setdefault(part, {}).update((slot, next(chosen)) for slot in slots)
        for part, numbers in picks.items():
            made = _made(
                self.space.parts[part], tuple(numbers[slot] for slot in range(len(numbers)))
            )
            if made is None:
                return None
            parts[part] = made
        return Candidate(tuple((name, parts[name]) for name in self.space.parts))


def teams_of(space: Space[Candidate], blocks: Sequence[Sequence[str]] | None = None) -> Teams:
    """Return how a space's candidates are taken apart.

    Args:
        space: A product of parts.
        blocks: Names of slots that form a species together, such as ``("e01", "e12")``, written ``"part.slot"``
            where there are several parts; slots that no block names are a species each. Without blocks
            several parts are a species each, and a single part's slots are.

    Raises:
        SpaceError: The space does not consist of parts or slots, has one species only, or a block names a slot
            that is not there or that another block has.
    """
    if not isinstance(space, ProductSpace):
        raise SpaceError(
            f"Cooperative coevolution needs a space made of parts (ProductSpace), got {type(space).__name__}: "
            "there is nothing that could be a species. Wrap it, or use another strategy, such as evolution."
        )
    if blocks is None and len(space.parts) > 1:
        whole: list[Species] = [_whole(name, part) for name, part in space.parts.items()]
        return Teams(space, tuple(whole), tuple(_held(space, name) for name in space.parts))
    slots = all_slots(space)
    grouped = _grouped(slots, blocks or ())
    if len(grouped) < 2:
        raise SpaceError(
            f"Cooperative coevolution needs at least two species, got {len(grouped)} from the parts "
            f"{list(space.parts)} and blocks {blocks}. Give smaller blocks, or use another strategy."
        )
    species = tuple(
        BlockSpecies("+".join(names), tuple([slots[name][2] for name in names]))
        for names in grouped
    )
    places = tuple(
        tuple([(slots[name][0], (slots[name][1],)) for name in names]) for names in grouped
    )
    return Teams(space, species, places)


def below(count: int, rng: np.random.Generator) -> int:
    """Draw a number in 0..count-1; a third of the time of ``rng.integers``, and pools draw thousands."""
    return int(rng.random() * count)


def slots_of(space: Space[Any]) -> tuple[Options, ...] | None:
    """Return the slots of a part that consists of slots or settings; ``None`` for any other part."""
    if isinstance(space, SlotSpace):
        return tuple([Options(one.name, one.options, is_ordered=False) for one in space.slots])
    if isinstance(space, ChoiceSpace):
        return tuple(
            [
                Options(
                    one.name,
                    one.choices,
                    not all(isinstance(choice, str) for choice in one.choices),
                )
                for one in space.settings
            ]
        )
    return None


def _whole(name: str, part: Space[Any]) -> Species:
    slots = slots_of(part)
    return PartSpecies(name, part) if slots is None else BlockSpecies(name, slots)


def _held(space: ProductSpace, name: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    slots = slots_of(space.parts[name])
    return ((name, () if slots is None else tuple(range(len(slots)))),)


def all_slots(space: ProductSpace) -> dict[str, tuple[str, int, Options]]:
    """Return (part, slot number, options) by name, the part before the name where there are several.

    Raises:
        SpaceError: A part does not consist of slots or settings.
    """
    found: dict[str, tuple[str, int, Options]] = {}
    for part, inner in space.parts.items():
        slots = slots_of(inner)
        if slots is None:
            raise SpaceError(
                f"Part {part!r} has no slots to make species of: it is a {type(inner).__name__}. "
                "Cooperative coevolution needs several parts, or a part of slots or settings."
            )
        for number, one in enumerate(slots):
            name = one.name if len(space.parts) == 1 else f"{part}.{one.name}"
            found[name] = (part, number, one)
    return found


def _grouped(slots: Mapping[str, object], blocks: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the names of each species' slots: the blocks, and the slots that are in none."""
    named = [name for block in blocks for name in block]
    for name in named:
        if name not in slots:
            raise SpaceError(
                f"Blocks are made of the slots {list(slots)}, got {name!r}.{did_you_mean(name, slots)}"
            )
        if named.count(name) > 1:
            raise SpaceError(f"A slot belongs to one block only, but {name!r} is named twice.")
    if any(not block for block in blocks):
        raise SpaceError("A block needs at least one slot, got an empty one.")
    return [*map(tuple, blocks), *[(name,) for name in slots if name not in named]]


def _picks(space: Space[Any], genotype: Hashable) -> tuple[int, ...]:
    """Return the option numbers of a part of slots or settings."""
    if isinstance(space, SlotSpace):
        assert isinstance(genotype, Architecture)
        chosen = space.choices(genotype)
        return tuple(
            [slot.options.index(name) for slot, name in zip(space.slots, chosen, strict=True)]
        )
    assert isinstance(space, ChoiceSpace)
    assert isinstance(genotype, tuple)
    return tuple(
        [one.choices.index(value) for one, (_, value) in zip(space.settings, genotype, strict=True)]
    )


def _made(space: Space[Any], picks: tuple[int, ...]) -> Any:
    """Return the genotype of option numbers; ``None`` where they are not allowed together."""
    if isinstance(space, SlotSpace):
        try:
            return space.assemble(
                [slot.options[pick] for slot, pick in zip(space.slots, picks, strict=True)]
            )
        except SpaceError:
            return None
    return space.decide(picks)
