"""Small tasks of images: stripes down, stripes across and a chessboard, in noise."""

import numpy as np

from coeval.task.metrics import default_metric
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Problem, Splits, Target, Task

CLASSES = ("across", "chess", "down")


def pictures(rows, *, side=8, features=1, seed=0):
    """Return ``(rows, side, side, features)`` bytes and their ``(rows,)`` classes."""
    rng = np.random.default_rng(seed)
    down, across = np.indices((side, side)) % 2
    patterns = np.stack([across, down ^ across, down])
    target = np.arange(rows) % 3
    noise = rng.normal(size=(rows, side, side, features))
    pixels = np.clip(128 + 40 * (2 * patterns[target][..., None] - 1) + 40 * noise, 0, 255)
    return pixels.astype(np.uint8), target


def picture_task(rows=300, *, folds=1, **shape):
    """Return a task of pictures, its splits side by side."""
    pixels, target = pictures(rows, **shape)
    cuts = [int(share * rows) for share in (0.55, 0.7, 0.8)]
    splits = Splits(*np.split(np.arange(rows), cuts))
    known = np.concatenate([splits.train, splits.validation])
    pairs = tuple((np.setdiff1d(known, one), one) for one in np.array_split(known, folds))
    return Task(
        name="pictures",
        problem=Problem.MULTICLASS,
        schema=Schema((ColumnSchema("image", Kind.IMAGE),)),
        table=Table((Column("image", Kind.IMAGE, pixels),), rows),
        target=Target("class", target, CLASSES),
        splits=splits,
        folds=((splits.train, splits.validation),) if folds == 1 else pairs,
        metric=default_metric(Problem.MULTICLASS),
        weights=None,
        fingerprint="pictures",
    )
