import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.errors import BudgetError
from coeval.run.budget import Budget, duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1.5h", 5400),
        (" 1H 30M ", 5400),
        ("1d", 86400),
        ("1m30s", 90),
        (12, 12),
        (0.5, 0.5),
    ],
)
def test_durations_are_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["abc", "", "10", "-5m", "10x", "5m1h", "1e3s", "s", "h30m", "nan"]
)
def test_what_is_no_duration_is_refused_with_examples(text):
    with pytest.raises(BudgetError, match="90s, 10m, 2h or 1h30m"):
        parse_duration(text)


def test_a_bare_number_is_asked_for_its_unit():
    with pytest.raises(BudgetError, match=r"Did you mean 10s or 10m\?"):
        parse_duration("10")


@pytest.mark.parametrize("value", ["0s", "0m", 0, -1, math.nan, math.inf, -0.0])
def test_a_budget_must_be_longer_than_nothing(value):
    with pytest.raises(BudgetError, match="longer than 0 s"):
        parse_duration(value)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(1, 99))
def test_parts_add_up(hours, minutes, seconds):
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


def test_a_budget_needs_a_limit():
    with pytest.raises(BudgetError, match="seconds, trials, or both"):
        Budget()


@pytest.mark.parametrize("trials", [0, -1, True, 1.5])
def test_trials_must_be_counted_from_one(trials):
    with pytest.raises(BudgetError, match="1 or more"):
        Budget(trials=trials)


@pytest.mark.parametrize("seconds", [0, -1, math.inf, math.nan])
def test_seconds_must_be_positive(seconds):
    with pytest.raises(BudgetError, match="longer than 0 s"):
        Budget(seconds)


def test_what_is_left_falls_with_what_is_spent():
    assert Budget(10).seconds_left(4) == 6
    assert Budget(trials=1).seconds_left(4) == math.inf
    assert Budget.of("1m", 7) == Budget(60, 7)


@given(st.integers(1, 10**7))
def test_a_written_duration_is_read_back(seconds):
    assert parse_duration(duration(seconds)) == seconds


def test_advice_names_each_limit_that_there_is_doubled():
    assert Budget(80.0).twice == "--budget 2m40s"
    assert Budget(trials=8).twice == "--trials 16"
