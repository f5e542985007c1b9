from datetime import datetime, timedelta

import numpy as np
import pytest

from coeval.task.preparation import fit
from coeval.task.preparation_moment import find_moment
from coeval.task.table import Column, Kind, Table

HOURS = [datetime(2010, 1, 1) + timedelta(hours=7 * n) for n in range(3000)]


def table_of(**columns: list[float]) -> Table:
    named = (Column(name, Kind.NUMERIC, np.array(one, float)) for name, one in columns.items())
    return Table(tuple(named), len(next(iter(columns.values()))))


def found(**columns: list[float]) -> list[str]:
    table = table_of(**columns)
    return [name for name, _ in find_moment(table, np.arange(table.rows))]


def test_columns_of_a_calendar_tell_the_order_of_rows() -> None:
    mixed = np.random.default_rng(0).permutation(len(HOURS))
    times = [HOURS[one] for one in mixed]
    parts = ("hour", "year", "day", "month")
    table = table_of(**{part: [getattr(one, part) for one in times] for part in parts})
    prepared = fit({"scaling": "standard"}, table, np.arange(table.rows))
    assert prepared.columns.numeric == len(parts) + 1
    moment = prepared.transform(table).numeric[:, len(parts)]
    assert (np.argsort(moment) == np.argsort(mixed)).all()


def test_a_run_of_parts_is_found_by_names_and_values() -> None:
    assert found(Year=[2010], No=[5], month=[12], Day_of_Month=[31], hr=[23]) == [
        *("Year", "month", "Day_of_Month", "hr")
    ]
    assert found(yr=[0, 1], mnth=[1, 12], hr=[0, 23]) == ["yr", "mnth"]
    assert found(year=[2010], day=[3], hour=[4], minute=[5]) == ["day", "hour", "minute"]


@pytest.mark.parametrize(
    "columns",
    [
        {"year": [2010], "day": [3]},
        {"hour": [1]},
        {"month": [13, 1], "day": [1, 2]},
        {"month": [1, 2], "day": [1.5, 2]},
        {"month": [-1, 2], "day": [1, 2]},
        {"month": [np.nan, np.nan], "day": [1, 2]},
    ],
)
def test_other_columns_are_no_moment(columns: dict[str, list[float]]) -> None:
    assert found(**columns) == []


def test_a_missing_part_leaves_the_moment_missing() -> None:
    table = table_of(month=[1, 2, np.nan, 4], day=[1, np.nan, 3, 4])
    prepared = fit({"scaling": "standard", "missing_flags": False}, table, np.array([0, 3]))
    moment = prepared.transform(table).numeric[:, 2]
    middle = (32 + 128) / 2
    assert prepared.scaler.fill[2] == middle
    assert moment.tolist() == pytest.approx([-1, 0, 0, 1])
