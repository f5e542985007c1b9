import numpy as np
import pytest
from hypothesis import given

from coeval.errors import DataError
from coeval.export.feeds import feeds, iso_dates
from coeval.export.model import raw_inputs
from coeval.task.dates import parse_dates
from coeval.task.table import Kind, Table
from tests.task.tables import DAYS, encoded, mixed_table, schema_of


@given(DAYS)
def test_a_date_written_is_the_date_read(days: float) -> None:
    (text,) = iso_dates(np.array([days]))
    if np.isnan(days):
        assert text == ""
    else:
        parsed = parse_dates([text])
        assert parsed is not None
        assert abs(parsed.values[0] - days) * 86_400_000 <= 0.5


def test_numbers_are_doubles_and_the_rest_strings() -> None:
    table = mixed_table()
    given_ = feeds(raw_inputs(schema_of(table)), table)
    assert {name: values.dtype.kind for name, values in given_.items()} == {
        **dict.fromkeys(["number", "still", "code"], "f"),
        **dict.fromkeys(["day", "colour", "note"], "O"),
    }
    assert {values.shape for values in given_.values()} == {(60, 1)}


def test_missing_is_nan_or_the_empty_string() -> None:
    columns = (
        encoded("code", Kind.CATEGORICAL, ["2.5", None]),
        encoded("note", Kind.TEXT, ["x", None]),
    )
    table = Table(columns, 2)
    given_ = feeds(raw_inputs(schema_of(table)), table)
    np.testing.assert_array_equal(given_["code"], [[2.5], [np.nan]])
    assert given_["note"].tolist() == [["x"], [""]]


def test_what_utf_8_cannot_say_is_replaced() -> None:
    table = Table((encoded("note", Kind.TEXT, ["a\ud800"]),), 1)
    assert feeds(raw_inputs(schema_of(table)), table)["note"].tolist() == [["a?"]]


def test_a_missing_column_is_named() -> None:
    table = mixed_table()
    with pytest.raises(DataError, match="needs column 'number'"):
        feeds(raw_inputs(schema_of(table)), Table(table.columns[1:], 60))
