"""Reference-vector evolution: NSGA-III, where directions spread over the objectives keep the front diverse.

Deb & Jain 2014 (doi:10.1109/TEVC.2013.2281535, algorithm 1), with the constraint handling of Jain & Deb 2014
(doi:10.1109/TEVC.2013.2281534, section II). Chosen over RVEA (Cheng et al. 2016, doi:10.1109/TEVC.2016.2519378),
whose angle penalty grows with the share of the budget that is spent: a strategy here does not know its budget.
"""

from collections.abc import Sequence

import numpy as np

from coeval.seed import generator
from coeval.space.protocol import Candidate, Space
from coeval.strategy.generational import Breeding, Generations
from coeval.strategy.objectives import Objectives, violation
from coeval.strategy.reference_niching import Frame, reference_directions, survivors
from coeval.trial import Objective, Proposal, Trial


class ReferenceVectorEvolution:
    """Keeps the best of parents and children: by front, then evenly along reference directions.

    For three and more objectives, where crowding distance no longer tells diversity. Parents are drawn
    at random among the feasible, as the paper does; an infeasible member loses against a feasible one and
    against a smaller violation. With one objective that is an elitist (mu + lambda) search without
    pressure on the choice of parents. Failed trials count as finished and have no children. ``ask`` returns fewer
    than ``count`` at the end of a generation, and none while its last trials run.

    Args:
        space: Where to sample, cross and mutate.
        objective: What is optimised.
        seed: Below which every draw has its address.
        population: Trials of a generation and members at most: 92 as the paper takes for three objectives. There
            are as many directions as the simplex lattice allows below it.
        crossover: Probability that a child has two parents (the paper's 1).
        mutation: Probability that a child is mutated (the paper mutates each variable with probability
            1/n, one a child on average; ``mutate`` makes one edit).

    Raises:
        ValueError: A number is out of its range.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        population: int = 92,
        crossover: float = 1.0,
        mutation: float = 1.0,
    ) -> None:
        self.seed = seed
        self.population = population
        self._objectives = Objectives(objective)
        self._generations = Generations(
            space,
            self._objectives,
            seed,
            Breeding("reference", population, crossover, mutation),
            self._succeed,
            least_violation,
        )
        self.directions = reference_directions(len(self._objectives), population)
        self._frame = Frame(len(self._objectives))

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` proposals of the present generation."""
        return self._generations.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial; the last finished one of a generation lets the fittest breed."""
        self._generations.tell(trial)

    def _succeed(self, members: Sequence[Trial], young: Sequence[Trial]) -> list[Trial]:
        """Return whole fronts while they fit, then those of the next front in the emptiest directions."""
        everyone = [*members, *young]
        feasible = [one for one in everyone if violation(one) == 0]
        if len(feasible) <= self.population:
            return self._objectives.order(everyone)[: self.population]
        costs = np.array([self._objectives.costs(one) for one in feasible])
        rng = generator(self.seed, "reference", "niches", max(one.number for one in everyone))
        kept = survivors(costs, self.population, self.directions, self._frame, rng)
        return [feasible[index] for index in kept]


def least_violation(members: Sequence[Trial], rng: np.random.Generator) -> Trial:
    """Return the less violating of two members drawn with replacement, the first of equals."""
    first, second = (members[int(index)] for index in rng.integers(len(members), size=2))
    return second if violation(second) < violation(first) else first
