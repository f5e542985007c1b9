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
from coeval.train.loss import Loss


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


def mixed(recipe: Recipe, inputs: Inputs, noise: torch.Generator) -> Mixed:
    """Return a batch of pictures with others in them, as a recipe says; with both kinds, each in half of the batches.

    Args:
        recipe: Its ``mixup`` and ``cutmix``.
        inputs: Real numbers ``(rows, height, width, features)``.
        noise: ``engine.noise_generator`` of the training.
    """
    if not recipe.mixes_pictures:
        return Mixed(inputs)
    rng, (pictures,) = numpy_generator(noise), inputs
    cuts = bool(recipe.cutmix) and (not recipe.mixup or rng.random() < 0.5)
    alpha = recipe.cutmix if cuts else recipe.mixup
    share = float(rng.beta(alpha, alpha))
    if not cuts:
        return Mixed((torch.lerp(pictures.flip(0), pictures, share),), share)
    rows, columns = _box((pictures.shape[1], pictures.shape[2]), share, rng)
    pictures[:, rows, columns] = pictures[:, rows, columns].flip(0)
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    return Mixed((pictures,), 1 - area / (pictures.shape[1] * pictures.shape[2]))


def _box(sides: tuple[int, int], share: float, rng: np.random.Generator) -> tuple[slice, slice]:
    """Return a box with the picture's proportions, of the area that is not kept, cut off at the edges."""
    part = math.sqrt(1 - share)
    found = []
    for side in sides:
        middle, half = int(rng.integers(side)), int(side * part) // 2
        found.append(slice(max(middle - half, 0), min(middle + half, side)))
    return found[0], found[1]
