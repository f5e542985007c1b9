"""Random legal architectures over all table components, and random prepared rows for them."""

import numpy as np

from coeval.architecture.inference import infer_region
from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.types import Columns, Tokens, ValueType, Vector
from coeval.component.channel import (
    DROPOUT,
    GELU,
    GLU_GATE,
    HARD_SIGMOID,
    IDENTITY,
    LINEAR,
    RELU,
    SCALE,
    SIGMOID,
    SILU,
    TANH,
)
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY
from coeval.component.head import BINARY_HEAD, CLASS_HEAD, VALUE_HEAD
from coeval.component.merge import ADD, CONCATENATE, MULTIPLY
from coeval.component.norm import BATCH_NORM, LAYER_NORM, RMS_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.task.table import Rows
from coeval.task.task import Problem

SIMPLE = (
    (RELU, {}),
    (GELU, {}),
    (SILU, {}),
    (TANH, {}),
    (SIGMOID, {}),
    (HARD_SIGMOID, {}),
    (IDENTITY, {}),
    (SCALE, {}),
    (GLU_GATE, {}),
    (DROPOUT, {"rate": 0.2}),
    (BATCH_NORM, {}),
    (LAYER_NORM, {}),
    (RMS_NORM, {}),
)
WIDTHS = (3, 8, 16)
HEADS = {
    Problem.BINARY: (BINARY_HEAD, {}),
    Problem.MULTICLASS: (CLASS_HEAD, {"classes": 3}),
    Problem.REGRESSION: (VALUE_HEAD, {}),
}


def pick(rng, options):
    return options[int(rng.integers(len(options)))]


def random_columns(rng) -> Columns:
    categories = tuple(int(size) for size in rng.integers(2, 60, size=rng.integers(0, 5)))
    texts = tuple(
        Tokens(int(rng.integers(1, 6)), int(rng.integers(2, 30))) for _ in range(rng.integers(0, 3))
    )
    least = 0 if categories or texts else 1
    return Columns(int(rng.integers(least, 6)), categories, texts)


def random_body(rng, width: int, depth: int) -> Region:
    """A region from a vector to a vector of the same width; its last step may be dead."""
    steps: list[Step] = []
    types: list[ValueType] = [Vector(width)]
    for _ in range(rng.integers(0, 4)):
        steps.append(random_step(rng, types, depth))
        types.append(infer_region((Vector(width),), sequence(1, steps)).output)
    steps.append(step(LINEAR, len(types) - 1, width=width, bias=bool(rng.integers(2))))
    return sequence(1, steps)


def random_step(rng, types: list[ValueType], depth: int) -> Step:
    vectors = [index for index, one in enumerate(types) if isinstance(one, Vector)]
    taken = pick(rng, vectors[-3:])
    alike = [index for index in vectors if types[index] == types[taken]]
    match int(rng.integers(6 if depth else 4)):
        case 0:
            component, settings = pick(rng, SIMPLE)
            return step(component, taken, **settings)
        case 1:
            return step(LINEAR, taken, width=pick(rng, WIDTHS), bias=bool(rng.integers(2)))
        case 2:
            return step(pick(rng, (ADD, MULTIPLY)), (taken, *alike[:2]))
        case 3:
            return step(CONCATENATE, (taken, *vectors[:2]))
        case 4:
            return step(RESIDUAL, taken, random_body(rng, types[taken].features, depth - 1))
        case _:
            times, tied = pick(rng, (1, 2, 3)), bool(rng.integers(2))
            body = random_body(rng, types[taken].features, depth - 1)
            return step(REPEAT, taken, body, times=times, tied=tied)


def random_architecture(rng, problem: Problem = Problem.MULTICLASS) -> Architecture:
    """Any mix of entries, steps (dead ones included), nested regions and a head."""
    columns = random_columns(rng)
    steps = []
    if columns.numeric:
        encoding = pick(rng, ("plain", "piecewise_linear", "periodic"))
        steps.append(step(NUMERIC_ENTRY, 0, encoding=encoding, width=4, bins=8, frequencies=8))
    if columns.categories:
        steps.append(step(CATEGORY_ENTRY, 0, width=8))
    if columns.texts:
        steps.append(step(TEXT_ENTRY, 0, width=8))
    steps.append(step(CONCATENATE, range(1, 1 + len(steps))))
    types: list[ValueType] = [columns]
    for number in range(len(steps)):
        types.append(infer_region((columns,), sequence(1, steps[: number + 1])).output)
    for _ in range(rng.integers(0, 6)):
        steps.append(random_step(rng, types, 2))
        types.append(infer_region((columns,), sequence(1, steps)).output)
    head, settings = HEADS[problem]
    steps.append(step(head, len(types) - 1, **settings))
    return Architecture((columns,), sequence(1, steps))


def random_rows(rng, columns: Columns, rows: int = 7) -> Rows:
    return Rows(
        rng.normal(size=(rows, columns.numeric)).astype(np.float32),
        rng.integers(0, columns.categories, (rows, len(columns.categories))),
        np.concatenate(
            [rng.integers(0, text.vocabulary, (rows, text.length)) for text in columns.texts]
            or [np.zeros((rows, 0), np.int64)],
            axis=1,
        ),
    )
