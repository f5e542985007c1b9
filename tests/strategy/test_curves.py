"""Learning-curve extrapolation: known shapes, symmetries, noise, and real published curves."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.seed import generator
from coeval.statistics import spearman
from coeval.strategy.curves import LEAST_POINTS, extrapolate, extrapolate_all

CURVES = Path(__file__).parents[3] / "shared" / "data" / "nas" / "spikenasbench_cifar10_curves.npz"
SHAPES = {
    "power": lambda t: 0.3 + 0.5 * t**-0.7,
    "power, rising": lambda t: 0.9 - 0.4 * t**-1.0,
    "exponential": lambda t: 2.0 + 3.0 * np.exp(-t / 15),
    "logistic of log t": lambda t: 90 - 60 / (1 + t / 6),
    "1 / log t": lambda t: 1.0 + 2.0 / np.log(t + 1),
    "there already": lambda t: 0.7 + 0.0 * t,
}
prefixes = st.lists(st.floats(0, 1, allow_nan=False), min_size=LEAST_POINTS, max_size=40)


def noisy(name, count, seed=0, share=0.02):
    """Return the first ``count`` of 100 values with noise, and the last without."""
    whole = SHAPES[name](np.arange(1.0, 101.0))
    noise = generator(seed, name).normal(size=100) * share * max(np.ptp(whole), 0.1)
    return (whole + noise)[:count], whole[-1]


@pytest.mark.parametrize("name", SHAPES)
def test_the_end_of_a_known_shape_is_met_better_than_by_its_last_value(name):
    curve, end = noisy(name, 30)
    mean, deviation = extrapolate(curve, 100)
    whole = max(np.ptp(SHAPES[name](np.arange(1.0, 101.0))), 0.1)
    missed = abs(SHAPES[name](30.0) - end)
    assert abs(mean - end) < 0.8 * missed + 0.03 * whole
    assert abs(mean - end) < 2 * deviation
    assert 0 < deviation < 0.2 * whole


@settings(max_examples=30, deadline=None)
@given(prefixes, st.integers(41, 400))
def test_what_rises_is_what_falls_upside_down(curve, length):
    mean, deviation = extrapolate(curve, length)
    turned, same = extrapolate([-one for one in curve], length)
    assert turned == pytest.approx(-mean, abs=1e-6)
    assert same == pytest.approx(deviation, rel=1e-6, abs=1e-9)
    assert np.isfinite(mean)
    assert deviation >= 0


@settings(max_examples=30, deadline=None)
@given(prefixes)
def test_units_do_not_matter(curve):
    mean, deviation = extrapolate(curve, 100)
    scaled, wider = extrapolate([1000 * one - 5 for one in curve], 100)
    assert scaled == pytest.approx(1000 * mean - 5, rel=1e-4, abs=1e-3)
    assert wider == pytest.approx(1000 * deviation, rel=1e-4, abs=1e-3)


def test_a_longer_prefix_is_surer():
    deviations = [extrapolate(noisy("power", count)[0], 100)[1] for count in (5, 15, 40, 90)]
    assert deviations == sorted(deviations, reverse=True)


def test_a_leap_of_one_epoch_changes_little():
    curve, end = noisy("exponential", 40)
    leapt = curve.copy()
    leapt[20] = 1e6
    assert extrapolate(leapt, 100)[0] == pytest.approx(end, abs=0.4)


def test_epochs_without_a_number_are_left_out():
    curve, end = noisy("exponential", 40)
    holed = curve.copy()
    holed[[3, 17, 39]] = np.nan
    assert extrapolate(holed, 100)[0] == pytest.approx(end, abs=0.2)


def test_intervals_hold_most_ends_of_noisy_curves():
    inside = []
    for name in SHAPES:
        for seed in range(20):
            curve, end = noisy(name, 25, seed, share=0.05)
            mean, deviation = extrapolate(curve, 100)
            inside.append(abs(end - mean) < 1.2816 * deviation)
    assert np.mean(inside) > 0.75


def test_many_curves_are_extrapolated_as_each_alone():
    curves = np.stack([noisy(name, 20)[0] for name in SHAPES])
    means, deviations = extrapolate_all(curves, 100)
    alone = [extrapolate(curve, 100) for curve in curves]
    np.testing.assert_allclose(means, [mean for mean, _ in alone])
    np.testing.assert_allclose(deviations, [deviation for _, deviation in alone])


def test_a_curve_at_its_end_keeps_its_last_value():
    assert extrapolate([5.0, 4.0, 3.0, 2.5], 4) == (2.5, 0.0)


@pytest.mark.parametrize("curve", [[], [1.0, 2.0, 3.0], [1.0, np.nan, np.inf, 2.0, 3.0]])
def test_too_few_values_are_an_error_that_says_what_to_take_instead(curve):
    with pytest.raises(ValueError, match="Take its last value"):
        extrapolate(curve, 100)


def test_one_curve_takes_less_than_5_ms():
    curve, _ = noisy("power", 50)
    seconds = []
    for _ in range(9):
        started = time.thread_time()
        extrapolate(curve, 100)
        seconds.append(time.thread_time() - started)
    assert np.median(seconds) < 0.005


@pytest.mark.slow
@pytest.mark.skipif(not CURVES.exists(), reason="needs the shared data")
@pytest.mark.parametrize(("count", "least"), [(10, 0.6), (25, 0.8), (50, 0.9)])
def test_real_curves_are_continued_better_than_by_their_last_value(count, least):
    known = np.load(CURVES)["val_correct_per_25000"][:, :100].astype(float) / 250
    known = known[(known < 250).all(axis=1) & (known[:, -1] > 20)]
    known = known[generator(0).choice(len(known), 2000, replace=False)]
    mean, deviation = extrapolate_all(known[:, :count], 100)
    end, last = known[:, -1], known[:, count - 1]
    assert np.abs(mean - end).mean() < 0.85 * np.abs(last - end).mean()
    assert spearman(mean, end) > max(least, spearman(last, end))
    assert np.mean(np.abs(end - mean) < 1.2816 * deviation) > 0.7
