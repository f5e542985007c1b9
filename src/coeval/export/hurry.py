"""The moment by which all trainings of a process end, wherever they are: who ordered them may draw it nearer while they run."""

import math
from typing import Protocol


class Moment(Protocol):
    """``time.monotonic()`` seconds, one clock for all processes; infinity for no hurry."""

    value: float


class _Obeyed:
    """What this process was told."""

    moment: Moment | None = None


def obey(moment: Moment) -> None:
    """End this process's trainings by a moment that another process may change."""
    _Obeyed.moment = moment


def until(deadline: float | None) -> float:
    """Return the ``time.monotonic()`` seconds at which a training with such a deadline ends as things stand.

    Example:
        >>> until(3.0), until(None)
        (3.0, inf)
    """
    drawn = math.inf if _Obeyed.moment is None else _Obeyed.moment.value
    return drawn if deadline is None else min(deadline, drawn)
