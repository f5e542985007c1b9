from coeval.run.serial import SerialExecutor
from coeval.testing.executors import check_executor
from coeval.trial import Proposal, Reason, Trial

from . import fakes


def test_the_contract_of_executors_holds():
    check_executor(SerialExecutor)


def test_a_request_to_stop_reaches_the_evaluator():
    executor = SerialExecutor(fakes.Parabola(seconds=30), stop=lambda: True)
    executor.submit([Trial(0, Proposal(fakes.candidate(1.0)))])
    ((number, measurement),) = executor.completed(0.0)
    assert number == 0
    assert measurement.failure.reason is Reason.TIMED_OUT


def test_closing_forgets_what_waits():
    executor = SerialExecutor(fakes.Parabola())
    executor.submit([Trial(0, Proposal(fakes.candidate(1.0)))])
    executor.close()
    assert list(executor.completed(1.0)) == []
