"""How many trials are trained again, and what that takes."""

import dataclasses
import time

from coeval.export.final import Resources, make_final
from coeval.export.finalists import (
    FINALISTS,
    FINALISTS_OF_IMAGES,
    final_seconds,
    finalists_for,
)
from coeval.export.retrain import Rows, row_indices
from tests.evaluate.tasks import task_of
from tests.export.test_final import finalists_of


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
