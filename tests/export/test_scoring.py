"""The opening of the test split: scores with intervals, of rows or of whole groups."""

import dataclasses
import math

import numpy as np
import pytest

from coeval.export.scoring import open_test
from tests.evaluate.tasks import task_of


def test_the_test_split_is_scored_with_intervals_beside_the_baselines():
    task = task_of("breast_cancer")
    rows = task.splits.test
    good = np.eye(2)[task.target.values[rows]] * 0.8 + 0.1
    even = np.full((len(rows), 2), 0.5)
    opened = open_test(task, good, [("constant", even)])
    assert opened.rows == len(rows)
    assert opened.test == opened.scores["log_loss"]
    assert opened.scores["accuracy"].value == 1.0
    (baseline,) = opened.baselines
    assert baseline.test.value == pytest.approx(math.log(2))
    assert baseline.gain.high < 0


def test_the_test_split_is_drawn_by_groups_where_rows_have_them():
    task = task_of("breast_cancer")
    rows = task.splits.test
    guess = np.eye(2)[task.target.values[rows]] * 0.8 + 0.1
    guess[: len(rows) // 2] = 0.5
    alone = open_test(task, guess, [("constant", np.full((len(rows), 2), 0.5))])
    groups = np.zeros(task.table.rows, np.int64)
    groups[rows] = np.arange(len(rows)) * 8 // len(rows)
    found = open_test(
        dataclasses.replace(task, groups=groups),
        guess,
        [("constant", np.full((len(rows), 2), 0.5))],
    )
    assert (alone.groups, found.groups) == (0, 8)
    assert found.test.value == alone.test.value
    assert found.test.high - found.test.low > 2 * (alone.test.high - alone.test.low)
    wide, narrow = found.baselines[0].gain, alone.baselines[0].gain
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)
