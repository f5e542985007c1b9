"""Arrays of grids taken over by lists of features: kernels of other sides, groups, dealt-out features, tables of positions."""

from collections.abc import Sequence

import numpy as np

from coeval.build.transfer_features import Index


def resized(kernel: np.ndarray, sides: Sequence[int]) -> np.ndarray:
    """Return kernels ``(..., height, width)`` with other sides: zeros around, or the middle cut out."""
    result = kernel
    for axis, side in zip((-2, -1), sides, strict=True):
        result = np.moveaxis(_resized_last(np.moveaxis(result, axis, -1), side), -1, axis)
    return np.ascontiguousarray(result)


def _resized_last(kernel: np.ndarray, side: int) -> np.ndarray:
    size = kernel.shape[-1]
    gap = abs(side - size) // 2
    if side <= size:
        return kernel[..., gap : gap + side]
    result = np.zeros((*kernel.shape[:-1], side), kernel.dtype)
    result[..., gap : gap + size] = kernel
    return result


def grouped(
    fresh: np.ndarray, given: np.ndarray, rows: Index, columns: Index, groups: tuple[int, int]
) -> tuple[np.ndarray, bool, int]:
    """Return the weights of a grouped convolution with the parent's where both features are the parent's.

    What is the parent's does not read what is new. A row reads its own group's features alone, so features that moved to
    another group are lost.

    Args:
        fresh: ``(outputs, inputs / groups, ...)`` of the child.
        given: ``(outputs, inputs / groups, ...)`` of the parent, equal in the further axes.
        rows: Which of the parent's outputs each is.
        columns: Which of the parent's inputs each is.
        groups: Of the child and of the parent.

    Returns:
        The weights, whether every row of the parent's reads all it read, and how many numbers came from the parent.
    """
    result, complete, count = fresh.copy(), True, 0
    inside, before = fresh.shape[1], given.shape[1]
    for row in np.flatnonzero(rows >= 0):
        start = inside * (int(row) * groups[0] // len(fresh))
        first = before * (int(rows[row]) * groups[1] // len(given))
        seen = columns[start : start + inside] - first
        old = np.flatnonzero((seen >= 0) & (seen < before))
        result[row] = 0.0
        result[row, old] = given[rows[row], seen[old]]
        complete = complete and len(np.unique(seen[old])) == before == len(old)
        count += given[0, 0].size * len(old)
    return result, complete, count


def dealt(features: int, groups: int) -> Index:
    """Return which feature stands at each place when groups of neighbours are dealt out in turn.

    Example:
        >>> dealt(6, 2).tolist()
        [0, 3, 1, 4, 2, 5]
    """
    return np.arange(features).reshape(groups, -1).T.ravel()


def stretched(table: np.ndarray, places: Sequence[int]) -> np.ndarray:
    """Return a table ``(*places, features)`` for other places: each takes the nearest one's row."""
    result = table
    for axis, count in enumerate(places):
        size = table.shape[axis]
        nearest = ((np.arange(count) + 0.5) * size / count).astype(np.int64)
        result = result.take(nearest, axis)
    return result
