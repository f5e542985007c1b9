"""What each column holds, inferred from its values with a reason, or said by the user.

Rules, first match wins: nested or constant or a copy of an earlier column -> drop; declared categories and
booleans -> categorical; dates -> date; numbers -> numeric, unless they are dates such as 20240131 -> date or count the rows -> drop;
strings -> identifier (drop), text or categorical. Whole numbers of few values stay numeric: they are mostly
ordered (ratings, counts), and a network can bend a number but not order a set of codes.
"""

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError, did_you_mean
from coeval.task.dates import COMPACT, FEW_DAYS, ISO, compact_dates
from coeval.task.fingerprint import digest_array
from coeval.task.numerals import number_text
from coeval.task.raw import Form, RawColumn
from coeval.task.table import ColumnSchema, Kind

HIGH_CARDINALITY = 50
MOST_LEVELS = 50_000
_ID_NAME = re.compile(
    r"(?i:(.*[_\s.-])?(id|idx|index|uuid|guid|rowid|row_?(number|num|id)|key)|unnamed: \d+)|.*[a-z]I[Dd]",
)
_FEW_ROWS = 20  # below this, that all values differ says nothing
TRUTH_STYLES: dict[str, Callable[[str], str]] = {
    "true/false": str.lower,
    "True/False": str.capitalize,
    "TRUE/FALSE": str.upper,
}
"""How truths are spelt, and what spells them so."""


def infer_kinds(
    columns: Sequence[RawColumn],
    overrides: Mapping[str, Kind],
    reserved: Mapping[str, str],
) -> tuple[ColumnSchema, ...]:
    """Return the schema of the feature columns, in order.

    Args:
        columns: The feature columns, without the target.
        overrides: Kinds that the user set.
        reserved: Columns that are no features (group, weights), with the reason.

    Raises:
        DataError: A column cannot be what the user says it is.
    """
    seen: dict[str, str] = {}
    schema = []
    for column in columns:
        if column.name in overrides:
            schema.append(_forced(column, overrides[column.name]))
            continue
        if column.name in reserved:
            schema.append(_schema(column, Kind.DROP, reserved[column.name]))
            continue
        kind, reason = _infer(column)
        if kind is not Kind.DROP:
            twin = seen.setdefault(_key(column), column.name)
            if twin != column.name:
                kind, reason = Kind.DROP, f"same values as {twin!r}"
        schema.append(_schema(column, kind, reason))
    return tuple(schema)


def parse_kinds(
    kinds: "str | Mapping[str, str | Kind] | None", names: Sequence[str], target: str
) -> dict[str, Kind]:
    """Return overrides by column name from ``"zip=categorical,id=drop"`` or a mapping.

    Raises:
        DataError: A pair is malformed, or a column or a kind is unknown.

    Example:
        >>> parse_kinds("zip=categorical", ["zip", "age"], "age")["zip"].value
        'categorical'
    """
    overrides = {}
    for name, kind in _pairs(kinds):
        if name not in names:
            raise DataError(
                f"kinds: there is no column {name!r}.{did_you_mean(name, names)} "
                f"The columns are {listed(names)}."
            )
        if name == target:
            raise DataError(
                f"kinds: {name!r} is the target and takes no kind; use problem=regression or "
                "problem=classification to say how it is read."
            )
        if kind not in list(Kind):
            allowed = [one.value for one in Kind]
            raise DataError(
                f"kinds: {name}={kind!s} is not a kind.{did_you_mean(str(kind), allowed)} "
                f"Choose one of {', '.join(allowed)}."
            )
        overrides[name] = Kind(kind)
    return overrides


def listed(names: Sequence[str], most: int = 20) -> str:
    """Return names for a message, the first few of many."""
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _pairs(kinds: "str | Mapping[str, str | Kind] | None") -> list[tuple[str, str | Kind]]:
    if kinds is None:
        return []
    if not isinstance(kinds, str):
        return list(kinds.items())
    pairs: list[tuple[str, str | Kind]] = []
    for part in filter(None, (one.strip() for one in kinds.split(","))):
        name, equals, kind = part.rpartition("=")
        if not equals:
            raise DataError(
                f"kinds: expected name=kind pairs such as 'zip=categorical,id=drop', got {part!r}."
            )
        pairs.append((name.strip(), kind.strip().lower()))
    return pairs


def _schema(column: RawColumn, kind: Kind, reason: str) -> ColumnSchema:
    number, written = column.number, column.written
    if kind is Kind.DATE and number:
        number, written = False, COMPACT
    elif kind is Kind.NUMERIC and column.form is Form.DATE:
        written = written or ISO.label
    elif kind is Kind.CATEGORICAL and column.form is Form.STRING:
        written = _truth_style(column.levels)
    return ColumnSchema(column.name, kind, reason, number, written, column.gaps)


def _truth_style(levels: Sequence[str]) -> str:
    """Return the spelling of levels that are all truths; "" for others."""
    for written, style in TRUTH_STYLES.items():
        if levels and all(one in map(style, ("true", "false")) for one in levels):
            return written
    return ""


def _infer(column: RawColumn) -> tuple[Kind, str]:
    missing = column.missing
    if column.form is Form.NESTED:
        return Kind.DROP, f"nested values ({column.note}) are not read"
    if missing.all():
        return Kind.DROP, "constant: every value is missing"
    if column.form is Form.STRING:
        return _infer_strings(column)
    values = column.values[~missing]
    if not missing.any() and (values == values[0]).all():
        return Kind.DROP, "constant: one value in every row"
    if column.form is Form.DATE:
        return Kind.DATE, "dates"
    return _infer_numbers(column)


def _infer_numbers(column: RawColumn) -> tuple[Kind, str]:
    values = column.values
    rows = len(values)
    if column.whole and _are_days(values):
        return Kind.DATE, f"whole numbers that are dates as {COMPACT}"
    if column.whole and rows >= _FEW_ROWS and not np.isnan(values).any():
        counts = (np.diff(values) > 0).all() and values[-1] - values[0] < 2 * rows
        if counts and abs(values[0]) < rows:
            return Kind.DROP, "identifier: whole numbers that increase with the rows"
        if _ID_NAME.fullmatch(column.name) and len(np.unique(values)) == rows:
            return Kind.DROP, f"identifier: {rows} different whole numbers, named {column.name!r}"
    return Kind.NUMERIC, "whole numbers" if column.whole else "numbers"


def _are_days(values: npt.NDArray[np.float64]) -> bool:
    """Return whether numbers are written dates: by chance one in thirty such numbers is, and never many."""
    return compact_dates(values) is not None and len(np.unique(values)) > FEW_DAYS


def _infer_strings(column: RawColumn) -> tuple[Kind, str]:
    """Return the kind of a column of strings, booleans or declared categories."""
    levels = len(column.levels)
    missing = column.missing
    if levels == 1 and not missing.any():
        return Kind.DROP, f"constant: always {column.levels[0]!r}"
    if column.category:
        if levels > MOST_LEVELS:
            return Kind.DROP, f"identifier: {levels} categories"
        return Kind.CATEGORICAL, _cardinality(levels)
    rows = int((~missing).sum())
    words = _words(column.levels)
    if levels > HIGH_CARDINALITY // 2 and _is_text(levels / rows, words, column.levels):
        return Kind.TEXT, f"text: {words:.1f} words on average"
    if rows >= _FEW_ROWS and levels >= 0.99 * rows:
        return Kind.DROP, f"identifier: {levels} different values in {rows} rows"
    if levels > MOST_LEVELS:
        return Kind.DROP, f"identifier: {levels} categories, more than {MOST_LEVELS}"
    return Kind.CATEGORICAL, _cardinality(levels)


def _cardinality(levels: int) -> str:
    if levels > HIGH_CARDINALITY:
        return f"high cardinality: {levels} categories"
    return f"{levels} categories"


def _words(levels: Sequence[str]) -> float:
    """Return the mean number of words in (at most 2,000 of) the distinct values."""
    sample = levels[:: max(1, len(levels) // 2000)]
    return sum(len(one.split()) for one in sample) / max(len(sample), 1)


def _is_text(distinct: float, words: float, levels: Sequence[str]) -> bool:
    """Return whether strings are free text: several words, and seldom the same twice."""
    return (words >= 2 and distinct >= 0.5) or (words >= 4 and len(levels) > HIGH_CARDINALITY)


def _key(column: RawColumn) -> str:
    """Return a digest that only a column of the same values shares."""
    values = digest_array(column.values)
    return f"{column.form}:{values}:{hash(column.levels)}"


def _forced(column: RawColumn, kind: Kind) -> ColumnSchema:
    """Return the schema of a column whose kind the user set, if it can be that."""
    if column.form is Form.NESTED and kind is not Kind.DROP:
        raise DataError(
            f"kinds: column {column.name!r} holds nested values ({column.note}) and can only be dropped."
        )
    if kind is Kind.IMAGE:
        raise DataError(
            f"kinds: column {column.name!r} cannot hold images here. Images are read from a file of paths and labels, "
            "a folder, or arrays (coeval.task.images)."
        )
    if kind is Kind.NUMERIC:
        _refuse_unless_numbers(column)
    if kind is Kind.DATE and not _can_be_dates(column):
        known = column.values[~column.missing]
        sample = column.levels[known[0]] if column.levels else number_text(known[0])
        raise DataError(
            f"kinds: column {column.name!r} cannot be a date: its values, such as {sample!r}, "
            "are not all dates of one format. Write them as YYYY-MM-DD."
        )
    if kind is Kind.CATEGORICAL and _distinct(column) > MOST_LEVELS:
        raise DataError(
            f"kinds: column {column.name!r} has {_distinct(column)} different values, and a categorical "
            f"column may have at most {MOST_LEVELS}. Merge rare ones, or use {column.name}=drop."
        )
    return _schema(column, kind, "set by the user")


def _can_be_dates(column: RawColumn) -> bool:
    if column.form is Form.NUMBER:
        return bool(column.missing.all()) or compact_dates(column.values) is not None
    return column.form is Form.DATE or not column.levels


def _refuse_unless_numbers(column: RawColumn) -> None:
    if column.form is Form.NUMBER or column.form is Form.DATE:
        return
    for code, level in enumerate(column.levels):
        try:
            float(level)
        except ValueError:
            row = int(np.argmax(column.values == code))
            raise DataError(
                f"kinds: column {column.name!r} cannot be numeric: row {row + 1} holds {level!r}. "
                "Mend this value or leave it empty if it is missing."
            ) from None


def _distinct(column: RawColumn) -> int:
    return len(column.levels) if column.form is Form.STRING else len(np.unique(column.values))
