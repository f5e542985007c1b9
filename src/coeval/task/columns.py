"""Raw columns turned into the columns of a task's table, each as its kind wants it."""

import math
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError, did_you_mean
from coeval.task.dates import AMBIGUOUS, COMPACT, LABELS, compact_dates, parse_dates
from coeval.task.kinds import TRUTH_STYLES, listed
from coeval.task.numerals import number_text, parse_numbers
from coeval.task.raw import Form, RawColumn, relabel, spread
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
    held = frozenset(names)
    needed = [one.name for one in schema.columns if one.kind is not Kind.DROP]
    missing = [one for one in needed if one not in held]
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
        return Column(raw.name, schema.kind, _finite(raw.name, _numbers(raw, schema)))
    if schema.kind is Kind.DATE:
        return Column(raw.name, schema.kind, _dates(raw, schema))
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


def _numbers(raw: RawColumn, schema: ColumnSchema) -> npt.NDArray[np.float64]:
    if raw.form is Form.NUMBER:
        return raw.values
    if schema.written in LABELS:
        return _dates(raw, schema)
    if raw.form is Form.DATE:
        row = int(np.argmax(~raw.missing))
        raise DataError(
            f"Column {raw.name!r} is numeric, so a number was expected, but row {row + 1} holds the date "
            f"{_text(raw.values[row], raw.form)}. Write numbers, as the rows had that were learnt from."
        )
    rest = {one: _TRUTH.get(one, one) for one in raw.levels if one not in schema.gaps}
    return _spread_levels(raw, _read_numbers(raw, rest, schema, "numeric"))


_TRUTH = {"True": "1", "False": "0", "true": "1", "false": "0"}


def _read_numbers(
    raw: RawColumn, texts: Mapping[str, str], schema: ColumnSchema, kind: str
) -> dict[str, float]:
    """Return the number of each level by what is written there, in the convention of the schema."""
    parse = partial(parse_numbers, written=schema.written, known=True)
    parsed = parse(list(texts.values()))
    if parsed is not None:
        return dict(zip(texts, parsed.values.tolist(), strict=True))
    alone = [one for one, text in texts.items() if parse([text]) is None]
    offender = raw.levels.index(alone[0] if alone else next(iter(texts)))
    written = f" ({schema.written})" if schema.written else ""
    raise wrong_value(raw, offender, f"a number{written}", kind)


def _spread_levels(raw: RawColumn, known: Mapping[str, float]) -> npt.NDArray[np.float64]:
    """Return the number of each row, NaN where its level has none."""
    return spread(raw.values, np.array([known.get(one, np.nan) for one in raw.levels]))


def _dates(raw: RawColumn, schema: ColumnSchema) -> npt.NDArray[np.float64]:
    if raw.form is Form.DATE:
        return _same_dates(raw, schema)
    if raw.form is Form.NUMBER:
        return _numbers_as_dates(raw, schema)
    rest = [one for one in raw.levels if one not in schema.gaps]
    dates = parse_dates(rest, written=schema.written)
    if dates is not None:
        return _spread_levels(raw, dict(zip(rest, dates.values.tolist(), strict=True)))
    for one in rest:
        if parse_dates([one], written=schema.written) is None:
            known = f"a date as {schema.written} or YYYY-MM-DD"
            expected = known if schema.written else "a date such as 2024-12-31"
            raise wrong_value(raw, raw.levels.index(one), expected, "a date")
    if rest:
        raise DataError(
            f"Column {raw.name!r} mixes several formats of dates, such as {rest[0]!r}. "
            "Write all of them as YYYY-MM-DD."
        )
    return np.full(len(raw.values), np.nan)


def _same_dates(raw: RawColumn, schema: ColumnSchema) -> npt.NDArray[np.float64]:
    """Return dates that are no strings any more, unless their format was none of training and is in doubt."""
    if raw.written == schema.written or raw.written not in AMBIGUOUS:
        return raw.values
    raise DataError(
        f"Column {raw.name!r} is a date, written {schema.written or 'YYYY-MM-DD'} in training, but here as DD/MM or MM/DD, which cannot "
        "be told apart for certain. Write YYYY-MM-DD."
    )


def _numbers_as_dates(raw: RawColumn, schema: ColumnSchema) -> npt.NDArray[np.float64]:
    """Return dates that came as numbers: 20240131, or nothing but missing values."""
    if raw.missing.all():
        return raw.values
    dates = compact_dates(raw.values) if schema.written == COMPACT else None
    if dates is not None:
        return dates
    row = next(
        row
        for row in np.flatnonzero(~raw.missing).tolist()
        if schema.written != COMPACT or compact_dates(raw.values[row : row + 1]) is None
    )
    raise DataError(
        f"Column {raw.name!r} is a date, but row {row + 1} holds the number "
        f"{number_text(raw.values[row])}. Write dates as YYYY-MM-DD."
    )


def _strings(raw: RawColumn, schema: ColumnSchema) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Return codes and levels; numbers become their shortest text, dates ISO text."""
    if raw.form is Form.STRING:
        if schema.number and not raw.number:
            known = _read_numbers(raw, {one: one for one in raw.levels}, schema, "made of numbers")
            return relabel(raw.values, [number_text(known[one]) for one in raw.levels])
        return relabel(raw.values, [_spelt(one, schema.written) for one in raw.levels])
    if raw.form is Form.NUMBER:
        _finite(raw.name, raw.values)
    found, codes = np.unique(raw.values, return_inverse=True)
    return relabel(codes.astype(np.int32), [_text(one, raw.form) for one in found.tolist()])


def _spelt(text: str, written: str) -> str:
    """Return ``true`` and ``false`` in the spelling of the rows that were learnt from, anything else as it is."""
    style = TRUTH_STYLES.get(written)
    return style(text) if style is not None and text.lower() in ("true", "false") else text


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
