import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.strategy.early_end import LEAST, EarlyEnd, expected_gain
from coeval.testing.fakes import ladder_space
from coeval.trial import Fidelity, Measurement, Objective, Proposal, Trial, finish

SPACE = ladder_space()
CANDIDATES = [candidate for candidate, _ in zip(SPACE, range(400), strict=False)]
LOSS = Objective("loss")


def trial(number, value, repeat=0, candidate=None, **proposal):
    found = CANDIDATES[number if candidate is None else candidate]
    return finish(
        Trial(number, Proposal(found, repeat=repeat, **proposal)), Measurement({"loss": value})
    )


def repeats(noise, start=300):
    """Return the repeats of trial 0, which scored 1."""
    values = 1 + noise * np.array([1.0, -0.5, -0.7, 0.4])
    return [trial(start + i, v, repeat=i + 1, candidate=0) for i, v in enumerate(values)]


def ending(values, noise):
    early = EarlyEnd(LOSS)
    for one in [trial(0, 1.0), *repeats(noise)]:
        early.record(one)
    for number, value in enumerate(values, 1):
        early.record(trial(number, value))
    return early.ending


def draws(scale, count=160, seed=1):
    return 1 + scale * np.abs(np.random.default_rng(seed).normal(size=count))


def test_it_ends_where_trials_differ_by_less_than_their_seeds():
    found = ending(draws(0.01), noise=0.1)
    assert found is not None
    assert found.trials >= LEAST
    assert max(found.improved, found.expected) < found.floor.low


def test_it_goes_on_where_trials_differ_by_more_than_their_seeds():
    spread = np.random.default_rng(1).normal(size=200)
    assert ending(spread, noise=0.001) is None


def test_it_goes_on_while_the_best_improves():
    assert ending(np.linspace(1, 0, 200), noise=0.005) is None


def test_a_late_find_postpones_the_end():
    plain = draws(0.01, 300)
    late = plain.copy()
    first = ending(plain, noise=0.1).trials
    late[first - 8] = 0.5
    assert ending(late, noise=0.1).trials > first


@pytest.mark.parametrize("count", [0, 1, 2])
def test_without_three_degrees_of_freedom_it_never_ends(count):
    early = EarlyEnd(LOSS)
    for one in [trial(0, 1.0), *repeats(0.1)[:count]]:
        early.record(one)
    for number, value in enumerate(draws(0.001, 200), 1):
        early.record(trial(number, value))
    assert early.ending is None


def test_only_whole_trials_that_were_trained_count():
    early = EarlyEnd(LOSS)
    for one in [trial(0, 1.0), *repeats(0.1)]:
        early.record(one)
    for number in range(1, 200):
        low = trial(number, 1.0, fidelity=Fidelity(epochs=0.1))
        copy = finish(
            Trial(number, Proposal(CANDIDATES[1])), Measurement({"loss": 1.0}, cached_from=1)
        )
        for one in (low, copy, Trial(number, Proposal(CANDIDATES[number]))):
            early.record(one)
    assert early.ending is None


@settings(max_examples=20)
@given(cut=st.integers(0, 150), seed=st.integers(0, 5))
def test_a_resume_ends_after_the_same_trial(cut, seed):
    log = [trial(0, 1.0), *repeats(0.1)]
    log += [trial(number, value) for number, value in enumerate(draws(0.02, 160, seed), 1)]
    whole, resumed = EarlyEnd(LOSS), EarlyEnd(LOSS)
    for one in log:
        whole.record(one)
    for one in log[:cut]:
        EarlyEnd(LOSS).record(one)  # a sitting that was killed leaves nothing but the log
    for one in log:
        resumed.record(one)
    assert resumed.ending == whole.ending is not None


def test_the_expected_gain_is_at_least_the_true_one_where_scores_are_normal():
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(300, 100))
    expected = np.mean([expected_gain(one[50:], one.min(), 100) for one in samples])
    truth = 2.7460 - 2.5076  # of the largest of 200 and of 100 normal values, in the mean
    assert truth <= expected <= 1.6 * truth


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40), st.integers(1, 1000), st.floats(0.1, 9)
)
def test_the_expected_gain_scales_with_the_scores_and_grows_with_the_draws(costs, count, factor):
    found = expected_gain(costs, min(costs), count)
    assert found >= 0
    assert expected_gain(costs, min(costs), 2 * count) >= found
    scaled = [one * factor for one in costs]
    again = expected_gain(scaled, min(scaled), count)
    assert again == pytest.approx(found * factor, rel=1e-3, abs=1e-6)
