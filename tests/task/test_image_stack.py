"""Arrays of images become bytes of one size, a few at a time."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.types import Grid
from coeval.task import image_stack
from coeval.task.image_stack import Part, Stack, stack_of
from coeval.task.images import from_images


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.data())
def test_images_come_in_the_order_asked_for_however_many_at_once(sizes, data):
    parts = [noise(size, 3, 5, 1, seed=size) for size in sizes]
    whole = np.concatenate(parts)
    rows = data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=20))
    step = data.draw(st.integers(1, 60))
    stack = stack_of([Part(one) for one in parts]).take(np.array(rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_stack, "AT_ONCE", step)
        assert (stack.gather(Grid(3, 5, 1)) == whole[rows]).all()


def test_two_stacks_are_joined_with_the_rows_that_each_has():
    first, second = noise(4, 6, 6, 3), noise(5, 6, 6, 3, seed=1)
    one, other = (Stack((Part(x),), np.array([2, 0])) for x in (first, second))
    found = one.joined(other).gather(Grid(6, 6, 3))
    assert (found == np.concatenate([first[[2, 0]], second[[2, 0]]])).all()


def test_an_array_that_is_as_it_should_be_is_not_copied():
    images = noise(4, 6, 6, 3)
    assert np.shares_memory(stack_of([Part(images)]).gather(Grid(6, 6, 3)), images)


@pytest.mark.parametrize("factor", [1.0, 255.0])
def test_real_numbers_are_rounded_to_bytes(factor):
    values = np.array([0.0, 0.49, 0.51, 1.0]).reshape(1, 2, 2)
    found = Part(values, factor=factor).convert(np.array([0]), Grid(2, 2, 1))
    assert found.ravel().tolist() == ([0, 0, 1, 1] if factor == 1 else [0, 125, 130, 255])


def test_grey_is_the_luma_of_colours_and_colour_is_grey_thrice():
    red = np.zeros((1, 2, 2, 3), np.uint8)
    red[..., 0] = 200
    grey = Part(red).convert(np.array([0]), Grid(2, 2, 1))
    assert (grey == 60).all()  # 0.299 of it
    assert (Part(grey).convert(np.array([0]), Grid(2, 2, 3)) == 60).all()


@pytest.mark.parametrize("features", [1, 3])
def test_a_plain_area_keeps_its_colour_in_another_size(features):
    plain = np.full((2, 9, 7, features), 77, np.uint8)
    found = Part(plain).convert(np.arange(2), Grid(5, 4, features))
    assert found.shape == (2, 5, 4, features)
    assert (found == 77).all()


def test_channels_before_height_are_moved():
    images = noise(3, 5, 4, 3)
    part = Part(np.moveaxis(images, -1, 1), channels_first=True)
    assert part.grid == Grid(5, 4, 3)
    assert (part.convert(np.arange(3), Grid(5, 4, 3)) == images).all()


def test_a_task_of_many_images_holds_them_once(monkeypatch):
    monkeypatch.setattr(image_stack, "IN_MEMORY", 2**20)
    monkeypatch.setattr(image_stack, "AT_ONCE", 2**20)
    images, labels = noise(3000, 32, 32, 3), np.arange(3000) % 5
    from_images(images[:60], labels[:60])  # imports, too, take memory
    tracemalloc.start()
    try:
        task = from_images(images, labels)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(task.table.columns[0].values) == 3000
    assert peak < 0.5 * images.nbytes
