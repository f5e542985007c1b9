"""Columns of numbers or dates that also hold a few strings: ``-`` or ``unknown`` for what is missing."""

import dataclasses

import numpy as np

from coeval.task.kinds import HIGH_CARDINALITY
from coeval.task.raw import Form, RawColumn
from coeval.task.table import ColumnSchema, Kind

MOST_GAPS = 3
"""Different strings that may stand for a missing value; more, and they are something else."""
_EMPTY = frozenset(("unknown", "missing", "nil", "nd", "tbd", "undefined"))
_PLURAL = {Form.NUMBER: "numbers", Form.DATE: "dates"}


def without_gaps(column: RawColumn, kind: Kind | None) -> RawColumn:
    """Return a column as numbers or dates if the few strings among them can be taken as missing, or else as it is.

    Words and signs can; among codes only signs and words that say so. Strings with digits (``<5``, ``10+``) say something, except among dates (``0000-00-00``), or where they are
    numbers that no column can hold.

    Args:
        column: A column, maybe with ``near``.
        kind: What the user says it is, if anything.
    """
    near = column.near
    if near is None or kind not in (None, Kind.NUMERIC, Kind.DATE):
        return column
    rows = int((near.missing & ~column.missing).sum())
    says_nothing = near.form is Form.DATE or all(map(_is_empty, near.gaps))
    codes = are_codes(column) and any(
        one.isalnum() and one.lower() not in _EMPTY for one in near.gaps
    )
    if codes or not says_nothing or len(near.gaps) > MOST_GAPS or 2 * rows > len(column.values):
        return column
    names = ", ".join(map(repr, near.gaps))
    said = f"{names} ({rows} row{'s' * (rows > 1)}) {'is' if len(near.gaps) == 1 else 'are'} taken as missing"
    return dataclasses.replace(near, note="; ".join(filter(None, (near.note, said))))


def are_codes(column: RawColumn) -> bool:
    """Return whether a column with ``near`` may be one of codes: chromosomes 1 to 22, X and Y."""
    return column.near is not None and column.near.whole and len(column.levels) <= HIGH_CARDINALITY


def _is_empty(text: str) -> bool:
    return text.isdigit() or not any(character.isdigit() for character in text)


def about_gaps(column: RawColumn, schema: ColumnSchema) -> list[str]:
    """Return what to say of a column that a few strings keep from being numbers or dates."""
    if column.near is None or schema.kind in (Kind.NUMERIC, Kind.DATE):
        return []
    what = _PLURAL[column.near.form]
    value, row = first_gap(column)
    return [
        f"column {column.name!r} holds {what} but also {value!r} (row {row}), so it is read as text; "
        f"leave such fields empty to have it read as {what}"
    ]


def first_gap(column: RawColumn) -> tuple[str, int]:
    """Return a string that keeps a column with ``near`` from being numbers or dates, and its first row, counted from 1."""
    assert column.near is not None
    value = column.near.gaps[0]
    return value, int(np.argmax(column.values == column.levels.index(value))) + 1
