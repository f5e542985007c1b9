import pytest

from coeval.run.processes import ProcessExecutor
from coeval.run.serial import SerialExecutor
from coeval.testing.executors import check_executor


def test_the_serial_executor_keeps_the_contract():
    check_executor(SerialExecutor)


@pytest.mark.slow
def test_the_executor_of_processes_keeps_the_contract():
    check_executor(lambda evaluator: ProcessExecutor(evaluator, 2))


class Echoing(SerialExecutor):
    def completed(self, timeout):
        found = list(super().completed(timeout))
        return iter(found * 2)


class Inventing(SerialExecutor):
    def completed(self, timeout):
        return ((number + 1000, one) for number, one in super().completed(timeout))


class Patient(SerialExecutor):
    def submit(self, trials, deadline=None):
        super().submit(trials)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Echoing, "completed twice"),
        (Inventing, "never submitted"),
        (Patient, "although its deadline had passed"),
    ],
)
def test_a_broken_promise_is_named(broken, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_executor(broken)
