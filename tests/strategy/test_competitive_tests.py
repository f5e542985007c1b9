import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coeval.seed import generator
from coeval.strategy.competitive_bank import Bank
from coeval.strategy.competitive_options import Competition, Opponents
from coeval.strategy.competitive_tests import (
    distinguishing,
    engaging,
    fill,
    mutated,
    shared_fitness,
    shared_sample,
)

outcomes = arrays(bool, st.tuples(st.integers(1, 7), st.integers(1, 7)))


def table(*rows):
    return np.array([[one == "p" for one in row] for row in rows])


def test_a_rare_skill_is_worth_more_than_a_common_one():
    fitness = shared_fitness(table("pf", "pf", "pf", "fp"))
    assert fitness.tolist() == [1 / 3, 1 / 3, 1 / 3, 1.0]


def test_a_test_that_all_pass_or_all_fail_does_not_engage():
    passed = np.array([[k < 10, k < 0, k < 5, k < 1, k < 2] for k in range(10)])
    assert engaging(passed).tolist() == [False, False, True, False, True]


def test_the_second_test_beats_whom_the_first_did_not():
    passed = table("ffp", "ffp", "fpf", "ppf")
    assert shared_sample(passed, 3) == [0, 2, 1]
    assert shared_sample(table("ppf", "ppp"), 3) == [2]


@given(outcomes)
def test_the_distinguishing_tests_make_every_distinction(passed):
    kept = passed[:, distinguishing(passed)]

    def distinctions(columns):
        return (columns[:, None, :] & ~columns[None, :, :]).any(axis=2)

    assert (distinctions(kept) == distinctions(passed)).all()


def test_equal_candidates_need_no_tests():
    assert distinguishing(table("pf", "pf")) == []


def test_a_mutated_test_is_another_nearby():
    found = [mutated([50], 100, generator(0, k))[0] for k in range(200)]
    assert 50 not in found
    assert np.median(np.abs(np.array(found) - 50)) <= 3
    assert all(0 <= mutated([0], 5, generator(1, k))[0] < 5 for k in range(50))


def test_sources_are_used_in_turn_without_repeats():
    assert fill(4, [3, 1], [1, 2], [9, 9, 8]) == [3, 1, 2, 9]
    assert fill(9, [3], [3]) == [3]


def bank(opponents, tests=100, each=20):
    return Bank(tests, Competition(opponents, opponents_each=each))


def test_all_opponents_are_all_tests():
    assert bank(Opponents.ALL).draw(generator(0)) == list(range(100))
    assert bank(Opponents.RANDOM, tests=5).draw(generator(0)) == list(range(5))


def test_random_opponents_do_not_depend_on_what_was_seen():
    seen = bank(Opponents.RANDOM)
    seen.met([1, 2, 3], np.array([False, False, False]))
    seen.observe([1, 2], table("pf", "fp"))
    assert seen.draw(generator(7)) == bank(Opponents.RANDOM).draw(generator(7))


def test_coevolved_opponents_hold_counterexamples_strong_tests_and_random_ones():
    found = bank(Opponents.COEVOLVED)
    found.met([90, 91, 92], np.array([False, True, False]))
    found.observe([40, 41, 42], table("ppf", "ppf", "pff", "fff"))
    for k in range(20):
        drawn = found.draw(generator(k))
        assert drawn == sorted(set(drawn))
        assert len(drawn) == 20
        assert {90, 92, 40, 41} <= set(drawn)
    often = np.bincount(np.concatenate([found.draw(generator(k)) for k in range(300)]))
    assert (often > 0).sum() == 100  # every test has its chance


def test_disengaged_opponents_are_all_drawn_at_random():
    found = bank(Opponents.COEVOLVED)
    found.met([90], np.array([False]))
    found.observe([40, 41], table("pp", "pp"))
    assert found.engaged == 0.0
    assert any(90 not in found.draw(generator(k)) for k in range(10))


def test_the_latest_counterexample_comes_first_and_failing_is_counted():
    found = bank(Opponents.COEVOLVED)
    assert found.failing == 0.5
    found.met([3, 4], np.array([False, True]))
    found.met([5, 3], np.array([False, False]))
    assert found.hall == [3, 5]
    assert found.kills[[3, 4, 5]].tolist() == [2.0, 0.0, 1.0]
    assert found.failing == 4 / 6


def test_the_archive_forgets_the_oldest():
    found = bank(Opponents.COEVOLVED, tests=1000, each=5)
    for first in range(0, 200, 2):
        found.observe([first, first + 1], table("pf", "fp", "ff", "pp"))
    found.observe([0, 1], table("pf", "fp", "ff", "pp"))
    drawn = {one for k in range(50) for one in found.draw(generator(k))}
    assert 1 in drawn
