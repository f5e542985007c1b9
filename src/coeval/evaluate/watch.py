"""When a training is refused or told to stop, and how its progress reaches the driver."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from coeval.evaluate.protocol import Report


@dataclass(frozen=True, slots=True)
class Limits:
    """When a trial is refused or stopped.

    Attributes:
        memory_bytes: Most that one training may need; by default 80 % of what is available when it starts.
        seconds: Most that one trial may take; then the best so far counts.
        deadline: ``time.monotonic()`` seconds at which the search ends; what cannot finish two epochs
            before is refused.
    """

    memory_bytes: int | None = None
    seconds: float | None = None
    deadline: float | None = None


NO_LIMITS = Limits()


class NothingLearnt(Exception):  # noqa: N818 - an answer, caught by the evaluator
    """Training was stopped before there was anything to score."""


class Watch:
    """Passes progress to the report and the report's answer back to training."""

    def __init__(self, report: Report, number: int, started: float, limits: Limits) -> None:
        self.started = started
        self.stopped = False
        self._report = report
        self._number = number
        self._limits = limits
        self._before = 0
        self._epoch = 0
        self._values: Mapping[str, float] = {}

    def epoch(self, epoch: int, values: Mapping[str, float]) -> bool:
        """Take an epoch's values; return whether to go on."""
        self._epoch, self._values = epoch, values
        return not self.should_stop()

    def should_stop(self) -> bool:
        """Return whether the report or the trial's own time says stop; once said it stays."""
        limit = self._limits.seconds
        if limit is not None and time.monotonic() - self.started > limit:
            self.stopped = True
        if not self._report(self._number, self._before + self._epoch, self._values):
            self.stopped = True
        return self.stopped

    def next_fold(self) -> None:
        """Count the next fold's epochs on."""
        self._before += self._epoch
        self._epoch = 0
