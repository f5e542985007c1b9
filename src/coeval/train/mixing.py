"""Pairs of pictures trained on as one: mixup (Zhang et al. 2018, arXiv:1710.09412) and CutMix (Yun et al. 2019, arXiv:1905.04899).

A batch is paired with itself in reverse, in one share for all, as the authors' programs do it; its order is random
already. The loss is the weighted mean of both targets' losses, so label smoothing and weights mean what they always do.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch

from coeval.space.recipe import Recipe
from coeval.train.augment import numpy_generator
from coeval.train.data import Inputs
from coeval.train.kernels.status import are_pictures_ready
from coeval.train.loss import Loss

Box = tuple[int, int, int, int]
"""The first and last row and the first and last column, the last excluded."""


@dataclass(frozen=True, slots=True)
class Mixed:
    """A batch of which each example may consist of two.

    Attributes:
        inputs: Of the network.
        share: How much of each target is its own; the rest is the target of the example opposite.
    """

    inputs: Inputs
    share: float = 1.0

    def loss(
        self,
        loss: Loss,
        outputs: torch.Tensor,
        target: torch.Tensor,
        weights: torch.Tensor | None,
    ) -> torch.Tensor:
        """Return the loss of both targets."""
        own = loss(outputs, target, weights)
        if self.share == 1.0:
            return own
        other = loss(outputs, target.flip(0), None if weights is None else weights.flip(0))
        return self.share * own + (1 - self.share) * other


def mixing_generator(recipe: Recipe, noise: torch.Generator) -> np.random.Generator | None:
    """Return what an epoch's mixing draws from; ``None`` where a recipe does not mix pictures.

    Args:
        recipe: Its ``mixup`` and ``cutmix``.
        noise: ``engine.noise_generator`` of the training: a paused training goes on with the same draws.
    """
    return numpy_generator(noise) if recipe.mixes_pictures else None


def mixed(recipe: Recipe, inputs: Inputs, rng: np.random.Generator | None) -> Mixed:
    """Return a batch of pictures with others in them, as a recipe says; with both kinds, each in half of the batches.

    Args:
        recipe: Its ``mixup`` and ``cutmix``.
        inputs: Real numbers ``(rows, height, width, features)``; changed in place.
        rng: From which all draws come; ``None`` where the recipe does not mix.
    """
    if rng is None:
        return Mixed(inputs)
    (pictures,) = inputs
    sides = (pictures.shape[1], pictures.shape[2])
    cuts = bool(recipe.cutmix) and (not recipe.mixup or rng.random() < 0.5)
    alpha = recipe.cutmix if cuts else recipe.mixup
    share = float(rng.beta(alpha, alpha))
    box = _box(sides, share, rng) if cuts else None
    has_loops = pictures.device.type == "cpu" and are_pictures_ready()
    (_mix_in_loops if has_loops else _mix)(pictures, share, box)
    if box is None:
        return Mixed((pictures,), share)
    area = (box[1] - box[0]) * (box[3] - box[2])
    return Mixed((pictures,), 1 - area / (sides[0] * sides[1]))


def _mix(pictures: torch.Tensor, share: float, box: Box | None) -> None:
    """Change pictures in place: means of two, or boxes changed between two."""
    if box is None:
        pictures.copy_(torch.lerp(pictures.flip(0), pictures, share))
    else:
        part = pictures[:, box[0] : box[1], box[2] : box[3]]
        part.copy_(part.flip(0))


def _mix_in_loops(pictures: torch.Tensor, share: float, box: Box | None) -> None:
    """Do what ``_mix`` does, in one pass over memory."""
    from coeval.train import pixels  # noqa: PLC0415 - loads the compiler, for images only

    flat = pictures.numpy().reshape(len(pictures), -1)
    if box is None:
        pixels.mix(flat, share)
    else:
        pixels.swap(flat, pictures.shape[2], pictures.shape[3], np.array(box))


def _box(sides: tuple[int, int], share: float, rng: np.random.Generator) -> Box:
    """Return a box with the picture's proportions, of the area that is not kept, cut off at the edges."""
    part = math.sqrt(1 - share)
    found: list[int] = []
    for side in sides:
        middle, half = int(rng.integers(side)), int(side * part) // 2
        found += [max(middle - half, 0), min(middle + half, side)]
    return found[0], found[1], found[2], found[3]
