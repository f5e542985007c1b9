from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.report import chart

numbers = st.floats(-1e9, 1e9, allow_nan=False)


@given(numbers, st.floats(1e-6, 1e9), st.integers(2, 9))
def test_marks_lie_on_the_axis_evenly_and_are_few(low, span, wanted):
    high = low + span
    if high - low < 1e-9 * max(abs(low), abs(high)):
        return  # below what a float can tell apart there
    marks = chart.ticks(low, high, wanted)
    assert len(marks) <= wanted + 2
    assert all(low - span * 1e-6 <= one <= high + span * 1e-6 for one in marks)
    gaps = [b - a for a, b in pairwise(marks)]
    assert all(gap == pytest.approx(gaps[0], rel=1e-3, abs=1e-6) for gap in gaps)


@given(st.lists(numbers, min_size=1, max_size=9), numbers)
def test_a_scale_maps_everything_inside_its_ends(values, other):
    scale = chart.around(values, 300.0, 14.0)
    assert all(14.0 <= scale(one) <= 300.0 for one in [*values, other])
    assert all(scale.holds(one) for one in values)


def test_a_scale_of_equal_values_puts_them_in_the_middle():
    assert chart.around([2.0, 2.0], 0.0, 100.0)(2.0) == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("high", "marks"),
    [(4.0, [0.0, 1.0, 2.0, 3.0, 4.0]), (300.0, [0, 60, 120, 180, 240, 300])],
)
def test_time_marks_are_those_of_a_clock(high, marks):
    assert chart.time_ticks(high, 5) == marks


def test_labels_have_the_places_that_tell_marks_apart():
    marks = chart.ticks(0.85, 0.88, 5)
    assert [chart.tick_label(one, marks) for one in marks] == ["0.85", "0.86", "0.87", "0.88"]
    assert chart.tick_label(2000.0, [0.0, 1000.0, 2000.0]) == "2,000"


@pytest.mark.parametrize("size", [1e-300, 1e-14, 1e-12, 1e-6, 1.0, 1e6, 1e10, 1e300])
def test_marks_of_any_size_stand_where_they_say_and_are_told_apart(size):
    marks = chart.ticks(0.8 * size, 2.3 * size, 5)
    expected = chart.ticks(0.8, 2.3, 5)
    assert marks == [pytest.approx(one * size) for one in expected]
    labels = [chart.tick_label(one, marks) for one in marks]
    assert len(set(labels)) == len(marks)
    assert max(map(len, labels)) <= 13
    assert chart.tick_label(0.0, [0.0, *marks]) in {"0", "0.0"} or size == 1e-6


def test_large_and_tiny_marks_are_powers_of_ten():
    labels = [chart.tick_label(one, [2e10, 4e10, 6e10]) for one in (2e10, 6e10)]
    assert labels == ["2 \N{MULTIPLICATION SIGN} 10¹⁰", "6 \N{MULTIPLICATION SIGN} 10¹⁰"]
    assert chart.tick_label(5e-13, [0.0, 5e-13, 1e-12]) == "5 \N{MULTIPLICATION SIGN} 10⁻¹³"
    assert chart.tick_label(-1.05e6, [-1.1e6, -1.05e6]).endswith("1.05 \N{MULTIPLICATION SIGN} 10⁶")


def test_shares_fill_the_bar():
    drawn = chart.shares([("s-train", "train", 3.0), ("s-test", "test", 1.0)], "splits")
    assert 'width="74.750%"' in drawn
    assert "test: 25 %" in drawn


def test_shares_of_nothing_draw_without_dividing_by_zero():
    assert "<rect" in chart.shares([("s-train", "train", 0.0)], "nothing")


def test_a_staircase_goes_across_before_it_goes_up():
    assert 'd="M0.0 9.0H500.0V5.0"' in chart.path([(0, 9), (50, 5)], "line", steps=True)
