"""What the one-shot methods are measured on: small cells of NAS-Bench-201 on Fashion-MNIST at 14 by 14."""

from functools import cache

import numpy as np

from benchmarks.runs import DATA
from coeval.architecture.types import Grid
from coeval.component.head import CLASS_HEAD
from coeval.seed import generator
from coeval.space.choices import ChoiceSpace
from coeval.space.image_frame import ImageFrame
from coeval.space.nasbench201 import cell_space, stacked
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.space.recipe import RECIPE
from coeval.task.metrics import metric
from coeval.task.preparation_image import shrunk
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Problem, Splits, Target, Task

FILE = DATA.parent / "images" / "fashion_mnist.npz"
TRAIN, JUDGED = 10_000, 5_000
"""Rows of the official training images that teach and that judge."""
SIDE, CLASSES, CELLS, WIDTH = 14, 10, 1, 8
EPOCHS, BATCH = 8, 64
"""Of a stand-alone training: about 15 s on one core."""


@cache
def task() -> Task:
    """Return Fashion-MNIST, halved, with 10,000 rows to learn from and 5,000 to judge on."""
    arrays = np.load(FILE)
    chosen = generator(0, "fashion").permutation(len(arrays["x_train"]))[: TRAIN + JUDGED]
    pixels = shrunk(arrays["x_train"][chosen][..., None], 2)
    rows = np.arange(TRAIN + JUDGED)
    none = rows[:0]
    return Task(
        name="fashion_mnist, halved",
        problem=Problem.MULTICLASS,
        schema=Schema((ColumnSchema("image", Kind.IMAGE),)),
        table=Table((Column("image", Kind.IMAGE, pixels),), len(rows)),
        target=Target(
            "class", arrays["y_train"][chosen].astype(np.int64), tuple(map(str, range(CLASSES)))
        ),
        splits=Splits(rows[:TRAIN], rows[TRAIN:], none, none),
        folds=((rows[:TRAIN], rows[TRAIN:]),),
        metric=metric("accuracy", Problem.MULTICLASS),
        weights=None,
        fingerprint="benchmarks.oneshot",
    )


def _network(candidate: Candidate):
    frame = ImageFrame(Grid(SIDE, SIDE, 1), CLASS_HEAD, CLASS_HEAD.complete({"classes": CLASSES}))
    return stacked(candidate.part("cell"), frame, CELLS, WIDTH)


@cache
def space() -> ProductSpace:
    """Return the cells in a network of three stages of one cell, 8 features wide at first; one recipe for all."""
    wanted = {"epochs": EPOCHS, "batch_size": BATCH}
    recipe = tuple(
        type(one)(one.name, (wanted.get(one.name, one.default),), wanted.get(one.name, one.default))
        for one in RECIPE
    )
    return ProductSpace({"cell": cell_space(), "recipe": ChoiceSpace(recipe)}, typing=_network)
