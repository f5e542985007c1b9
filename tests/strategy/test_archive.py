import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coeval.pareto import nondominated
from coeval.strategy.archive import Archive, improves
from coeval.strategy.objectives import Objectives, violation
from coeval.testing.fakes import ladder_space
from coeval.trial import Measurement, Objective, Proposal, Trial, finish

CANDIDATE = next(iter(ladder_space()))
TWO = Objectives((Objective("a"), Objective("b", maximise=True)))


def trial(number, a, b, excess=0.0):
    measured = Measurement({"a": float(a), "b": float(b)}, {"limit": excess} if excess else {})
    return finish(Trial(number, Proposal(CANDIDATE)), measured)


rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30)


@given(rows)
def test_holds_the_first_of_each_nondominated_pair_of_costs(pairs):
    archive = Archive(TWO)
    for number, (a, b) in enumerate(pairs):
        archive.add(trial(number, a, b))
    front = nondominated(np.array([[a, -b] for a, b in pairs], dtype=float))
    first = {pair: number for number, pair in reversed(list(enumerate(pairs)))}
    wanted = {first[pair] for pair, keep in zip(pairs, front, strict=True) if keep}
    assert {one.number for one in archive.trials} == wanted


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)), max_size=20))
def test_no_trial_told_improves_on_a_member(triples):
    archive = Archive(TWO)
    trials = [trial(number, a, b, float(c)) for number, (a, b, c) in enumerate(triples)]
    for one in trials:
        archive.add(one)
    for member in archive.trials:
        assert not any(improves(TWO, one, member) for one in trials)
    assert bool(archive.trials) == bool(trials)


def test_the_feasible_push_out_all_that_broke_a_limit():
    archive = Archive(TWO)
    assert archive.add(trial(0, 0, 9, excess=2.0))
    assert not archive.add(trial(1, 0, 9, excess=3.0))
    assert archive.add(trial(2, 5, 5, excess=1.0))
    assert archive.add(trial(3, 9, 0))
    assert not archive.add(trial(4, 0, 9, excess=0.1))
    assert [one.number for one in archive.trials] == [3]


def test_an_equal_trial_is_no_improvement():
    assert not improves(TWO, trial(1, 2, 2), trial(0, 2, 2))
    assert improves(TWO, trial(1, 2, 3), trial(0, 2, 2))
    assert not improves(TWO, trial(1, 1, 1), trial(0, 2, 2))


@given(st.integers(0, 9), st.integers(0, 9))
def test_what_costs_nothing_does_not_make_up_for_a_violation(a, b):
    good, broken = trial(0, a, b), trial(1, 0, 99, excess=0.01)
    assert violation(broken) > 0
    assert improves(TWO, good, broken)
    assert not improves(TWO, broken, good)
