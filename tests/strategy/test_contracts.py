import pytest

from coeval.space.tabular import space_for
from coeval.strategy.control import WithControl
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded
from coeval.testing.fakes import LOSS, LadderEvaluator, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import Objective
from tests.space.test_tabular import task

SPACE = ladder_space()
TINY = ladder_space(settings=2, choices=2, parts=1)


def evolution(space, objective=LOSS):
    return RegularisedEvolution(space, objective, 7, population=10, sample_size=4, warm_up=6)


def everything(space, objective=LOSS):
    seeds = {"first": next(iter(space)), **space.seeds()}
    inner = WithControl(evolution(space, objective), RandomSearch(space, 8), every=4)
    return Seeded(inner, seeds)


MAKERS = {
    "random": lambda: RandomSearch(SPACE, 3),
    "evolution": lambda: evolution(SPACE),
    "control": lambda: WithControl(evolution(SPACE), RandomSearch(SPACE, 8), every=4),
    "seeded": lambda: Seeded(RandomSearch(SPACE, 3), {"a": next(iter(SPACE))}),
    "all together": lambda: everything(SPACE),
}


@pytest.mark.parametrize("name", MAKERS)
def test_keeps_the_contract_of_strategies(name):
    check_strategy(MAKERS[name], SPACE)


@pytest.mark.parametrize("make", [lambda: RandomSearch(TINY, 3), lambda: evolution(TINY)])
def test_keeps_the_contract_in_a_space_that_is_used_up(make):
    check_strategy(make, TINY, trials=30)


def test_keeps_the_contract_in_the_space_of_tables():
    space = space_for(task())
    sizes = _Sizes()
    check_strategy(lambda: everything(space, Objective("parameters")), space, sizes, trials=15)


class _Sizes(LadderEvaluator):
    """Measures the number of parameters: deterministic, and quick."""

    def _measure(self, trial, report):
        from coeval.architecture.inference import infer  # noqa: PLC0415
        from coeval.trial import Measurement  # noqa: PLC0415

        cost = infer(trial.proposal.candidate.architecture).cost
        return Measurement({"parameters": float(cost.parameters)})
