"""Networks of one structure in several widths, over rows of every kind of column."""

import numpy as np

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Tokens
from coeval.build.network import Network
from coeval.component.channel import (
    DROPOUT,
    GELU,
    GLU_GATE,
    HARD_SIGMOID,
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
from coeval.train.data import Examples, TrainingData

COLUMNS = Columns(3, (4, 30, 5), (Tokens(5, 20), Tokens(3, 20)))
HEADS = {
    Problem.BINARY: lambda at: step(BINARY_HEAD, at),
    Problem.MULTICLASS: lambda at: step(CLASS_HEAD, at, classes=3),
    Problem.REGRESSION: lambda at: step(VALUE_HEAD, at),
}


def data_of(problem, rows=101, validation=40, *, weighted=False):
    """Rows of three numbers, three categories and two texts; the target depends on all of them."""

    def part(count, seed):
        rng = np.random.default_rng(seed)
        numeric = rng.normal(size=(count, 3)).astype(np.float32)
        codes = np.stack([rng.integers(0, one, count) for one in COLUMNS.categories], 1)
        tokens = rng.integers(0, 20, (count, 8)) * (rng.random((count, 8)) < 0.8)
        score = numeric[:, 0] * numeric[:, 1] + 0.3 * codes[:, 0] + 0.1 * tokens[:, 0]
        target = {
            Problem.BINARY: (score > 1.3).astype(np.int64),
            Problem.MULTICLASS: (score > 0.8).astype(np.int64) + (score > 1.8),
            Problem.REGRESSION: 100.0 + 7.0 * score,
        }[problem]
        weights = rng.random(count) * 3 if weighted else None
        return Examples(Rows(numeric, codes, tokens), target, weights)

    return TrainingData(problem, part(rows, 0), part(validation, 1))


def network(steps, seed=0):
    """A network with its bins placed on the rows of ``data_of``."""
    made = Network(Architecture((COLUMNS,), sequence(1, steps)), seed=seed)
    made.fit_entries(data_of(Problem.BINARY).train.rows)
    return made


def plain(problem, width, *middle, rate=0.0):
    """Entry, linear, what is given, linear, head."""
    steps = [step(NUMERIC_ENTRY, 0), step(LINEAR, 1, width=width)]
    for component in middle:
        steps.append(step(component, len(steps)))
    if rate:
        steps.append(step(DROPOUT, len(steps), rate=rate))
    steps += [step(LINEAR, len(steps), width=width + 3), step(RELU, len(steps) + 1)]
    return network([*steps, HEADS[problem](len(steps))], seed=width)


def with_entry(component, hidden, **settings):
    """An entry by itself, a linear map and the head of three classes."""
    steps = [step(component, 0, **settings), step(LINEAR, 1, width=hidden), step(SILU, 2)]
    return network([*steps, HEADS[Problem.MULTICLASS](3)], seed=hidden)


def branched(problem, width, rate):
    """Every entry side by side, a residual, a tied repeat, merges, and two dropouts: gaps in the padding."""
    body = sequence(1, [step(LINEAR, 0, width=width, bias=False), step(TANH, 1)])
    steps = [
        step(NUMERIC_ENTRY, 0, encoding="periodic", width=4, frequencies=width),
        step(CATEGORY_ENTRY, 0, width=3),
        step(TEXT_ENTRY, 0, width=width),
        step(CONCATENATE, (1, 2, 3)),
        step(LINEAR, 4, width=width),
        step(DROPOUT, 5, rate=rate),
        step(RESIDUAL, 6, body),
        step(REPEAT, 7, body, times=3, tied=True),
        step(CONCATENATE, (5, 8)),
        step(LINEAR, 9, width=width),
        step(SIGMOID, 10),
        step(MULTIPLY, (11, 8)),
        step(ADD, (12, 5)),
        step(DROPOUT, 13, rate=rate / 2),
        HEADS[problem](14),
    ]
    return network(steps, seed=width)


KINDS = {
    **{
        one.name: lambda width, one=one: plain(Problem.MULTICLASS, width, one)
        for one in (
            *(RELU, GELU, SILU, TANH, SIGMOID, HARD_SIGMOID),
            *(SCALE, GLU_GATE, LAYER_NORM, RMS_NORM),
        )
    },
    "dropout": lambda width: plain(Problem.MULTICLASS, width, rate=width / 40),
    "batch_norm": lambda width: plain(
        Problem.MULTICLASS, width, TANH, BATCH_NORM
    ),  # a bias just before it has no gradient but rounding, which Adam makes large
    "piecewise_linear": lambda width: with_entry(
        NUMERIC_ENTRY, 8, encoding="piecewise_linear", width=width, bins=2 * width
    ),
    "periodic": lambda width: with_entry(
        NUMERIC_ENTRY, width, encoding="periodic", width=width, frequencies=3 * width
    ),
    "embedding": lambda width: with_entry(CATEGORY_ENTRY, width, width=2),
    "text": lambda width: with_entry(TEXT_ENTRY, 8, width=width),
    "branched": lambda width: branched(Problem.MULTICLASS, width, 0.3),
}
"""For each kind of operation a network around it, by width."""
