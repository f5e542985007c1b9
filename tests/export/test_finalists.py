"""How many trials are trained again, and what that takes."""

import dataclasses
import math
import time

import pytest

from coeval.export.final import Resources, make_final
from coeval.export.finalists import (
    FINALISTS,
    FINALISTS_OF_IMAGES,
    LEAST_BUSY,
    choose_finalists,
    final_seconds,
    finalists_for,
)
from coeval.export.retrain import Rows, row_indices
from tests.evaluate.tasks import Decoder, candidate, task_of
from tests.export.test_final import finalists_of, objective, searched


def test_refits_that_take_too_long_do_not_end_the_contest():
    task = task_of("wine", folds=3)
    finalists = finalists_of(task, 8, 12)
    rows = len(row_indices(task, Rows.ALL))
    slow = [
        dataclasses.replace(one, epochs=4, epoch_seconds=5 * one.train_rows / rows)
        for one in finalists
    ]
    several, once = (final_seconds(slow, task, together=one) for one in (True, False))
    assert once < 60 < several
    resources = Resources(task, together=True, deadline=time.monotonic() + 60)
    final = make_final(slow, resources)
    assert len(final.finalists) == 2
    assert final.rows is Rows.ALL


def test_of_images_fewer_are_trained_again():
    task = task_of("wine")
    assert finalists_for(task) == FINALISTS > FINALISTS_OF_IMAGES


def test_a_trial_that_shared_its_core_is_planned_with_its_own_share():
    task = task_of("wine")
    (trial,) = searched(task, candidate(task, width=8))
    data = trial.measurement.data
    assert 0 < data["busy"] <= 1

    def planned(busy):
        measured = dataclasses.replace(trial.measurement, data={**data, "busy": busy})
        one = dataclasses.replace(trial, measurement=measured)
        return choose_finalists([one], Decoder(), objective(task))[0].epoch_seconds

    whole = planned(1.0)
    assert planned(0.8) == pytest.approx(0.8 * whole)
    assert planned(0.01) == pytest.approx(LEAST_BUSY * whole)


@pytest.mark.parametrize(
    ("scores", "epochs"),
    [([0.5, 0.4, 0.6], 3), ([math.nan, math.nan, 0.6], 9), ([math.nan] * 3, 3)],
)
def test_folds_without_a_score_do_not_say_how_long_to_train(scores, epochs):
    task = task_of("wine")
    (trial,) = searched(task, candidate(task, width=8, epochs=2))
    told = {"best_epochs": [1, 3, 9], "fold_scores": scores, "schedule_epochs": 12}
    measured = dataclasses.replace(trial.measurement, data={**trial.measurement.data, **told})
    one = dataclasses.replace(trial, measurement=measured)
    assert choose_finalists([one], Decoder(), objective(task))[0].epochs == epochs
