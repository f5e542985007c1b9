"""Genetic programming on sequences of steps: one population of whole programs, generation by generation.

Linear genetic programming (Brameier & Banzhaf 2007): tournaments, crossover on sequences, point mutation, elitism;
linear scaling is the evaluator's (Keijzer 2003, doi:10.1007/3-540-36599-0_7). A child that means what a member means
already (its semantic key) does not enter. With ``subset`` each generation is judged on rows drawn at random, as a
control for coevolved ones: most of what judging on few rows gains, random rows gain too (Helmuth & Spector 2021).
"""

from collections.abc import Sequence

import numpy as np

from coeval.architecture.program import Program
from coeval.seed import generator
from coeval.space.programs import ProgramSpace
from coeval.space.programs_arrays import (
    Batch,
    join,
    pack,
    sample_batch,
    structure_keys,
    unpack,
)
from coeval.space.teams import single
from coeval.strategy.genetic_batches import Generations
from coeval.strategy.genetic_breeding import Breeding
from coeval.strategy.genetic_members import Members, distinct, judged, nobody
from coeval.trial import Objective, Proposal, Trial

BREEDING = Breeding(crossover=0.8, mutation=0.5)
CHECK_EVERY, CHECKED = 10, 2
"""On subsets: every so many generations, so many of the best are judged on all rows (reference D.2)."""
CHAMPION = "champion"
"""How the origin of a judgement on all rows begins."""


class GeneticProgramming:
    """Breeds whole programs.

    Args:
        space: What programs may be.
        objective: What is minimised.
        seed: Below which every draw has its address.
        population: Members.
        breeding: How children are made.
        elites: Members that survive their generation.
        subset: Rows that each generation is judged on, drawn at random; ``None`` for all.
        rows: How many rows there are; needed with ``subset``.
        seeds: Programs that join the first generation.

    Raises:
        ValueError: A number is out of its range.
        SpaceError: A seed does not fit into the space.
    """

    def __init__(
        self,
        space: ProgramSpace,
        objective: Objective,
        seed: int = 0,
        *,
        population: int = 200,
        breeding: Breeding = BREEDING,
        elites: int = 4,
        subset: int | None = None,
        rows: int = 0,
        seeds: Sequence[Program] = (),
    ) -> None:
        if not 0 <= elites < population:
            raise ValueError(f"elites must lie in 0..population-1={population - 1}, got {elites}.")
        if subset is not None and not 1 <= subset <= rows:
            raise ValueError(
                f"subset must lie in 1..rows={rows}, got {subset}. Say how many rows there are."
            )
        self.objective, self.seed = objective, seed
        self._layout = space.layout
        self._population, self._breeding, self._elites = population, breeding, elites
        self._subset, self._rows = subset, rows
        self._seeds = pack(self._layout, [space.fitted(one) for one in seeds])
        self._members: Members = nobody(self._layout)
        self._pending: tuple[Batch, list[int]] = (self._seeds, [])
        self._drawn = 0
        self._generations = Generations(self._advance, objective)

    @property
    def champion(self) -> Trial | None:
        """Return the best program that was judged on all rows, the earliest of equals."""
        return self._generations.champion

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` programs of the current generation; none while it is being evaluated."""
        return self._generations.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._generations.tell(trial)

    def _advance(self, trials: Sequence[Trial]) -> list[Proposal]:
        """Take a generation's results in, and return the next one."""
        rng = generator(self.seed, "genetic", self._drawn)
        self._drawn += 1
        young, structures = self._pending
        if trials:
            costs, names = judged(trials[: len(structures)], structures, self.objective)
            elites = 0 if self._subset else self._elites  # on subsets they are judged anew
            if self._subset:
                self._members = nobody(self._layout)
            self._members.succeed(
                young, costs, names, structures, size=self._population, elites=elites
            )
            young, structures = self._bred(rng)
        else:
            samples = sample_batch(self._layout, self._population, rng)
            young, structures = distinct(self._layout, join([self._seeds, samples]))
        self._pending = (young, structures)
        return self._proposals(rng)

    def _bred(self, rng: np.random.Generator) -> tuple[Batch, list[int]]:
        members = self._members
        young, structures = members.children(self._breeding, self._layout, self._population, rng)
        if not structures:  # the space is used up, or nearly: something must be asked
            young = sample_batch(self._layout, 1, rng)
            structures = structure_keys(self._layout, young).tolist()
        if self._subset:
            best = np.arange(min(self._elites, len(members)))
            young = join([members.genes.take(best), young])
            structures = [*members.structures[: len(best)], *structures]
        return young, structures

    def _proposals(self, rng: np.random.Generator) -> list[Proposal]:
        programs = unpack(self._pending[0])
        if self._subset is None:
            return [Proposal(single(one), origin="genetic") for one in programs]
        cases = cases_of(rng.choice(self._rows, size=self._subset, replace=False))
        proposals = [
            Proposal(single(one), cases=cases, origin="genetic:subset") for one in programs
        ]
        if self._drawn % CHECK_EVERY == 0:
            best = unpack(self._members.genes.take(np.arange(min(CHECKED, len(self._members)))))
            proposals += [Proposal(single(one), origin=CHAMPION) for one in best]
        return proposals


def cases_of(rows: Sequence[int] | np.ndarray) -> str:
    """Return rows as ``Proposal.cases`` names them: ``"rows:3,17,40"``, in ascending order."""
    return "rows:" + ",".join(str(int(row)) for row in sorted(rows))
