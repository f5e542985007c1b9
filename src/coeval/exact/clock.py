"""How long a search may take, and what it reports on the way."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from coeval.errors import BudgetError

REPORT_SECONDS = 0.1


class OutOfTimeError(Exception):
    """The deadline has passed: raised between blocks, and caught where the best so far is handed out."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a search stands.

    Attributes:
        length: The length being covered.
        evaluated: Sequences evaluated so far.
        distinct: Distinct values kept so far.
        seconds: Time since the start.
        error: Least sum of squared errors so far.
    """

    length: int
    evaluated: int
    distinct: int
    seconds: float
    error: float


class Clock:
    """Measures a search's time.

    Args:
        seconds: Time allowed; ``None`` for as long as it takes.
        progress: Called about ten times a second, if given.

    Raises:
        BudgetError: The time is not positive.
    """

    def __init__(
        self, seconds: float | None, progress: Callable[[Progress], None] | None = None
    ) -> None:
        if seconds is not None and not seconds > 0:
            raise BudgetError(
                f"seconds must be positive, got {seconds}. Leave them out for no limit."
            )
        self.start = time.monotonic()
        self.seconds = seconds
        self._progress = progress
        self._reported = self.start

    @property
    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.start

    @property
    def left(self) -> float:
        """Return the seconds left; infinity without a limit."""
        return float("inf") if self.seconds is None else self.seconds - self.elapsed

    def check(self) -> None:
        """End the search where its time is up.

        Raises:
            OutOfTimeError: No time is left.
        """
        if self.left <= 0:
            raise OutOfTimeError

    def report(self, length: int, evaluated: int, distinct: int, error: float) -> None:
        """Tell the caller where the search stands, unless that was just done."""
        now = time.monotonic()
        if self._progress is not None and now - self._reported >= REPORT_SECONDS:
            self._reported = now
            self._progress(Progress(length, evaluated, distinct, self.elapsed, error))
