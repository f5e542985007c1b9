"""Small real tasks from scikit-learn's bundled data, and a space that only knows how to decode."""

from dataclasses import dataclass

import numpy as np
from sklearn import datasets

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.component.library import TABULAR
from coeval.seed import generator
from coeval.space.protocol import Candidate
from coeval.task.metrics import default_metric
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Problem, Splits, Target, Task

LOADERS = {
    "breast_cancer": (datasets.load_breast_cancer, Problem.BINARY),
    "wine": (datasets.load_wine, Problem.MULTICLASS),
    "digits": (datasets.load_digits, Problem.MULTICLASS),
    "diabetes": (datasets.load_diabetes, Problem.REGRESSION),
}


def task_of(name, *, folds=1, metric=None, weights=None, rows=None):
    """Return a task on a bundled data set with the usual four splits."""
    load, problem = LOADERS[name]
    features, values = load(return_X_y=True)
    features, values = features[:rows], values[:rows]
    columns = tuple(
        Column(f"x{number}", Kind.NUMERIC, np.ascontiguousarray(column, dtype=np.float64))
        for number, column in enumerate(features.T)
    )
    return task_from(name, problem, columns, values, folds=folds, metric=metric, weights=weights)


def task_from(name, problem, columns, values, *, folds=1, metric=None, weights=None):
    """Return a task on given columns."""
    count = len(values)
    order = generator(0, name).permutation(count)
    parts = np.split(order, [int(0.55 * count), int(0.7 * count), int(0.8 * count)])
    splits = Splits(*(np.sort(part) for part in parts))
    if problem is Problem.REGRESSION:
        target = Target("y", np.asarray(values, dtype=np.float64))
    else:
        classes = tuple(str(one) for one in range(int(values.max()) + 1))
        target = Target("y", np.asarray(values, dtype=np.int64), classes)
    known = np.concatenate([splits.train, splits.validation])
    chunks = np.array_split(known, folds)
    pairs = tuple((np.setdiff1d(known, chunk), np.sort(chunk)) for chunk in chunks)
    return Task(
        name=name,
        problem=problem,
        schema=Schema(tuple(ColumnSchema(one.name, one.kind) for one in columns)),
        table=Table(columns, count),
        target=target,
        splits=splits,
        folds=pairs if folds > 1 else ((splits.train, splits.validation),),
        metric=metric or default_metric(problem),
        weights=weights,
        fingerprint=name,
    )


def mixed_columns(rows, rng):
    """Return a numeric column with holes, a date, two categories (one with many levels) and a text."""
    numeric = rng.normal(size=rows)
    numeric[rng.random(rows) < 0.2] = np.nan
    colours, towns = ("red", "green", "blue"), tuple(f"town {k}" for k in range(400))
    texts = ("good fast car", "bad slow car", "good boat", "Bad Boat", "")
    return (
        Column("n", Kind.NUMERIC, numeric),
        Column("d", Kind.DATE, 18_000 + rng.integers(0, 2000, size=rows).astype(np.float64)),
        Column("c", Kind.CATEGORICAL, rng.integers(-1, 3, size=rows).astype(np.int32), colours),
        Column("t", Kind.CATEGORICAL, rng.integers(0, 400, size=rows).astype(np.int32), towns),
        Column("s", Kind.TEXT, rng.integers(-1, 5, size=rows).astype(np.int32), texts),
    )


@dataclass(frozen=True)
class Decoder:
    """The one thing an evaluator asks of a space."""

    def architecture(self, candidate):
        return candidate.architecture


def mlp(task, *, width=16, batch_norm=False):
    """Return a small network for a task of numeric columns."""
    head = {
        Problem.BINARY: lambda: step(TABULAR["binary_head"], 3),
        Problem.REGRESSION: lambda: step(TABULAR["value_head"], 3),
        Problem.MULTICLASS: lambda: step(TABULAR["class_head"], 3, classes=task.outputs),
    }[task.problem]
    activation = TABULAR["batch_norm"] if batch_norm else TABULAR["relu"]
    return Architecture(
        (Columns(len(task.table.columns)),),
        sequence(
            1,
            [
                step(TABULAR["numeric_entry"], 0),
                step(TABULAR["linear"], 1, width=width),
                step(activation, 2),
                head(),
            ],
        ),
    )


def candidate(task, *, width=16, preparation=(), **recipe):
    """Return a candidate: a small network, default preparation, a short recipe."""
    chosen = {"lr": 8e-3, "epochs": 8, "batch_size": 64, **recipe}
    return Candidate(
        (
            ("preparation", tuple(preparation)),
            ("architecture", mlp(task, width=width)),
            ("recipe", tuple(chosen.items())),
        )
    )
