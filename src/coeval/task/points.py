"""Points: the target function of the numeric backend as finite numbers, one column an input.

There is nothing to impute, encode or scale here: a sequence of scalar functions is undefined where a
number is, so whatever is not a finite number is refused with its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError, did_you_mean
from coeval.seed import generator
from coeval.task.files import Source, read_file
from coeval.task.fingerprint import digest_array
from coeval.task.numerals import parse_numbers
from coeval.task.raw import Form, RawColumn, raw_columns, spread

Floats = npt.NDArray[np.float64]
LEAST_ROWS = 3
MOST_INPUTS = 128
"""Programs number their values with a byte; half of them are kept for steps and constants."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The values of a function at some points; make them with ``make_points`` or ``read_points``.

    Attributes:
        columns: One contiguous float64 array ``(rows,)`` for each input, finite.
        target: ``(rows,)`` float64, finite and not constant.
        names: The inputs' names.
        target_name: The target's.
    """

    columns: tuple[Floats, ...]
    target: Floats
    names: tuple[str, ...]
    target_name: str = "y"

    @property
    def rows(self) -> int:
        """Return how many points there are."""
        return len(self.target)

    @property
    def fingerprint(self) -> str:
        """Return the digest of all values, so that a result can be tied to the points it was got on."""
        return digest_array(np.stack([*self.columns, self.target]))

    def take(self, rows: npt.NDArray[np.int64]) -> "Points":
        """Return the given points; the target may be constant there."""
        return Points(
            tuple(np.ascontiguousarray(one[rows]) for one in self.columns),
            np.ascontiguousarray(self.target[rows]),
            self.names,
            self.target_name,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """Points to fit, and points to judge the result by; ``held_out`` is ``None`` where none are held out."""

    fit: Points
    held_out: Points | None


def make_points(
    columns: Sequence[npt.ArrayLike],
    target: npt.ArrayLike,
    names: Sequence[str] | None = None,
    target_name: str = "y",
) -> Points:
    """Return points, checked.

    Args:
        columns: ``(rows,)`` numbers for each input.
        target: ``(rows,)`` numbers.
        names: One for each input; ``x`` or ``x0``, ``x1`` … by default.
        target_name: The target's.

    Raises:
        DataError: There are no inputs, too many, or too few points; lengths differ; two names are equal; a
            value is NaN or infinite; the target is constant.
    """
    made = tuple(np.ascontiguousarray(one, dtype=np.float64) for one in columns)
    values = np.ascontiguousarray(target, dtype=np.float64)
    names = tuple(_default_names(len(made)) if names is None else names)
    _check_shapes(made, values, names, target_name)
    for name, column in zip((*names, target_name), (*made, values), strict=True):
        _check_finite(name, column)
    if (values == values[0]).all():
        raise DataError(
            f"Target {target_name!r} is constant: it is {values[0]:g} at every point, so the constant is the "
            "whole answer. Choose another target."
        )
    return Points(made, values, names, target_name)


def read_points(path: str | Path, target: str) -> Points:
    """Return the points in a CSV, TSV, Parquet or Feather file: every column but the target is an input.

    Raises:
        DataError: The file cannot be read; it lacks the target or any other column; a column is not
            numeric; or as ``make_points``.
    """
    source = read_file(path)
    names = list(source.table.column_names)
    _check_target(names, target, source, path)
    columns = {
        one.name: _numbers(one, "Target" if one.name == target else "Column")
        for one in raw_columns(source.table, text=source.text, comma=source.comma)
    }
    values = columns.pop(target)
    return make_points(list(columns.values()), values, list(columns), target)


def split(points: Points, share: float = 0.2, seed: int = 0) -> Halves:
    """Deal points to fit and held out, every stratum of the sorted target giving its share.

    Where fewer than ``LEAST_ROWS`` points would be left to fit, or the target would be constant on them,
    none are held out.

    Args:
        points: All points.
        share: How many of them to hold out, 0 to below 1.
        seed: Source of chance.

    Raises:
        DataError: The share is not in that range.
    """
    if not 0 <= share < 1:
        raise DataError(
            f"The share of points held out must be at least 0 and below 1, got {share:g}. Try 0.2."
        )
    amount = round(share * points.rows)
    order = np.argsort(points.target, kind="stable")
    rng = generator(seed, "held out")
    taken = [int(rng.choice(part)) for part in np.array_split(order, amount)] if amount else []
    held = np.sort(np.array(taken, dtype=np.int64))
    kept = np.setdiff1d(np.arange(points.rows), held)
    fit = points.take(kept)
    if not amount or len(kept) < LEAST_ROWS or bool((fit.target == fit.target[:1]).all()):
        return Halves(points, None)
    return Halves(fit, points.take(held))


def check_constants(points: Points, constants: int, what: str) -> None:
    """Check that the points can determine so many fitted constants.

    Args:
        points: Those to fit.
        constants: How many numbers are fitted.
        what: Which these are, for the message.

    Raises:
        DataError: There are fewer points than constants.
    """
    if points.rows < constants:
        raise DataError(
            f"Expected at least {constants} points to fit {constants} constants ({what}), got {points.rows}: any "
            "sequence would fit them. Add points, or fit fewer constants: --constants none."
        )


def _default_names(count: int) -> list[str]:
    return ["x"] if count == 1 else [f"x{number}" for number in range(count)]


def _check_shapes(
    columns: tuple[Floats, ...], target: Floats, names: tuple[str, ...], target_name: str
) -> None:
    shapes = {one.shape for one in (*columns, target)}
    if len(shapes) != 1 or target.ndim != 1 or len(names) != len(columns):
        raise DataError(
            f"Expected inputs and target of one shape (rows,) and a name for each input, got shapes "
            f"{[one.shape for one in columns]} and {target.shape}, and {len(names)} names."
        )
    if not 1 <= len(columns) <= MOST_INPUTS:
        raise DataError(
            f"Expected 1 to {MOST_INPUTS} inputs, got {len(columns)}. Drop columns that the target does not depend on."
        )
    twice = [one for one in dict.fromkeys(names) if [*names, target_name].count(one) > 1]
    if twice:
        raise DataError(
            f"Names must differ, but {', '.join(map(repr, twice))} stands more than once. Rename a column."
        )
    if len(target) < LEAST_ROWS:
        raise DataError(f"Expected at least {LEAST_ROWS} points, got {len(target)}. Add points.")


def _check_finite(name: str, values: Floats) -> None:
    wrong = np.flatnonzero(~np.isfinite(values))
    if not len(wrong):
        return
    rows = ", ".join(str(one + 1) for one in wrong[:5])
    more = f" and {len(wrong) - 5:,} more" if len(wrong) > 5 else ""
    first = values[wrong[0]]
    what = "no value (NaN)" if np.isnan(first) else f"{first:g}"
    raise DataError(
        f"Expected finite numbers, but {name!r} has {what} in row{'s' * (len(wrong) > 1)} {rows}{more}. "
        "Remove these rows, or mend the values."
    )


def _numbers(raw: RawColumn, role: str) -> Floats:
    """Return a column's values; whole numbers beyond 2^53, which a table keeps as text, are rounded to float64."""
    if raw.form is Form.NUMBER:
        return raw.values.astype(np.float64)
    cure = "Turn it into numbers, or remove the column."
    if raw.form is not Form.STRING:
        what = "dates" if raw.form is Form.DATE else f"nested values ({raw.note})"
        raise DataError(f"{role} {raw.name!r} is not numeric: it holds {what}. {cure}")
    parsed = parse_numbers(raw.levels)
    if parsed is not None:
        return spread(raw.values, parsed.values)
    # Each may be a number alone: $3 beside 5 €.
    odd = next((one for one in raw.levels if parse_numbers([one]) is None), raw.levels[0])
    row = int(np.argmax(raw.values == raw.levels.index(odd)))
    raise DataError(
        f"{role} {raw.name!r} is not numeric: it holds {odd!r} in row {row + 1}. {cure}"
    )


def _check_target(names: Sequence[str], target: str, source: Source, path: str | Path) -> None:
    if target in names and len(names) > 1:
        return
    if target in names:
        raise DataError(
            f"{path} has only the target column {target!r}. Expected at least one input column."
        )
    hint = (
        " The first line looks like values: it must hold the column names."
        if source.header_is_data
        else ""
    )
    shown = ", ".join(repr(one[:60]) for one in names[:20]) + (" …" if len(names) > 20 else "")
    raise DataError(
        f"{path} has no target column {target!r}.{did_you_mean(target, names)}{hint} The columns are {shown}."
    )
