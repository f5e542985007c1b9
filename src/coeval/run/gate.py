"""An executor with a gate: what need not be evaluated is answered when it is handed out, such as what there is no time for."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from coeval.evaluate.plan import Refusal
from coeval.evaluate.protocol import Evaluator, Report
from coeval.run import guard
from coeval.run.protocol import Executor
from coeval.trial import Measurement, Proposal, Reason, Trial


class Gate(Protocol):
    """Says which trials are not to be evaluated, and sees what comes of the others."""

    def answer(self, trial: Trial, deadline: float | None) -> Measurement | None:
        """Return the answer to a trial that is not to be evaluated; ``None`` lets it pass.

        Args:
            trial: Handed out.
            deadline: ``time.monotonic()`` seconds at which it is told to stop.
        """
        ...

    def passed(self, trial: Trial, measurement: Measurement) -> Measurement:
        """Return the measurement of a trial that passed, perhaps with more in it."""
        ...


class Gated:
    """An ``Executor`` around another: each trial meets a gate first, and so does each measurement.

    Args:
        inner: Who evaluates.
        gate: Which trials those are.
    """

    def __init__(self, inner: Executor, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate
        self._running: dict[int, Trial] = {}
        self._answered: list[tuple[int, Measurement]] = []

    @property
    def slots(self) -> int:
        """Return the inner executor's number of batches at a time."""
        return self._inner.slots

    @property
    def batch(self) -> int:
        """Return the inner executor's trials a batch."""
        return self._inner.batch

    def submit(self, trials: Sequence[Trial], deadline: float | None = None) -> None:
        """Hand on what passes the gate; the others are answered."""
        passed: list[Trial] = []
        for trial in trials:
            answer = self._gate.answer(trial, deadline)
            if answer is None:
                passed.append(trial)
            else:
                self._answered.append((trial.number, answer))
        if passed:
            self._running.update({trial.number: trial for trial in passed})
            self._inner.submit(passed, deadline)

    def completed(self, timeout: float) -> Iterator[tuple[int, Measurement]]:
        """Yield what was answered and what has finished, waiting at most ``timeout`` seconds for the first."""
        answered, self._answered = self._answered, []
        yield from answered
        for number, measurement in self._inner.completed(0.0 if answered else timeout):
            yield number, self._gate.passed(self._running.pop(number), measurement)

    def close(self) -> None:
        """End the inner executor."""
        self._inner.close()


class GatedEvaluator:
    """An ``Evaluator`` around another, with a gate: for searches whose executor is their own.

    Args:
        inner: Evaluates what passes.
        gate: Which trials those are.
    """

    def __init__(self, inner: Evaluator, gate: Gate) -> None:
        self.inner = inner
        self.gate = gate

    def bucket(self, proposal: Proposal) -> str:
        """Return the inner evaluator's key."""
        return self.inner.bucket(proposal)

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's number and its answer or measurement."""
        for trial in trials:
            answer = self.gate.answer(trial, None)
            if answer is not None:
                yield trial.number, answer
                continue
            for number, found in self.inner.evaluate([trial], report):
                yield number, self.gate.passed(trial, found)


class Forecast(Protocol):
    """Knows what trials take."""

    def observe(self, measurement: Measurement) -> None:
        """Learn from a finished trial."""
        ...

    def check(self, trial: Trial, deadline: float | None) -> None:
        """Raise ``Refusal`` if the trial cannot finish before the deadline."""
        ...


class Timely:
    """A ``Gate`` that refuses what cannot finish, as a value; each measurement teaches it.

    Args:
        forecast: What is known of the time that trials take.
    """

    def __init__(self, forecast: Forecast) -> None:
        self._forecast = forecast

    def answer(self, trial: Trial, deadline: float | None) -> Measurement | None:
        """Refuse what cannot finish before the deadline."""
        try:
            self._forecast.check(trial, deadline)
        except Refusal as refusal:
            return guard.failed(Reason.REFUSED, str(refusal))
        return None

    def passed(self, trial: Trial, measurement: Measurement) -> Measurement:
        """Learn from the measurement."""
        self._forecast.observe(measurement)
        return measurement
