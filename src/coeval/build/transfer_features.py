"""Which features of a parent's values the features of a child's value are, and arrays taken over by such a list."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.types import ValueType

Index = npt.NDArray[np.int64]
"""``(features,)``: for each feature of the child the number of the parent's, -1 where it is new."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """What a value of the child is in the parent.

    Attributes:
        source: The parent's value that it stands for, by name.
        index: Which of that value's features it holds.
        exact: Whether those features are the very same numbers.
        positive: Whether none of those features can be negative, so that a relu changes nothing.
        zero: Whether it is zero, whatever the input.
    """

    source: str
    index: Index
    exact: bool
    positive: bool = False
    zero: bool = False


def features_of(value: ValueType) -> int:
    """Return the number of features, 0 for what has none (a table row)."""
    return int(getattr(value, "features", 0))


def kept(child: int, parent: int) -> Index:
    """Return the index of a value whose first features are the parent's, in its order.

    Example:
        >>> kept(4, 2).tolist(), kept(2, 4).tolist()
        ([0, 1, -1, -1], [0, 1])
    """
    index = np.arange(child)
    index[parent:] = -1
    return index


def is_complete(index: Index, features: int) -> bool:
    """Return whether every feature of the parent's value is there, once."""
    return np.array_equal(np.sort(index[index >= 0]), np.arange(features))


def is_whole(index: Index, features: int) -> bool:
    """Return whether it is the parent's value, feature by feature."""
    return np.array_equal(index, np.arange(features))


def blend(fresh: np.ndarray, given: np.ndarray, rows: Index, columns: Index) -> np.ndarray:
    """Return a matrix with the parent's weights where both features are the parent's.

    What is new reads everything with fresh weights; what is the parent's does not read what is new.

    Args:
        fresh: ``(outputs, inputs, ...)`` of the child.
        given: ``(outputs, inputs, ...)`` of the parent, equal in the further axes.
        rows: Which of the parent's outputs each is.
        columns: Which of the parent's inputs each is.
    """
    blended = fresh.copy()
    if not (columns >= 0).any():
        return blended  # nothing is known here: zeros alone would be a network that sees nothing
    old_rows, old_columns = np.flatnonzero(rows >= 0), np.flatnonzero(columns >= 0)
    blended[old_rows] = 0.0
    blended[np.ix_(old_rows, old_columns)] = given[np.ix_(rows[old_rows], columns[old_columns])]
    return blended


def gathered(fresh: np.ndarray, given: np.ndarray, index: Index) -> np.ndarray:
    """Return an array of one entry a feature, the parent's where the feature is the parent's."""
    taken = fresh.copy()
    old = np.flatnonzero(index >= 0)
    taken[old] = given[index[old]]
    return taken
