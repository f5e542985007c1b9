"""What the search asks of others: a problem's name, and executors, where evaluations happen."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from coeval.trial import Measurement, Trial


class Problem(Protocol):
    """What is solved: a task, or the points of a function. The search itself reads no data."""

    @property
    def fingerprint(self) -> str:
        """Return the digest by which a journal is tied to its problem."""
        ...


class Executor(Protocol):
    """Runs an evaluator on trials, here or elsewhere. No order is promised; a lost worker becomes a failed trial."""

    @property
    def slots(self) -> int:
        """Return how many batches can run at once."""
        ...

    @property
    def batch(self) -> int:
        """Return how many trials of one bucket it wants in a batch at most, 1 or more; they crash together."""
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


def checked_batch(batch: int) -> int:
    """Return how many trials a batch holds at most.

    Raises:
        ValueError: It is less than 1.
    """
    if batch < 1:
        raise ValueError(f"batch must be 1 or more trials, got {batch}.")
    return batch
