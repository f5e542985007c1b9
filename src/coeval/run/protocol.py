"""The contract of executors: where evaluations happen."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from coeval.trial import Measurement, Trial


class Executor(Protocol):
    """Runs an evaluator on trials, here or elsewhere. No order is promised; a lost worker becomes a failed trial."""

    @property
    def slots(self) -> int:
        """Return how many batches can run at once."""
        ...

    def submit(self, trials: Sequence[Trial], deadline: float | None = None) -> None:
        """Start a batch; ``deadline`` (``time.monotonic`` seconds) is when its trials are told to stop."""
        ...

    def completed(self, timeout: float) -> Iterator[tuple[int, Measurement]]:
        """Yield what has finished, waiting at most ``timeout`` seconds for the first."""
        ...

    def close(self) -> None:
        """End the workers. Running evaluations are abandoned."""
        ...
