import pytest

from coeval.strategy.control import WithControl
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LadderEvaluator, drive, ladder_space
from coeval.trial import Proposal, State
from tests.strategy.test_evolution import evolution

SPACE = ladder_space()


class Finished:
    """A strategy that has nothing left to ask."""

    def ask(self, count):
        return []

    def tell(self, trial):
        pass


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_every_fifth_trial_is_the_control_s(batch):
    strategy = WithControl(evolution(warm_up=3), RandomSearch(SPACE, 1), every=5)
    log = drive(strategy, LadderEvaluator(), 40, batch=batch)
    origins = [one.proposal.origin for one in log if one.state is State.RUNNING]
    assert [i for i, origin in enumerate(origins) if origin == "random"] == list(range(4, 40, 5))


def test_the_inner_strategy_may_breed_from_the_control_s_finds():
    strategy = WithControl(evolution(warm_up=3), RandomSearch(SPACE, 1), every=2)
    log = drive(strategy, LadderEvaluator(), 80)
    by_random = {one.number for one in log if one.proposal.origin == "random"}
    assert by_random & {one.proposal.parent for one in log}


def test_it_waits_when_one_of_the_two_has_nothing():
    assert WithControl(Finished(), RandomSearch(SPACE), every=3).ask(5) == []
    asked = WithControl(RandomSearch(SPACE), Finished(), every=3).ask(5)
    assert len(asked) == 2
    assert all(isinstance(one, Proposal) for one in asked)


def test_a_control_of_everything_is_refused():
    with pytest.raises(ValueError, match="every must be at least 2, got 1"):
        WithControl(RandomSearch(SPACE), RandomSearch(SPACE), every=1)
