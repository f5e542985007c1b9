"""Pictures become numbers exactly, and moves treat every feature of a pixel alike."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.space.recipe_images import OPERATIONS
from coeval.train import pixels
from coeval.train.augment import Draws, changed
from coeval.train.data import numbers

MOVES = ("rotate", "shear_x", "shear_y", "translate_x", "translate_y")


def test_every_byte_becomes_the_very_number_that_torch_makes_of_it():
    levels = np.arange(256, dtype=np.uint8)[None].repeat(3, axis=0)
    made = np.empty((2, 256), np.float32)
    pixels.reals(levels, np.array([2, 0]), made)
    expected = numbers((torch.from_numpy(levels),))[0].numpy()
    assert np.array_equal(made, expected[:2])


def test_pictures_are_written_in_the_order_in_which_they_are_chosen():
    pictures = np.arange(5, dtype=np.uint8)[:, None].repeat(7, axis=1)
    made = np.empty((3, 7), np.float32)
    pixels.reals(pictures, np.array([4, 0, 2]), made)
    assert np.array_equal(np.round((made[:, 0] + 1) * 127.5), [4, 0, 2])


def moved(pictures, shift, codes, amounts):
    rows = len(pictures)
    drawn = Draws(
        np.tile(np.array(shift, np.int64), (rows, 1)),
        np.tile(np.array(codes, np.int64), (rows, 1)),
        np.tile(np.array(amounts, np.float32), (rows, 1)),
        np.tile(np.array((1, 3, 2, 4), np.int64), (rows, 1)),
    )
    return changed(pictures, np.arange(rows)[::-1].copy(), drawn).numpy()


@given(
    st.integers(1, 5),
    st.tuples(st.integers(4, 9), st.integers(4, 9)),
    st.tuples(st.integers(-4, 4), st.integers(-4, 4), st.integers(0, 1)),
    st.lists(st.tuples(st.sampled_from(MOVES), st.floats(-3, 3, width=32)), max_size=2),
)
@settings(max_examples=60, deadline=None)
def test_moves_carry_all_features_of_a_pixel_together(features, sides, shift, steps):
    pictures = np.random.default_rng(0).integers(0, 256, (3, *sides, features), np.uint8)
    codes, amounts = [OPERATIONS.index(name) for name, _ in steps], [one for _, one in steps]
    together = moved(pictures, shift, codes, amounts)
    for feature in range(features):
        alone = moved(pictures[..., feature : feature + 1].copy(), shift, codes, amounts)
        assert np.array_equal(together[..., feature], alone[..., 0])


@given(st.integers(1, 3), st.integers(1, 40), st.integers(0, 255), st.integers(0, 13))
@settings(max_examples=60, deadline=None)
def test_a_picture_of_one_colour_stays_one_under_all_that_changes_colours(
    features, side, level, code
):
    pictures = np.full((1, side, side, features), level, np.uint8)
    drawn = Draws(
        np.zeros((1, 3), np.int64),
        np.array([[code]]),
        np.array([[1.0]], np.float32),
        np.zeros((1, 4), np.int64),
    )
    found = changed(pictures, np.array([0]), drawn)
    assert len(found.unique()) == 1
