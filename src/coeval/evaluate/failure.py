"""What goes wrong while a trial is measured, as a measurement with a reason."""

import time
import traceback
from typing import Any

from coeval.evaluate.plan import Refusal
from coeval.evaluate.watch import NothingLearnt
from coeval.train.errors import Diverged
from coeval.trial import Failure, Measurement, Reason

_REASONS: tuple[tuple[type[Exception], Reason], ...] = (
    (Refusal, Reason.REFUSED),
    (NothingLearnt, Reason.TIMED_OUT),
    (Diverged, Reason.DIVERGED),
    (MemoryError, Reason.OUT_OF_MEMORY),
)


def failed(error: Exception, started: float) -> Measurement:
    """Return the measurement of a trial that raised.

    Args:
        error: What was raised.
        started: ``time.monotonic()`` seconds at which the trial began.
    """
    data: dict[str, Any] = {}
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            failure = Failure(reason, str(error))
            break
    else:
        failure = Failure(_reason(error), f"{type(error).__name__}: {error}")
        data["traceback"] = "".join(traceback.format_exception(error)).splitlines()[-8:]
    return Measurement(cost={"seconds": time.monotonic() - started}, data=data, failure=failure)


def _reason(error: Exception) -> Reason:
    """Tell an allocation that failed from every other error: torch raises a plain RuntimeError for it on a CPU."""
    text = str(error).lower()
    words = ("out of memory", "can't allocate memory", "not enough memory", "cannot allocate")
    is_memory = isinstance(error, RuntimeError) and any(one in text for one in words)
    return Reason.OUT_OF_MEMORY if is_memory else Reason.ERROR
