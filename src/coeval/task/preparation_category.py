"""Categorical columns: frequent levels get a code of their own, missing values too; rare and unseen ones share code 0."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.task.table import Column

MISSING = ""
"""The level of missing values: the exported graph cannot tell an empty string from none."""


@dataclass(frozen=True, slots=True)
class CategoryCodes:
    """How one categorical column becomes codes: the j-th level, from 0, is code ``j + 1``; anything else is 0.

    Attributes:
        name: The column's.
        levels: Those that have a code of their own.
        rest: Share of the values it was learnt from, missing ones left out, that are of no such level: they were rare. 1 where that is not known.
    """

    name: str
    levels: tuple[str, ...]
    rest: float = 1.0

    def transform(self, column: Column) -> npt.NDArray[np.int64]:
        """Return ``(rows,)`` codes."""
        code = {level: index + 1 for index, level in enumerate(self.levels)}
        # The last entry serves -1, missing.
        lookup = [code.get(level, 0) for level in (*column.levels, MISSING)]
        return np.array(lookup, dtype=np.int64)[column.values]


def fit_category(column: Column, rows: npt.NDArray[np.intp], rare: int, most: int) -> CategoryCodes:
    """Give codes to the levels seen at least ``rare`` times in the rows, at most to the ``most`` commonest.

    Missing values are a level among them: that a value is missing may say something. Levels come in the order of their
    counts, equals in the column's order, missing last.
    """
    names = (*column.levels, MISSING)
    codes = column.values[rows].astype(np.int64)
    counts = np.bincount(np.where(codes < 0, len(column.levels), codes), minlength=len(names))
    if MISSING in column.levels:
        counts[column.levels.index(MISSING)] += counts[-1]
        counts[-1] = 0
    order = np.argsort(-counts, kind="stable")[:most]
    common = tuple(names[index] for index in order if counts[index] >= max(rare, 1))
    values = {
        name: int(count) for name, count in zip(names, counts, strict=True) if name != MISSING
    }
    held = sum(values.get(name, 0) for name in common)
    return CategoryCodes(column.name, common, 1 - held / max(sum(values.values()), 1))
