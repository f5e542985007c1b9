"""The end of a run on images: how long it takes, and on what an export is compared."""

import dataclasses

import numpy as np

from coeval.run.deliver import MOST_IMAGES, verified_rows
from coeval.run.reserve import (
    COLUMN_SECONDS,
    EXPORT_SECONDS,
    IMAGE_EXPORT_SECONDS,
    SCORING_SECONDS,
    VERIFIED_ROWS,
    export_seconds,
)
from tests.space.test_tabular import task as table_task
from tests.task.pictures import picture_task


def test_many_images_take_longer_to_score_and_a_wide_table_to_write_and_a_small_table_hardly_does():
    assert EXPORT_SECONDS <= export_seconds(table_task()) < EXPORT_SECONDS + 0.1
    plain = table_task()
    wide = dataclasses.replace(
        plain, table=dataclasses.replace(plain.table, columns=plain.table.columns * 200)
    )
    more = len(wide.table.columns) - len(plain.table.columns)
    assert np.isclose(export_seconds(wide), export_seconds(plain) + more * COLUMN_SECONDS)
    small, large = picture_task(500, side=28), picture_task(500, side=56)
    tests = len(small.splits.test)
    assert np.isclose(export_seconds(small), IMAGE_EXPORT_SECONDS + tests * SCORING_SECONDS)
    assert np.isclose(export_seconds(large), IMAGE_EXPORT_SECONDS + 4 * tests * SCORING_SECONDS)


def test_an_export_is_compared_on_some_of_many_images():
    few, many = picture_task(300), picture_task(6000)
    assert verified_rows(few).tolist() == few.splits.test.tolist()
    rows = verified_rows(many)
    assert len(rows) == MOST_IMAGES == len(set(rows.tolist()))
    assert {rows[0], rows[-1]} == {many.splits.test[0], many.splits.test[-1]}
    assert np.isin(rows, many.splits.test).all()


def test_an_export_is_compared_on_some_of_very_many_rows():
    task = table_task()
    many = np.arange(3 * VERIFIED_ROWS)
    huge = dataclasses.replace(task, splits=dataclasses.replace(task.splits, test=many))
    assert verified_rows(task).tolist() == task.splits.test.tolist()
    assert len(verified_rows(huge)) == VERIFIED_ROWS == len(set(verified_rows(huge).tolist()))
