"""A table as plain NumPy columns, and its schema. No pandas here: workers map these arrays from disk.

Images are one column of a table like any other, with a value of three axes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Kind(StrEnum):
    """What a column holds, and so how it is prepared."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    DATE = "date"
    TEXT = "text"
    IMAGE = "image"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class ColumnSchema:
    """What a column is, and how further rows of it are read.

    Attributes:
        name: Its name.
        kind: What it holds.
        reason: Why it was given that kind, for the user.
        number: The raw values are numbers even where the kind is not numeric (integer codes as categories), so
            that they are read and exported as numbers.
        written: How values are written, where that had to be inferred from all of them: a format of dates, a convention of
            numbers (``numerals``), or a spelling of truth. A few further rows may not tell, so it is kept to.
        gaps: Strings among its numbers or dates that stand for a missing value.
    """

    name: str
    kind: Kind
    reason: str = ""
    number: bool = False
    written: str = ""
    gaps: tuple[str, ...] = ()

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> "ColumnSchema":
        """Return what ``dataclasses.asdict`` wrote, also by a version that did not know ``written`` and ``gaps``."""
        return cls(
            facts["name"],
            Kind(facts["kind"]),
            facts["reason"],
            facts["number"],
            facts.get("written", ""),
            tuple(facts.get("gaps", ())),
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """The feature columns in the order of the file, dropped ones included."""

    columns: tuple[ColumnSchema, ...]

    def of(self, *kinds: Kind) -> tuple[ColumnSchema, ...]:
        """Return the columns of the given kinds, in order."""
        return tuple(column for column in self.columns if column.kind in kinds)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of raw values.

    Attributes:
        values: ``(rows,)``. Numeric: float64, NaN = missing. Date: float64 days since 1970-01-01 with
            the time of day as a fraction, NaN = missing. Categorical and text: int32 index into
            ``levels``, -1 = missing. Images: ``(rows, height, width, features)`` uint8, 1 or 3 features.
        levels: Distinct strings, in order of first appearance; empty for numbers, dates and images.
    """

    name: str
    kind: Kind
    values: npt.NDArray[np.float64] | npt.NDArray[np.int32] | npt.NDArray[np.uint8]
    levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length, without the dropped ones."""

    columns: tuple[Column, ...]
    rows: int

    @property
    def holds_images(self) -> bool:
        """Return whether the only column holds images."""
        return [column.kind for column in self.columns] == [Kind.IMAGE]

    def take(self, rows: npt.NDArray[np.intp]) -> "Table":
        """Return the given rows, in the order given; of images that lie side by side a view, no copy."""
        columns = tuple(
            Column(one.name, one.kind, _taken(one, rows), one.levels) for one in self.columns
        )
        return Table(columns, len(rows))


def _taken(column: Column, rows: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
    """Return a column's values in the given rows."""
    values: npt.NDArray[Any] = column.values
    if column.kind is Kind.IMAGE and len(rows) and (np.diff(rows) == 1).all():
        return values[rows[0] : rows[-1] + 1]
    return values[rows]


Pixels = tuple[npt.NDArray[np.uint8]]
"""Prepared images, ready for a network whose input is a ``Grid``: ``(rows, height, width, features)``."""


class Rows(NamedTuple):
    """Prepared rows, ready for a network whose input is ``Columns``.

    Attributes:
        numeric: ``(rows, numeric)`` float32, finite.
        codes: ``(rows, categories)`` int64; 0 = rare or unseen.
        tokens: ``(rows, sum of text lengths)`` int64; 0 = padding.
    """

    numeric: npt.NDArray[np.float32]
    codes: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int64]

    def take(self, rows: npt.NDArray[np.intp]) -> "Rows":
        """Return the given rows."""
        return Rows(self.numeric[rows], self.codes[rows], self.tokens[rows])
