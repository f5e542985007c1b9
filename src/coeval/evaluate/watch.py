"""When a training is refused or told to stop, and how its progress reaches the driver."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

from coeval.evaluate.folds import CACHE_BYTES
from coeval.evaluate.protocol import Report


@dataclass(frozen=True, slots=True)
class Limits:
    """When a trial is refused or stopped.

    Attributes:
        memory_bytes: Most that one training may need; by default 80 % of what is available when it starts.
        seconds: About the most that one trial may take; each fold gets an equal part of it, then the
            best epoch so far counts.
        cache_bytes: Most that a worker keeps of prepared rows.
        deadline: ``time.monotonic()`` seconds at which the search ends: what cannot finish two epochs
            before is refused, what is training then is cut short in time to be scored.
    """

    memory_bytes: int | None = None
    seconds: float | None = None
    cache_bytes: int = CACHE_BYTES
    deadline: float | None = None


_MARGIN_SECONDS = 0.3
"""Kept before the deadline for scoring and for the way back to the driver."""

NO_LIMITS = Limits()


class NothingLearnt(Exception):  # noqa: N818 - an answer, caught by the evaluator
    """Training was stopped before there was anything to score."""


class Watch:
    """Passes progress to the report and the report's answer back to training, and keeps the time.

    What time a trial has is shared out evenly: each fold may take its part of what is left, then the
    best epoch so far counts and the next fold begins. So a trial on several folds is scored on all of
    them, however little time there is.

    Args:
        report: The driver's ear.
        number: The trial's.
        started: ``time.monotonic()`` seconds at which the trial began.
        limits: When it must end.
        folds: How many there are.
    """

    def __init__(
        self, report: Report, number: int, started: float, limits: Limits, folds: int
    ) -> None:
        self.started = started
        self._clocks = time.monotonic(), time.process_time()
        self.is_stopped = False
        self.is_shortened = False
        self._report = report
        self._number = number
        self._folds = folds
        own = math.inf if limits.seconds is None else started + limits.seconds
        end = math.inf if limits.deadline is None else limits.deadline - _MARGIN_SECONDS
        self._end = min(own, end)
        self._fold_end = math.inf
        self._before = 0
        self._epoch = 0
        self._values: Mapping[str, float] = {}

    def busy(self) -> float:
        """Return the share of a core that this process has had since the trial began, at most 1: the rest went to others."""
        began, worked = self._clocks
        return min(1.0, (time.process_time() - worked) / max(time.monotonic() - began, 1e-9))

    def begin_fold(self) -> None:
        """Start a fold's clock, and count its epochs on from the last fold's."""
        now = time.monotonic()
        self._fold_end = now + max(self._end - now, 0.0) / max(self._folds, 1)
        self._folds -= 1
        self._before += self._epoch
        self._epoch = 0

    def epoch(self, epoch: int, values: Mapping[str, float]) -> bool:
        """Take an epoch's values; return whether to go on."""
        self._epoch, self._values = epoch, values
        return not self.should_stop()

    def should_stop(self) -> bool:
        """Return whether the driver says stop, which holds for the whole trial, or the fold's time is over."""
        if not self._report(self._number, self._before + self._epoch, self._values):
            self.is_stopped = True
        is_late = time.monotonic() >= self._fold_end
        self.is_shortened = self.is_shortened or is_late
        return self.is_stopped or is_late
