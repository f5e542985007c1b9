"""Small tasks that a network can learn in a moment, and metrics to judge it by."""

import numpy as np

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.network import Network
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import BINARY_HEAD, CLASS_HEAD, VALUE_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.task.metric import Metric
from coeval.task.table import Rows
from coeval.task.task import Problem
from coeval.train.data import Examples, TrainingData

ACCURACY = Metric("accuracy", True, lambda y, p, w: float(np.mean(p.argmax(axis=1) == y)))
RMSE = Metric("rmse", False, lambda y, p, w: float(np.sqrt(np.mean((p - y) ** 2))))
HEADS = {
    Problem.BINARY: step(BINARY_HEAD, 3),
    Problem.MULTICLASS: step(CLASS_HEAD, 3, classes=4),
    Problem.REGRESSION: step(VALUE_HEAD, 3),
}


def metric_of(problem: Problem) -> Metric:
    return RMSE if problem is Problem.REGRESSION else ACCURACY


def rows_of(numeric: np.ndarray) -> Rows:
    none = np.zeros((len(numeric), 0), np.int64)
    return Rows(numeric.astype(np.float32), none, none)


def examples(problem: Problem, rows: int, seed: int = 0) -> Examples:
    """The quadrants of a plane: parity (XOR), number, or the product of the coordinates."""
    numeric = np.random.default_rng(seed).normal(size=(rows, 2))
    right, upper = numeric[:, 0] > 0, numeric[:, 1] > 0
    target = {
        Problem.BINARY: (right != upper).astype(np.int64),
        Problem.MULTICLASS: (2 * right + upper).astype(np.int64),
        Problem.REGRESSION: 1000.0 + 50.0 * numeric[:, 0] * numeric[:, 1],
    }[problem]
    return Examples(rows_of(numeric), target)


def data_of(problem: Problem, rows: int = 300, validation: int = 200) -> TrainingData:
    return TrainingData(problem, examples(problem, rows), examples(problem, validation, seed=1))


def mlp(
    problem: Problem, *, columns: int = 2, width: int = 32, batch_norm: bool = False
) -> Network:
    hidden = step(BATCH_NORM, 2) if batch_norm else step(RELU, 2)
    steps = [step(NUMERIC_ENTRY, 0), step(LINEAR, 1, width=width), hidden, HEADS[problem]]
    return Network(Architecture((Columns(columns),), sequence(1, steps)), seed=0)
