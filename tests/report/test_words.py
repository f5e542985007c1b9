import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.report import words


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_float_has_a_short_score(value):
    assert 1 <= len(words.score(value)) <= 13


def test_what_is_not_a_number_is_shown_as_missing():
    assert words.score(math.nan) == words.score(None) == words.duration(math.inf) == words.MISSING


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (0.9999, "1.0 s"), (59.96, "1 min"), (119.6, "2 min"), (3600, "1 h 00 min")],
)
def test_durations_round_into_the_next_unit(seconds, shown):
    assert words.duration(seconds) == shown


@given(st.integers(min_value=0, max_value=10**60))
def test_the_size_of_a_space_is_the_same_as_a_number_and_as_text(size):
    assert words.space_size(size) == words.space_size(str(size))


def test_the_size_of_a_space_longer_than_pythons_digit_limit_is_shown_shortened():
    assert words.space_size("9" * 5000) == f"9.9 {words.TIMES} 10⁴⁹⁹⁹"


def test_a_size_that_is_no_number_is_shown_as_it_is():
    assert words.space_size("unknown") == "unknown"


def test_small_differences_keep_their_sign_and_places():
    assert words.signed(0.0006) == "+0.0006"
    assert words.signed(-0.0006) == f"{words.MINUS}0.0006"


def test_a_cut_is_visible():
    assert words.shorten("abcdef", 4) == "abc…"
    assert words.shorten("abcd", 4) == "abcd"


def test_lists_read_as_in_a_sentence():
    assert words.listing([]) == ""
    assert words.listing(["a"]) == "a"
    assert words.listing(["a", "b", "c"]) == "a, b and c"
