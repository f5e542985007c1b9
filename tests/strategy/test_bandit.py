from coeval.strategy.bandit import OperatorBandit
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_results import check_vector_results

SPACE = ladder_space()
SMALL = ladder_space(settings=3)


def sources(space, objective):
    return {
        "evolution": RegularisedEvolution(space, objective, 5, population=20, sample_size=5),
        "random": RandomSearch(space, 6),
    }


def test_keeps_the_contract_with_operators_and_coevolution():
    check_strategy(lambda: OperatorBandit(SMALL, LOSS, 3), SMALL, trials=25)


def test_keeps_the_contract_with_strategies_as_sources():
    check_strategy(lambda: OperatorBandit(SPACE, LOSS, 3, sources=sources(SPACE, LOSS)), SPACE)


def test_ranks_by_several_objectives():
    check_vector_results(
        lambda objectives: OperatorBandit(SPACE, objectives, 3, sources=sources(SPACE, objectives)),
        SPACE,
    )
