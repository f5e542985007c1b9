"""What a coevolution learnt, in words and numbers: which members are worth most, and who works with whom."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coeval.architecture.component import Settings
from coeval.architecture.step import Architecture, Region
from coeval.space.plan import Node
from coeval.strategy.coevolution import Coevolution
from coeval.strategy.coevolution_species import BlockSpecies, Member, Species
from coeval.strategy.lineage import shown_value

Names = Mapping[Member, str]


@dataclass(frozen=True, slots=True)
class Valued:
    """One member of a species.

    Attributes:
        member: In words.
        credit: What it adds by itself to a team's score, in standard deviations of the scores.
    """

    member: str
    credit: float


@dataclass(frozen=True, slots=True)
class SpeciesAccount:
    """One species.

    Attributes:
        name: Of the species.
        count: Its members that served in a team.
        best: Those of most credit, the best first.
        worst: That of least credit; ``None`` where all are among the best.
    """

    name: str
    count: int
    best: tuple[Valued, ...]
    worst: Valued | None


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two members of different species, and what they add together beyond what each adds by itself."""

    species: tuple[str, str]
    members: tuple[str, str]
    synergy: float


@dataclass(frozen=True, slots=True)
class Account:
    """What was learnt of all species and their pairs.

    Attributes:
        species: In the order of a team's members.
        pairs: Those of most synergy, the best first.
    """

    species: tuple[SpeciesAccount, ...]
    pairs: tuple[Pairing, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain values, for a note in the journal."""

        def valued(one: Valued) -> dict[str, Any]:
            return {"member": one.member, "credit": round(one.credit, 4)}

        species = [
            {
                "name": one.name,
                "count": one.count,
                "best": [valued(member) for member in one.best],
                "worst": None if one.worst is None else valued(one.worst),
            }
            for one in self.species
        ]
        pairs = [
            {
                "species": list(one.species),
                "members": list(one.members),
                "synergy": round(one.synergy, 4),
            }
            for one in self.pairs
        ]
        return {"species": species, "pairs": pairs}


def account(strategy: Coevolution, most: int = 3) -> Account | None:
    """Return what a coevolution learnt; ``None`` while too few teams were judged.

    Args:
        strategy: Told what it should tell of.
        most: Members of a species, and pairs of all, at most.
    """
    credits = strategy.credits()
    if not credits:
        return None
    every = strategy.teams.species
    names: dict[str, Names] = {}
    species: list[SpeciesAccount] = []
    for one in every:
        mine = [(member, worth) for name, member, worth in credits if name == one.name]
        names[one.name] = _names(one, [member for member, _ in mine])
        valued = [Valued(names[one.name][member], worth) for member, worth in mine]
        worst = valued[-1] if len(valued) > most else None
        species.append(SpeciesAccount(one.name, len(mine), tuple(valued[:most]), worst))
    pairs = [
        Pairing(
            (first.name, second.name), (names[first.name][mine], names[second.name][theirs]), worth
        )
        for first, second in itertools.combinations(every, 2)
        for mine, theirs, worth in strategy.partners(first.name, second.name)[:1]
    ]
    pairs.sort(key=lambda one: -one.synergy)
    return Account(tuple(species), tuple(pairs[:most]))


def _names(species: Species, members: Sequence[Member]) -> dict[Member, str]:
    """Return members in words, of settings those in which the species' members differ."""
    settings = {one: dict(_settings(species, one)) for one in members}
    names = dict.fromkeys(name for one in settings.values() for name in one)
    differ = [name for name in names if len({str(one.get(name)) for one in settings.values()}) > 1]
    found = {}
    for one in members:
        said = [
            f"{name.replace('_', ' ')} {shown_value(settings[one][name])}"
            for name in differ
            if name in settings[one]
        ]
        found[one] = ", ".join(said) or _sequence(one) or "the only one"
    return found


def _settings(species: Species, member: Member) -> Iterable[tuple[str, Any]]:
    """Yield the settings of a member by name; nothing of one that consists of steps."""
    if isinstance(species, BlockSpecies):
        for slot, pick in zip(species.slots, member, strict=True):
            yield slot.name, slot.names[pick]
    elif isinstance(member, tuple):
        for one in member:
            if _is_setting(one):
                yield one
            elif isinstance(one, tuple):
                yield from one


def _is_setting(one: object) -> bool:
    return isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str)


def _sequence(member: Member) -> str:
    """Return the steps of a trunk, or of a whole architecture, in words; empty for settings."""
    if isinstance(member, Architecture):
        return _region(member.body)
    if not isinstance(member, tuple):
        return str(member)
    if not member:
        return "nothing"
    return ", ".join(_node(one) for one in member if isinstance(one, Node))


def _node(one: Node) -> str:
    inside = ", ".join(_node(body) for body in one.body)
    return _step(one.component.name, one.settings) + (f" of ({inside})" if inside else "")


def _region(region: Region) -> str:
    return ", ".join(_step(one.component.name, one.settings) for one in region.steps)


def _step(name: str, settings: Settings) -> str:
    """Return a step with its numbers and names; switches are left out."""
    said = [shown_value(value) for _, value in settings if not isinstance(value, bool)]
    return " ".join([name.replace("_", " "), *said])
