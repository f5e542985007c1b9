import time

from coeval.run.gate import Gated
from coeval.run.held import Held
from coeval.run.serial import SerialExecutor
from coeval.testing.executors import check_executor
from coeval.trial import Proposal, State, Trial, finish
from tests.run import fakes


class Scale:
    """Knows each candidate's weight, and a limit on it."""

    def __init__(self, most=10.0):
        self.most = most

    def of(self, candidate):
        return {"weight": abs(candidate.settings("recipe").get("x", 0.0))}

    def confirmed(self, candidate):
        over = self.of(candidate)["weight"] - self.most
        return {"weight": over / self.most} if over > 0 else {}


def held(most=10.0):
    inner = SerialExecutor(fakes.Misbehaving(seconds=0), lambda: False, batch=2)
    return Gated(inner, Held(Scale(most)))


def trial(number, x, origin=""):
    return Trial(number, Proposal(fakes.candidate(x), origin=origin))


def collect(executor, count):
    found, end = {}, time.monotonic() + 10
    while len(found) < count and time.monotonic() < end:
        found.update(executor.completed(0.05))
    return found


def test_the_contract_of_executors_holds():
    check_executor(
        lambda evaluator: Gated(SerialExecutor(evaluator, lambda: False), Held(Scale(float("inf"))))
    )


def test_what_breaks_a_limit_is_answered_and_never_trained():
    executor = held()
    executor.submit([trial(0, 1.0), trial(1, 15.0)])
    executor.submit([trial(2, 30.0)])
    found = collect(executor, 3)
    assert found[0].values
    assert found[1].violations == {"weight": 0.5}
    assert found[2].violations == {"weight": 2.0}
    assert not found[1].values
    assert found[1].cost == {"seconds": 0.0, "epochs": 0.0, "weight": 15.0}


def test_such_a_trial_is_done_but_no_contender():
    executor = held()
    executor.submit([trial(1, 15.0)])
    done = finish(trial(1, 15.0), collect(executor, 1)[1])
    assert done.state is State.DONE
    assert not done.is_comparable


def test_every_measurement_gets_the_costs_of_its_candidate():
    executor = held()
    executor.submit([trial(0, -3.0)])
    assert collect(executor, 1)[0].cost["weight"] == 3.0


def test_ticks_of_a_supernet_are_held_to_no_limit():
    executor = held()
    executor.submit([trial(0, 99.0, origin="tick:darts")])
    found = collect(executor, 1)[0]
    assert found.values
    assert "weight" not in found.cost
