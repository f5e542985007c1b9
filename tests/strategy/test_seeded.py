from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded
from coeval.testing.fakes import LadderEvaluator, drive, ladder_space
from coeval.trial import State, Trial

SPACE = ladder_space()
SEEDS = {"low": next(iter(SPACE)), "other": RandomSearch(SPACE, 99).ask(1)[0].candidate}


def asked(log):
    return [one.proposal for one in log if one.state is State.RUNNING]


def test_seeds_come_first_and_under_their_names():
    proposals = asked(drive(Seeded(RandomSearch(SPACE), SEEDS), LadderEvaluator(), 4))
    assert [one.origin for one in proposals] == ["seed:low", "seed:other", "random", "random"]
    assert [one.candidate for one in proposals[:2]] == list(SEEDS.values())


def test_a_batch_ends_with_the_last_seed():
    strategy = Seeded(RandomSearch(SPACE), SEEDS)
    assert len(strategy.ask(10)) == 2
    strategy.tell(Trial(0, strategy.ask(1)[0]))
    assert [one.origin for one in strategy.ask(10)] == ["seed:other"]


def test_the_inner_strategy_is_told_of_the_seeds():
    proposals = asked(drive(Seeded(RandomSearch(SPACE), SEEDS), LadderEvaluator(), 6))
    alone = RandomSearch(SPACE)
    for number, proposal in enumerate(proposals[:2]):
        alone.tell(Trial(number, proposal))
    assert alone.ask(1) == proposals[2:3]


def test_without_seeds_the_inner_strategy_is_asked_at_once():
    assert Seeded(RandomSearch(SPACE), {}).ask(3) == RandomSearch(SPACE).ask(3)
