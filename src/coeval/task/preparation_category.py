"""Categorical columns: frequent levels get a code of their own; rare, unseen and missing ones share code 0."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.task.table import Column


@dataclass(frozen=True, slots=True)
class CategoryCodes:
    """How one categorical column becomes codes: the j-th level, from 0, is code ``j + 1``; anything else is 0."""

    name: str
    levels: tuple[str, ...]

    def transform(self, column: Column) -> npt.NDArray[np.int64]:
        """Return ``(rows,)`` codes."""
        code = {level: index + 1 for index, level in enumerate(self.levels)}
        lookup = np.zeros(
            len(column.levels) + 1, dtype=np.int64
        )  # the last entry serves -1, missing
        lookup[:-1] = [code.get(level, 0) for level in column.levels]
        return lookup[column.values]


def fit_category(column: Column, rows: npt.NDArray[np.intp], rare: int, most: int) -> CategoryCodes:
    """Give codes to the levels seen at least ``rare`` times in the rows, at most to the ``most`` commonest.

    Levels come in the order of their counts, equals in the column's order.
    """
    counts = np.bincount(column.values[rows].astype(np.int64) + 1, minlength=len(column.levels) + 1)
    counts = counts[1:]
    order = np.argsort(-counts, kind="stable")[:most]
    common = [column.levels[index] for index in order if counts[index] >= max(rare, 1)]
    kept = tuple(level for level in common if level)  # '' says missing in the exported graph
    return CategoryCodes(column.name, kept)
