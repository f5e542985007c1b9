import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.space.digest import candidate_digest
from coeval.strategy.fidelity_density import DensityRatio, log_density
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, LadderEvaluator, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.testing.strategies_results import check_vector_results
from coeval.trial import Measurement, Proposal, Trial, best, finish
from tests.strategy.rungs import SPACE, asked

SMALL = ladder_space(settings=3, choices=5)
NONE = ladder_space(settings=1, choices=2, parts=2)


def density(space=SPACE, objective=LOSS, seed=3, **options):
    return DensityRatio(space, objective, seed, **{"candidates": 8, **options})


def test_keeps_the_contract_of_strategies():
    check_strategy(lambda: density(SMALL), SMALL, trials=24)


def test_keeps_the_contract_in_a_space_that_is_used_up():
    check_strategy(lambda: density(NONE, least=2), NONE, trials=10)


def test_keeps_the_contract_of_several_objectives():
    check_vector_results(lambda objectives: density(SMALL, objectives), SMALL, trials=20)


def test_finds_better_ones_than_random_search():
    def found(strategy):
        return LOSS.cost(best(drive(strategy, LadderEvaluator(failing=10), 100), LOSS))

    dense = [found(density(seed=seed, candidates=16)) for seed in range(3)]
    drawn = [found(RandomSearch(SPACE, seed)) for seed in range(3)]
    assert statistics.median(dense) < 0.7 * statistics.median(drawn)


def test_a_third_are_samples_of_the_space():
    log = drive(density(), LadderEvaluator(), 120)
    samples = [one.origin for one in asked(log)[20:]].count("density:sample")
    assert 20 < samples < 50


def test_the_density_is_high_where_points_are_and_bounded_far_from_them():
    points = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1]])
    centre = np.zeros(2)
    near, off, far = log_density(np.array([[0.0, 0.0], [1.0, 1.0], [4.0, 4.0]]), points, centre)
    assert near > off > far > -20


@given(st.integers(1, 6), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_a_density_is_the_mean_of_its_kernels(count, features, seed):
    rng = np.random.default_rng(seed)
    points, at = rng.normal(size=(count, features)), rng.normal(size=(5, features))
    rule = 1.06 * points.std(axis=0) * count ** (-1 / (4 + features))
    width = np.maximum(rule, 0.3)
    kernels = [
        np.exp(-0.5 * ((at - one) / width) ** 2).prod(axis=1) / width.prod() for one in points
    ]
    prior = np.exp(-0.5 * at**2).prod(axis=1)
    wanted = np.log((sum(kernels) + prior) / (count + 1))
    assert log_density(at, points, np.zeros(features)) == pytest.approx(wanted, abs=1e-8)


def test_infeasible_trials_push_away_from_where_they_are_whatever_their_values():
    """Half of the space breaks a limit and holds the least losses: proposals turn to the other half."""

    def shares(limited):
        strategy = density(SMALL, seed=1, random_share=0.0, candidates=32)
        high = 0
        for number in range(80):
            proposal = strategy.ask(1)[0]
            first = dict(proposal.candidate.parts)["part0"][0][1]
            high += number >= 40 and first >= 3
            values, excess = {"loss": float(-first)}, float(limited and first >= 3)
            trial = Trial(number, proposal)
            strategy.tell(finish(trial, Measurement(values, {"limit": excess})))
        return high / 40

    assert shares(limited=False) > 0.7
    assert shares(limited=True) < 0.4


def test_the_order_in_which_trials_were_told_does_not_matter():
    rng = np.random.default_rng(0)
    trials = [
        finish(Trial(number, Proposal(SPACE.sample(rng))), Measurement({"loss": float(number % 7)}))
        for number in range(30)
    ]
    one, other = density(random_share=0.0), density(random_share=0.0)
    for forth, back in zip(trials, trials[::-1], strict=True):
        one.tell(forth)
        other.tell(back)
    assert one.ask(3) == other.ask(3)
    assert len({candidate_digest(proposal.candidate) for proposal in one.ask(3)}) == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"random_share": 1.5}, "random_share is a probability in 0..1, got 1.5"),
        ({"top": 1.0}, "top must lie between 0 and 1, got 1.0"),
        ({"candidates": 0}, "candidates must be at least 1, got 0"),
        ({"least": 1}, "least must be at least 2 trials for a density, got 1"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        density(**options)
