"""Who cannot be told from the best is taken, who is clearly worse is not."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.export.confidence_set import confidence_set
from coeval.export.judged import Judged
from coeval.task.metrics import ACCURACY, LOG_LOSS, RMSE, ROC_AUC

ROWS = 400


def values(*noises, seed=0):
    """Return values to be predicted, and predictions that are off by so much independently of each other."""
    rng = np.random.default_rng(seed)
    target = rng.normal(size=ROWS)
    return Judged(RMSE, target, None), np.stack(
        [target + rng.normal(0, one, ROWS) for one in noises]
    )


def test_equals_are_in_it_and_the_clearly_worse_is_not():
    judged, predictions = values(1.0, 1.0, 2.0, 1.0)
    assert confidence_set(predictions, 0, judged) == [0, 1, 3]


def test_the_better_is_in_it_whoever_is_called_the_best():
    judged, predictions = values(2.0, 1.0)
    assert confidence_set(predictions, 0, judged) == [0, 1]
    assert confidence_set(predictions, 1, judged) == [1]


@pytest.mark.parametrize("metric", [LOG_LOSS, ACCURACY, ROC_AUC])
def test_metrics_of_either_direction_keep_the_good_and_leave_the_bad(metric):
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, ROWS)
    good = np.where(rng.random(ROWS) < 0.9, target, 1 - target) * 0.8 + 0.1
    bad = rng.random(ROWS)
    predictions = np.stack([np.stack([1 - one, one], axis=1) for one in (good, bad)])
    judged = Judged(metric, target, None)
    assert confidence_set(predictions, 0, judged) == [0]
    assert confidence_set(predictions, 1, judged) == [0, 1]


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_copies_are_all_in_it(seed, count):
    judged, predictions = values(1.0, seed=seed)
    assert confidence_set(np.repeat(predictions, count, axis=0), 0, judged) == list(range(count))


def test_weights_of_rows_count():
    judged, predictions = values(1.0, 1.0)
    half = np.arange(ROWS) < ROWS // 2
    predictions[1, half] += 3.0
    assert confidence_set(predictions, 0, judged) == [0]
    weighted = Judged(RMSE, judged.targets, np.where(half, 1e-9, 1.0))
    assert confidence_set(predictions, 0, weighted) == [0, 1]


def test_when_time_is_over_the_best_is_alone():
    judged, predictions = values(1.0, 1.0)
    assert confidence_set(predictions, 1, judged, until=time.monotonic() - 1) == [1]
