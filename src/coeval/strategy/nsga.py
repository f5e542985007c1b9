"""NSGA-II: elitist selection by front and crowding (Deb, Pratap, Agarwal & Meyarivan 2002, doi:10.1109/4235.996017)."""

from collections.abc import Sequence

from coeval.space.protocol import Candidate, Space
from coeval.strategy.generational import Breeding, Generations, best_of
from coeval.strategy.objectives import Objectives
from coeval.trial import Objective, Proposal, Trial


class NSGA2:
    """Keeps the best of parents and children: by front, then the lonely before the crowded.

    Section III with the constraint handling of section VI: a feasible trial is before an infeasible one, of two
    infeasible ones the smaller violation is. With one objective that is an elitist (mu + lambda) search. Failed trials
    count as finished and have no children. ``ask`` returns fewer than ``count`` at the end of a generation,
    and none while its last trials run.

    Args:
        space: Where to sample, cross and mutate.
        objective: What is optimised, usually two objectives; for more see ``reference.py``.
        seed: Below which every draw has its address.
        population: Trials of a generation and members at most (the paper's 100; of a budget below 1,000 trials
            rather a tenth).
        crossover: Probability that a child has two parents, chosen in binary tournaments (0.9).
        mutation: Probability that a child is mutated. The paper mutates each variable with probability 1/n,
            one a child on average; ``mutate`` makes one edit, hence 1.

    Raises:
        ValueError: A number is out of its range.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        population: int = 100,
        crossover: float = 0.9,
        mutation: float = 1.0,
    ) -> None:
        self.population = population
        self._objectives = Objectives(objective)
        self._generations = Generations(
            space,
            self._objectives,
            seed,
            Breeding("nsga2", population, crossover, mutation),
            self._succeed,
            best_of(2),
        )

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` proposals of the present generation."""
        return self._generations.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial; the last finished one of a generation lets the fittest breed."""
        self._generations.tell(trial)

    def _succeed(self, members: Sequence[Trial], young: Sequence[Trial]) -> list[Trial]:
        return self._objectives.order([*members, *young])[: self.population]
