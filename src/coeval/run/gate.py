"""An executor that starts nothing that cannot finish: what there is no time for is refused when it is handed out."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from coeval.evaluate.plan import Refusal
from coeval.run import guard
from coeval.run.protocol import Executor
from coeval.trial import Measurement, Reason, Trial


class Forecast(Protocol):
    """Knows what trials take."""

    def observe(self, measurement: Measurement) -> None:
        """Learn from a finished trial."""
        ...

    def check(self, trial: Trial, deadline: float | None) -> None:
        """Raise ``Refusal`` if the trial cannot finish before the deadline."""
        ...


class Gated:
    """An ``Executor`` around another: each trial passes a forecast first, each measurement teaches it.

    Args:
        inner: Who evaluates.
        forecast: What is known of the time that trials take.
    """

    def __init__(self, inner: Executor, forecast: Forecast) -> None:
        self._inner = inner
        self._forecast = forecast
        self._refused: list[tuple[int, Measurement]] = []

    @property
    def slots(self) -> int:
        """Return the inner executor's number of batches at a time."""
        return self._inner.slots

    @property
    def batch(self) -> int:
        """Return the inner executor's trials a batch."""
        return self._inner.batch

    def submit(self, trials: Sequence[Trial], deadline: float | None = None) -> None:
        """Hand on what can finish before the deadline; the others are refused as a value."""
        passed: list[Trial] = []
        for trial in trials:
            try:
                self._forecast.check(trial, deadline)
                passed.append(trial)
            except Refusal as refusal:
                measurement = guard.failed(Reason.REFUSED, str(refusal))
                self._refused.append((trial.number, measurement))
        if passed:
            self._inner.submit(passed, deadline)

    def completed(self, timeout: float) -> Iterator[tuple[int, Measurement]]:
        """Yield what was refused and what has finished, waiting at most ``timeout`` seconds for the first."""
        refused, self._refused = self._refused, []
        yield from refused
        for number, measurement in self._inner.completed(0.0 if refused else timeout):
            self._forecast.observe(measurement)
            yield number, measurement

    def close(self) -> None:
        """End the inner executor."""
        self._inner.close()
