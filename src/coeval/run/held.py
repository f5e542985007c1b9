"""An executor that trains nothing over a limit: such a trial is answered with its violations and costs at once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from coeval.oneshot.tick import ORIGIN
from coeval.run.protocol import Executor
from coeval.space.protocol import Candidate
from coeval.trial import Measurement, Trial


class Priced(Protocol):
    """Knows what candidates cost."""

    def of(self, candidate: Candidate) -> Mapping[str, float]:
        """Return costs by name."""
        ...

    def violations(self, candidate: Candidate) -> Mapping[str, float]:
        """Return by how much each limit is exceeded, as a share of it."""
        ...


class Held:
    """An ``Executor`` around another: every measurement gets the candidate's costs, and nothing over a limit is trained.

    Args:
        inner: Who evaluates.
        costs: What candidates cost, and the limits.
    """

    def __init__(self, inner: Executor, costs: Priced) -> None:
        self._inner = inner
        self._costs = costs
        self._running: dict[int, Candidate] = {}
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
        """Hand on what keeps the limits; the others are answered."""
        passed: list[Trial] = []
        for trial in trials:
            candidate = trial.proposal.candidate
            # It trains a whole supernet: its candidate is only what that holds so far.
            is_tick = trial.proposal.origin.startswith(ORIGIN)
            excess = {} if is_tick else self._costs.violations(candidate)
            if excess:
                costs = {"seconds": 0.0, "epochs": 0.0, **self._costs.of(candidate)}
                self._answered.append((trial.number, Measurement(violations=excess, cost=costs)))
                continue
            if not is_tick:
                self._running[trial.number] = candidate
            passed.append(trial)
        if passed:
            self._inner.submit(passed, deadline)

    def completed(self, timeout: float) -> Iterator[tuple[int, Measurement]]:
        """Yield what was answered and what has finished, waiting at most ``timeout`` seconds for the first."""
        answered, self._answered = self._answered, []
        yield from answered
        for number, measurement in self._inner.completed(0.0 if answered else timeout):
            candidate = self._running.pop(number, None)
            if candidate is None or measurement.failure is not None:
                yield number, measurement
                continue
            costs = {**self._costs.of(candidate), **measurement.cost}
            yield number, replace(measurement, cost=costs)

    def close(self) -> None:
        """End the inner executor."""
        self._inner.close()
