"""Raw columns: what a file or frame holds before kinds are decided, as plain NumPy arrays.

A column of a file of text is parsed here: its distinct strings are tried as numbers, then as dates.
Working on the distinct strings keeps a long column of few categories cheap.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError
from coeval.task.dates import ISO, parse_dates
from coeval.task.numerals import is_code, is_plain, number_text, parse_numbers
from coeval.task.text_file import MISSING, NO_CLASS

EXACT = 2**53
"""Whole numbers above this are not exact as float64, so they are kept as text."""
_PLAIN = r"^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?$"
"""Dates that PyArrow reads just as ``dates`` does, a hundred times as fast."""


class Form(StrEnum):
    """How the values of a raw column are stored."""

    NUMBER = "number"
    DATE = "date"
    STRING = "string"
    NESTED = "nested"


@dataclass(frozen=True, slots=True, eq=False)
class RawColumn:
    """One column as found.

    Attributes:
        values: ``(rows,)``: float64 for numbers and dates (NaN = missing), int32 index into ``levels``
            for strings (-1 = missing).
        levels: Distinct strings in order of first appearance.
        whole: All numbers are whole, and were written without a fraction.
        number: The raw values are numbers, also where they came as categories of numbers.
        category: The source itself says that these are categories (also booleans).
        note: What had to be interpreted to read it, for the user.
        written: How its numbers or dates are written, where that was inferred; see ``table.ColumnSchema``.
        gaps: Strings of the source that are taken as missing.
        near: The same column read as numbers or dates, which but for its ``gaps`` it is; or ``None``.
    """

    name: str
    form: Form
    values: npt.NDArray[Any]
    levels: tuple[str, ...] = ()
    whole: bool = False
    number: bool = False
    category: bool = False
    note: str = ""
    written: str = ""
    gaps: tuple[str, ...] = ()
    near: "RawColumn | None" = None

    @property
    def missing(self) -> npt.NDArray[np.bool_]:
        """Return ``(rows,)``, true where there is no value."""
        return self.values < 0 if self.form is Form.STRING else np.isnan(self.values)

    def take(self, rows: npt.NDArray[Any]) -> "RawColumn":
        """Return the given rows (indices or a mask), without the levels that none of them has."""
        values, levels = self.values[rows], self.levels
        near = None if self.near is None else self.near.take(rows)
        if self.form is Form.STRING:
            values, levels = relabel(values, levels)
        if near is not None:
            gaps = tuple(one for one in near.gaps if one in levels)
            if not gaps:
                return dataclasses.replace(near, gaps=())
            near = dataclasses.replace(near, gaps=gaps)
        return dataclasses.replace(self, values=values, levels=levels, near=near)


def raw_columns(
    table: Any,
    *,
    text: bool = False,
    comma: bool = False,
    keep: Collection[str] = (),
    undated: Collection[str] = (),
    target: str = "",
) -> list[RawColumn]:
    """Return the columns of a PyArrow table.

    Args:
        table: The table.
        text: Its columns are the strings of a text file, to be parsed.
        comma: A text file whose numbers may be written with a decimal comma.
        keep: Names of columns whose strings stay as they are.
        undated: Names of columns whose strings are not tried as dates.
        target: Name of a column in which ``None`` is a class beside others; a typed table's strings are left as they are in it.
    """
    keep, undated = frozenset(keep), frozenset(undated)
    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        dated = name not in undated
        if not text:
            one = _typed_column(name, column, as_found=name == target)
            plain = one.form is Form.STRING and not one.category and name not in keep
            columns.append(_settled(one, dated=dated, codes=True) if plain else one)
        elif name in keep:
            columns.append(_kept_column(name, column, NO_CLASS if name == target else MISSING))
        else:
            one = _parsed(name, column, comma=comma, dated=dated)
            is_class = name == target and one.form is Form.STRING and one.near is None
            columns.append(_kept_column(name, column, NO_CLASS) if is_class else one)
    return columns


def encode(strings: Any) -> tuple[npt.NDArray[np.int32], list[Any]]:
    """Return codes ``(rows,)`` (-1 = null) and the distinct values of a PyArrow chunked array, in order of first appearance."""
    import pyarrow as pa  # noqa: PLC0415

    encoded = strings if pa.types.is_dictionary(strings.type) else strings.dictionary_encode()
    encoded = encoded.unify_dictionaries()
    if encoded.num_chunks == 0:
        return np.empty(0, np.int32), []
    views = (_view(chunk.indices) for chunk in encoded.chunks)
    parts = [np.where(present, values.astype(np.int64), -1) for values, present in views]
    codes = np.concatenate(parts).astype(np.int32)
    return codes, encoded.chunk(0).dictionary.to_pylist()


def relabel(
    codes: npt.NDArray[np.int32], labels: Iterable[str | None]
) -> tuple[npt.NDArray[np.int32], tuple[str, ...]]:
    """Return codes and levels with equal labels merged, ``None`` made missing, unused ones dropped.

    Levels are in order of first appearance in ``codes``.
    """
    labels = list(labels)
    used, first = np.unique(codes, return_index=True)
    order = used[np.argsort(first, kind="stable")]
    levels: dict[str, int] = {}
    new = np.full(len(labels) + 1, -1, np.int32)  # the last entry serves code -1
    for code in order[order >= 0].tolist():
        label = labels[code]
        if label is not None:
            new[code] = levels.setdefault(label, len(levels))
    return new[codes], tuple(levels)


def _kept_column(name: str, column: Any, missing: Collection[str] = MISSING) -> RawColumn:
    """Return a column of strings as such, blanks around them stripped, missing markers made missing."""
    codes, found = encode(column)
    stripped = [one.strip() if one is not None else None for one in found]
    codes, levels = relabel(codes, [None if one in missing else one for one in stripped])
    return RawColumn(name, Form.STRING, codes, levels)


def _parsed(name: str, column: Any, *, comma: bool, dated: bool) -> RawColumn:
    """Return a text file's column as numbers or plain dates, if it holds them, or as strings."""
    quick = _quick_numbers(name, column) or (_quick_dates(name, column) if dated else None)
    return quick or _settled(_kept_column(name, column), comma=comma, dated=dated)


def _quick_numbers(name: str, column: Any) -> RawColumn | None:
    """Return plain numbers without a Python object a field, or ``None`` where a closer look is needed."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import compute  # noqa: PLC0415

    try:
        values = _floats(column.cast(pa.float64()))
    except pa.ArrowInvalid:
        return None
    if _any(compute.match_substring_regex(column, pattern="^[+-]?0[0-9]")):
        return None
    # Spares a look at fractions.
    whole = bool((np.isnan(values) | (values == np.rint(values))).all())
    whole = whole and not _any(compute.match_substring_regex(column, pattern="[^0-9+-]"))
    if whole and np.nanmax(np.abs(values), initial=0) > EXACT:
        return None
    return RawColumn(name, Form.NUMBER, values, whole=whole, number=True)


def _quick_dates(name: str, column: Any) -> RawColumn | None:
    """Return plain ISO dates without a Python object a field, or ``None`` where a closer look is needed."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import compute  # noqa: PLC0415

    if not len(column) or not compute.all(compute.match_substring_regex(column, _PLAIN)).as_py():
        return None
    try:
        return RawColumn(name, Form.DATE, _days(column.cast(pa.timestamp("us"))))
    except pa.ArrowInvalid:  # no such day
        return None


def _any(truths: Any) -> bool:
    """Return whether a PyArrow column of booleans holds a true one."""
    from pyarrow import compute  # noqa: PLC0415

    return bool(compute.any(truths).as_py())


_Reading = Callable[[Sequence[str]], RawColumn | None]
"""Reads strings as a column of as many rows, if they can all be read."""


def _settled(
    column: RawColumn, *, comma: bool = False, dated: bool, codes: bool = False
) -> RawColumn:
    """Return a column of strings as numbers or dates, if they all are; if all but a few, with ``near``.

    Args:
        column: The strings.
        comma: Numbers may be written with a decimal comma.
        dated: Dates are sought.
        codes: Whole numbers stay strings: a source that has types would not write quantities so.
    """
    readings: list[_Reading] = [partial(_as_numbers, column.name, comma=comma)]
    if dated:
        readings.append(partial(_as_dates, column.name))

    def accepted(reading: _Reading, strings: Sequence[str]) -> RawColumn | None:
        found = reading(strings)
        return None if found is None or (codes and _are_codes(found)) else found

    for reading in readings:
        found = accepted(reading, column.levels)
        if found is not None:
            return dataclasses.replace(found, values=spread(column.values, found.values))
    for reading in readings:
        gaps = _exceptions(column.levels, reading, numbers=reading is readings[0])
        rest = [one for one in column.levels if one not in gaps]
        found = accepted(reading, rest) if gaps else None
        if found is not None:
            known = np.full(len(column.levels), np.nan)
            known[[one not in gaps for one in column.levels]] = found.values
            values = spread(column.values, known)
            near = dataclasses.replace(found, values=values, gaps=gaps)
            return dataclasses.replace(column, near=near)
    return column


def _exceptions(levels: Sequence[str], reading: _Reading, *, numbers: bool) -> tuple[str, ...]:
    """Return the strings that cannot be read, at most a tenth of all; otherwise nothing."""

    def is_odd(one: str) -> bool:
        return not (numbers and is_plain(one)) and reading([one]) is None

    sample = levels[:: max(1, len(levels) // 40)]
    if sum(map(is_odd, sample)) > len(sample) / 4:
        return ()
    few = len(levels) // 10
    found = tuple(itertools.islice(filter(is_odd, levels), few + 1))
    return () if len(found) > few or any(map(is_code, found)) else found


def _are_codes(column: RawColumn) -> bool:
    """Return whether distinct strings read as numbers are whole, or no longer differ (versions 1.1 and 1.10)."""
    values, found = column.values, np.unique(column.values)
    merged = bool((values == np.rint(values)).all()) or len(found) < len(values)
    return column.form is Form.NUMBER and merged


def _as_numbers(name: str, strings: Sequence[str], *, comma: bool) -> RawColumn | None:
    parsed = parse_numbers(strings, comma=comma)
    if parsed is None or (parsed.whole and np.abs(parsed.values).max(initial=0) > EXACT):
        return None
    found = RawColumn(name, Form.NUMBER, parsed.values, note=parsed.note, written=parsed.written)
    return dataclasses.replace(found, whole=parsed.whole, number=True)


def _as_dates(name: str, strings: Sequence[str]) -> RawColumn | None:
    dates = parse_dates(strings)
    if dates is None:
        return None
    written = "" if dates.label == ISO.label else dates.label
    return RawColumn(name, Form.DATE, dates.values, note=dates.note, written=written)


def _typed_column(name: str, column: Any, *, as_found: bool) -> RawColumn:
    """Return a column that has a type of its own; its strings as a text file's are taken, or as they are found."""
    import pyarrow as pa  # noqa: PLC0415

    kind, types = column.type, pa.types
    if types.is_dictionary(kind):
        return _category(name, column)
    if types.is_boolean(kind):
        codes, found = encode(column)
        codes, levels = relabel(codes, [str(one) for one in found])
        return RawColumn(name, Form.STRING, codes, levels, category=True)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        column = column.cast(pa.large_string())
        if not as_found:
            return _kept_column(name, column)
        codes, found = encode(column)
        return RawColumn(name, Form.STRING, *relabel(codes, [one or None for one in found]))
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        return _number(name, column)
    if types.is_null(kind):
        return RawColumn(name, Form.NUMBER, np.full(len(column), np.nan), number=True)
    return _temporal(name, column)


def _temporal(name: str, column: Any) -> RawColumn:
    """Return a column of moments, durations or times of day; what is none of these is nested."""
    import pyarrow as pa  # noqa: PLC0415

    kind, types = column.type, pa.types
    if types.is_timestamp(kind) or types.is_date(kind):
        return RawColumn(name, Form.DATE, _days(column))
    if types.is_duration(kind):
        seconds = column.cast(pa.duration("us"), safe=False).cast(pa.int64())
        note = "durations are read as seconds"
        return RawColumn(name, Form.NUMBER, _floats(seconds) / 1e6, number=True, note=note)
    if types.is_time(kind):
        codes, found = encode(column.cast(pa.string()))
        return RawColumn(name, Form.STRING, *relabel(codes, found))
    return RawColumn(name, Form.NESTED, np.zeros(len(column)), note=str(kind))


def _number(name: str, column: Any) -> RawColumn:
    import pyarrow as pa  # noqa: PLC0415

    whole = pa.types.is_integer(column.type)
    values = _floats(column)
    if whole and np.nanmax(np.abs(values), initial=0) > EXACT:
        return RawColumn(name, Form.STRING, *relabel(*encode(column.cast(pa.string()))))
    return RawColumn(name, Form.NUMBER, values, whole=whole, number=True)


def _category(name: str, column: Any) -> RawColumn:
    """Return a dictionary-encoded column; its values may be strings, numbers, booleans or dates."""
    import pyarrow as pa  # noqa: PLC0415

    inner = column.type.value_type
    number = pa.types.is_integer(inner) or pa.types.is_floating(inner)
    codes, found = encode(column)
    codes, levels = relabel(
        codes,
        [None if _is_missing(one) else number_text(one) if number else str(one) for one in found],
    )
    if number and any(abs(float(level)) > EXACT for level in levels):
        number = False
    return RawColumn(name, Form.STRING, codes, levels, number=number, category=True)


def _is_missing(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _floats(column: Any) -> npt.NDArray[np.float64]:
    """Return a numeric chunked array as float64 with NaN for null."""
    import pyarrow as pa  # noqa: PLC0415

    if not pa.types.is_float64(column.type):
        column = column.cast(pa.float64(), safe=False)
    parts = []
    for chunk in column.chunks:
        values, present = _view(chunk)
        parts.append(np.where(present, values, np.nan))
    return np.concatenate(parts) if parts else np.empty(0)


def _view(array: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_]]:
    """Return a PyArrow array of numbers and which of them are present.

    ``to_numpy`` would load pandas where that is installed, which costs a command a fifth of a second.
    """
    bits, data = array.buffers()
    rows = slice(array.offset, array.offset + len(array))
    dtype = np.dtype(str(array.type).replace("double", "float64"))
    values = np.frombuffer(data, dtype)[rows] if len(array) else np.empty(0, dtype)
    if bits is None or not array.null_count:
        return values, np.ones(len(array), np.bool_)
    present = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return values, present[rows].astype(np.bool_)


def _days(column: Any) -> npt.NDArray[np.float64]:
    """Return timestamps or dates as days since 1970-01-01; times with a zone as UTC."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        moments = column.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise DataError(f"A date lies outside of what can be represented: {error}.") from error
    return _floats(moments) / 86_400e6


def spread(
    codes: npt.NDArray[np.int32], values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the value of each row's level, NaN for code -1."""
    return np.append(values, np.nan)[codes]
