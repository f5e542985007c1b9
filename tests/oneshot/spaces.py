"""Small spaces of choices on tiny images, for whatever trains shared weights."""

import functools

import numpy as np
import torch

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import RELU
from coeval.component.grid import AVERAGE_POOL, CONV, GLOBAL_AVERAGE_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.component.region import REPEAT
from coeval.space.nasbench201 import ImageSet, cell_space, network, with_width
from coeval.space.product import ProductSpace

SIDE, CLASSES, WIDTH = 8, 3, 4
FULL = ImageSet("tiny", SIDE, CLASSES)


def cells(architecture: Architecture) -> Architecture:
    """Two repeated cells, half the grid, one cell of twice the width: seven options' worth of everything."""
    narrow, wide = with_width(architecture.body, WIDTH), with_width(architecture.body, 2 * WIDTH)
    steps = [
        step(CONV, 0, width=WIDTH),
        step(BATCH_NORM, 1),
        step(REPEAT, 2, narrow, times=2),
        step(AVERAGE_POOL, 3, kernel=2, stride=2),
        step(CONV, 4, width=2 * WIDTH, kernel=1),
        step(REPEAT, 5, wide, times=1),
        step(RELU, 6),
        step(GLOBAL_AVERAGE_POOL, 7),
        step(CLASS_HEAD, 8, classes=CLASSES),
    ]
    return Architecture((Grid(SIDE, SIDE, 3),), sequence(1, steps))


def small_space() -> ProductSpace:
    """The cells of NAS-Bench-201 in a network of three thin ones."""
    return ProductSpace({"cell": cell_space()}, typing=lambda one: cells(one.part("cell")))


def whole_space() -> ProductSpace:
    """NAS-Bench-201 itself, for tiny images."""
    return ProductSpace({"cell": cell_space()}, typing=_whole)


def _whole(candidate):
    return network(candidate.part("cell"), FULL)


@functools.cache
def images(rows: int = 6, seed: int = 0) -> torch.Tensor:
    """Noise, ``(rows, 8, 8, 3)``."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.normal(size=(rows, SIDE, SIDE, 3)).astype(np.float32))
