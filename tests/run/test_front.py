import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.errors import SpaceError
from coeval.pareto import nondominated
from coeval.run.front import Front, front_strategy
from coeval.run.levers import Levers
from coeval.testing.fakes import ladder_space
from coeval.trial import Fidelity, Measurement, Objective, Proposal, State, Trial
from tests.run.fakes import candidate

OBJECTIVES = (Objective("accuracy", maximise=True), Objective("macs"))


def trial(number, accuracy, macs, **proposal):
    found = Measurement(values={"accuracy": accuracy}, cost={"macs": macs})
    return Trial(number, Proposal(candidate(number), **proposal), State.DONE, found)


pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12, unique=True)


@given(pairs)
def test_the_front_is_what_no_other_dominates(values):
    front = Front(OBJECTIVES)
    for number, (accuracy, macs) in enumerate(values):
        front.record(trial(number, accuracy, macs))
    costs = np.array([(-a, m) for a, m in values], dtype=float).reshape(-1, 2)
    wanted = {number for number, keep in enumerate(nondominated(costs)) if keep}
    assert {one.number for one in front.members} == wanted


def test_the_best_score_stands_first():
    front = Front(OBJECTIVES)
    for number, pair in enumerate([(0.5, 1), (0.9, 9), (0.7, 5)]):
        front.record(trial(number, *pair))
    assert [one.number for one in front.members] == [1, 2, 0]


def test_what_is_no_contender_is_on_no_front():
    front = Front(OBJECTIVES)
    front.record(trial(0, 0.9, 1, repeat=1))
    front.record(trial(1, 0.9, 1, fidelity=Fidelity(epochs=0.5)))
    front.record(Trial(2, Proposal(candidate(2))))
    front.record(trial(3, float("nan"), 1))
    assert front.members == []


@pytest.mark.parametrize("name", ["evolution", "nsga2", "random", "reference-vectors", "local"])
def test_strategies_search_several_objectives_after_the_seeds(name):
    space = ladder_space()
    strategy = front_strategy(name, space, OBJECTIVES, 0, Levers())
    asked = strategy.ask(3)
    assert len(asked) >= 1
    assert all(space.contains(one.candidate) for one in asked)


def test_an_unknown_strategy_is_refused():
    with pytest.raises(SpaceError, match="Did you mean 'nsga2'"):
        front_strategy("nsga", ladder_space(), OBJECTIVES, 0, Levers())
