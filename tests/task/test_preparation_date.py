import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.task.preparation_date import PARTS, date_parts

EPOCH = datetime(1970, 1, 1)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)))
def test_parts_equal_those_of_the_standard_library(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    days = (moment - EPOCH) / timedelta(days=1)
    parts = date_parts(np.array([days]), ("year", "month", "day", "weekday", "hour", "elapsed"))[0]
    whole = [moment.year, moment.month, moment.day, moment.weekday()]
    clock = moment.hour + moment.minute / 60 + moment.second / 3600
    assert parts[:4].tolist() == whole
    assert parts[4] == pytest.approx(clock, abs=1e-6)
    assert parts[5] == pytest.approx(days, rel=1e-15, abs=1e-8)


def test_an_hour_is_exact_in_spite_of_the_days_in_front_of_it() -> None:
    assert date_parts(np.array([19_000 + 7 / 24]), ("hour",))[0, 0] == 7.0


def test_cycles_close() -> None:
    monday, sunday, next_monday = 4.0, 10.0, 11.0
    waves = date_parts(np.array([monday, sunday, next_monday]), ("weekday_sin", "weekday_cos"))
    assert waves[0].tolist() == waves[2].tolist() == [0.0, 1.0]
    assert math.dist(waves[0], waves[1]) == pytest.approx(2 * math.sin(math.pi / 7))


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_a_missing_date_has_no_parts(parts: tuple[str, ...]) -> None:
    values = date_parts(np.array([np.nan, 1.0]), parts)
    assert np.isnan(values[0]).all()
    assert np.isfinite(values[1]).all()


def test_dates_out_of_reach_are_cut_to_the_calendar() -> None:
    values = date_parts(np.array([-1e12, 1e12]), ("year", "month", "day"))
    assert values.tolist() == [[1, 1, 1], [9999, 12, 31]]
