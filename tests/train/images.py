"""Small images that a convolution can tell apart in a moment."""

import numpy as np

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import DROPOUT, RELU
from coeval.component.grid import CONV, GLOBAL_AVERAGE_POOL, MAX_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.task.task import Problem
from coeval.train.data import Examples, TrainingData

SIDE, FEATURES = 8, 2


def pictures(rows: int, seed: int = 0) -> Examples:
    """Stripes down, stripes across, or a chessboard, in noise: bytes."""
    rng = np.random.default_rng(seed)
    down, across = np.indices((SIDE, SIDE)) % 2
    patterns = np.stack([down, across, down ^ across])
    target = rng.integers(0, 3, rows)
    stripes = patterns[target][..., None]
    noise = rng.normal(size=(rows, SIDE, SIDE, FEATURES))
    pixels = np.clip(128 + 40 * (2 * stripes - 1) + 40 * noise, 0, 255)
    return Examples((pixels.astype(np.uint8),), target)


def as_reals(examples: Examples) -> Examples:
    """The same pictures as the real numbers that a network sees."""
    pixels = examples.rows[0].astype(np.float32)
    return Examples((pixels / np.float32(127.5) - 1,), examples.target)


def picture_data(rows: int = 300, validation: int = 150) -> TrainingData:
    return TrainingData(Problem.MULTICLASS, pictures(rows), pictures(validation, seed=1))


def conv_net(width: int = 8, dropout: float = 0.0) -> Architecture:
    steps = [
        step(CONV, 0, width=width, kernel=3),
        step(BATCH_NORM, 1),
        step(RELU, 2),
        step(MAX_POOL, 3, kernel=2, stride=2),
        step(CONV, 4, width=width, kernel=3),
        step(RELU, 5),
        step(DROPOUT, 6, rate=dropout),
        step(GLOBAL_AVERAGE_POOL, 7),
        step(CLASS_HEAD, 8, classes=3),
    ]
    return Architecture((Grid(SIDE, SIDE, FEATURES),), sequence(1, steps))
