"""The control for cooperative coevolution: its own model class in one population.

An individual is a whole team; children take whole modules from two parents, and some of their modules are bred. Only
modules that changed are charged, as in the cooperative search.
"""

from collections.abc import Sequence

import numpy as np

from coeval.architecture.program import Program
from coeval.seed import generator
from coeval.space.programs import ProgramSpace
from coeval.space.programs_arrays import cross_batch, mutate_batch, pack, sample_batch, unpack
from coeval.space.protocol import Move
from coeval.space.teams import module_name, team
from coeval.strategy.genetic_batches import Generations
from coeval.trial import Objective, Proposal, Trial

Team = tuple[Program, ...]


class OnePopulation:
    """Breeds teams of a fixed number of modules: tournaments of 5, elitism, least squares in the evaluator."""

    def __init__(
        self,
        space: ProgramSpace,
        objective: Objective,
        seed: int = 0,
        *,
        slots: int = 8,
        population: int = 200,
        tournament: int = 5,
        elites: int = 4,
        changed: float = 1.0,
    ) -> None:
        self.space, self.objective, self.seed = space, objective, seed
        self.slots, self.population, self.tournament = slots, population, tournament
        self.elites, self.changed = elites, changed
        self._members: list[tuple[float, str, Team]] = []
        self._pending: list[Team] = []
        self._drawn = 0
        self._generations = Generations(self._advance, objective)

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` teams of the current generation."""
        return self._generations.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._generations.tell(trial)

    def _advance(self, trials: Sequence[Trial]) -> list[Proposal]:
        rng = generator(self.seed, "one population", self._drawn)
        self._drawn += 1
        if not trials:
            modules = unpack(sample_batch(self.space.layout, self.slots * self.population, rng))
            self._pending = [
                tuple(modules[start : start + self.slots])
                for start in range(0, len(modules), self.slots)
            ]
            return [Proposal(team(one, self.slots), origin="multi") for one in self._pending]
        young = [
            (self.objective.cost(trial), f"{self.objective.cost(trial):.12g}", one)
            for trial, one in zip(trials, self._pending, strict=True)
        ]
        ranked = self._members[: self.elites] + young
        ranked.sort(key=lambda member: member[0])
        apart = {name: (cost, name, one) for cost, name, one in reversed(ranked)}
        self._members = sorted(apart.values(), key=lambda member: member[0])[: self.population]
        return self._bred(rng)

    def _bred(self, rng: np.random.Generator) -> list[Proposal]:
        entrants = rng.integers(len(self._members), size=(2, self.population, self.tournament))
        first, second = entrants.min(axis=2)  # members are ranked
        donates = rng.random((self.population, self.slots)) < 0.25
        bred = rng.random((self.population, self.slots)) < self.changed / self.slots
        bred[np.arange(self.population), rng.integers(self.slots, size=self.population)] = True
        teams = [
            [theirs if swap else mine for mine, theirs, swap in zip(a, b, row, strict=True)]
            for a, b, row in (
                (self._members[i][2], self._members[j][2], donates[place])
                for place, (i, j) in enumerate(zip(first, second, strict=True))
            )
        ]
        places = np.argwhere(bred)
        parents = pack(self.space.layout, [teams[row][slot] for row, slot in places])
        others = pack(
            self.space.layout, [self._members[second[row]][2][slot] for row, slot in places]
        )
        crossed = cross_batch(self.space.layout, parents, others, rng)
        children = unpack(mutate_batch(self.space.layout, crossed, 0.5, rng))
        for (row, slot), child in zip(places, children, strict=True):
            teams[row][slot] = child
        self._pending = [tuple(one) for one in teams]
        return [
            Proposal(
                team(one, self.slots),
                moves=tuple(Move("vary", module_name(int(slot))) for slot in np.flatnonzero(row)),
                origin="multi",
            )
            for one, row in zip(self._pending, bred, strict=True)
        ]
