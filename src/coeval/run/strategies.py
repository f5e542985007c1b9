"""The strategies that the command line knows by name."""

from collections.abc import Callable, Mapping

from coeval.errors import SpaceError, did_you_mean
from coeval.space.protocol import CandidateSpace
from coeval.strategy.control import WithControl
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.protocol import Strategy
from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded
from coeval.trial import Objective

POPULATION, SAMPLE = 16, 6
"""Small and greedy: a budget of minutes holds tens of trials, and the seeds are better than what chance finds."""
CONTROL_EVERY = 6
"""One trial in so many is random search's, so that the report can say what the search itself gained."""


def evolution(space: CandidateSpace, objective: Objective, seed: int) -> Strategy:
    """Return regularised evolution, with a population that fits minutes rather than days."""
    inner = RegularisedEvolution(
        space, objective, seed, population=POPULATION, sample_size=SAMPLE, warm_up=0
    )
    return Seeded(WithControl(inner, RandomSearch(space, seed), CONTROL_EVERY), space.seeds())


def random_search(space: CandidateSpace, objective: Objective, seed: int) -> Strategy:
    """Return random search that starts from the same seeds as every strategy."""
    del objective
    return Seeded(RandomSearch(space, seed), space.seeds())


STRATEGIES: Mapping[str, Callable[[CandidateSpace, Objective, int], Strategy]] = {
    "evolution": evolution,
    "random": random_search,
}


def check_strategy(name: str) -> None:
    """Check a name that a user gave.

    Raises:
        SpaceError: There is no such strategy.
    """
    if name not in STRATEGIES:
        raise SpaceError(
            f"--strategy must be one of {', '.join(STRATEGIES)}, got {name!r}.{did_you_mean(name, STRATEGIES)}"
        )


def strategy_for(name: str, space: CandidateSpace, objective: Objective, seed: int) -> Strategy:
    """Return the strategy that a user named.

    Raises:
        SpaceError: There is no such strategy.
    """
    check_strategy(name)
    return STRATEGIES[name](space, objective, seed)
