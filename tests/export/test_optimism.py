"""The luck of being the best of many is taken out of a score."""

import dataclasses
import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.export.judged import Judged
from coeval.export.optimism import corrected_validation, luck
from coeval.task.metrics import ACCURACY, LOG_LOSS, RMSE
from tests.evaluate.tasks import candidate, task_of
from tests.export.test_final import Kept, objective, searched


def guesses(count, rows, seed=0):
    """Return predictions of as many models that all know equally little, and the truth."""
    rng = np.random.default_rng(seed)
    known = rng.integers(2, size=rows)
    shares = rng.uniform(0.2, 0.8, size=(count, rows))
    return [np.stack([1 - one, one], axis=1) for one in shares], known


def best_first(predictions, judged):
    return sorted(predictions, key=judged.cost)


def test_the_best_of_many_guesses_is_told_to_be_worth_a_guess():
    predictions, known = guesses(100, 80)
    judged = Judged(ACCURACY, known, None)
    ranked = best_first(predictions, judged)
    best = judged.score(ranked[0])
    assert best > 0.6
    assert best - luck(ranked, judged, 0) == pytest.approx(0.5, abs=0.05)


def test_a_clear_winner_was_not_lucky():
    predictions, known = guesses(20, 400)
    sure = np.where(np.eye(2)[known] == 1, 0.9, 0.1)
    assert luck([sure, *predictions], Judged(LOG_LOSS, known, None), 0) == 0.0


def test_a_few_rows_that_decide_the_score_are_no_luck():
    rng = np.random.default_rng(0)
    known = np.r_[
        rng.normal(size=300), 40.0
    ]  # whose error is most of the RMSE, and in a third of the draws not there
    predictions = [np.r_[known[:-1] + rng.normal(0, 1.0, 300), 0.0] for _ in range(6)]
    judged = Judged(RMSE, known, None)
    ranked = best_first(predictions, judged)
    assert -0.2 < luck(ranked, judged, 0) <= 0.02


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 10), st.integers(30, 100))
def test_a_score_without_luck_is_hardly_ever_better(seed, count, rows):
    rng = np.random.default_rng(seed)
    known = rng.normal(size=rows)
    predictions = [known + rng.normal(0, 1.0, rows) for _ in range(count)]
    judged = Judged(RMSE, known, None)
    ranked = best_first(predictions, judged)
    assert luck(ranked, judged, seed) < 0.02 * judged.score(ranked[0])


def test_without_time_there_is_none():
    predictions, known = guesses(3, 50)
    over = luck(predictions, Judged(LOG_LOSS, known, None), 0, time.monotonic() - 1)
    assert math.isnan(over)


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_a_search_is_corrected_from_what_its_trials_predicted(name):
    task, kept = task_of(name, folds=3), Kept()
    trials = searched(task, *(candidate(task, width=one) for one in (6, 8, 12)), artifacts=kept)
    aim = objective(task)
    best = min(aim.cost(one) for one in trials)
    found = corrected_validation(task, trials, aim, kept)
    assert found == corrected_validation(task, trials, aim, kept)
    assert 0.97 * best < found < 1.5 * best
    assert corrected_validation(task, trials[:1], aim, kept) is None


def test_predictions_that_are_gone_leave_nothing_to_say():
    task, kept = task_of("wine", folds=3), Kept()
    trials = searched(task, *(candidate(task, width=one) for one in (8, 12)), artifacts=kept)
    assert corrected_validation(task, trials, objective(task), Kept()) is None
    bare = [
        dataclasses.replace(one, measurement=dataclasses.replace(one.measurement, artifacts={}))
        for one in trials
    ]
    assert corrected_validation(task, bare, objective(task), kept) is None
