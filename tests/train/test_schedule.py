import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.train.schedule import RISE, SCHEDULES, WARM_UP, by_the_clock, factor


@given(st.sampled_from(SCHEDULES), st.floats(0.0, 1.0))
def test_the_factor_lies_between_nothing_and_all(schedule, progress):
    assert 0.0 <= factor(schedule, progress) <= 1.0


@given(st.sampled_from(SCHEDULES), st.floats(WARM_UP, 1.0), st.floats(WARM_UP, 1.0))
def test_after_the_warm_up_the_rate_never_rises(schedule, one, other):
    first, last = sorted((one, other))
    if schedule == "one_cycle":
        first, last = max(first, RISE), max(last, RISE)
    assert factor(schedule, first) >= factor(schedule, last)


def test_the_ends_are_as_named():
    assert factor("cosine", 1.0) == factor("flat_cosine", 1.0) == 0.0
    assert factor("constant", 1.0) == factor("flat_cosine", 0.5) == 1.0
    assert factor("constant", WARM_UP / 2) == factor("one_cycle", RISE / 2) == 0.5
    assert factor("one_cycle", 0.0) == factor("one_cycle", 1.0) == 0.0
    assert factor("one_cycle", RISE) == 1.0


def test_an_unknown_schedule_is_named():
    with pytest.raises(ValueError, match="got 'linear'"):
        factor("linear", 0.5)


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_by_the_clock_the_further_of_steps_and_time_counts(share, passed):
    now = 100.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: now)
        pace = by_the_clock(110.0)
        now = 100.0 + 10.0 * passed
        assert pace(share) == pytest.approx(max(share, passed))
        now = 200.0
        assert pace(share) == 1.0


def test_a_clock_that_has_run_out_ends_the_schedule():
    assert by_the_clock(time.monotonic() - 1.0)(0.0) == 1.0
