"""Frames and arrays as tasks (for the estimators), and as tables of a known schema (for prediction)."""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError, did_you_mean
from coeval.task.assemble import Plan, assemble
from coeval.task.columns import check_columns, to_table
from coeval.task.dates import COMPACT
from coeval.task.files import without_index
from coeval.task.kinds import listed, parse_kinds
from coeval.task.metric import Metric
from coeval.task.own_metric import Own
from coeval.task.raw import Form, RawColumn, raw_columns, relabel
from coeval.task.split import Shares
from coeval.task.table import Kind, Schema, Table
from coeval.task.task import Problem, Task
from coeval.task.text_file import refuse_duplicates

Frame = Any
"""A pandas or Polars data frame, a PyArrow table, or a 2-D NumPy array."""


def from_frame(
    frame: Frame,
    target: Any,
    *,
    kinds: str | Mapping[str, str | Kind] | None = None,
    metric: str | Metric | Own | None = None,
    problem: Problem | str | None = None,
    group: Any = None,
    time: Any = None,
    weights: Any = None,
    shares: Shares | None = None,
    several_folds: bool | None = None,
    seed: int = 0,
    name: str = "frame",
) -> Task:
    """Return the task in a frame. Unlike ``read``, it locks no test and no selection split unless asked.

    Args:
        frame: Features, and the target if ``target`` is a name.
        target: A column's name, or ``(rows,)`` values.
        kinds: As in ``read``.
        metric: As in ``read``.
        problem: As in ``read``.
        group: A column's name, or ``(rows,)`` values; as in ``read``.
        time: A column's name, or ``(rows,)`` values; as in ``read``.
        weights: A column's name, or ``(rows,)`` sample weights.
        shares: Sizes of the splits; by default 15 % validation and nothing else but training.
        several_folds: Whether to score out of fold; ``None``: below 2,000 rows.
        seed: Source of chance for the splits.
        name: For people.

    Raises:
        DataError: The data cannot be learnt from; the message says what to do.
    """
    return _from_columns(
        frame,
        target,
        kinds=kinds,
        group=group,
        time=time,
        weights=weights,
        plan=Plan(
            name=name,
            problem=problem,
            metric=metric,
            shares=shares or Shares(selection=0.0, test=0.0),
            seed=seed,
            several_folds=several_folds,
            fewest=4,
            strict=False,
        ),
    )


def from_arrays(
    X: Any,  # noqa: N803
    y: Any,
    *,
    kinds: str | Mapping[str, str | Kind] | None = None,
    metric: str | Metric | Own | None = None,
    problem: Problem | str | None = None,
    group: Any = None,
    weights: Any = None,
    names: Sequence[str] | None = None,
    shares: Shares | None = None,
    several_folds: bool | None = None,
    seed: int = 0,
    name: str = "arrays",
) -> Task:
    """Return the task of features ``(rows, columns)`` and a target ``(rows,)``.

    Columns of a numeric array are numeric unless constant; nothing is taken for an identifier.

    Args:
        X: Array or frame of features.
        y: Target values.
        kinds: As in ``read``.
        metric: As in ``read``.
        problem: As in ``read``.
        group: ``(rows,)`` group of each row.
        weights: ``(rows,)`` sample weights.
        names: Column names of an array; ``x0``, ``x1`` … by default.
        shares: As in ``from_frame``.
        several_folds: As in ``from_frame``.
        seed: Source of chance for the splits.
        name: For people.

    Raises:
        DataError: The data cannot be learnt from; the message says what to do.
    """
    if names is not None:
        X = _named(np.asarray(X), names)  # noqa: N806
    return from_frame(
        X,
        y,
        kinds=kinds,
        metric=metric,
        problem=problem,
        group=group,
        weights=weights,
        shares=shares,
        several_folds=several_folds,
        seed=seed,
        name=name,
    )


def raw_frame_to_table(frame: Frame, schema: Schema) -> Table:
    """Return a frame's rows as a table of a known schema, as for prediction.

    Levels never seen before, further columns and another order of columns are fine. A NumPy array has the
    columns in the schema's order, dropped ones included.

    Raises:
        DataError: A column is missing, or holds a value of another type; both are named.
    """
    if isinstance(frame, np.ndarray):
        if frame.ndim != 2 or frame.shape[1] != len(schema.columns):
            raise DataError(
                f"Expected an array of shape (rows, {len(schema.columns)}), got {frame.shape}. "
                "Pass all columns in the order of training."
            )
        frame = _named(frame, [one.name for one in schema.columns])
    columns, rows = _columns(_with_names(frame), keep_strings(schema))
    check_columns(columns, schema, "The frame")
    return to_table(columns, schema, rows)


def extra_columns(names: Collection[str], schema: Schema) -> list[str]:
    """Return the names that the schema does not know, to be told to the user."""
    known = {one.name for one in schema.columns}
    return [name for name in names if name not in known]


def keep_strings(schema: Schema) -> list[str]:
    """Return the columns whose strings are not to be read by what these rows alone suggest.

    They are levels or text, or numbers and dates of which the schema knows how they are written.
    """
    plain = [one.name for one in schema.of(Kind.CATEGORICAL, Kind.TEXT) if not one.number]
    known = [one.name for one in schema.columns if one.gaps or one.written not in ("", COMPACT)]
    return list(dict.fromkeys([*plain, *known]))


def kept_as_strings(overrides: Mapping[str, Kind], *, text: bool) -> list[str]:
    """Return the columns whose strings the user wants as they are; of a text file categories may be numbers all the same."""
    kinds = (Kind.TEXT, Kind.IMAGE) if text else (Kind.TEXT, Kind.IMAGE, Kind.CATEGORICAL)
    return [name for name, kind in overrides.items() if kind in kinds]


def _from_columns(
    frame: Frame,
    target: Any,
    *,
    kinds: str | Mapping[str, str | Kind] | None,
    group: Any,
    time: Any,
    weights: Any,
    plan: Plan,
) -> Task:
    label = target if isinstance(target, str) else ""
    table = _with_names(frame)
    overrides = parse_kinds(kinds, table.column_names, label)
    columns, rows = _columns(table, kept_as_strings(overrides, text=False), label)
    by_name = {column.name: column for column in columns}
    goal = _role("target", target, by_name, rows)
    features = [column for column in columns if column is not goal]
    reserved = {}
    for role, given in (("the group column", group), ("the sample weights", weights)):
        if isinstance(given, str):
            reserved[given] = role
    if isinstance(frame, np.ndarray) and frame.dtype.kind in "fiub":
        features = [dataclasses.replace(column, whole=False) for column in features]
    plan = dataclasses.replace(
        plan,
        overrides=overrides,
        reserved=reserved,
        group=None if group is None else _role("group", group, by_name, rows),
        time=None if time is None else _role("time", time, by_name, rows),
        weights=None if weights is None else _role("weights", weights, by_name, rows),
    )
    return assemble(features, goal, plan)


def _role(role: str, given: Any, columns: Mapping[str, RawColumn], rows: int) -> RawColumn:
    """Return the column that is named, or made of the values that are given."""
    if isinstance(given, str):
        if given not in columns:
            raise DataError(
                f"There is no {role} column {given!r}.{did_you_mean(given, columns)} "
                f"The columns are {listed(list(columns))}."
            )
        return columns[given]
    column = _series(role, given)
    if len(column.values) != rows:
        raise DataError(
            f"Expected one {role} value a row, {rows} in all, got {len(column.values)}. Pass equal lengths."
        )
    return column


def _series(role: str, given: Any) -> RawColumn:
    """Return one-dimensional values as a column."""
    if np.isscalar(given):
        raise DataError(
            f"Expected the name of the {role} column as a string or (rows,) values, got {given!r}. "
            "Columns are named by text here: rename them, or pass the values."
        )
    if isinstance(given, list | tuple):
        given = np.asarray(given)
    if isinstance(given, np.ndarray):
        if given.ndim != 1:
            raise DataError(f"Expected {role} values of shape (rows,), got {given.shape}.")
        return _array_column(role, given, keep=[role], target=role)
    name = getattr(given, "name", None) or role
    values = given.to_arrow() if _is_polars(given) else _pandas_column(given)
    import pyarrow as pa  # noqa: PLC0415

    if not isinstance(values, pa.ChunkedArray):
        values = pa.chunked_array([values])
    name = str(name)
    return raw_columns(pa.table({name: values}), keep=[name], target=name)[0]


def _with_names(frame: Frame) -> Any:
    """Return a frame as an array with column names, or as a PyArrow table."""
    if isinstance(frame, list | tuple):
        frame = np.asarray(frame)
    if isinstance(frame, np.ndarray):
        if frame.ndim != 2:
            raise DataError(f"Expected features of shape (rows, columns), got {frame.shape}.")
        frame = _named(frame, [f"x{position}" for position in range(frame.shape[1])])
    if isinstance(frame, _Named):
        refuse_duplicates(frame.column_names, "the array")
        return frame
    return _to_arrow(frame)


def _columns(table: Any, keep: Collection[str], target: str = "") -> tuple[list[RawColumn], int]:
    """Return the columns of what ``_with_names`` returned, and its number of rows."""
    if isinstance(table, _Named):
        columns = [
            _array_column(name, column, keep, target)
            for name, column in zip(table.column_names, table.values.T, strict=True)
        ]
        return columns, table.values.shape[0]
    keep = [*keep, target] if target else keep
    return raw_columns(table, keep=keep, target=target), table.num_rows


class _Named:
    """A 2-D array with column names."""

    __slots__ = ("column_names", "values")

    def __init__(self, values: npt.NDArray[Any], names: Sequence[str]) -> None:
        self.values = values
        self.column_names = [str(name) for name in names]


def _named(values: npt.NDArray[Any], names: Sequence[str]) -> _Named:
    if values.ndim != 2 or values.shape[1] != len(names):
        raise DataError(
            f"Expected {len(names)} columns, as many as names, got shape {values.shape}."
        )
    return _Named(values, names)


def _array_column(
    name: str, values: npt.NDArray[Any], keep: Collection[str], target: str
) -> RawColumn:
    """Return one column of an array; numbers need no PyArrow, which a small fit need not load."""
    if values.dtype.kind in "fiu":
        numbers = values.astype(np.float64)
        return RawColumn(name, Form.NUMBER, numbers, whole=values.dtype.kind in "iu", number=True)
    if values.dtype.kind == "b":
        codes, levels = relabel(values.astype(np.int32), ("False", "True"))
        return RawColumn(name, Form.STRING, codes, levels, category=True)
    import pyarrow as pa  # noqa: PLC0415

    if values.dtype.kind in "US":
        values = values.astype(object)
    table = pa.table({name: pa.chunked_array([_object_array(values)])})
    return raw_columns(table, keep=keep, target=target)[0]


def _object_array(values: Any) -> Any:
    """Return Python values as a PyArrow array; mixed types become strings."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if _is_missing(one) else str(one) for one in values])


def _is_missing(value: Any) -> bool:
    return is_null(value) or (isinstance(value, float) and math.isnan(value))


def is_null(value: Any) -> bool:
    """Return whether a Python value is ``None``, or pandas' NA or NaT."""
    return type(value).__name__ in ("NoneType", "NAType", "NaTType")


def _is_polars(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "polars"


def _to_arrow(frame: Frame) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    if isinstance(frame, pa.Table):
        names = [str(name) for name in frame.column_names]
        refuse_duplicates(names, "the table")
        return without_index(frame)
    if _is_polars(frame):
        return (frame.collect() if type(frame).__name__ == "LazyFrame" else frame).to_arrow()
    if type(frame).__module__.split(".")[0] != "pandas":
        raise DataError(
            f"Expected a pandas or Polars frame, a PyArrow table or a 2-D array, got {type(frame).__name__}."
        )
    names = [str(name) for name in frame.columns]
    refuse_duplicates(names, "the frame")
    columns = [_pandas_column(frame.iloc[:, position]) for position in range(len(names))]
    if not columns:
        raise DataError("The frame has no columns. Add features.")
    return pa.table(columns, names=names)


def _pandas_column(series: Any) -> Any:
    """Return a pandas series as a PyArrow array; a column of mixed types becomes strings."""
    import pyarrow as pa  # noqa: PLC0415

    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return _object_array(series.astype(object).tolist())
