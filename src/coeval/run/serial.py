"""Evaluations one after the other in this process: no ``__main__`` guard, no start-up time."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from coeval.evaluate.protocol import Evaluator
from coeval.run import guard
from coeval.run.protocol import checked_batch
from coeval.trial import Measurement, Reason, Trial


class SerialExecutor:
    """An ``Executor`` whose ``completed`` does the work.

    It cannot interrupt an evaluator that never reports; use ``ProcessExecutor`` for those.

    Attributes:
        batch: Trials a batch at most.
    """

    def __init__(
        self, evaluator: Evaluator, stop: Callable[[], bool] | None = None, *, batch: int = 1
    ) -> None:
        """Make the executor.

        Args:
            evaluator: Evaluates in this process.
            stop: Asked at every report; when it returns True, the running trial is told to stop.
            batch: Trials of one bucket that are evaluated together, at most.

        Raises:
            ValueError: ``batch`` is less than 1.
        """
        self.batch = checked_batch(batch)
        self._evaluator = evaluator
        self._stop = stop
        self._waiting: deque[tuple[tuple[Trial, ...], float | None]] = deque()

    @property
    def slots(self) -> int:
        """Return 1."""
        return 1

    def submit(self, trials: Sequence[Trial], deadline: float | None = None) -> None:
        """Queue a batch; ``deadline`` (``time.monotonic`` seconds) is when its trials are told to stop."""
        self._waiting.append((tuple(trials), deadline))

    def completed(self, timeout: float) -> Iterator[tuple[int, Measurement]]:
        """Evaluate the oldest batch and yield its measurements; ``timeout`` does not matter here."""
        if not self._waiting:
            return
        trials, deadline = self._waiting.popleft()
        if deadline is not None and time.monotonic() >= deadline:
            for trial in trials:
                detail = "The deadline had passed before the evaluation began."
                yield trial.number, guard.failed(Reason.TIMED_OUT, detail)
            return

        def report(number: int, progress: int, values: Mapping[str, float]) -> bool:
            late = deadline is not None and time.monotonic() >= deadline
            return not late and not (self._stop is not None and self._stop())

        yield from guard.evaluate(self._evaluator, trials, report)

    def close(self) -> None:
        """Forget what is queued."""
        self._waiting.clear()
