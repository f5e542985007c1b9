"""Modules and blueprints: which module serves each of a space's equal blocks, and what each module is.

CoDeepNEAT (Miikkulainen et al. 2017, section 3.2, arXiv:1703.00548): blueprints refer to module species, all
nodes of one species get the same module, and both populations coevolve. Here a blueprint gives each block of slots the
species of its module, so that one module serves in several places and what it is worth is learnt from all of them. Credit
and assembly are those of ``Coevolution``, in place of the paper's mean over networks, which needs thousands of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeval.errors import SpaceError
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate, Space
from coeval.strategy.coevolution import Coevolution
from coeval.strategy.coevolution_species import (
    BlockSpecies,
    Floats,
    Member,
    Species,
    Team,
    Teams,
    all_slots,
    teams_of,
)
from coeval.trial import Objective, Proposal, Trial

MODULES = 2
"""Species of modules where not said: CoDeepNEAT's networks use few, and every further one splits the credit."""


@dataclass(frozen=True, slots=True)
class BlueprintSpecies:
    """Which module species serves each place: a member holds the number of a species for each.

    Species are numbered by their first place, so that renaming them gives no other blueprint.

    Attributes:
        places: How many there are.
        modules: Species of modules at most.
        name: What a report calls it.
    """

    places: int
    modules: int
    name: str = "blueprint"

    @property
    def scale(self) -> float:
        """Return the number of pairs of places: blueprints differ by which places are served alike."""
        return float(self.places * (self.places - 1) // 2)

    @property
    def is_dear(self) -> bool:
        """Return False: numbers are drawn."""
        return False

    def sample(self, rng: np.random.Generator) -> Member:
        """Draw each place's species uniformly."""
        return renumbered(rng.integers(self.modules, size=self.places).tolist())

    def vary(self, member: Member, rng: np.random.Generator) -> Member:
        """Return a blueprint in which one place is served by another species."""
        place = int(rng.integers(self.places))
        new = (member[place] + 1 + int(rng.integers(self.modules - 1))) % self.modules
        return renumbered([*member[:place], new, *member[place + 1 :]])

    def encode(self, member: Member) -> Floats:
        """Return for each pair of places whether they are served alike."""
        numbers = np.array(member)
        alike = numbers[:, None] == numbers
        return np.asarray(alike[np.triu_indices(self.places, 1)], dtype=np.float64)


@dataclass(frozen=True, slots=True)
class ModuleSpecies:
    """A species of modules; a member is a setting of the block, or ``None`` where no place is served by the species.

    Attributes:
        name: What a report calls it.
        block: What a module may be.
    """

    name: str
    block: BlockSpecies

    @property
    def scale(self) -> float:
        """Return the block's."""
        return self.block.scale

    @property
    def is_dear(self) -> bool:
        """Return the block's."""
        return self.block.is_dear

    def sample(self, rng: np.random.Generator) -> Member:
        """Draw a module."""
        return self.block.sample(rng)

    def vary(self, member: Member, rng: np.random.Generator) -> Member:
        """Return a module one slot away; a drawn one in place of none."""
        return self.block.sample(rng) if member is None else self.block.vary(member, rng)

    def encode(self, member: Member) -> Floats:
        """Return the block's encoding with a last number that says whether there is a module."""
        absent = member is None
        numbers = self.block.encode(tuple([0] * len(self.block.slots)) if absent else member)
        return np.append(numbers * (not absent), float(absent))


@dataclass(frozen=True, slots=True)
class Blueprints:
    """Candidates as a blueprint and its modules.

    Attributes:
        places: The candidate as a team of blocks, which are all alike.
        species: The blueprint, then the modules.
    """

    places: Teams
    species: tuple[Species, ...]

    def sample(self, rng: np.random.Generator) -> Candidate:
        """Draw a blueprint and its modules; bounded tries where not all teams are legal, then the space's own."""
        for _ in range(_TRIES):
            made = self.candidate(tuple([one.sample(rng) for one in self.species]))
            if made is not None:
                return made
        return self.places.sample(rng)

    def team(self, candidate: Candidate) -> Team | None:
        """Return blueprint and modules; ``None`` where there are more different blocks than module species."""
        blocks = self.places.team(candidate)
        modules = list(dict.fromkeys(blocks))
        if len(modules) > len(self.species) - 1:
            return None
        blueprint = tuple([modules.index(one) for one in blocks])
        return (blueprint, *modules, *[None] * (len(self.species) - 1 - len(modules)))

    def candidate(self, team: Team) -> Candidate | None:
        """Return the candidate; ``None`` where a place's species has no module or the space does not allow it."""
        blueprint, modules = team[0], team[1:]
        blocks = [modules[number] for number in blueprint]
        if any(one is None for one in blocks):
            return None
        return self.places.candidate(tuple(blocks))


_TRIES = 64


class BlueprintCoevolution:
    """Coevolves blueprints and modules.

    It only proposes candidates made of at most ``modules`` different blocks: much fewer than the space has, and
    the better ones where the space's blocks do the same work. Others that are told teach it nothing.

    Args:
        space: A product whose slots form equal blocks.
        objective: What is optimised; several for a Pareto front.
        seed: Below which every draw has its address.
        blocks: The places, each a list of slots with the same options; by default parts that are alike, or
            the slots of a single part in equal blocks of two or more, else each by itself.
        modules: Species of modules at most.

    Raises:
        ValueError: ``modules`` is not in 2..places.
        SpaceError: The space has no repeated blocks.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        blocks: Sequence[Sequence[str]] | None = None,
        modules: int = MODULES,
    ) -> None:
        places = repeated_blocks(space, blocks)
        count = len(places.species)
        if not 2 <= modules <= count:
            raise ValueError(f"modules must lie in 2..{count} for {count} places, got {modules}.")
        block = places.species[0]
        assert isinstance(block, BlockSpecies)
        kinds = [ModuleSpecies(f"module-{number + 1}", block) for number in range(modules)]
        self.blueprints = Blueprints(places, (BlueprintSpecies(count, modules), *kinds))
        self._inner = Coevolution(space, objective, seed, teams=self.blueprints)

    def ask(self, count: int) -> list[Proposal]:
        """Return ``count`` proposals."""
        return self._inner.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._inner.tell(trial)

    def credits(self) -> list[tuple[str, object, float]]:
        """Return (species, member, credit) of blueprints and modules, the best first (``Coevolution.credits``)."""
        return self._inner.credits()


def repeated_blocks(
    space: Space[Candidate], blocks: Sequence[Sequence[str]] | None = None
) -> Teams:
    """Return the space as a team of blocks that are all alike.

    Args:
        space: A product of parts or slots.
        blocks: Names of each block's slots, in corresponding order (``teams_of``); by default as found.

    Raises:
        SpaceError: The blocks have other slots or options than the first, leave slots out, or there are none alike.
    """
    given = _found(space) if blocks is None else blocks
    teams = teams_of(space, given)
    kinds = [_kind(one) for one in teams.species]
    if len(teams.species) != len(given) or any(kind is None or kind != kinds[0] for kind in kinds):
        named = ", ".join(one.name for one in teams.species[:6])
        raise SpaceError(
            "Blueprints need a space whose blocks repeat: all with the same number of slots and the same "
            f"options, got {named}. Give blocks=[...] that cover all slots, or use Coevolution."
        )
    return teams


def renumbered(numbers: Sequence[int]) -> tuple[int, ...]:
    """Return numbers replaced by the order in which they first come.

    Example:
        >>> renumbered([2, 0, 2, 1])
        (0, 1, 0, 2)
    """
    first = list(dict.fromkeys(numbers))
    return tuple([first.index(one) for one in numbers])


def _found(space: Space[Candidate]) -> list[list[str]]:
    """Return the slots of parts that are alike, or of a single part in the shortest equal blocks of two or more."""
    if not isinstance(space, ProductSpace):
        teams_of(space)  # says what is missing
        return []
    slots = all_slots(space)
    if len(space.parts) > 1:
        return [[name for name, slot in slots.items() if slot[0] == part] for part in space.parts]
    names = list(slots)
    count = len(names)
    for length in [*range(2, count // 2 + 1), 1]:
        if count % length == 0:
            blocks = [names[start : start + length] for start in range(0, count, length)]
            if len({tuple([slots[name][2].names for name in one]) for one in blocks}) == 1:
                return blocks
    return [[name] for name in names]


def _kind(species: Species) -> tuple[object, ...] | None:
    return (
        None
        if not isinstance(species, BlockSpecies)
        else tuple([one.names for one in species.slots])
    )
