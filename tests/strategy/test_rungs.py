import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coeval.strategy.objectives import Objectives
from coeval.strategy.rungs import Member, Rung
from coeval.trial import (
    Failure,
    Fidelity,
    Measurement,
    Objective,
    Proposal,
    Reason,
    State,
    Trial,
    finish,
)
from tests.strategy.rungs import SPACE

LOW = Fidelity(epochs=0.1)
CANDIDATE = next(iter(SPACE))
FAILED = Measurement(failure=Failure(Reason.DIVERGED))
TWO = (Objective("a"), Objective("b", maximise=True))

values = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0.0, 0.0, 0.5, 1.0])),
    max_size=25,
)


def trial(number, a, b, excess):
    measured = Measurement({"a": float(a), "b": float(b)}, {"limit": excess})
    return finish(Trial(number, Proposal(CANDIDATE, LOW)), measured)


def filled(objectives, rows):
    rung = Rung(Objectives(objectives))
    trials = [trial(number, *row) for number, row in enumerate(rows)]
    members = [Member(number, one.proposal, 0, [number]) for number, one in enumerate(trials)]
    for member, one in zip(members, trials, strict=True):
        rung.add(member, one)
    return rung, members, trials


@given(values, st.integers(0, 9), st.randoms(), st.sampled_from([1, 2]))
def test_the_best_are_the_first_of_the_shared_order_that_were_not_promoted(
    rows, places, random, count
):
    objectives = TWO[:count]
    rung, members, trials = filled(objectives, rows)
    gone = set(random.sample(range(len(rows)), random.randint(0, len(rows))))
    for number in gone:
        rung.promote(members[number], number)
    first = [one.number for one in Objectives(objectives).order(trials)][:places]
    assert [one.number for one in rung.best(places)] == [n for n in first if n not in gone]
    assert rung.finished == rung.measured == len(rows)


def test_a_failure_takes_a_place_and_is_never_among_the_best():
    rung = Rung(Objectives(TWO[:1]))
    one = finish(Trial(0, Proposal(CANDIDATE, LOW)), FAILED)
    assert one.state is State.FAILED
    rung.add(Member(0, one.proposal, 0, [0]), one)
    nan = finish(Trial(1, Proposal(CANDIDATE, LOW)), Measurement({"a": float("nan")}))
    rung.add(Member(1, nan.proposal, 0, [1]), nan)
    assert (rung.finished, rung.measured, rung.best(5)) == (2, 0, [])


def test_a_feasible_trial_goes_before_a_better_one_that_breaks_a_limit():
    rung, _, _ = filled(TWO[:1], [(0, 0, 0.5), (5, 0, 0.0), (0, 0, 0.1)])
    assert [one.number for one in rung.best(3)] == [1, 2, 0]


def test_with_two_objectives_a_whole_front_goes_first():
    rows = [(0, 0, 0.0), (1, 1, 0.0), (1, 0, 0.0), (2, 0, 0.0)]
    rung, _, _ = filled(TWO, rows)
    assert {one.number for one in rung.best(2)} == {0, 1}


def test_ranking_many_takes_no_longer_for_the_last_than_for_the_first():
    rung = Rung(Objectives(TWO[0]))
    rng = np.random.default_rng(0)
    promoted = 0
    for number, value in enumerate(rng.random(6_000)):
        one = trial(number, value, 0, 0.0)
        rung.add(Member(number, one.proposal, 0, [number]), one)
        for member in rung.best(rung.finished // 3):
            rung.promote(member, member.trials[-1])
            promoted += 1
    assert 6_000 // 3 <= promoted <= 6_000 // 3 + 300
