"""Cooperative coevolution with a population a species, as first published: the measure of what learnt credit gains.

Potter & De Jong 2000 (doi:10.1162/106365600568086), steady state: the species take turns; a child of the turn's species
serves in a team with the best members of the others or with random ones, and a member is worth its best team. Each
team counts for all its members, not for the child alone: with that, no evaluation is spent on collaborators only.
"""

from collections.abc import Sequence

import numpy as np

from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.strategy.coevolution_archive import TeamArchive
from coeval.strategy.coevolution_species import Member, teams_of
from coeval.strategy.log import REDRAWS, Log
from coeval.strategy.objectives import Objectives
from coeval.trial import Objective, Proposal, State, Trial


class ClassicCoevolution:
    """Evolves a population for each part of the space, members being worth the best team they served in.

    Args:
        space: A product of parts, or one part of slots or settings.
        objective: What is optimised; several for a Pareto front.
        seed: Below which every draw has its address.
        blocks: Slots that form one species together (``teams_of``); none: each part, or each slot, is a species.
        warm_up: Random teams at first, those of others included.
        population: Teams that are remembered, the best and the latest: their members are the populations.
        sample_size: Members that compete for being a parent.
        trust: Probability that a child serves with the best members of the other species, not with random ones.
            The paper does both for every child; half and half costs one evaluation a child.

    Raises:
        ValueError: A number is out of its range.
        SpaceError: The space cannot be taken apart.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        blocks: Sequence[Sequence[str]] | None = None,
        warm_up: int = 10,
        population: int = 50,
        sample_size: int = 3,
        trust: float = 0.5,
    ) -> None:
        if not 0 <= trust <= 1:
            raise ValueError(f"trust is a probability in 0..1, got {trust}.")
        if warm_up < 0:
            raise ValueError(f"warm_up must be at least 0, got {warm_up}.")
        if not 1 <= sample_size <= population:
            raise ValueError(
                f"sample_size must lie in 1..population={population}, got {sample_size}. "
                "Lower sample_size or raise population."
            )
        self.space, self.seed = space, seed
        self.warm_up, self.sample_size, self.trust = warm_up, sample_size, trust
        self.teams = teams_of(space, blocks)
        self._log = Log()
        self._archive = TeamArchive(Objectives(objective), population)
        self._finished: set[int] = set()

    def ask(self, count: int) -> list[Proposal]:
        """Return ``count`` proposals: random teams at first, then a child each in a team of others."""
        return self._log.ask(count, self._propose)

    def tell(self, trial: Trial) -> None:
        """Record a trial; a judged team counts for all its members."""
        self._log.tell(trial)
        if trial.state is State.RUNNING or trial.number in self._finished:
            return
        self._finished.add(trial.number)
        candidate = trial.proposal.candidate
        if self._archive.objectives.is_judged(trial) and self.space.contains(candidate):
            self._archive.add(trial, self.teams.team(candidate))

    def _propose(self, number: int, taken: set[str]) -> Proposal:
        proposal: Proposal | None = None
        for redraw in range(REDRAWS + 1):
            rng = generator(self.seed, "classic", number, redraw)
            drawn = self._bred(number, rng) if number >= self.warm_up else None
            if drawn is not None:
                proposal = drawn
            elif proposal is None:
                proposal = Proposal(self.space.sample(rng), origin="coevolution:random")
            if not self._log.knows(proposal.candidate, taken):
                return proposal
        candidate = self.space.sample(generator(self.seed, "classic", number, "random"))
        return Proposal(candidate, origin="coevolution:random")

    def _bred(self, number: int, rng: np.random.Generator) -> Proposal | None:
        """Return a child of the turn's species in a team; ``None`` where the team is not allowed."""
        ranked = self._archive.ranked()
        if not ranked:
            return None
        turn = number % len(self.teams.species)
        teams = [one.team for one in ranked]
        parent = self._tournament(len(ranked), rng)
        child = self.teams.species[turn].vary(teams[parent][turn], rng)
        trusts = rng.random() < self.trust
        team: list[Member] = []
        for place in range(len(self.teams.species)):
            partner = 0 if trusts else self._tournament(len(ranked), rng)
            team.append(child if place == turn else teams[partner][place])
        candidate = self.teams.candidate(tuple(team))
        if candidate is None or not self.space.contains(candidate):
            return None
        origin = "coevolution:best" if trusts else "coevolution:others"
        return Proposal(candidate, parent=ranked[parent].trial.number, origin=origin)

    def _tournament(self, count: int, rng: np.random.Generator) -> int:
        """Return the place of the best of some teams: whose member is drawn is worth its best team."""
        return int(rng.integers(count, size=self.sample_size).min())
