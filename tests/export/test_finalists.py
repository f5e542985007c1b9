"""How many trials are trained again, and what that takes."""

import dataclasses
import time

from coeval.export.final import Resources, make_final
from coeval.export.finalists import (
    FINALISTS,
    FINALISTS_OF_FEW,
    NETWORKS_OF_FEW,
    final_seconds,
    finalists_for,
)
from coeval.export.retrain import Rows, row_indices
from tests.evaluate.tasks import task_of
from tests.export.test_final import finalists_of


def test_of_few_rows_more_finalists_compete_and_refits_that_take_too_long_do_not_end_the_contest():
    task = task_of("wine", folds=3)
    assert finalists_for(task) == FINALISTS_OF_FEW > FINALISTS == finalists_for(task_of("wine"))
    finalists = finalists_of(task, 8, 12)
    rows = len(row_indices(task, Rows.ALL))
    slow = [
        dataclasses.replace(one, epochs=4, epoch_seconds=2.5 * one.train_rows / rows)
        for one in finalists
    ]
    several, once = (final_seconds(slow, task, refits=count) for count in (NETWORKS_OF_FEW, 1))
    assert once < 60 < several
    final = make_final(slow, Resources(task, rounds=1, deadline=time.monotonic() + 60))
    assert len(final.finalists) == 2
    assert final.rows is Rows.ALL
