"""Images at another resolution, in whole numbers."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.types import Columns, Grid
from coeval.errors import DataError, SpaceError
from coeval.task import preparation_image
from coeval.task.preparation_image import fit_images, image_settings, shrunk
from coeval.task.prepare import inputs_for, prepare
from coeval.task.table import Column, Kind, Table
from tests.evaluate.tasks import task_of
from tests.task.pictures import picture_task

TASK = picture_task(30, side=26, features=3)


def images(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3]), st.integers(1, 4))
def test_a_coarser_pixel_is_the_mean_of_its_block_rounded_half_up(height, width, features, factor):
    whole = images((3, height, width, features))
    found = shrunk(whole, factor)
    assert found.shape == (3, height // factor, width // factor, features)
    for y in range(height // factor):
        for x in range(width // factor):
            block = whole[:, y * factor : (y + 1) * factor, x * factor : (x + 1) * factor]
            mean = block.astype(np.float64).mean(axis=(1, 2))
            assert (found[:, y, x] == np.floor(mean + 0.5)).all()


def test_blocks_are_the_same_however_many_images_are_summed_at_once(monkeypatch):
    whole = images((50, 6, 6, 1))
    expected = shrunk(whole, 2)
    monkeypatch.setattr(preparation_image, "_AT_ONCE", 100)
    assert (shrunk(whole, 2) == expected).all()


def test_full_resolution_copies_nothing():
    (pixels,) = prepare({}, TASK, TASK.splits.train).transform(TASK.table)
    assert np.shares_memory(pixels, TASK.table.columns[0].values)


@pytest.mark.parametrize(("resolution", "side"), [("full", 26), ("half", 13), ("quarter", 6)])
def test_what_is_promised_is_what_comes(resolution, side):
    chosen = {"resolution": resolution}
    prepared = prepare(chosen, TASK, TASK.splits.train)
    (pixels,) = prepared.transform(TASK.table)
    assert pixels.shape == (30, side, side, 3)
    assert pixels.dtype == np.uint8
    assert prepared.inputs == inputs_for(chosen, TASK, TASK.splits.train)
    assert prepared.inputs == (Grid(side, side, 3),)


def test_a_table_of_columns_is_prepared_as_ever():
    task = task_of("wine")
    prepared = prepare({}, task, task.splits.train)
    assert prepared.inputs == inputs_for({}, task, task.splits.train) == (Columns(13),)


@pytest.mark.parametrize(
    ("side", "choices"), [(20, ()), (28, ("full", "half")), (64, ("full", "half", "quarter"))]
)
def test_a_resolution_that_leaves_too_few_pixels_is_not_offered(side, choices):
    table = picture_task(3, side=side).table
    assert tuple(one for setting in image_settings(table) for one in setting.choices) == choices


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"resolutoin": "half"}, "Did you mean 'resolution'"),
        ({"resolution": "tenth"}, "must be one of .*got 'tenth'"),
    ],
)
def test_settings_that_are_none_are_refused(settings, message):
    with pytest.raises(SpaceError, match=message):
        fit_images(settings, TASK.table)


def test_a_resolution_without_a_pixel_is_refused():
    with pytest.raises(SpaceError, match=r"Grid\(3, 3, 1\) are too small for resolution='quarter'"):
        fit_images({"resolution": "quarter"}, picture_task(3, side=3).table)


@pytest.mark.parametrize(
    ("column", "got"),
    [
        (Column("image", Kind.IMAGE, images((4, 5, 5, 3))), r"Grid\(5, 5, 3\)"),
        (Column("image", Kind.NUMERIC, np.zeros(4)), "a numeric column"),
        (Column("other", Kind.IMAGE, images((4, 26, 26, 3))), "no such column"),
    ],
)
def test_other_images_than_in_training_are_refused(column, got):
    with pytest.raises(DataError, match=rf"Grid\(26, 26, 3\) as in training, got {got}"):
        fit_images({}, TASK.table).transform(Table((column,), 4))


def test_a_task_says_whether_it_is_of_images():
    assert TASK.is_image
    assert not task_of("wine").is_image
    column = dataclasses.replace(TASK.table.columns[0], name="twin")
    assert not Table((*TASK.table.columns, column), 30).holds_images
