import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.seed import generator
from coeval.space.tabular import space_for
from coeval.strategy.policy import Decisions
from coeval.strategy.q_learning import SCHEDULE, QLearning, epsilon
from coeval.testing.fakes import LOSS, drive
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_judges import DigestEvaluator
from coeval.testing.strategies_results import check_vector_results
from coeval.trial import Measurement, Proposal, Trial, finish
from tests.space.test_tabular import task
from tests.strategy.learners import (
    CELLS,
    SIZES,
    SMALL,
    TINY,
    Chance,
    asked,
    late_size,
    seconds_by_trials,
    wrong_at_best,
)


@pytest.mark.parametrize("space", [SMALL, TINY])
def test_keeps_the_contract_of_strategies(space):
    check_strategy(lambda: QLearning(space, LOSS, 1, evaluations=10), space, trials=20)


def test_keeps_the_contract_of_vector_results():
    check_vector_results(lambda found: QLearning(SMALL, found, 1, evaluations=4), SMALL, trials=16)


def test_finds_better_than_chance():
    found = wrong_at_best(lambda seed: QLearning(CELLS, LOSS, seed, evaluations=150), trials=180)
    assert max(found) <= 1


def test_searches_a_free_space_of_many_decisions():
    space = space_for(task(kinds=()))
    strategy = QLearning(space, LOSS, evaluations=1)
    log = drive(strategy, DigestEvaluator(("loss",)), 3)
    assert all(
        one.moves and space.contains(one.candidate) for one in [*asked(log), *strategy.ask(1)]
    )


@pytest.mark.slow
def test_infeasible_trials_do_not_teach_that_small_is_good():
    def make(seed):
        return QLearning(SIZES, LOSS, seed, evaluations=100, lr=0.1)

    assert late_size(make, Chance(most=18, penalised=True), seeds=16) < 17
    assert late_size(make, Chance(most=18), seeds=16) > 19


def test_the_schedule_spends_the_paper_s_shares():
    models = [epsilon(number, 2700) for number in range(2700)]
    assert models == [chance for chance, count in SCHEDULE for _ in range(count)]


@given(st.integers(1, 5000), st.integers(0, 6000))
def test_epsilon_starts_at_one_falls_and_ends_at_a_tenth(evaluations, number):
    now, later = epsilon(number, evaluations), epsilon(number + 1, evaluations)
    assert epsilon(0, evaluations) == 1.0
    assert now >= later
    assert number < evaluations or now == 0.1


def taught(path, loss, number=0, **settings):
    """Return a strategy that was told of one trial."""
    strategy = QLearning(CELLS, LOSS, **settings)
    tell(strategy, path, loss, number)
    return strategy


def tell(strategy, path, loss, number, **measured):
    move = strategy._lessons.move(path)
    trial = Trial(number, Proposal(CELLS.decide(path), moves=(move,)))
    strategy.tell(finish(trial, Measurement({"loss": loss}, **measured)))


def values(strategy, path):
    choices = Decisions(CELLS).choices(path)
    before = ["", *(one.option for one in choices)]
    table = strategy._values
    return [table[last, one.slot][one.index] for last, one in zip(before, choices, strict=False)]


def test_one_replay_carries_the_reward_back_to_the_first_decision():
    """Forward updates would leave the first decision where it was."""
    strategy = taught((1,) * 6, 9.0, lr=0.5, replays=2)
    tell(strategy, (2,) * 6, 1.0, 1)
    tell(strategy, (3,) * 6, 2.0, 2)
    strategy.ask(1)
    best, middling, worst = (values(strategy, (option,) * 6) for option in (2, 3, 1))
    assert best[0] > 0.5
    assert best[-1] > max(middling[-1], worst[-1])


def test_a_decision_is_worth_its_best_successor():
    """What follows a good choice badly does not make the choice bad: discount 1, the greatest value counts."""
    strategy = taught((1, 1, 1, 1, 1, 1), 0.0, lr=0.2)
    tell(strategy, (1, 1, 1, 1, 1, 2), 9.0, 1)
    strategy.ask(1)
    good, bad = values(strategy, (1,) * 6), values(strategy, (1, 1, 1, 1, 1, 2))
    assert good[-1] > 0.9
    assert bad[-1] < 0.1
    assert good[0] > 0.8


def test_an_infeasible_trial_rewards_no_decision_and_is_worth_its_best_successor():
    """The last decision keeps its value; those before it hear of the feasible trial that shares what follows."""
    strategy = taught((1, 2, 3, 4, 4, 4), 0.0, lr=0.2)
    tell(strategy, (1, 1, 1, 1, 1, 1), 9.0, 1)
    tell(strategy, (2, 2, 3, 4, 4, 0), 0.0, 2, violations={"size": 1.0})
    strategy.ask(1)
    good, broken = values(strategy, (1, 2, 3, 4, 4, 4)), values(strategy, (2, 2, 3, 4, 4, 0))
    assert broken[-1] == 0.5
    assert broken[0] > 0.5
    assert good[-1] > 0.9


def test_ties_are_broken_at_random():
    strategy = QLearning(CELLS, LOSS)
    paths = [strategy._draw(0.0, generator(0, draw)) for draw in range(60)]
    assert all({path[place] for path in paths} == set(range(5)) for place in range(6))


def test_greedy_draws_take_the_greatest_values():
    strategy = taught((4, 3, 2, 1, 0, 4), 0.0, lr=0.2)
    tell(strategy, (0, 0, 0, 0, 1, 0), 5.0, 1)
    strategy.ask(1)
    assert strategy._draw(0.0, generator(0, 1)) == (4, 3, 2, 1, 0, 4)


def test_a_trial_costs_the_same_at_any_number():
    strategy = QLearning(CELLS, LOSS, replays=16)
    early = seconds_by_trials(strategy, start=0, stop=200)
    seconds_by_trials(strategy, start=200, stop=1000)
    assert seconds_by_trials(strategy, start=1000, stop=1200) < 3 * early


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"evaluations": 0}, "evaluations must be at least 1, got 0"),
        ({"lr": 1.5}, "lr must lie in 0..1, 0 excluded, got 1.5"),
        ({"replays": 1}, "replays must be at least 2, got 1"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        QLearning(SMALL, LOSS, **options)
