"""A table as what the ONNX graph takes: one array for each column, ``(rows, 1)``, or the images themselves."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError
from coeval.export.model import RawInput
from coeval.task.preparation_date import DAY_MILLISECONDS, day_and_clock
from coeval.task.table import Column, Kind, Table

Feeds = dict[str, npt.NDArray[np.generic]]


def feeds(inputs: Sequence[RawInput], table: Table) -> Feeds:
    """Return the inputs of the graph by name: doubles (NaN = missing), strings ('' = missing), or images' bytes.

    Raises:
        DataError: The table lacks a column, or its images are of another size.
    """
    columns = {column.name: column for column in table.columns}
    result: Feeds = {}
    for one in inputs:
        if one.column not in columns:
            raise DataError(
                f"The model needs column {one.column!r}; the table has {sorted(columns)}."
            )
        values = _values(columns[one.column], one)
        result[one.name] = values if one.kind is Kind.IMAGE else values[:, None]
    return result


def _values(column: Column, source: RawInput) -> npt.NDArray[np.generic]:
    if source.kind is Kind.IMAGE:
        if column.kind is not Kind.IMAGE or column.values.shape[1:] != source.shape:
            raise DataError(
                f"The model takes images of shape {source.shape} (height, width, features), got "
                f"{column.values.shape[1:]}. Resize them."
            )
        return np.ascontiguousarray(column.values)
    if column.kind is Kind.NUMERIC:
        return column.values.astype(np.float64)
    if column.kind is Kind.DATE:
        return iso_dates(column.values.astype(np.float64))
    if source.number:
        numbers = np.array([float(level) for level in column.levels] + [np.nan])
        return numbers[column.values]
    levels = np.empty(len(column.levels) + 1, dtype=object)
    levels[:] = [*(_encodable(level) for level in column.levels), ""]
    return levels[column.values]  # missing is -1: the last


def _encodable(level: str) -> str:
    """Replace what UTF-8 cannot say (lone surrogates), as the preparation's hash does."""
    return level.encode("utf-8", "replace").decode()


def iso_dates(days: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
    """Return days since 1970-01-01 as ISO text to the millisecond, '' for NaN.

    Example:
        >>> iso_dates(np.array([0.75, np.nan])).tolist()
        ['1970-01-01T18:00:00.000', '']
    """
    missing = np.isnan(days)
    whole, clock = day_and_clock(np.where(missing, 0.0, days))
    moments = (whole * int(DAY_MILLISECONDS) + clock).astype("datetime64[ms]")
    texts: npt.NDArray[np.object_] = np.datetime_as_string(moments).astype(object)
    texts[missing] = ""
    return texts
