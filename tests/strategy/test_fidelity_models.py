import copy

import pytest

from coeval.strategy.fidelity_ladder import Ladder
from coeval.strategy.fidelity_models import ModelOfAllRungs, ModelPerRung
from coeval.strategy.halving import SuccessiveHalving
from coeval.strategy.objectives import Objectives
from coeval.testing.fakes import LOSS
from coeval.trial import Failure, Fidelity, Measurement, Proposal, Reason, State
from tests.strategy.rungs import SPACE, Spy

CANDIDATE = next(iter(SPACE))
BROKEN = Measurement(failure=Failure(Reason.DIVERGED, "at this rung"))


class Uncopyable(Spy):
    """Holds an iterator, which nothing copies."""

    def __init__(self):
        super().__init__()
        self.members = iter(SPACE)

    def __deepcopy__(self, memo):
        return copy.deepcopy(self.members, memo)


def models(spy, rungs=3, enough=2):
    return ModelPerRung(spy, Objectives(LOSS), rungs, enough)


def loss(value, **cost):
    return Measurement({"loss": value}, cost=cost)


def finished(spy, rung):
    """Return (number, state, loss) of what a rung's copy was told as finished."""
    return [
        (one.number, one.state, one.measurement.values.get("loss"))
        for name, one in spy.heard
        if name == rung and one.state is not State.RUNNING
    ]


def test_a_copy_hears_of_every_start_and_only_of_its_own_rung_s_values_as_if_at_full_fidelity():
    spy = Spy()
    inner = models(spy)
    for number in range(2):
        assert inner.start(Proposal(CANDIDATE)) == number
        inner.measure(number, 0, loss(10.0 + number))
    inner.measure(1, 1, loss(5.0))
    started = [(name, one.number) for name, one in spy.heard if one.state is State.RUNNING]
    assert started == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    assert finished(spy, 0) == [(0, State.DONE, 10.0), (1, State.DONE, 11.0)]
    assert finished(spy, 1) == [(1, State.DONE, 5.0)]
    assert finished(spy, 2) == []
    assert all(one.proposal.fidelity == Fidelity() for _, one in spy.heard)


def test_a_failure_ends_the_number_on_its_rung_and_above_once():
    spy = Spy()
    inner = models(spy)
    number = inner.start(Proposal(CANDIDATE))
    inner.measure(number, 0, loss(1.0))
    inner.measure(number, 1, BROKEN)
    inner.give_up(number, range(3))
    assert finished(spy, 0) == [(0, State.DONE, 1.0)]
    assert finished(spy, 1) == finished(spy, 2) == [(0, State.FAILED, None)]


def test_a_number_that_was_given_up_expects_nothing_more():
    spy = Spy()
    inner = models(spy)
    number = inner.start(Proposal(CANDIDATE))
    inner.give_up(number, range(1, 3))
    assert [inner.waits(number, rung) for rung in range(3)] == [True, False, False]
    reasons = [one.measurement.failure.reason for _, one in spy.heard if one.measurement]
    assert reasons == [Reason.REFUSED] * 2


def test_what_a_climb_spent_adds_up_and_sizes_do_not():
    spy = Spy()
    inner = models(spy)
    number = inner.start(Proposal(CANDIDATE))
    inner.measure(number, 0, loss(1.0, epochs=3.0, seconds=1.0, parameters=70.0))
    inner.measure(number, 1, loss(1.0, epochs=6.0, seconds=2.5, parameters=70.0))
    costs = [one.measurement.cost for _, one in spy.heard if one.state is State.DONE]
    assert costs[1] == {"epochs": 9.0, "seconds": 3.5, "parameters": 70.0}


def test_the_highest_rung_with_enough_values_asks():
    spy = Spy()
    inner = models(spy, enough=2)
    for number in range(3):
        inner.start(Proposal(CANDIDATE))
        inner.measure(number, 0, loss(0.0))
    assert inner.ask(1)[0].parent == 2  # the newest that finished on the lowest rung
    inner.measure(0, 1, loss(0.0))
    assert inner.ask(1)[0].parent == 2
    inner.measure(1, 1, loss(0.0))
    assert inner.ask(1)[0].parent == 1  # now on the middle rung
    inner.measure(0, 2, loss(float("nan")))
    assert inner.ask(1)[0].parent == 1  # a missing value is none


def test_a_copy_that_waits_leaves_the_question_to_the_rung_below():
    class Waiting(Spy):
        def ask(self, count):
            return [] if self.name else super().ask(count)

        def __deepcopy__(self, memo):
            copied = Waiting()
            copied.name = 1
            return copied

    inner = models(Waiting(), rungs=2, enough=1)
    inner.start(Proposal(CANDIDATE))
    inner.measure(0, 0, loss(0.0))
    inner.measure(0, 1, loss(0.0))
    assert len(inner.ask(2)) == 2


def test_a_strategy_that_cannot_be_copied_learns_from_the_lowest_rung():
    spy = Uncopyable()
    inner = models(spy, enough=1)
    inner.start(Proposal(CANDIDATE))
    inner.measure(0, 0, loss(1.0))
    inner.measure(0, 1, loss(2.0))
    inner.give_up(0, range(2, 3))
    assert inner.ask(1)[0].parent == 0
    assert finished(spy, 0) == [(0, State.DONE, 1.0)]
    assert {name for name, _ in spy.heard} == {0}


@pytest.mark.parametrize("share", [0.5, 1 / 3])
def test_ladders_do_not_nest(share):
    inner = SuccessiveHalving(Spy(), LOSS, fidelities=(share, 1.0))
    outer = SuccessiveHalving(inner, LOSS, fidelities=(0.5, 1.0))
    with pytest.raises(ValueError, match=r"must propose at full fidelity.*ladders do not nest"):
        outer.ask(1)


def test_one_model_hears_of_every_value_with_its_fidelity_under_one_number():
    spy = Spy()
    inner = ModelOfAllRungs(spy, Ladder((1 / 9, 1 / 3, 1.0)))
    assert [inner.start(Proposal(CANDIDATE)) for _ in range(2)] == [0, 1]
    inner.measure(1, 0, loss(3.0))
    inner.give_up(0, range(3))
    inner.measure(1, 1, loss(2.0))
    assert inner.waits(0, 0)
    assert inner.waits(1, 2)
    told = [one for _, one in spy.heard if one.state is State.DONE]
    assert [(one.number, one.proposal.fidelity.epochs) for one in told] == [(1, 1 / 9), (1, 1 / 3)]
    assert inner.ask(1)[0].fidelity == Fidelity()
