import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.train.schedule import SCHEDULES, WARM_UP, factor


@given(st.sampled_from(SCHEDULES), st.floats(0.0, 1.0))
def test_the_factor_lies_between_nothing_and_all(schedule, progress):
    assert 0.0 <= factor(schedule, progress) <= 1.0


@given(st.sampled_from(SCHEDULES), st.floats(WARM_UP, 1.0), st.floats(WARM_UP, 1.0))
def test_after_the_warm_up_the_rate_never_rises(schedule, one, other):
    first, last = sorted((one, other))
    assert factor(schedule, first) >= factor(schedule, last)


def test_the_ends_are_as_named():
    assert factor("cosine", 1.0) == factor("flat_cosine", 1.0) == 0.0
    assert factor("constant", 1.0) == factor("flat_cosine", 0.5) == 1.0
    assert factor("constant", WARM_UP / 2) == 0.5


def test_an_unknown_schedule_is_named():
    with pytest.raises(ValueError, match="got 'linear'"):
        factor("linear", 0.5)
