import pytest

from coeval.strategy.exhaustive import Exhaustive
from coeval.strategy.portfolio import Portfolio, default_portfolio
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import State

SPACE = ladder_space(settings=3, choices=4, parts=2)
TINY = ladder_space(settings=2, choices=2, parts=1)


def test_keeps_the_contract_of_strategies():
    check_strategy(
        lambda: default_portfolio(SPACE, LOSS, 1), SPACE, trials=24, models_infeasible=True
    )


def test_takes_turns_and_leaves_them_to_others_when_one_is_finished():
    members = [Exhaustive(TINY, LOSS), RandomSearch(TINY, 2)]
    log = drive(Portfolio(members), LadderEvaluator(), 8)
    origins = [one.proposal.origin for one in log if one.state is State.RUNNING]
    assert origins[:2] == ["exhaustive", "random"]
    assert len(origins) == 8
    assert origins[-1] == "random"


def test_everyone_learns_from_all_trials():
    members = [RandomSearch(SPACE, 1), RandomSearch(SPACE, 1)]
    log = drive(Portfolio(members), LadderEvaluator(), 12)
    candidates = [one.proposal.candidate for one in log if one.state is State.RUNNING]
    assert len(set(candidates)) == 12  # equal seeds would repeat each other, did they not know


def test_a_portfolio_of_none_is_refused():
    with pytest.raises(ValueError, match="one or more"):
        Portfolio([])
