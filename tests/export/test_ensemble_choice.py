"""Ensembles and temperatures are taken where they help on rows they were not chosen on, and nowhere else."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.export.ensemble import tempered
from coeval.export.ensemble_choice import (
    HALVES,
    calibrate,
    greedy,
    halves,
    temperature_of,
    thinned,
)
from coeval.export.judged import Judged
from coeval.task.metrics import ACCURACY, LOG_LOSS, RMSE, ROC_AUC

ROWS = 300


def noisy_values(count, rows=ROWS, noise=1.0, seed=0):
    """Return values to be predicted, and predictions that are off independently of each other."""
    rng = np.random.default_rng(seed)
    target = rng.normal(size=rows)
    return Judged(RMSE, target, None), target + rng.normal(0, noise, (count, rows))


def classes(rows=ROWS, seed=0, sharpness=1.0):
    """Return drawn classes and probabilities; the true ones where ``sharpness`` is 1, too sure of themselves above."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0, 1.5, rows)
    target = (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    wrong = 1 / (1 + np.exp(-sharpness * logit))
    return Judged(LOG_LOSS, target, None), np.stack([1 - wrong, wrong], axis=1)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 9),
    st.integers(2, 60),
    st.sampled_from([RMSE, LOG_LOSS, ACCURACY, ROC_AUC]),
)
@settings(max_examples=60, deadline=None)
def test_greedy_weights_are_shares_and_no_worse_than_the_mean_that_they_start_with(
    seed, count, rows, metric
):
    rng = np.random.default_rng(seed)
    if metric is RMSE:
        judged = Judged(metric, rng.normal(size=rows), None)
        predictions = rng.normal(size=(count, rows))
    else:
        judged = Judged(metric, rng.integers(0, 2, rows), None)
        predictions = rng.dirichlet(np.ones(2), size=(count, rows))
    start = rng.choice(count, int(rng.integers(1, count + 1)), replace=False).tolist()
    weights = greedy(predictions, judged, start)
    assert weights.shape == (count,)
    assert weights[start].min() > 0
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1.0)
    mean = np.tensordot(weights, predictions, axes=1)
    before = judged.cost(predictions[start].mean(axis=0))
    assert judged.cost(mean) <= before + 1e-12 or before == math.inf


def test_errors_that_differ_are_averaged_away():
    judged, predictions = noisy_values(4)
    weights = greedy(predictions, judged, [0])
    assert np.count_nonzero(weights) == 4
    mean = np.tensordot(weights, predictions, axes=1)
    assert judged.cost(mean) < 0.7 * judged.cost(predictions[0])


def test_the_best_stays_where_the_others_are_much_worse():
    rng = np.random.default_rng(1)
    target = rng.normal(size=ROWS)
    good = target + rng.normal(0, 0.1, ROWS)
    bad = [target + 3 + rng.normal(0, 1, ROWS) for _ in range(3)]
    assert greedy(np.stack([good, *bad]), Judged(RMSE, target, None), [0]).tolist() == [1, 0, 0, 0]


def test_an_undefined_metric_changes_nothing():
    judged = Judged(ROC_AUC, np.zeros(40, np.int64), None)
    predictions = np.random.default_rng(0).dirichlet(np.ones(2), size=(3, 40))
    assert greedy(predictions, judged, [0, 2]).tolist() == [0.5, 0, 0.5]


def test_weights_of_rows_count():
    target = np.zeros(100)
    first = np.r_[np.zeros(50), np.ones(50)]
    heavy = np.r_[np.ones(50), np.full(50, 1e-9)]
    both = np.stack([first, 1 - first])
    assert greedy(both, Judged(RMSE, target, heavy), [0]).tolist() == [1.0, 0.0]
    assert greedy(both, Judged(RMSE, target, heavy), [1])[0] > 0.9


def test_too_sure_a_model_is_calibrated():
    judged, sure = classes(600, sharpness=3.0)
    temperature, guarded = calibrate(sure, judged, seed=0)
    assert temperature == pytest.approx(3.0, rel=0.3)
    assert guarded.is_accepted
    assert judged.cost(tempered(sure, temperature)) < judged.cost(sure)


def test_a_calibrated_model_is_mostly_left_alone():
    changed = []
    for seed in range(20):
        judged, right = classes(200, seed)
        changed.append(calibrate(right, judged, seed=seed))
    assert sum(one is not None for one in changed) <= 6


def test_calibration_never_changes_the_most_probable_class():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(5, 0.3), size=200)
    for temperature in (0.2, 0.9, 1.7, 8.0):
        found = tempered(probabilities, temperature)
        assert (found.argmax(axis=1) == probabilities.argmax(axis=1)).all()
        np.testing.assert_allclose(found.sum(axis=1), 1.0)


@given(st.floats(0.2, 5.0), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_the_temperature_of_least_loss_is_found(temperature, seed):
    judged, right = classes(400, seed)
    found = temperature_of(tempered(right, temperature), judged)
    grid = np.geomspace(found / 1.3, found * 1.3, 41)
    losses = [judged.cost(tempered(right, one * temperature)) for one in grid]
    assert judged.cost(tempered(right, found * temperature)) <= min(losses) + 1e-6


@pytest.mark.parametrize("rows", [2, 3, 100, 101])
def test_halves_share_no_row_and_leave_none_out(rows):
    found = list(halves(rows, seed=0))
    assert len(found) == HALVES
    for first, second in found:
        assert np.array_equal(np.sort(np.r_[first, second]), np.arange(rows))
        assert abs(len(first) - len(second)) <= 1


def test_many_rows_are_thinned_and_few_are_not():
    assert np.array_equal(thinned(30, 0), np.arange(30))
    many = thinned(100_000, 0)
    assert len(many) == len(set(many.tolist())) == 4000
