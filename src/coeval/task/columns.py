"""Raw columns turned into the columns of a task's table, each as its kind wants it."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError, did_you_mean
from coeval.task.dates import parse_dates
from coeval.task.kinds import listed
from coeval.task.numerals import number_text
from coeval.task.raw import Form, RawColumn, relabel
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table


def to_table(columns: Sequence[RawColumn], schema: Schema, rows: int) -> Table:
    """Return the table of the columns that are not dropped, in the schema's order.

    Args:
        columns: At least those that the schema keeps, in any order.
        schema: What each column is.
        rows: Number of rows.

    Raises:
        DataError: A column cannot be read as its kind, or holds an infinite value.
    """
    by_name = {column.name: column for column in columns}
    kept = [one for one in schema.columns if one.kind is not Kind.DROP]
    return Table(tuple(_convert(by_name[one.name], one) for one in kept), rows)


def check_columns(columns: Sequence[RawColumn], schema: Schema, where: str) -> None:
    """Raise a ``DataError`` that names the columns that ``schema`` needs and ``where`` lacks."""
    names = [column.name for column in columns]
    needed = [one.name for one in schema.columns if one.kind is not Kind.DROP]
    missing = [one for one in needed if one not in names]
    if missing:
        raise DataError(
            f"{where} lacks {'column' if len(missing) == 1 else 'columns'} {listed([repr(one) for one in missing])}."
            f"{did_you_mean(missing[0], names)} It has {listed(names)}. Add what is missing; "
            "a column may be empty if its values are unknown."
        )


def concatenate(first: Table, second: Table) -> Table:
    """Return the rows of two tables of the same columns, the levels of both merged."""
    pairs = zip(first.columns, second.columns, strict=True)
    return Table(tuple(_join(one, other) for one, other in pairs), first.rows + second.rows)


def _join(one: Column, other: Column) -> Column:
    if one.values.dtype != np.int32:
        return Column(one.name, one.kind, np.concatenate([one.values, other.values]))
    codes = other.values.astype(np.int32)
    shifted = np.where(codes < 0, -1, codes + len(one.levels)).astype(np.int32)
    values, levels = relabel(
        np.concatenate([one.values.astype(np.int32), shifted]), [*one.levels, *other.levels]
    )
    return Column(one.name, one.kind, values, levels)


def _convert(raw: RawColumn, schema: ColumnSchema) -> Column:
    if schema.kind is Kind.NUMERIC:
        return Column(raw.name, schema.kind, _finite(raw.name, _numbers(raw)))
    if schema.kind is Kind.DATE:
        return Column(raw.name, schema.kind, _dates(raw))
    codes, levels = _strings(raw, schema)
    return Column(raw.name, schema.kind, codes, levels)


def _finite(name: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    infinite = np.isinf(values)
    if infinite.any():
        raise DataError(
            f"Column {name!r} holds an infinite value in row {int(infinite.argmax()) + 1} "
            f"({int(infinite.sum())} in all). Expected finite numbers; leave the field empty if the value is unknown."
        )
    return values


def _numbers(raw: RawColumn) -> npt.NDArray[np.float64]:
    if raw.form is Form.NUMBER or raw.form is Form.DATE:
        return raw.values
    numbers = np.empty(len(raw.levels) + 1)
    numbers[-1] = np.nan
    for code, level in enumerate(raw.levels):
        try:
            numbers[code] = _TRUTH[level] if level in _TRUTH else float(level)
        except ValueError:
            raise wrong_value(raw, code, "a number", "numeric") from None
    return np.asarray(numbers[raw.values])


_TRUTH = {"True": 1.0, "False": 0.0, "true": 1.0, "false": 0.0}


def _dates(raw: RawColumn) -> npt.NDArray[np.float64]:
    if raw.form is Form.DATE:
        return raw.values
    if raw.form is Form.NUMBER:
        if np.isnan(raw.values).all():
            return raw.values
        row = int(np.argmax(~np.isnan(raw.values)))
        raise DataError(
            f"Column {raw.name!r} is a date, but row {row + 1} holds the number "
            f"{number_text(raw.values[row])}. Write dates as YYYY-MM-DD."
        )
    dates = parse_dates(raw.levels)
    if dates is None and raw.levels:
        for code, level in enumerate(raw.levels):
            if parse_dates([level]) is None:
                raise wrong_value(raw, code, "a date such as 2024-12-31", "a date")
        raise DataError(
            f"Column {raw.name!r} mixes several formats of dates, such as {raw.levels[0]!r}. "
            "Write all of them as YYYY-MM-DD."
        )
    values = np.empty(0) if dates is None else dates.values
    return np.asarray(np.append(values, np.nan)[raw.values])


def _strings(raw: RawColumn, schema: ColumnSchema) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Return codes and levels; numbers become their shortest text, dates ISO text."""
    if raw.form is Form.STRING:
        if schema.number and not raw.number:
            return _numeric_levels(raw)
        return raw.values, raw.levels
    if raw.form is Form.NUMBER:
        _finite(raw.name, raw.values)
    found, codes = np.unique(raw.values, return_inverse=True)
    texts = [_text(value, raw.form) for value in found.tolist()]
    return relabel(codes.astype(np.int32), texts)


def _numeric_levels(raw: RawColumn) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    labels = []
    for code, level in enumerate(raw.levels):
        try:
            labels.append(number_text(float(level)))
        except (ValueError, OverflowError):
            raise wrong_value(raw, code, "a number", "made of numbers") from None
    return relabel(raw.values, labels)


def _text(value: float, form: Form) -> str | None:
    if math.isnan(value):
        return None
    if form is Form.NUMBER:
        return number_text(value)
    moment = np.datetime64(round(value * 86_400e6), "us")
    return str(moment.astype("datetime64[D]" if value.is_integer() else "datetime64[s]"))


def wrong_value(raw: RawColumn, code: int, expected: str, kind: str) -> DataError:
    """Return the error for the first row that holds the level ``code``."""
    row = int(np.argmax(raw.values == code))
    return DataError(
        f"Column {raw.name!r} is {kind}, so {expected} was expected, but row {row + 1} holds "
        f"{raw.levels[code]!r}. Mend the value, or leave it empty if it is missing."
    )
