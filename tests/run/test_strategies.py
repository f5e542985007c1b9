import pytest

from coeval.errors import SpaceError
from coeval.run.strategies import CONTROL_EVERY, STRATEGIES, plain, strategy_for
from coeval.space.tabular import space_for
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies_judges import DigestEvaluator
from coeval.trial import State
from tests.space.test_tabular import task

SPACE = ladder_space(settings=3, choices=3)
WHOLE = [name for name, named in STRATEGIES.items() if named.needs is None]
PARTIAL = [name for name, named in STRATEGIES.items() if named.needs is not None]


def questions(log):
    return [record.proposal for record in log if record.state is State.RUNNING]


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_named_strategy_is_built_and_seeded(name):
    one, same, other = (
        questions(drive(plain(name, SPACE, LOSS, seed), LadderEvaluator(), 40))
        for seed in (1, 1, 2)
    )
    assert len(one) == 40
    assert one == same
    assert one != other or name == "exhaustive"


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_line_of_help_is_one_short_line(name):
    line = STRATEGIES[name].line
    assert 10 < len(line) < 70
    assert line.strip(".\n") == line


@pytest.mark.parametrize("name", [one for one in WHOLE if one != "exhaustive"])
def test_on_real_data_seeds_come_first_and_random_search_has_its_share(name):
    space = space_for(task())
    log = drive(strategy_for(name, space, LOSS, 3), DigestEvaluator(("loss",)), 24)
    origins = [one.origin for one in questions(log)]
    assert len(origins) == 24
    seeds = [f"seed:{one}" for one in space.seeds()]
    assert origins[: len(seeds)] == seeds
    if name != "random":
        places = range(len(seeds), 24)
        due = [place for place in places if place % CONTROL_EVERY == CONTROL_EVERY - 1]
        assert [place for place in places if origins[place] == "random"] == due


def test_a_misspelt_strategy_is_one_clear_error():
    with pytest.raises(SpaceError, match=r"must be one of random, .* Did you mean 'genetic'\?"):
        plain("gentic", SPACE, LOSS, 0)


@pytest.mark.parametrize("name", PARTIAL)
def test_what_cannot_work_on_whole_trainings_says_where_it_does(name):
    with pytest.raises(
        SpaceError, match=f"{name} needs evaluations .* coeval bench --strategy {name}"
    ):
        strategy_for(name, SPACE, LOSS, 0)


def test_fidelities_reach_the_strategies_that_use_them():
    strategy = plain("asha", SPACE, LOSS, 0, (0.5, 1.0))
    log = drive(strategy, LadderEvaluator(), 30)
    assert {one.fidelity.epochs for one in questions(log)} == {0.5, 1.0}
