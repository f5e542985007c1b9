from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.task.dates import compact_dates, parse_dates

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
moments = st.datetimes(datetime(1000, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC))


def days(moment):
    return (moment - EPOCH) / timedelta(days=1)


@given(moments)
def test_every_iso_date_is_read(moment):
    dates = parse_dates([moment.isoformat(), moment.isoformat(sep=" "), f"{moment:%Y-%m-%d}"])
    expected = [
        days(moment),
        days(moment),
        days(moment.replace(hour=0, minute=0, second=0, microsecond=0)),
    ]
    assert dates.values.tolist() == pytest.approx(expected, abs=1e-8)
    assert dates.note == ""


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("2024/03/25", "YYYY/MM/DD"),
        ("25.3.2024", "DD.MM.YYYY"),
        ("3/25/2024", "MM/DD/YYYY"),
        ("25/3/2024", "DD/MM/YYYY"),
        ("03-25-2024", "MM-DD-YYYY"),
        ("25-03-2024", "DD-MM-YYYY"),
        ("25 March 2024", "D Mon YYYY"),
        ("25-Mar-2024", "D Mon YYYY"),
        ("Mar 25th, 2024", "Mon D, YYYY"),
        ("3/25/24", "MM/DD/YY"),
        ("25-Mar-24", "D Mon YYYY"),
        ("20240325T000000", "YYYYMMDD"),
    ],
)
def test_common_formats_are_read(text, label):
    dates = parse_dates([text])
    assert (dates.label, dates.values.tolist()) == (label, [19807.0])
    assert label in dates.note


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2024-03-25T06:00:00Z", 6),
        ("2024-03-25T06:00:00+02:00", 4),
        ("2024-03-25 06:00-0130", 7.5),
        ("3/25/2024 6:00 PM", 18),
        ("3/25/2024 12:30 AM", 0.5),
    ],
)
def test_times_halves_of_the_day_and_zones_are_read(text, hour):
    assert parse_dates([text]).values[0] == pytest.approx(19807 + hour / 24)


def test_one_day_above_twelve_settles_the_order_of_all():
    assert parse_dates(["01/02/2024", "25/02/2024"]).label == "DD/MM/YYYY"


def test_a_few_later_dates_are_read_as_the_first_ones_were():
    written = parse_dates(["01/02/2024", "25/02/2024"]).label
    fifth = parse_dates(["2024-03-05"]).values.tolist()
    assert parse_dates(["05/03/2024"], written=written).values.tolist() == fifth
    assert parse_dates(["2024-03-05"], written=written).values.tolist() == fifth
    assert parse_dates(["03/25/2024"], written=written) is None


def test_years_of_two_digits_come_last_where_they_vary_less_than_days():
    assert parse_dates(["25/3/24", "13/4/24"]).label == "DD/MM/YY"
    assert parse_dates(["24/03/25", "24/04/13"]) is None  # years first, which nobody reads here


def test_years_of_two_digits_are_around_2000():
    dates = parse_dates(["1/13/30", "1/13/29"]).values.tolist()
    assert dates == parse_dates(["1930-01-13", "2029-01-13"]).values.tolist()


def test_whole_numbers_may_be_dates():
    dates = compact_dates(np.array([20240325.0, np.nan, 19700102.0]))
    assert dates.tolist() == pytest.approx([19807.0, np.nan, 1.0], nan_ok=True)
    for bad in (20240230.0, 20240325.5, 12.0, np.nan):
        assert compact_dates(np.array([bad])) is None


def test_where_the_order_cannot_be_told_a_note_says_so():
    assert "to be sure" in parse_dates(["01/02/2024"]).note


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["2024-02-30"],
        ["2024-13-01"],
        ["2024-01-01", "soon"],
        ["12.5"],
        ["2024"],
        ["2024-01-01 25:00"],
    ],
)
def test_what_is_no_date_is_none(texts):
    assert parse_dates(texts) is None
