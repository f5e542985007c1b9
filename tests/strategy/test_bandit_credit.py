import numpy as np
import pytest

from coeval.seed import generator
from coeval.strategy.bandit_credit import Credits


def shares(credits, draws=2000):
    wins = dict.fromkeys(("a", "b"), 0)
    for number in range(draws):
        drawn = credits.drawn(generator(0, number))
        wins[max(drawn, key=drawn.__getitem__)] += 1
    return {name: count / draws for name, count in wins.items()}


def test_without_credit_sources_are_drawn_alike():
    assert shares(Credits(("a", "b"), 10))["a"] == pytest.approx(0.5, abs=0.05)


def test_what_earned_more_is_drawn_more_and_what_earned_long_ago_is_forgotten():
    credits = Credits(("a", "b"), 10)
    for _ in range(5):
        credits.earned("a", 1.0, 0.0)
        credits.earned("b", 0.0, 0.0)
    assert shares(credits)["a"] > 0.95
    for _ in range(10):
        credits.earned("b", 0.5, 0.0)
    assert credits.lately("a") == (None, 1.0)
    assert credits.lately("b") == (0.5, 1.0)
    assert shares(credits)["a"] == pytest.approx(0.5, abs=0.1)


def test_equal_credit_at_four_times_the_seconds_is_drawn_less():
    credits = Credits(("a", "b"), 40)
    for _ in range(20):
        credits.earned("a", 0.5, 1.0)
        credits.earned("b", 0.5, 4.0)
    assert credits.lately("b")[1] > 3 * credits.lately("a")[1]
    assert shares(credits)["a"] > 0.95


def test_one_failure_in_no_time_is_not_endless_speed():
    credits = Credits(("a", "b"), 40)
    for _ in range(9):
        credits.earned("b", 0.5, 2.0)
    credits.earned("a", 0.0, 0.0)
    assert credits.lately("a")[1] == pytest.approx(0.9)
    assert np.isfinite(list(credits.drawn(generator(0)).values())).all()


def test_it_counts_what_was_asked_and_when_last():
    credits = Credits(("a", "b"), 5)
    credits.asked("a", 3)
    credits.asked("a", 9)
    credits.asked("a", 7)
    assert credits.trials == {"a": 3, "b": 0}
    assert credits.last == {"a": 9}
