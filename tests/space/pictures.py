"""A task of small images in memory: stripes down, stripes across, or a chessboard, in noise."""

import numpy as np

from coeval.task.metrics import default_metric
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Problem, Splits, Target, Task


def picture_task(side=12, features=1, rows=120, problem=Problem.MULTICLASS):
    rng = np.random.default_rng(0)
    down, across = np.indices((side, side)) % 2
    patterns = np.stack([down, across, down ^ across])
    kinds = rng.integers(0, 3, rows)
    noise = rng.normal(size=(rows, side, side, features))
    pixels = np.clip(128 + 40 * (2 * patterns[kinds][..., None] - 1) + 40 * noise, 0, 255)
    column = Column("image", Kind.IMAGE, pixels.astype(np.uint8))
    order = rng.permutation(rows)
    train, validation, selection, test = np.split(order, [rows // 2, 3 * rows // 4, 7 * rows // 8])
    target = {
        Problem.MULTICLASS: Target("kind", kinds, ("down", "across", "chess")),
        Problem.BINARY: Target("kind", (kinds > 0).astype(np.int64), ("down", "other")),
        Problem.REGRESSION: Target("kind", kinds.astype(np.float64)),
    }[problem]
    return Task(
        name="pictures",
        problem=problem,
        schema=Schema((ColumnSchema("image", Kind.IMAGE),)),
        table=Table((column,), rows),
        target=target,
        splits=Splits(train, validation, selection, test),
        folds=((train, validation),),
        metric=default_metric(problem),
        weights=None,
        fingerprint="pictures",
    )
