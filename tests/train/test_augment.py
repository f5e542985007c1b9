"""Pictures are changed in training as the recipe says, alike on every run, and in no other way."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from coeval.space.recipe import Recipe
from coeval.space.recipe_images import OPERATIONS
from coeval.train import augment
from coeval.train.augment import AMOUNTS, Draws, augmenter, draw
from coeval.train.data import numbers

NOISE = torch.Generator()


def photos(rows: int, side: int = 12, features: int = 3, seed: int = 0) -> np.ndarray:
    """Smooth pictures with a wide range of levels."""
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (rows, 4, 4, features)).astype(np.float64)
    large = np.repeat(np.repeat(small, side // 4, axis=1), side // 4, axis=2)
    return np.clip(large + rng.normal(0, 12, large.shape), 0, 255).astype(np.uint8)


def changed(pictures: np.ndarray, steps: Sequence[tuple[str, float]] = (), **more) -> np.ndarray:
    """Change every picture in the same way."""
    rows = len(pictures)
    drawn = Draws(
        np.tile(np.array(more.get("shift", (0, 0, 0)), np.int64), (rows, 1)),
        np.tile(np.array([OPERATIONS.index(name) for name, _ in steps], np.int64), (rows, 1)),
        np.tile(np.array([amount for _, amount in steps], np.float32), (rows, 1)),
        np.tile(np.array(more.get("box", (0, 0, 0, 0)), np.int64), (rows, 1)),
    )
    return as_bytes(augment.changed(pictures, np.arange(rows), drawn))


def as_bytes(made: torch.Tensor) -> np.ndarray:
    """Return the bytes that numbers were made of."""
    found = torch.round((made + 1) * 127.5).to(torch.uint8)
    assert torch.equal(numbers((found,))[0], made)  # no other bytes
    return found.numpy()


def by_pil(pictures: np.ndarray, operation) -> np.ndarray:
    """Apply a function of the Python Imaging Library to every picture."""
    images = [Image.fromarray(one.squeeze()) for one in pictures]
    return np.stack([np.asarray(operation(one)) for one in images]).reshape(pictures.shape)


COLOURS = {
    ("brightness", 0.4): lambda one: ImageEnhance.Brightness(one).enhance(0.4),
    ("brightness", 1.7): lambda one: ImageEnhance.Brightness(one).enhance(1.7),
    ("contrast", 0.3): lambda one: ImageEnhance.Contrast(one).enhance(0.3),
    ("contrast", 1.6): lambda one: ImageEnhance.Contrast(one).enhance(1.6),
    ("sharpness", 0.2): lambda one: ImageEnhance.Sharpness(one).enhance(0.2),
    ("sharpness", 1.8): lambda one: ImageEnhance.Sharpness(one).enhance(1.8),
    ("posterize", 5): lambda one: ImageOps.posterize(one, 5),
    ("solarize", 100): lambda one: ImageOps.solarize(one, 100),
    ("autocontrast", 0): ImageOps.autocontrast,
    ("equalize", 0): ImageOps.equalize,
}


@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize("step", COLOURS)
def test_colours_change_as_the_imaging_library_changes_them(step, features):
    given_ = photos(6, features=features)
    expected = by_pil(given_, COLOURS[step])
    found = changed(given_, [step])
    # Blends are rounded at their end here, and in places once more before it there.
    off_by = 0 if step[0] in ("posterize", "solarize", "equalize") else 1
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= off_by


@pytest.mark.parametrize("factor", [0.2, 1.7])
def test_saturation_changes_as_the_imaging_library_changes_it(factor):
    given_ = photos(6)
    expected = by_pil(given_, lambda one: ImageEnhance.Color(one).enhance(factor))
    assert np.abs(changed(given_, [("saturation", factor)]).astype(int) - expected).max() <= 1


def test_without_operations_a_picture_keeps_every_byte():
    given_ = photos(5, features=1)
    assert np.array_equal(changed(given_), given_)
    assert np.array_equal(changed(given_, [("identity", 0.0)]), given_)


def test_a_mirrored_picture_is_numpy_s():
    given_ = photos(3)
    assert np.array_equal(changed(given_, shift=(0, 0, 1)), given_[:, :, ::-1])


@given(st.integers(-5, 5), st.integers(-5, 5), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_shifted_picture_is_reflected_at_its_edges(down, right, flipped):
    given_ = photos(2, features=1)
    padded = np.pad(given_, ((0, 0), (5, 5), (5, 5), (0, 0)), mode="reflect")
    expected = padded[:, 5 - down : 17 - down, 5 - right : 17 - right]
    expected = expected[:, :, ::-1] if flipped else expected
    assert np.array_equal(changed(given_, shift=(down, right, flipped)), expected)


@given(st.integers(-5, 5), st.integers(-5, 5), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_map_that_only_shifts_gives_what_shifting_gives(down, right, flipped):
    given_, shift = photos(2), (down, right, flipped)
    assert np.array_equal(
        changed(given_, [("rotate", 0.0)], shift=shift), changed(given_, shift=shift)
    )


def test_a_quarter_turn_twice_is_half_a_turn():
    given_, quarter = photos(2), ("rotate", np.pi / 2)
    assert np.array_equal(changed(given_, [quarter, quarter]), given_[:, ::-1, ::-1])
    assert np.array_equal(changed(given_, [quarter]), np.rot90(given_, axes=(1, 2)))


@pytest.mark.parametrize("name", ["shear_x", "shear_y", "translate_x", "translate_y", "rotate"])
def test_movements_leave_the_middle_where_it_was_or_move_all_by_one_amount(name):
    side = 13
    given_ = np.zeros((1, side, side, 1), np.uint8)
    given_[0, 6, 6] = 255
    amount = 3.0 if name.startswith("translate") else 0.3
    found = np.argwhere(changed(given_, [(name, amount)])[0, :, :, 0] == 255)
    moved = {"translate_x": (6, 3), "translate_y": (3, 6)}.get(name, (6, 6))
    assert found.tolist() == [list(moved)]


def test_a_box_that_is_cut_out_is_the_middle_of_the_range():
    given_ = photos(2)
    found = changed(given_, box=(2, 5, 0, 4))
    assert np.all(found[:, 2:5, 0:4] == augment.MIDDLE)
    found[:, 2:5, 0:4] = given_[:, 2:5, 0:4]
    assert np.array_equal(found, given_)


RECIPES = {
    "flip": Recipe(flip=True),
    "crop": Recipe(crop=0.125),
    "cutout": Recipe(cutout=0.5),
    "trivial": Recipe(augmentation="trivial"),
    "rand": Recipe(augmentation="rand", magnitude=0.4),
    "policy": Recipe(augmentation="policy", policy=(("rotate", 0.5, 0.9), ("equalize", 1.0, 0.1))),
}


@pytest.mark.parametrize("features", [1, 3])
@pytest.mark.parametrize("name", RECIPES)
def test_the_same_generator_gives_the_same_pictures_and_goes_on(name, features):
    given_ = torch.from_numpy(photos(40, features=features))
    made = []
    for _ in range(2):
        noise = torch.Generator().manual_seed(1)
        change = augmenter(RECIPES[name], (given_,), noise)
        made.append([change((given_,))[0] for _ in range(2)])
    assert torch.equal(made[0][0], made[1][0])
    assert torch.equal(made[0][1], made[1][1])
    assert not torch.equal(made[0][0], made[0][1])
    assert as_bytes(made[0][0]).dtype == np.uint8
    assert made[0][0].shape == given_.shape


def test_a_recipe_that_changes_nothing_has_no_augmenter():
    assert augmenter(Recipe(), (torch.zeros(3, 4),), NOISE) is None
    assert (
        augmenter(Recipe(mixup=0.2), (torch.zeros(3, 4, 4, 1, dtype=torch.uint8),), NOISE) is None
    )


@pytest.mark.parametrize("recipe", [Recipe(flip=True), Recipe(mixup=1.0)])
def test_augmentation_of_a_table_is_refused(recipe):
    with pytest.raises(ValueError, match=r"one input of bytes .* got torch.float32 \(3, 4\)"):
        augmenter(recipe, (torch.zeros(3, 4),), NOISE)


def test_a_policy_without_steps_is_refused():
    recipe = Recipe(augmentation="policy")
    with pytest.raises(ValueError, match="with 0 steps"):
        draw(recipe, 3, (8, 8), 1, np.random.default_rng())


@given(st.sampled_from(sorted(RECIPES)), st.integers(0, 2**32 - 1), st.sampled_from([1, 3]))
@settings(max_examples=40, deadline=None)
def test_every_draw_lies_in_the_operations_ranges(name, seed, features):
    drawn = draw(RECIPES[name], 50, (20, 24), features, np.random.default_rng(seed))
    assert np.abs(drawn.shifts[:, 0]).max() <= 3
    assert np.abs(drawn.shifts[:, 1]).max() <= 3
    assert (drawn.boxes >= 0).all()
    assert (drawn.boxes <= (20, 20, 24, 24)).all()
    if features == 1:
        assert OPERATIONS.index("saturation") not in drawn.codes
    for code, amount in zip(drawn.codes.flat, drawn.amounts.flat, strict=True):
        low, high, is_signed = AMOUNTS[OPERATIONS[code]]
        size = 24 if OPERATIONS[code].startswith("translate") else 1
        least = 2 * low - high if is_signed else low
        bounds = sorted((least * size - 0.5 * (size > 1), high * size + 0.5 * (size > 1)))
        assert bounds[0] - 1e-5 <= amount <= bounds[1] + 1e-5


def test_each_picture_follows_one_sub_policy_whole():
    policy = (
        ("rotate", 1.0, 0.5), ("solarize", 1.0, 0.5), ("posterize", 1.0, 0.1), ("equalize", 0.0, 0.1),
    )  # fmt: skip
    recipe = Recipe(augmentation="policy", policy=policy)
    codes = draw(recipe, 200, (8, 8), 1, np.random.default_rng(0)).codes
    names = {tuple(OPERATIONS[code] for code in row) for row in codes}
    assert names == {("rotate", "solarize"), ("posterize", "identity")}


def test_rand_applies_two_operations_of_the_given_magnitude_and_trivial_one_of_any():
    rng = np.random.default_rng(0)
    rand = draw(RECIPES["rand"], 400, (8, 8), 3, rng)
    solarized = rand.amounts[rand.codes == OPERATIONS.index("solarize")]
    assert rand.codes.shape == (400, 2)
    np.testing.assert_allclose(solarized, 256 * 0.6, rtol=1e-6)
    trivial = draw(dataclasses.replace(RECIPES["trivial"]), 4000, (8, 8), 3, rng)
    assert trivial.codes.shape == (4000, 1)
    assert len(set(trivial.amounts[trivial.codes == OPERATIONS.index("solarize")].tolist())) > 25


@pytest.mark.parametrize("features", [1, 3])
def test_without_the_loops_shifts_and_boxes_are_the_same(monkeypatch, features):
    pictures = photos(30, features=features)[:, :, :8].copy()
    recipe = Recipe(flip=True, crop=0.3, cutout=0.5)
    drawn = draw(recipe, 30, (12, 8), features, np.random.default_rng(3))
    chosen = np.random.default_rng(4).permutation(30)
    expected = augment.changed(pictures, chosen, drawn)
    monkeypatch.setattr(augment, "are_pictures_ready", lambda: False)
    assert torch.equal(augment.changed(pictures, chosen, drawn), expected)
