"""Columns such as year, month, day and hour, read together: when a row was, which none of them says alone."""

import re

import numpy as np
import numpy.typing as npt

from coeval.task.table import Column, Kind, Table

Numbers = npt.NDArray[np.float64]
Moment = tuple[tuple[str, float], ...]
"""Columns with the days that one of each counts, from the longest on. Every month counts 31 days: later is more, whatever the calendar."""

_DAYS = {"year": 372.0, "month": 31.0, "day": 1.0, "hour": 1.0 / 24.0, "minute": 1.0 / 1440.0}
_MOST = {"year": 9999, "month": 12, "day": 31, "hour": 24, "minute": 59}
_SHORT = {"yr": "year", "mnth": "month", "dayofmonth": "day", "hr": "hour"}


def find_moment(table: Table, rows: npt.NDArray[np.intp]) -> Moment:
    """Return the longest run of a table's columns that say year, month, day, hour and minute, or nothing where fewer than two do.

    A column is known by its name (``Day_of_Month`` is a day), and by the values in the given rows, whole numbers of the right range.
    """
    found: dict[str, str] = {}
    for column in table.columns:
        part = _part(column)
        if (
            part in _DAYS
            and part not in found
            and _fits(column.values[rows].astype(np.float64), _MOST[part])
        ):
            found[part] = column.name
    runs: list[list[tuple[str, float]]] = [[]]
    for part, days in _DAYS.items():
        if part in found:
            runs[-1].append((found[part], days))
        else:
            runs.append([])
    longest = max(runs, key=len)
    return tuple(longest) if len(longest) > 1 else ()


def moments(columns: list[Numbers], moment: Moment) -> Numbers:
    """Return ``(rows,)`` days, NaN where a part is missing.

    Args:
        columns: ``(rows,)`` values of each column.
        moment: From ``find_moment``.

    Example:
        >>> moments([np.array([1.0, 2.0]), np.array([31.0, 1.0])], (("month", 31.0), ("day", 1.0))).tolist()
        [62.0, 63.0]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        total = columns[0] * moment[0][1]
        for values, (_, days) in zip(columns[1:], moment[1:], strict=True):
            total = total + values * days
    return total


def _part(column: Column) -> str:
    """Return what the letters of a numeric column's name say it holds."""
    letters = re.sub("[^a-z]", "", column.name.lower())
    return _SHORT.get(letters, letters) if column.kind is Kind.NUMERIC else ""


def _fits(values: Numbers, most: float) -> bool:
    """Return whether all known values are whole numbers up to ``most``."""
    known = values[~np.isnan(values)]
    is_whole = (known == np.floor(known)).all()
    return bool(known.size and is_whole and known.min() >= 0 and known.max() <= most)
