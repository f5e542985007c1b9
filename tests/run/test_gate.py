import time
from dataclasses import replace

import pytest

from coeval.evaluate.plan import Refusal
from coeval.run.gate import Gated, GatedEvaluator, Timely
from coeval.run.serial import SerialExecutor
from coeval.testing.executors import check_executor
from coeval.trial import Measurement, Proposal, Reason, Trial
from tests.run import fakes


class Knowing:
    """Refuses candidates above a number, and remembers what it was taught."""

    def __init__(self, most=10.0):
        self.most, self.seen = most, []

    def observe(self, measurement):
        self.seen.append(measurement)

    def check(self, trial, deadline):
        if deadline is None or self.most == float("inf"):
            return
        x = trial.proposal.candidate.settings("recipe")["x"]
        if x > self.most:
            raise Refusal(f"{x} would take too long.")


def gated(forecast):
    inner = SerialExecutor(fakes.Misbehaving(seconds=0), lambda: False, batch=2)
    return Gated(inner, Timely(forecast))


def trial(number, x):
    return Trial(number, Proposal(fakes.candidate(x)))


def collect(executor, count):
    found, end = {}, time.monotonic() + 10
    while len(found) < count and time.monotonic() < end:
        found.update(executor.completed(0.05))
    return found


def test_the_contract_of_executors_holds():
    check_executor(
        lambda evaluator: Gated(
            SerialExecutor(evaluator, lambda: False), Timely(Knowing(float("inf")))
        )
    )


def test_what_cannot_finish_is_refused_as_a_value_and_the_rest_evaluated():
    forecast = Knowing()
    executor = gated(forecast)
    executor.submit([trial(0, 1.0), trial(1, 99.0)], time.monotonic() + 5)
    executor.submit([trial(2, 99.0)], time.monotonic() + 5)
    found = collect(executor, 3)
    assert found[0].failure is None
    assert [found[n].failure.reason for n in (1, 2)] == [Reason.REFUSED] * 2
    assert "too long" in found[1].failure.detail
    assert [one.values for one in forecast.seen] == [found[0].values]


def test_without_a_deadline_everything_is_started():
    executor = gated(Knowing())
    executor.submit([trial(0, 99.0)])
    assert collect(executor, 1)[0].failure is None


@pytest.mark.parametrize("count", [1, 3])
def test_a_measurement_is_yielded_once(count):
    executor = gated(Knowing(0.0))
    for number in range(count):
        executor.submit([trial(number, 1.0)], time.monotonic() + 5)
    assert len(list(executor.completed(0.0))) == count
    assert list(executor.completed(0.0)) == []


def test_an_evaluator_behind_a_gate_evaluates_only_what_passes():
    class Inner:
        def __init__(self):
            self.evaluated = []

        def evaluate(self, trials, report):
            self.evaluated += [one.number for one in trials]
            yield from [(one.number, Measurement()) for one in trials]

        def bucket(self, proposal):
            return "own"

    class Odd:
        def answer(self, trial, deadline):
            return None if trial.number % 2 else Measurement(violations={"size": 1.0})

        def passed(self, trial, measurement):
            return replace(measurement, cost={"seen": 1.0})

    trials = [Trial(number, Proposal(number)) for number in range(4)]
    inner = Inner()
    judge = GatedEvaluator(inner, Odd())
    found = dict(judge.evaluate(trials, lambda *_: True))
    assert [found[number].violations for number in (0, 2)] == [{"size": 1.0}] * 2
    assert [found[number].cost for number in (1, 3)] == [{"seen": 1.0}] * 2
    assert inner.evaluated == [1, 3]
    assert judge.bucket(trials[0].proposal) == "own"
