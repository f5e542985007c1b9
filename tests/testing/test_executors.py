import pytest

from coeval.run.processes import ProcessExecutor
from coeval.run.serial import SerialExecutor
from coeval.testing.executors import check_executor


def test_the_serial_executor_keeps_the_contract():
    check_executor(SerialExecutor)


def test_the_serial_executor_of_batches_keeps_the_contract():
    check_executor(lambda evaluator: SerialExecutor(evaluator, batch=7))


@pytest.mark.slow
def test_the_executor_of_processes_keeps_the_contract():
    check_executor(lambda evaluator: ProcessExecutor(evaluator, 2))
    check_executor(lambda evaluator: ProcessExecutor(evaluator, 2, batch=5))


class Echoing(SerialExecutor):
    def completed(self, timeout):
        found = list(super().completed(timeout))
        return iter(found * 2)


class Inventing(SerialExecutor):
    def completed(self, timeout):
        return ((number + 1000, one) for number, one in super().completed(timeout))


class Forgetful(SerialExecutor):
    """Takes no more than three trials at a time, whatever it says."""

    def __init__(self, evaluator):
        super().__init__(evaluator, batch=5)

    def submit(self, trials, deadline=None):
        super().submit(trials[:3], deadline)


class Empty(SerialExecutor):
    def __init__(self, evaluator):
        super().__init__(evaluator)
        self.batch = 0


class Patient(SerialExecutor):
    def submit(self, trials, deadline=None):
        super().submit(trials)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (Echoing, "completed twice"),
        (Inventing, "never submitted"),
        (Empty, "holds a trial at least, got 0"),
        (Patient, "although its deadline had passed"),
    ],
)
def test_a_broken_promise_is_named(broken, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check_executor(broken)


def test_a_batch_that_comes_back_in_part_is_named():
    with pytest.raises(AssertionError, match="2 trials did not complete"):
        check_executor(Forgetful, patience=0.3)
