"""Pictures changed at random while they are trained on, a block of batches at once and without Python for each.

Mirroring and shifts, Cutout (DeVries & Taylor 2017, arXiv:1708.04552), and operations drawn for each picture: by
RandAugment (Cubuk et al. 2020, arXiv:1909.13719), TrivialAugment (Müller & Hutter 2021, arXiv:2103.10158) or a policy of
sub-policies (AutoAugment, Cubuk et al. 2019, arXiv:1805.09501). Operations and their ranges are AutoAugment's (table 6),
lengths as shares of the picture's side. Pictures are bytes until all of it is done. Beyond their edges they are reflected, and what
is cut out is the middle of the range. Of pictures without colours nothing is asked that only colours have.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from coeval.space.recipe import Recipe
from coeval.space.recipe_images import OPERATIONS, RAND_OPERATIONS, SATURATION, TRIVIAL_LEVELS
from coeval.train.data import Inputs, numbers
from coeval.train.kernels.status import are_pictures_ready

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

AMOUNTS = {
    "identity": (0.0, 0.0, False),
    "rotate": (0.0, math.radians(30), True),
    "shear_x": (0.0, 0.3, True),
    "shear_y": (0.0, 0.3, True),
    "translate_x": (0.0, 150 / 331, True),
    "translate_y": (0.0, 150 / 331, True),
    "brightness": (1.0, 1.9, True),
    "contrast": (1.0, 1.9, True),
    "sharpness": (1.0, 1.9, True),
    "saturation": (1.0, 1.9, True),
    "posterize": (8.0, 4.0, False),
    "solarize": (256.0, 0.0, False),
    "autocontrast": (0.0, 0.0, False),
    "equalize": (0.0, 0.0, False),
}
"""Of each operation its amount at magnitude 0 and at 1, and whether it may go as far the other way."""

MIDDLE = 128
"""What is cut out becomes 0 where bytes are read as -1 to 1."""

_LOW, _HIGH = (np.array([AMOUNTS[name][end] for name in OPERATIONS]) for end in (0, 1))
_SIGNED = np.array([AMOUNTS[name][2] for name in OPERATIONS])
_NUMBERS = {name: number for number, name in enumerate(OPERATIONS)}


@dataclass(frozen=True, slots=True)
class Draws:
    """What happens to each picture, as ``pixels.changed_reals`` takes it."""

    shifts: Integers
    codes: Integers
    amounts: Floats
    boxes: Integers

    def part(self, first: int, last: int) -> "Draws":
        """Return what happens to a stretch of the pictures."""
        return Draws(
            self.shifts[first:last],
            self.codes[first:last],
            self.amounts[first:last],
            self.boxes[first:last],
        )


class Augmenter:
    """Changes pictures as a recipe says, drawing from the generator that dropout draws from.

    Args:
        recipe: Its settings from ``flip`` on.
        noise: ``engine.noise_generator`` of the training: a paused training goes on with the same draws.
    """

    def __init__(self, recipe: Recipe, noise: torch.Generator) -> None:
        self._recipe = recipe
        self._noise = noise

    def __call__(self, inputs: Inputs) -> Inputs:
        """Return pictures ``(rows, height, width, features)`` changed and as numbers, on the device that they are on."""
        (given,) = inputs
        drawn = self.draws(len(given), given.shape[1:])
        made = changed(given.cpu().numpy(), np.arange(len(given)), drawn)
        return (made.to(given.device),)

    def draws(self, rows: int, shape: Sequence[int]) -> Draws:
        """Return what happens to so many pictures of a shape ``(height, width, features)``."""
        height, width, features = shape
        return draw(self._recipe, rows, (height, width), features, numpy_generator(self._noise))


def changed(pictures: npt.NDArray[np.uint8], chosen: Integers, drawn: Draws) -> torch.Tensor:
    """Return pictures changed, and as the numbers that ``data.numbers`` makes of bytes.

    Args:
        pictures: ``(pictures, height, width, features)``.
        chosen: ``(rows,)`` which of them.
        drawn: What happens to each of those.
    """
    if not (drawn.codes.size or are_pictures_ready()):
        return _shifted(pictures[chosen], drawn)
    from coeval.train import pixels  # noqa: PLC0415 - loads the compiler, for images only

    _, height, width, features = pictures.shape
    made = torch.empty((len(chosen), height, width, features))
    pixels.changed_reals(
        pictures.reshape(len(pictures), -1),
        chosen,
        made.numpy().reshape(len(chosen), -1),
        width,
        features,
        drawn.shifts,
        drawn.codes,
        drawn.amounts,
        drawn.boxes,
    )
    return made


def _shifted(pictures: npt.NDArray[np.uint8], drawn: Draws) -> torch.Tensor:
    """Return pictures shifted, mirrored and with boxes cut out, as ``pixels.changed_reals`` makes them: without the compiler."""
    rows, height, width, _ = pictures.shape
    columns = np.where(drawn.shifts[:, 2:], np.arange(width)[::-1], np.arange(width))
    down = _reflected(np.arange(height) - drawn.shifts[:, :1], height)[:, :, None]
    right = _reflected(columns - drawn.shifts[:, 1:2], width)[:, None, :]
    made = pictures[np.arange(rows)[:, None, None], down, right]
    y, x = np.ogrid[:height, :width]
    first_y, last_y, first_x, last_x = drawn.boxes.T[:, :, None, None]
    made[(first_y <= y) & (y < last_y) & (first_x <= x) & (x < last_x)] = MIDDLE
    return numbers((torch.from_numpy(made),))[0]


def _reflected(positions: Integers, size: int) -> Integers:
    """Return where positions lie once a picture is reflected at its edges."""
    period = max(2 * (size - 1), 1)
    positions = positions % period
    return np.where(positions < size, positions, period - positions)


def augmenter(recipe: Recipe, inputs: Inputs, noise: torch.Generator) -> Augmenter | None:
    """Return what changes the pictures of a training; ``None`` where the recipe leaves them as they are.

    Args:
        recipe: Of the training.
        inputs: Its rows.
        noise: ``engine.noise_generator`` of its device.

    Raises:
        ValueError: The recipe changes pictures, but the rows are something else.
    """
    if not (recipe.changes_pictures or recipe.mixes_pictures):
        return None
    found = [f"{one.dtype} {tuple(one.shape)}" for one in inputs]
    if len(inputs) != 1 or inputs[0].dtype != torch.uint8 or inputs[0].ndim != 4:
        raise ValueError(
            "a recipe with augmentation trains on pictures: one input of bytes (rows, height, width, features), got "
            f"{' and '.join(found)}. Leave flip, crop, cutout, augmentation, mixup and cutmix off."
        )
    return Augmenter(recipe, noise) if recipe.changes_pictures else None


def numpy_generator(noise: torch.Generator) -> np.random.Generator:
    """Return a generator that one draw from another decides."""
    seed = torch.randint(2**62, (), generator=noise, device=noise.device)
    return np.random.default_rng(int(seed))


def draw(
    recipe: Recipe,
    rows: int,
    sides: tuple[int, int],
    features: int,
    rng: np.random.Generator,
) -> Draws:
    """Return what a recipe does to so many pictures.

    Args:
        recipe: Its settings from ``flip`` on.
        rows: How many pictures.
        sides: Their height and width.
        features: Of a pixel.
        rng: All draws come from it.
    """
    shifts = np.zeros((rows, 3), np.int64)
    if recipe.crop:
        for axis, side in enumerate(sides):
            most = max(1, round(recipe.crop * side))
            shifts[:, axis] = rng.integers(-most, most + 1, rows)
    if recipe.flip:
        shifts[:, 2] = rng.integers(0, 2, rows)
    boxes = np.zeros((rows, 4), np.int64)
    if recipe.cutout:
        for axis, side in enumerate(sides):
            length = max(1, round(recipe.cutout * side))
            # The middle lies anywhere in the picture, so that part of the square may lie outside (section 3.2).
            first = rng.integers(0, side, rows) - length // 2
            boxes[:, 2 * axis] = np.maximum(first, 0)
            boxes[:, 2 * axis + 1] = np.minimum(first + length, side)
    codes, magnitudes = _operations(recipe, rows, features, rng)
    signs = np.where(_SIGNED[codes], rng.choice((-1.0, 1.0), codes.shape), 1.0)
    amounts = _LOW[codes] + signs * (_HIGH - _LOW)[codes] * magnitudes
    for axis, name in enumerate(("translate_y", "translate_x")):
        amounts = np.where(codes == _NUMBERS[name], np.rint(amounts * sides[axis]), amounts)
    amounts = np.where(codes == _NUMBERS["posterize"], np.rint(amounts), amounts)
    return Draws(shifts, codes, amounts.astype(np.float32), boxes)


def _operations(
    recipe: Recipe, rows: int, features: int, rng: np.random.Generator
) -> tuple[Integers, npt.NDArray[np.float64]]:
    """Return the numbers ``(rows, operations)`` of each picture's operations, and their magnitudes."""
    able = [number for name, number in _NUMBERS.items() if features == 3 or name != SATURATION]
    if recipe.augmentation == "none":
        return np.zeros((rows, 0), np.int64), np.zeros((rows, 0))
    if recipe.augmentation == "trivial":
        codes = rng.choice(able, (rows, 1))
        return codes, rng.integers(0, TRIVIAL_LEVELS, (rows, 1)) / (TRIVIAL_LEVELS - 1)
    if recipe.augmentation == "rand":
        codes = rng.choice(able, (rows, RAND_OPERATIONS))
        return codes, np.full(codes.shape, recipe.magnitude)
    if recipe.augmentation != "policy" or not recipe.policy or len(recipe.policy) % 2:
        raise ValueError(
            'augmentation must be "none", "rand", "trivial" or "policy" with pairs of steps, got '
            f"{recipe.augmentation!r} with {len(recipe.policy)} steps."
        )
    chosen = rng.integers(0, len(recipe.policy) // 2, (rows, 1)) * 2 + np.arange(2)
    names, probabilities, magnitudes = zip(*recipe.policy, strict=True)
    numbers = np.array([_NUMBERS[name] if _NUMBERS[name] in able else 0 for name in names])
    happens = rng.random(chosen.shape) < np.array(probabilities)[chosen]
    return np.where(happens, numbers[chosen], 0), np.array(magnitudes)[chosen]
