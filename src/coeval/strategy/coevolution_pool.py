"""Which teams are compared before one is evaluated: the best ones with a few members replaced, and random ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from coeval.strategy.coevolution_species import Member, Species, Team, below

REPLACED = (0.4, 0.85)
"""Of the variants of a team, up to which share one member is replaced, and two; three otherwise."""
RANDOM = 0.25
"""Share of teams that are random, unless said otherwise: with only variants of the best a search never leaves its basin."""
NEW = 12
"""New members that a pool makes of a species whose members take long to make; more teams combine the same ones."""


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
    random: float = RANDOM,
) -> list[Offer]:
    """Return different teams to choose from.

    Args:
        species: Of the team.
        elites: Teams whose members collaborate.
        others: Teams that served, best first: where members come from that proved themselves elsewhere.
        count: How many teams are drawn; those that come twice are dropped.
        rng: Where the draws come from.
        random: Share of teams that are random.
    """
    sources = [_Source(one, place, others) for place, one in enumerate(species)]
    offers: dict[Team, Offer] = {}
    for kind, share, luck in rng.random((count, 3)).tolist():
        if kind < random:
            team = tuple([one.sample(rng) for one in sources])
            offers.setdefault(team, Offer(team, "random"))
            continue
        parent = int(luck * len(elites))
        changes = 1 if share < REPLACED[0] else 2 if share < REPLACED[1] else 3
        members = list(elites[parent])
        for place in np.argsort(rng.random(len(species)))[:changes].tolist():
            members[place] = sources[place].another(members[place], rng)
        team = tuple(members)
        offers.setdefault(team, Offer(team, f"replaced-{changes}", parent))
    return list(offers.values())


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a pool gets the members of one species."""

    species: Species
    place: int
    others: Sequence[Team]
    made: list[Member] = field(default_factory=list)

    def another(self, member: Member, rng: np.random.Generator) -> Member:
        """Return a member in another's stead: near it, from a team that served well, or a new one."""
        draw = rng.random()
        if draw < 0.5:
            return (
                self._ready(rng) if self._is_full() else self._kept(self.species.vary(member, rng))
            )
        if draw < 0.8:  # of the better teams more often
            return self.others[int(rng.random() ** 2 * len(self.others))][self.place]
        return self.sample(rng)

    def sample(self, rng: np.random.Generator) -> Member:
        """Return a new member, or one of those made before where making takes long."""
        return self._ready(rng) if self._is_full() else self._kept(self.species.sample(rng))

    def _is_full(self) -> bool:
        return len(self.made) >= NEW

    def _kept(self, member: Member) -> Member:
        if self.species.is_dear:
            self.made.append(member)
        return member

    def _ready(self, rng: np.random.Generator) -> Member:
        return self.made[below(len(self.made), rng)]
