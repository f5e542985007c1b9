import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.space.tabular import space_for
from coeval.strategy.evolution_strategies import EvolutionStrategies
from coeval.strategy.policy import Decisions
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


@pytest.mark.parametrize("space", [SMALL, TINY])
def test_keeps_the_contract_of_strategies(space):
    check_strategy(lambda: EvolutionStrategies(space, LOSS, 1, batch=4), space, trials=20)


def test_keeps_the_contract_of_vector_results():
    def make(objectives):
        return EvolutionStrategies(SMALL, objectives, 1, batch=4)

    check_vector_results(make, SMALL, trials=16)


def test_finds_what_chance_does_not():
    found = wrong_at_best(lambda seed: EvolutionStrategies(CELLS, LOSS, seed))
    assert sum(found) <= 1


def test_searches_a_free_space_of_many_decisions():
    space = space_for(task(kinds=()))
    strategy = EvolutionStrategies(space, LOSS, batch=2)
    log = drive(strategy, DigestEvaluator(("loss",)), 3)
    assert all(
        one.moves and space.contains(one.candidate) for one in [*asked(log), *strategy.ask(1)]
    )


@pytest.mark.slow
def test_infeasible_trials_do_not_teach_that_small_is_good():
    def make(seed):
        return EvolutionStrategies(SIZES, LOSS, seed)

    assert late_size(make, Chance(most=18, penalised=True), seeds=16) < 16
    assert late_size(make, Chance(most=18), seeds=16) > 19


BENDS = (lambda x: x**3 - 40.0, lambda x: float(np.exp(x)), lambda x: 1e-3 * x, lambda x: x + 1e6)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(BENDS))
def test_no_rising_function_of_the_loss_changes_the_search(seed, bend):
    plain = drive(EvolutionStrategies(CELLS, LOSS, seed), Votes(), 40)
    bent = drive(
        EvolutionStrategies(CELLS, LOSS, seed), dataclasses.replace(Votes(), bend=bend), 40
    )
    assert asked(plain) == asked(bent)


def test_a_pair_of_trials_has_opposite_noise():
    strategy = EvolutionStrategies(CELLS, LOSS)
    sites = [one.moves[1].site for one in strategy.ask(4)]
    assert sites == ["0.0.1", "0.0.-1", "1.0.1", "1.0.-1"]
    slots = [one.slot for one in Decisions(CELLS).choices((0,) * 6)]
    first, second = (tuple(map(int, one.moves[0].site.split("."))) for one in strategy.ask(2))
    noise = [strategy._noise(0, 0, slot) for slot in slots]
    assert first == tuple(int(one.argmax()) for one in noise)
    assert second == tuple(int(one.argmin()) for one in noise)


def test_a_step_follows_the_estimated_gradient():
    """Against algorithm 1 by hand: the first step of Adam is the sign of the gradient times its step size."""
    strategy = EvolutionStrategies(CELLS, LOSS, batch=4, lr=0.3)
    log = drive(strategy, Votes(), 4)
    strategy.ask(1)
    wrong = np.array([one.measurement.values["loss"] for one in log if one.measurement])
    beaten = (wrong[:, None] < wrong).sum(1) + ((wrong[:, None] == wrong).sum(1) - 1) / 2
    ranks = beaten / 3 - 0.5
    for one in Decisions(CELLS).choices((0,) * 6):
        noise = [s * strategy._noise(pair, 0, one.slot) for pair in (0, 1) for s in (1, -1)]
        gradient = sum(rank * part for rank, part in zip(ranks, noise, strict=True))
        assert strategy._logits[one.slot] == pytest.approx(0.3 * np.sign(gradient), abs=1e-6)


def test_nothing_is_learnt_before_a_batch_is_full():
    strategy = EvolutionStrategies(CELLS, LOSS, batch=10)
    drive(strategy, Votes(), 9)
    strategy.ask(1)
    assert not any(logits.any() for logits in strategy._logits.values())


def test_a_trial_costs_the_same_at_any_number():
    strategy = EvolutionStrategies(CELLS, LOSS, lr=1e-9)  # never narrows, so that redraws stay rare
    early = seconds_by_trials(strategy, start=0, stop=150)
    seconds_by_trials(strategy, start=150, stop=600)
    assert seconds_by_trials(strategy, start=600, stop=750) < 3 * early


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sigma": 0.0}, "sigma must be above 0, got 0.0"),
        ({"lr": -1.0}, "lr must be above 0, got -1.0"),
        ({"decay": -0.1}, "decay must be at least 0, got -0.1"),
        ({"batch": 1}, "batch must be at least 2, got 1"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        EvolutionStrategies(SMALL, LOSS, **options)
