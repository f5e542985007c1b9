"""Small image models for the export's tests."""

import numpy as np

from coeval.architecture.step import Architecture, Step, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import network_for
from coeval.build.weights import arrays
from coeval.component.channel import RELU
from coeval.component.grid import CONV, GLOBAL_AVERAGE_POOL, MAX_POOL
from coeval.component.head import BINARY_HEAD, CLASS_HEAD, VALUE_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.export.model import Model
from coeval.task.preparation_image import fit_images
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Problem
from tests.export.models import CLASSES


def picture_table(rows: int = 20, height: int = 9, width: int = 8, features: int = 3) -> Table:
    rng = np.random.default_rng(rows)
    pixels = rng.integers(0, 256, (rows, height, width, features), dtype=np.uint8)
    return Table((Column("image", Kind.IMAGE, pixels),), rows)


def head(problem: Problem, index: int, classes: int = 3) -> Step:
    heads = {Problem.BINARY: step(BINARY_HEAD, index), Problem.REGRESSION: step(VALUE_HEAD, index)}
    return heads.get(problem) or step(CLASS_HEAD, index, classes=classes)


def small_net(grid: Grid, problem: Problem = Problem.MULTICLASS) -> Architecture:
    steps = [
        step(CONV, 0, width=8, kernel=3),
        step(BATCH_NORM, 1),
        step(RELU, 2),
        step(MAX_POOL, 3, kernel=2, stride=2),
        step(GLOBAL_AVERAGE_POOL, 4),
        head(problem, 5),
    ]
    return Architecture((grid,), sequence(1, steps))


def image_model(
    table: Table,
    problem: Problem = Problem.MULTICLASS,
    architecture: Architecture | None = None,
    *,
    resolution: str = "full",
) -> Model:
    """Return an untrained model whose predictions differ from image to image, norms away from where they begin."""
    preparation = fit_images({"resolution": resolution}, table)
    (grid,) = preparation.inputs
    assert isinstance(grid, Grid)
    architecture = architecture or small_net(grid, problem)
    rng = np.random.default_rng(1)
    last = f"{len(architecture.body.steps) - 1}.weight"  # a head begins near zero
    weights = {
        name: np.asarray(rng.uniform(0.5, 2.0, value.shape), value.dtype)
        if name.endswith(("mean", "variance", "scale", "bias"))
        else value * (10 if name == last else 1)
        for name, value in arrays(network_for(architecture, seed=3)).items()
    }
    values = problem is Problem.REGRESSION
    return Model(
        architecture=architecture,
        weights=weights,
        preparation=preparation,
        schema=Schema((ColumnSchema("image", Kind.IMAGE, "images"),)),
        problem=problem,
        target="goal",
        classes=CLASSES[problem],
        mean=1e6 if values else 0.0,
        std=250.0 if values else 1.0,
        metric="r2" if values else "log_loss",
    )
