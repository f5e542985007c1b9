"""Learning rate schedules as functions of progress.

``cosine`` follows Loshchilov & Hutter 2017 (SGDR, arXiv:1608.03983, without restarts); ``flat_cosine``
keeps the rate for the first half, as RealMLP does (Holzmüller et al. 2024, arXiv:2407.04491). ``one_cycle`` rises and
falls in straight lines (Smith & Topin 2017, arXiv:1708.07120), which lets convolutions train at a higher rate.
"""

import math
import time
from collections.abc import Callable

WARM_UP = 0.03  # share of the schedule in which the rate rises linearly
RISE = 0.25  # share of the schedule in which the rate of one cycle rises
SCHEDULES = ("constant", "cosine", "flat_cosine", "one_cycle")


def factor(schedule: str, progress: float) -> float:
    """Return what the learning rate is multiplied with after a share of the schedule.

    Args:
        schedule: ``"constant"``, ``"cosine"``, ``"flat_cosine"`` or ``"one_cycle"``.
        progress: Share of the whole schedule, 0 to 1.

    Raises:
        ValueError: The schedule is unknown.

    Example:
        >>> factor("cosine", 0.5), factor("flat_cosine", 0.5), factor("constant", 1.0)
        (0.5, 1.0, 1.0)
    """
    if schedule not in SCHEDULES:
        raise ValueError(f"schedule must be one of {', '.join(SCHEDULES)}, got {schedule!r}.")
    if schedule == "one_cycle":
        return max(0.0, min(progress / RISE, (1 - progress) / (1 - RISE)))
    warm = min(1.0, progress / WARM_UP)
    if schedule == "constant":
        return warm
    flat = 0.5 if schedule == "flat_cosine" else 0.0
    share = min(1.0, max(0.0, (progress - flat) / (1 - flat)))
    return warm * round(0.5 * (1 + math.cos(math.pi * share)), 12)


def by_the_clock(until: float) -> Callable[[float], float]:
    """Return what a training's progress is when its time is what ends it: the share of the time from now on.

    Wherever the share of its steps is further, that counts, so a training ends at a low rate by whichever comes first
    (budgeted training, Li, Yumer & Ramanan 2020, arXiv:1905.04753).

    Args:
        until: ``time.monotonic()`` seconds of its end.
    """
    began = time.monotonic()
    whole = max(until - began, 1e-9)
    return lambda share: min(max(share, (time.monotonic() - began) / whole), 1.0)
