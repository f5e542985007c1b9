"""A task: the target function as data, with its metric and its splits."""

from dataclasses import dataclass, fields
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from coeval.task.metric import Metric
from coeval.task.table import Schema, Table

Index = npt.NDArray[np.intp]


class Problem(StrEnum):
    """What is predicted."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


@dataclass(frozen=True, slots=True)
class Target:
    """The target column.

    Attributes:
        values: ``(rows,)`` int64 class indices, or float64 values in the user's units.
        classes: Class labels as text, in index order; empty for regression.
        number: The labels are numbers, so that predictions are written as numbers.
    """

    name: str
    values: npt.NDArray[np.int64] | npt.NDArray[np.float64]
    classes: tuple[str, ...] = ()
    number: bool = False


@dataclass(frozen=True, slots=True)
class Splits:
    """Row indices. ``validation`` drives the search, ``selection`` chooses among finalists, ``test`` is opened once.

    ``selection`` and ``test`` may be empty (estimators lock no test split; a user may say ``--test none``).
    """

    train: Index
    validation: Index
    selection: Index
    test: Index

    @property
    def sizes(self) -> dict[str, int]:
        """Return the number of rows of each split by its name."""
        return {one.name: len(getattr(self, one.name)) for one in fields(self)}


def evened(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return sample weights of a mean of 1, which learning rates, penalties and least sums of a leaf are meant for; zeros stay zeros."""
    return weights / (weights.mean() or 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What a search has to solve.

    Attributes:
        name: For people.
        problem: Binary, multi-class or regression.
        schema: The feature columns, dropped ones included.
        table: The raw feature values of all rows.
        target: The target of all rows.
        splits: Disjoint row indices.
        folds: ``(train, validation)`` index pairs inside train and validation; one by default,
            several (out-of-fold) for few rows: below 2,000, or 500 images.
        metric: What the search optimises.
        weights: ``(rows,)`` float64 sample weights, or ``None``.
        fingerprint: Digest of data, splits, metric and problem.
        notes: What was inferred, dropped or found suspicious, one sentence each.
        groups: ``(rows,)`` numbers of the groups that rows belong to, or ``None``.
    """

    name: str
    problem: Problem
    schema: Schema
    table: Table
    target: Target
    splits: Splits
    folds: tuple[tuple[Index, Index], ...]
    metric: Metric
    weights: npt.NDArray[np.float64] | None
    fingerprint: str
    notes: tuple[str, ...] = ()
    groups: npt.NDArray[np.int64] | None = None

    @property
    def outputs(self) -> int:
        """Return how many numbers a network gives for a row: 1 for binary (a logit) and regression, else the classes."""
        return len(self.target.classes) if self.problem is Problem.MULTICLASS else 1

    @property
    def judged(self) -> Index:
        """Return the rows that candidates are judged on, fold after fold."""
        return np.concatenate([judged for _, judged in self.folds])

    def weights_of(self, rows: Index) -> npt.NDArray[np.float64] | None:
        """Return the weights of some rows; ``None`` where rows have none."""
        return None if self.weights is None else self.weights[rows]

    def groups_of(self, rows: Index) -> npt.NDArray[np.int64] | None:
        """Return the groups of some rows; ``None`` where rows have none."""
        return None if self.groups is None else self.groups[rows]

    @property
    def is_image(self) -> bool:
        """Return whether the rows are images."""
        return self.table.holds_images
