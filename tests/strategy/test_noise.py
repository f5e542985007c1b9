import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.strategy.noise import noise_floor, ties
from coeval.testing.fakes import ladder_space
from coeval.trial import Fidelity, Measurement, Objective, Proposal, State, Trial, best, finish

SPACE = ladder_space()
CANDIDATES = [candidate for candidate, _ in zip(SPACE, range(8), strict=False)]
ACCURACY = Objective("accuracy", maximise=True)


def trial(number, candidate, value, **proposal):
    measured = Measurement({"accuracy": value})
    return finish(Trial(number, Proposal(CANDIDATES[candidate], **proposal)), measured)


def repeats(*values, candidate=0, start=0):
    return [trial(start + i, candidate, v, repeat=i) for i, v in enumerate(values)]


def test_the_floor_is_pooled_over_all_repeated_candidates():
    log = [*repeats(1.0, 3.0), *repeats(5.0, 7.0, candidate=1, start=2), trial(9, 2, 100.0)]
    found = noise_floor(log, ACCURACY)
    assert found.standard_deviation == pytest.approx(math.sqrt(2))
    assert (found.freedom, found.trainings) == (2, 4)
    assert found.low < found.standard_deviation < found.high


def test_without_repeats_nothing_is_known():
    assert noise_floor([trial(0, 0, 1.0), trial(1, 1, 2.0)], ACCURACY) is None


def test_equal_candidates_that_nobody_repeated_are_no_repeats():
    assert noise_floor([trial(0, 0, 1.0), trial(1, 0, 2.0)], ACCURACY) is None


def test_only_whole_trainings_from_scratch_count():
    log = repeats(0.5, 0.7)
    rest = [
        trial(2, 0, 9.0, fidelity=Fidelity(epochs=0.1), repeat=2),
        trial(3, 0, 9.0, cases="some", repeat=3),
        finish(
            Trial(4, Proposal(CANDIDATES[0])),
            Measurement({"accuracy": 9.0}, data={"inherited": True}),
        ),
        finish(Trial(5, Proposal(CANDIDATES[0])), Measurement({"accuracy": 9.0}, cached_from=0)),
        Trial(6, Proposal(CANDIDATES[0], repeat=4), State.RUNNING),
    ]
    assert noise_floor([*log, *rest], ACCURACY) == noise_floor(log, ACCURACY)


def test_a_repeat_is_never_the_best():
    log = [*repeats(0.5, 0.9), trial(5, 1, 0.6)]
    assert best(log, ACCURACY).number == 5


@given(
    values=st.lists(st.floats(0, 1), min_size=2, max_size=6),
    shift=st.floats(-1e3, 1e3),
    order=st.randoms(),
)
def test_the_floor_ignores_order_and_level(values, shift, order):
    log = repeats(*values)
    moved = repeats(*(one + shift for one in values))
    order.shuffle(moved)
    one, other = noise_floor(log, ACCURACY), noise_floor(moved, ACCURACY)
    assert other.standard_deviation == pytest.approx(one.standard_deviation, abs=1e-9)
    assert one.freedom == other.freedom == len(values) - 1


def test_ties_are_those_that_the_floor_cannot_tell_from_the_best():
    log = [trial(0, 0, 0.90), trial(1, 1, 0.95), trial(2, 2, 0.94), trial(3, 3, 0.5)]
    floor = noise_floor(repeats(0.5, 0.52), ACCURACY)
    assert [one.number for one in ties(log, ACCURACY, floor)] == [1, 2]
    assert ties(log, ACCURACY, None) == ()
    assert ties([], ACCURACY, floor) == ()


def test_copies_and_repeats_of_the_best_are_no_ties():
    copy = finish(Trial(7, Proposal(CANDIDATES[0])), Measurement({"accuracy": 0.5}, cached_from=0))
    log = [*repeats(0.5, 0.52), copy]
    assert [one.number for one in ties(log, ACCURACY, noise_floor(log, ACCURACY))] == [0]
