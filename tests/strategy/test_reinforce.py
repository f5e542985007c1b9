import pytest

from coeval.space.tabular import space_for
from coeval.strategy.reinforce import Reinforce
from coeval.testing.fakes import LOSS, drive
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_judges import DigestEvaluator
from coeval.testing.strategies_results import check_vector_results
from tests.space.test_tabular import task
from tests.strategy.learners import (
    CELLS,
    SIZES,
    SMALL,
    TINY,
    Chance,
    Votes,
    asked,
    late_size,
    seconds_by_trials,
    wrong_at_best,
)

POLICIES = ("recurrent", "independent")
FAST = {"recurrent": 0.003, "independent": 0.05}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("space", [SMALL, TINY])
def test_keeps_the_contract_of_strategies(policy, space):
    check_strategy(lambda: Reinforce(space, LOSS, 1, policy=policy), space, trials=12)


@pytest.mark.parametrize("policy", POLICIES)
def test_keeps_the_contract_of_vector_results(policy):
    def make(objectives):
        return Reinforce(SMALL, objectives, 1, policy=policy, lr=0.1)

    check_vector_results(make, SMALL, trials=10)


@pytest.mark.parametrize("policy", POLICIES)
def test_finds_what_chance_does_not(policy):
    def make(seed):
        return Reinforce(CELLS, LOSS, seed, policy=policy, lr=FAST[policy])

    assert wrong_at_best(make) == [0, 0, 0]


def test_searches_a_free_space_of_many_decisions():
    space = space_for(task(kinds=()))
    strategy = Reinforce(space, LOSS)
    log = drive(strategy, DigestEvaluator(("loss",)), 3)
    assert all(
        one.moves and space.contains(one.candidate) for one in [*asked(log), *strategy.ask(1)]
    )


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES)
def test_where_values_follow_nothing_it_finds_what_chance_finds(policy):
    """Whatever is drawn, the least of 100 values uniform in 0..1 is 1/101 on average: less would be a leak."""

    def least(seed):
        strategy = Reinforce(SIZES, LOSS, seed, policy=policy, lr=FAST[policy])
        log = drive(strategy, Chance(most=99, salt=str(seed)), 100)
        return min(one.measurement.values["loss"] for one in log if one.measurement)

    found = [least(seed) for seed in range(40)]
    assert sum(found) / 40 == pytest.approx(1 / 101, abs=3.5 / 101 / 40**0.5)


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES)
def test_infeasible_trials_do_not_teach_that_small_is_good(policy):
    def make(seed):
        return Reinforce(SIZES, LOSS, seed, policy=policy, lr=FAST[policy] / 2)

    limited = late_size(make, Chance(most=18), seeds=12)
    penalised = late_size(make, Chance(most=18, penalised=True), seeds=12)
    assert penalised < 17
    assert limited > 19


def advantages(strategy, trials):
    """Return what the policy was told while a search ran, one a lesson."""
    told = []
    strategy._policy.learn = lambda choices, advantage, entropy: told.append(advantage)
    drive(strategy, Votes(), trials)
    strategy.ask(1)
    return told


def test_the_first_trial_teaches_nothing_as_there_is_none_to_beat():
    assert advantages(Reinforce(CELLS, LOSS), 1) == [0.0]


def test_the_baseline_does_not_hold_the_trial_s_own_reward():
    plain = advantages(Reinforce(CELLS, LOSS, momentum=0.5), 8)
    rewards, baseline = [], 0.5
    for advantage in plain:
        rewards.append(advantage + baseline)
        baseline = (baseline + rewards[-1]) / 2
    assert len(set(rewards)) > 2
    assert all(0 <= one <= 1 for one in rewards)
    halves = [2 * place * reward for place, reward in enumerate(rewards)]
    assert halves == pytest.approx([round(one) for one in halves]), "no shares of the trials before"


def test_a_policy_that_narrowed_down_to_what_is_known_samples_the_space():
    log = drive(Reinforce(TINY, LOSS), Chance(most=99), 6)
    assert [one.origin for one in asked(log)[-2:]] == ["reinforce:sample"] * 2
    assert all(one.moves and one.origin == "reinforce" for one in asked(log)[:2])


def test_a_trial_costs_the_same_at_any_number():
    strategy = Reinforce(CELLS, LOSS, policy="independent", entropy=1.0)
    early = seconds_by_trials(strategy, start=0, stop=200)
    seconds_by_trials(strategy, start=200, stop=800)
    assert seconds_by_trials(strategy, start=800, stop=1000) < 3 * early


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": "recurent"}, "policy must be one of recurrent, independent, got 'recurent'"),
        ({"lr": 0.0}, "lr must be above 0, got 0.0"),
        ({"momentum": 1.0}, "momentum must lie in 0..1, 1 excluded, got 1.0"),
        ({"entropy": -1.0}, "entropy must be at least 0, got -1.0"),
        ({"window": 1}, "window must be at least 2, got 1"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Reinforce(SMALL, LOSS, **options)
