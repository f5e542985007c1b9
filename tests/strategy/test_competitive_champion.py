import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.strategy.competitive_champion import (
    History,
    expected_failure,
    expected_rate,
    expected_worst,
    killer_order,
    no_history,
)


def history(*results):
    """Return a history of "p" passed, "f" failed, "-" untested."""
    return History(
        np.array([one != "-" for one in results]), np.array([one == "p" for one in results])
    )


def test_results_add_up():
    found = no_history(4).updated([2, 0], np.array([True, False]))
    assert (found.failures, found.untested) == (1, 2)
    assert found.updated([1], np.array([True])).untested == 1
    assert no_history(4).untested == 4


def test_the_test_that_killed_most_comes_first_and_known_ones_not_again():
    kills = np.array([0.0, 3.0, 1.0, 3.0, 0.0])
    assert killer_order(kills, no_history(5)) == [1, 3, 2, 0, 4]
    assert killer_order(kills, history("-", "p", "-", "-", "p")) == [3, 2, 0]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=5), st.integers(0, 4), st.integers(0, 3))
def test_the_expected_worst_is_the_mean_over_all_draws(values, worst, untested):
    draws = itertools.product(values, repeat=untested)
    mean = np.mean([max((worst, *draw)) for draw in draws])
    levels, counts = np.unique(np.array(values, float), return_counts=True)
    found = expected_worst(worst, untested, levels[::-1], (counts / counts.sum())[::-1])
    assert found == pytest.approx(mean)


@given(st.integers(0, 6), st.integers(1, 9))
def test_for_pass_or_fail_it_is_the_probability_of_a_failure(untested, fails):
    record = history(*["-"] * untested, "p")
    found = expected_failure(record, fails / 10)
    assert found == pytest.approx(1 - (1 - fails / 10) ** untested)
    assert expected_failure(history("f", *["-"] * untested), fails / 10) == pytest.approx(1.0)


def test_few_tests_passed_are_worth_less_than_many():
    few, many = history("p", "-", "-", "-"), history("p", "p", "p", "-")
    assert expected_failure(few, 0.2) > expected_failure(many, 0.2)
    assert expected_rate(few, 0.2) == pytest.approx(0.15)
    assert expected_rate(history("f", "p", "-", "-"), 0.5) == 0.5
