"""The Gaussian process: what it expects, how sure it is, and that order does not matter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.space.features import Features
from coeval.strategy.gaussian_process import FittedProcess, GaussianProcess, Kernel, Scales

NONE = np.zeros(0, dtype=np.uint64)


def point(*numbers):
    return Features(NONE, np.zeros(0), np.array(numbers, dtype=np.float64))


def bag(**counts):
    names = sorted(counts)
    hashes = np.array([int(name[1:]) for name in names], dtype=np.uint64)
    order = np.argsort(hashes)
    values = np.array([counts[name] for name in names], dtype=np.float64)
    return Features(hashes[order], values[order], np.zeros(0))


def line(count):
    return [point(float(x)) for x in np.linspace(0, 1, count)]


def waves(count):
    return np.sin(6 * np.linspace(0, 1, count))


def process(noise=0.01, length=0.8):
    scales = Scales(labels=0.0, numbers=0.25, deviations=np.array([1.0]))
    return FittedProcess(Kernel(scales, share=1.0, length=length, noise=noise))


def test_expects_near_a_trial_what_was_measured_there_and_is_surer_there():
    fitted = GaussianProcess().fit(line(9), waves(9), seed=0)
    mean, deviation = fitted.predict(line(9), waves(9), [], [point(0.5), point(3.0)])
    assert mean[0] == pytest.approx(np.sin(3), abs=0.1)
    assert deviation[0] < 0.3 * deviation[1]


def test_predicts_what_the_formula_says():
    known, targets, pool = line(5), waves(5), [point(0.3)]
    x = np.linspace(0, 1, 5)

    def matern(a, b):
        r = np.sqrt(5 * (a[:, None] - b[None]) ** 2 / 0.25) / 0.8
        return (1 + r + r**2 / 3) * np.exp(-r)

    inverse = np.linalg.inv(matern(x, x) + 0.01 * np.eye(5))
    mean = (np.ones(5) @ inverse @ targets) / (np.ones(5) @ inverse @ np.ones(5))
    signal = (targets - mean) @ inverse @ (targets - mean) / 5
    across = matern(x, np.array([0.3]))[:, 0]
    expected, deviation = process().predict(known, targets, [], pool)
    assert expected[0] == pytest.approx(mean + across @ inverse @ (targets - mean))
    assert deviation[0] ** 2 == pytest.approx(signal * (1 - across @ inverse @ across))


def test_a_running_trial_leaves_the_mean_and_makes_it_surer_of_its_surroundings():
    known, targets, pool = line(4), waves(4), [point(0.5), point(0.9)]
    mean, deviation = process().predict(known, targets, [], pool)
    later, surer = process().predict(known, targets, [point(0.5)], pool)
    assert later == pytest.approx(mean)
    assert surer[0] < 0.5 * deviation[0]
    assert (surer <= deviation + 1e-12).all()


def test_chooses_more_noise_for_what_is_noise():
    rng = np.random.default_rng(0)
    smooth = GaussianProcess().fit(line(30), waves(30), seed=0)
    rough = GaussianProcess().fit(line(30), rng.normal(size=30), seed=0)
    assert smooth.kernel.noise == 0.01
    assert rough.kernel.noise > smooth.kernel.noise or rough.kernel.length < 1


def test_weighs_labels_and_numbers_by_what_explains_the_values():
    rng = np.random.default_rng(1)
    counts, numbers = rng.integers(0, 5, size=40), rng.random(40)
    both = [
        Features(np.array([7], dtype=np.uint64), np.array([float(c)]), np.array([x]))
        for c, x in zip(counts, numbers, strict=True)
    ]
    by_counts = GaussianProcess().fit(both, np.sqrt(counts), seed=0)
    by_numbers = GaussianProcess().fit(both, np.sin(5 * numbers), seed=0)
    assert by_counts.kernel.share < 0.5 < by_numbers.kernel.share


def test_labels_that_no_trial_has_make_a_candidate_distant():
    known = [bag(n1=1), bag(n1=2), bag(n1=4)]
    fitted = GaussianProcess().fit(known, np.array([0.0, 1.0, 3.0]), seed=0)
    _, deviation = fitted.predict(
        known, np.array([0.0, 1.0, 3.0]), [], [bag(n1=3), bag(n1=3, n9=6)]
    )
    assert deviation[0] < deviation[1]


@pytest.mark.parametrize("values", [[0.0] * 6, [1.0] * 6, [0.0, 0.0, 0.0, 0.0, 0.0, 1e9]])
def test_goes_on_where_all_values_or_all_candidates_are_the_same(values):
    for known in (line(6), [point(1.0)] * 6, [bag(n1=1)] * 6):
        fitted = GaussianProcess().fit(known, np.array(values), seed=0)
        mean, deviation = fitted.predict(known, np.array(values), [], known[:2])
        assert np.isfinite(mean).all()
        assert (deviation > 0).all()


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(8)))
def test_prediction_does_not_depend_on_the_order_of_the_trials(order):
    known, targets, pool = line(8), waves(8), [point(0.33), point(0.71)]
    mean, deviation = process().predict(known, targets, [], pool)
    mixed = [known[place] for place in order]
    other, also = process().predict(mixed, targets[list(order)], [], pool)
    assert other == pytest.approx(mean)
    assert also == pytest.approx(deviation)
