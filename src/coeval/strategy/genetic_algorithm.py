"""The genetic algorithm over candidates: generations, tournaments, crossover then mutation, elitism.

Goldberg 1989 (Genetic Algorithms in Search, Optimization and Machine Learning, chapter 3), in the shape that Xie &
Yuille 2017 gave it for networks (Genetic CNN, arXiv:1703.01513, sections 3.2 and 4.1: 20 individuals, crossover
with probability 0.2, mutation with 0.8). ``genetic.py`` is another thing: it breeds programs.
"""

from collections.abc import Sequence

from coeval.space.protocol import Candidate, Space
from coeval.strategy.generational import Breeding, Generations, best_of
from coeval.strategy.objectives import Objectives
from coeval.trial import Objective, Proposal, Trial


class GeneticAlgorithm:
    """Replaces its population generation by generation.

    Generation 0 consists of samples, or of the seeds told first. The parents of each further one are the judged
    trials of the generation before and the ``elites`` best members of its own parents, which are not evaluated again.
    Failed trials count as finished and have no children. ``ask`` returns fewer than ``count`` at the end of a
    generation, and none while its last trials run: with many workers choose a population several times their
    number, or a strategy without generations.

    Args:
        space: Where to sample, cross and mutate.
        objective: What is optimised; several are ranked by front and crowding.
        seed: Below which every draw has its address.
        population: Trials of a generation (Xie & Yuille: 20).
        tournament: Members that compete for being a parent, drawn with replacement; 2 as in Goldberg & Deb
            1991 (doi:10.1016/B978-0-08-050684-5.50008-2). Xie & Yuille spin a roulette wheel, which depends on
            the scale of the objective.
        crossover: Probability that a child has two parents.
        mutation: Probability that a child is mutated, by one edit.
        elites: Best members that stay as parents; 1 as in De Jong 1975.

    Raises:
        ValueError: A number is out of its range.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        population: int = 20,
        tournament: int = 2,
        crossover: float = 0.2,
        mutation: float = 0.8,
        elites: int = 1,
    ) -> None:
        breeding = Breeding("genetic", population, crossover, mutation)
        if not 0 <= elites < population:
            raise ValueError(
                f"elites must lie in 0..population-1={population - 1}, got {elites}. "
                "Lower elites or raise population."
            )
        self.elites = elites
        self._objectives = Objectives(objective)
        self._generations = Generations(
            space, self._objectives, seed, breeding, self._succeed, best_of(tournament)
        )

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` proposals of the present generation."""
        return self._generations.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial; the last finished one of a generation lets the fittest breed."""
        self._generations.tell(trial)

    def _succeed(self, members: Sequence[Trial], young: Sequence[Trial]) -> list[Trial]:
        """Let the young take the members' place, but for the elites; all members stay if no young is judged."""
        kept = members[: self.elites] if young else members
        return self._objectives.order([*kept, *young])
