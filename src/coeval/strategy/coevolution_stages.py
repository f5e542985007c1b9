"""A table's candidate as a team: its preparation, the stages of its network one by one, its recipe.

The stages of a network for a table are how columns enter it (encodings, embeddings), how many members it has (TabM), and the trunk
between these and the head. What encodes columns well does so before many trunks, and members ask for another learning
rate: such pairings are what the credit of teams learns.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Component, Cost, Settings
from coeval.architecture.step import Architecture
from coeval.errors import SpaceError
from coeval.space.either import EitherSpace
from coeval.space.encoding import encode_plan
from coeval.space.moves import stepped
from coeval.space.plan import ALONE, Plan, assemble
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate, Space
from coeval.space.sequences import SequenceSpace
from coeval.strategy.coevolution_species import (
    Decomposition,
    Member,
    PartSpecies,
    Species,
    Team,
    below,
    teams_of,
)

Floats = npt.NDArray[np.float64]
ARCHITECTURE = "architecture"
ENTRIES, MEMBERS, TRUNK = "entries", "members", "trunk"
NONE: Member = ()
"""What stands in the stages before the trunk where the architecture is no network of such stages: a tree, say."""
REDRAWS = 4
"""Edits of a network that are drawn for one that changes its trunk; about one in six changes another stage."""


@dataclass(frozen=True, slots=True)
class SlotSpecies:
    """Some slots in front of the trunk; a member is the settings of each, or ``NONE``.

    Attributes:
        name: What a report calls it.
        components: What stands in each slot.
        variants: The allowed settings of each.
    """

    name: str
    components: tuple[Component, ...]
    variants: tuple[tuple[Settings, ...], ...]

    @property
    def scale(self) -> float:
        """Return 0: it is learnt from members."""
        return 0.0

    @property
    def is_dear(self) -> bool:
        """Return True: the variants a step away are looked for among hundreds."""
        return True

    def sample(self, rng: np.random.Generator) -> Member:
        """Draw the settings of every slot."""
        return tuple([one[below(len(one), rng)] for one in self.variants])

    def vary(self, member: Member, rng: np.random.Generator) -> Member:
        """Return a member with one setting of one slot a step away; a drawn one in place of ``NONE``."""
        if member == NONE:
            return self.sample(rng)
        for slot in rng.permutation(len(member)).tolist():
            near = list(stepped(self.components[slot], member[slot], self.variants[slot]))
            if near:
                return (*member[:slot], near[below(len(near), rng)], *member[slot + 1 :])
        return member

    def encode(self, member: Member) -> Floats:
        """Return numbers by their place among the choices, names one-hot; zeros and a last 1 for ``NONE``."""
        numbers: list[float] = []
        for slot, component in enumerate(self.components):
            given = dict(member[slot]) if member else {}
            for one in component.settings:
                value = given.get(one.name)
                if all(isinstance(choice, str) for choice in one.choices):
                    numbers += [float(choice == value) for choice in one.choices]
                else:
                    place = one.choices.index(value) if value in one.choices else 0
                    numbers.append(place / max(1, len(one.choices) - 1))
        return np.array([*numbers, float(not member)], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class TrunkSpecies:
    """What stands between the entries and the head; a member is its nodes, or a whole architecture of another family.

    Attributes:
        space: Of the networks.
        architectures: Of all architectures.
        grounds: Entries on which a trunk is varied: the first on which it is legal serves.
    """

    space: SequenceSpace
    architectures: Space[Architecture]
    grounds: tuple[tuple[Settings, ...], ...]
    _encoded: dict[Member, Floats] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        """Return what a report calls it."""
        return TRUNK

    @property
    def scale(self) -> float:
        """Return 0: it is learnt from members."""
        return 0.0

    @property
    def is_dear(self) -> bool:
        """Return True: each is checked within a network."""
        return True

    def sample(self, rng: np.random.Generator) -> Member:
        """Draw an architecture and return its trunk, or itself."""
        return _stages(self.space, self.architectures.sample(rng))[1]

    def vary(self, member: Member, rng: np.random.Generator) -> Member:
        """Return a trunk one edit away."""
        if isinstance(member, Architecture):
            return self.architectures.mutate(member, rng).genotype
        for ground in self.grounds:
            network = _network(self.space, ground, member)
            if network is None:
                continue
            for _ in range(REDRAWS):
                trunk = self.space.plan(self.space.mutate(network, rng).genotype).trunk
                if trunk != member:
                    return trunk
        return member

    def encode(self, member: Member) -> Floats:
        """Return counts of components, widths and references; of another family its own encoding behind them."""
        if member not in self._encoded:
            self._encoded[member] = self._encode(member)
        return self._encoded[member]

    def _encode(self, member: Member) -> Floats:
        entries = self.grounds[0]
        trunk = () if isinstance(member, Architecture) else member
        plan, stem = Plan(entries, trunk), self.space.stem(entries)
        numbers = encode_plan(self.space.frame, self.space.grammar, plan, stem, Cost())
        for family in _others(self.architectures).values():
            is_home = isinstance(member, Architecture) and family.contains(member)
            shown = member if is_home else next(iter(family))
            numbers = np.concatenate([numbers, [float(is_home)], is_home * family.encode(shown)])
        return numbers


@dataclass(frozen=True, slots=True)
class Stages:
    """Candidates as teams of a preparation, the stages of a network, and a recipe.

    Attributes:
        space: Of the candidates.
        networks: Of the architectures that have stages.
        species: In the order of a team's members.
    """

    space: ProductSpace
    networks: SequenceSpace
    species: tuple[Species, ...]

    def sample(self, rng: np.random.Generator) -> Candidate:
        """Draw a candidate of the space."""
        return self.space.sample(rng)

    def team(self, candidate: Candidate) -> Team:
        """Return the members of a candidate."""
        members: list[Member] = []
        for name, genotype in candidate.parts:
            if name != ARCHITECTURE:
                members.append(genotype)
                continue
            entries, trunk = _stages(self.networks, genotype)
            cut = len(self.networks.frame.entries)
            members.append(entries[:cut])
            if self.networks.frame.ballot:
                members.append(entries[cut:])
            members.append(trunk)
        return tuple(members)

    def candidate(self, team: Team) -> Candidate | None:
        """Return the candidate of a team; ``None`` where its network is not legal."""
        known = {one.name: member for one, member in zip(self.species, team, strict=True)}
        trunk, front = known[TRUNK], (*known[ENTRIES], *known.get(MEMBERS, ()))
        if isinstance(trunk, Architecture):  # it has no other stages, whatever stands in theirs
            network: Architecture | None = trunk
        else:
            network = _network(self.networks, front, trunk)
        if network is None:
            return None
        return Candidate(
            tuple(
                (name, network if name == ARCHITECTURE else known[name])
                for name in self.space.parts
            )
        )


def decomposition_for(space: Space[Candidate]) -> Decomposition:
    """Return how candidates are taken apart: a table's into stages, any other's as ``teams_of`` does.

    Raises:
        SpaceError: The space cannot be taken apart.
    """
    if not isinstance(space, ProductSpace) or ARCHITECTURE not in space.parts:
        return teams_of(space)
    whole = space.parts[ARCHITECTURE]
    families = whole.families.values() if isinstance(whole, EitherSpace) else (whole,)
    networks = next((one for one in families if isinstance(one, SequenceSpace)), None)
    if networks is None:
        return teams_of(space)
    species: list[Species] = []
    for name, part in space.parts.items():
        if name == ARCHITECTURE:
            species += _species(space, networks)
        else:
            species.append(PartSpecies(name, part))
    return Stages(space, networks, tuple(species))


def _species(space: ProductSpace, networks: SequenceSpace) -> list[Species]:
    frame, variants = networks.frame, networks.entry_variants
    cut = len(frame.entries)
    found: list[Species] = [SlotSpecies(ENTRIES, frame.slots[:cut], variants[:cut])]
    if frame.ballot:
        found.append(SlotSpecies(MEMBERS, frame.slots[cut:], variants[cut:]))
    seeds = [_stages(networks, one.part(ARCHITECTURE))[0] for one in space.seeds().values()]
    alone = [(*one[:cut], ALONE) if frame.ballot else one for one in seeds if one != NONE]
    grounds = tuple(dict.fromkeys([networks.smallest().entries, *alone]))
    return [*found, TrunkSpecies(networks, space.parts[ARCHITECTURE], grounds)]


def _stages(space: SequenceSpace, genotype: object) -> tuple[Member, Member]:
    """Return the settings before a network's trunk, and the trunk; of another family's architecture nothing, and itself."""
    assert isinstance(genotype, Architecture)
    try:
        plan = space.plan(genotype)
    except SpaceError:
        return NONE, genotype
    return plan.entries, plan.trunk


def _network(space: SequenceSpace, front: Member, trunk: Member) -> Architecture | None:
    """Return the network of some stages; ``None`` where it is not legal."""
    if len(front) != len(space.entry_variants):
        return None
    network = assemble(space.frame, Plan(front, trunk))
    return network if space.contains(network) else None


def _others(space: Space[Architecture]) -> Mapping[str, Space[Architecture]]:
    """Return the families that are no networks with stages."""
    families = space.families if isinstance(space, EitherSpace) else {}
    return {name: one for name, one in families.items() if not isinstance(one, SequenceSpace)}
