"""Plain ISO dates of a text file take the quick way, which says what the slow one says."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.task import raw
from coeval.task.dates import parse_dates
from coeval.task.raw import Form, raw_columns


def column(*texts):
    (found,) = raw_columns(pa.table({"x": pa.array(texts, pa.string())}), text=True)
    return found


@given(st.lists(st.datetimes(), min_size=1), st.sampled_from(["T", " "]))
def test_dates_are_what_the_slow_way_makes_of_them(moments, between):
    texts = [one.isoformat(between) for one in moments]
    quick = raw._quick_dates("x", pa.chunked_array([pa.array(texts)]))
    assert quick is not None
    assert quick.values.tolist() == pytest.approx(parse_dates(texts).values.tolist(), abs=1e-9)


def test_missing_ones_stay_missing_and_days_alone_are_dates():
    found = column("2020-02-29", None, "1970-01-02 12:00")
    assert found.form is Form.DATE
    assert found.missing.tolist() == [False, True, False]
    assert found.values[2] == 1.5


@pytest.mark.parametrize("text", ["2020-02-30", "2020-1-1", "2020-01-01 12:00Z", "01/02/2020"])
def test_others_are_looked_at_more_closely(text):
    assert raw._quick_dates("x", pa.chunked_array([pa.array([text])])) is None


def test_a_column_that_is_said_to_be_of_categories_is_left_alone():
    table = pa.table({"x": pa.array(["2020-01-01", "2020-01-02"])})
    (found,) = raw_columns(table, text=True, undated=["x"])
    assert found.form is Form.STRING
