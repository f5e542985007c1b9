"""Which teams are compared before one is evaluated: the best ones with a few members replaced, and random ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeval.strategy.coevolution_species import Member, Species, Team

REPLACED = (0.4, 0.85)
"""Of the variants of a team, up to which share one member is replaced, and two; three otherwise."""
RANDOM = 0.25
"""Share of teams that are random: with only variants of the best the search never leaves its basin."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A team to be compared: where it comes from, and of which elite it is a variant (``None``: of none)."""

    team: Team
    origin: str
    parent: int | None = None


def pool(
    species: Sequence[Species],
    elites: Sequence[Team],
    others: Sequence[Team],
    count: int,
    rng: np.random.Generator,
) -> list[Offer]:
    """Return different teams to choose from.

    Args:
        species: Of the team.
        elites: Teams whose members collaborate.
        others: Teams that served, best first: where members come from that proved themselves elsewhere.
        count: How many teams are drawn; those that come twice are dropped.
        rng: Where the draws come from.
    """
    offers: dict[Team, Offer] = {}
    draws = rng.random((count, 3))
    for kind, share, luck in draws.tolist():
        if kind < RANDOM:
            team = tuple([one.sample(rng) for one in species])
            offers.setdefault(team, Offer(team, "random"))
            continue
        parent = int(luck * len(elites))
        changes = 1 if share < REPLACED[0] else 2 if share < REPLACED[1] else 3
        team = _replaced(species, elites[parent], others, min(changes, len(species)), rng)
        offers.setdefault(team, Offer(team, f"replaced-{changes}", parent))
    return list(offers.values())


def _replaced(
    species: Sequence[Species],
    team: Team,
    others: Sequence[Team],
    changes: int,
    rng: np.random.Generator,
) -> Team:
    members = list(team)
    for place in np.argsort(rng.random(len(species)))[:changes].tolist():
        members[place] = _another(species[place], place, members[place], others, rng)
    return tuple(members)


def _another(
    species: Species, place: int, member: Member, others: Sequence[Team], rng: np.random.Generator
) -> Member:
    """Return a member in another's stead: near it, from a team that served well, or a new one."""
    draw = rng.random()
    if draw < 0.5:
        return species.vary(member, rng)
    if draw < 0.8:  # of the better teams more often
        return others[int(rng.random() ** 2 * len(others))][place]
    return species.sample(rng)
