import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.seed import generator
from coeval.space.teams import program_space
from coeval.strategy.genetic import CHAMPION
from coeval.strategy.predictors import BRED, DISPUTE, TRAINER, FitnessPredictors
from coeval.strategy.predictors_coevolve import (
    draw_predictors,
    evolve_predictors,
    mismatch,
    most_disputed,
    noise_share,
    predicted,
    with_random_half,
)
from coeval.testing.strategies import check_strategy
from coeval.trial import Measurement
from tests.strategy.numbers import ERROR, Timeless, columns, evaluator, search, space

ROWS = 60


def predictors(seed=1, **options):
    options = {"population": 20, "size": 8, "elites": 2} | options
    return FitnessPredictors(space(6), ERROR, ROWS, seed, **options)


def rows_in(trial):
    return len(trial.proposal.cases.removeprefix("rows:").split(","))


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_keeps_the_contract_of_strategies(noise):
    def make():
        return predictors(population=6, trainers=3, predictors=2, size=4, noise=noise)

    check_strategy(make, program_space(space(6)), Timeless(evaluator()), trials=90)


def test_finds_a_good_program_on_few_rows():
    strategy = predictors(population=100, size=16)
    search(strategy, evaluator(function=lambda x: x[0] * x[1] + np.sin(x[0])), 6_000)
    assert ERROR.cost(strategy.champion) < 0.01


def test_programs_are_judged_on_few_rows_and_trainers_and_champions_on_all():
    trials = search(predictors(), evaluator(), 2_000)
    origins = {one.proposal.origin for one in trials}
    assert origins == {BRED, DISPUTE, TRAINER, CHAMPION}
    for one in trials:
        if one.proposal.origin in (TRAINER, CHAMPION):
            assert one.proposal.cases is None
        else:
            assert rows_in(one) <= 8
    shares = sum(one.proposal.cases is None for one in trials) / len(trials)
    assert shares < 0.1


def test_the_champion_was_judged_on_all_rows():
    strategy = predictors()
    trials = search(strategy, evaluator(), 1_000)
    best = min((one for one in trials if one.is_comparable), key=ERROR.cost)
    assert strategy.champion == best


def test_rows_become_random_when_predicted_and_exact_errors_no_longer_rank_alike():
    def lying(trial):
        if trial.proposal.cases is None and trial.proposal.origin == TRAINER:
            errors = np.full(ROWS, 1e-3)
            errors[trial.number % ROWS] = 10.0 ** (trial.number % 7)
            return Measurement({"nmse": float(errors.mean())}, data={"errors": errors.tolist()})
        return None

    strategy = predictors()
    trials = search(strategy, Timeless(evaluator(), lying), 1_200)
    assert strategy.correlation < 0.5
    assert strategy.uses_random_rows
    late = {one.proposal.cases for one in trials[-300:] if one.proposal.origin == BRED}
    assert len(late) >= 8


def test_under_noise_half_of_the_rows_are_drawn_anew_for_each_generation():
    calm = {t.proposal.cases for t in search(predictors(), evaluator(), 200)[:100]}
    noisy = {t.proposal.cases for t in search(predictors(noise=0.3), evaluator(), 200)[:100]}
    assert len(noisy) > len(calm)


def test_predictors_evolve_towards_the_rows_that_tell_the_whole_error():
    rng = generator(1)
    errors = rng.lognormal(sigma=3.0, size=(6, 200))  # a few rows make up most of each error
    first = draw_predictors(8, 10, 200, rng)
    last = evolve_predictors(first, errors, 200, rng, generations=40)
    assert mismatch(last, errors).min() < 0.5 * mismatch(first, errors).min()
    assert mismatch(last, errors)[0] == mismatch(last, errors).min()


@given(st.integers(0, 2**32))
def test_a_predictor_of_all_rows_is_never_wrong(seed):
    errors = generator(seed).exponential(size=(4, 12))
    everything = np.arange(12)[None]
    assert np.allclose(predicted(everything, errors)[0], errors.mean(axis=1))
    assert np.allclose(mismatch(everything, errors), 0)


def test_the_most_disputed_candidate_is_the_one_with_the_widest_estimates():
    estimates = np.array([[1.0, 1.1], [0.1, 10.0], [np.inf, 5.0]])
    assert most_disputed(estimates) == 1
    assert most_disputed(np.full((2, 2), np.inf)) == -1


def test_half_of_the_rows_stay_the_predictors_and_none_is_twice():
    mixed = with_random_half(range(0, 32, 2), 100, generator(3))
    assert len(set(mixed)) == len(mixed) == 16
    assert mixed[:8] == list(range(0, 32, 4))


def test_noise_is_estimated_from_neighbours():
    x = columns(400)
    clean = x[0] * x[1]
    noisy = clean + np.std(clean) * np.random.default_rng(0).normal(size=400)
    assert noise_share(x, clean) < 0.02
    assert 0.35 < noise_share(x, noisy) < 0.65
    assert noise_share([x[0][:10]], clean[:10]) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 61}, "judge on all"),
        ({"trainers": 1}, "at least 2"),
        ({"elites": 20}, "elites must lie in"),
    ],
)
def test_numbers_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        predictors(**options)
