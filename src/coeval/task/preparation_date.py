"""Date columns: a date as numbers, by calendar and by clock."""

import math

import numpy as np
import numpy.typing as npt

PARTS: dict[str, tuple[str, ...]] = {
    "basic": ("year", "month", "day", "weekday", "hour", "elapsed"),
    "cyclic": (
        *("year", "elapsed"),
        *("season_sin", "season_cos", "weekday_sin", "weekday_cos", "hour_sin", "hour_cos"),
    ),
    "both": (
        *("year", "month", "day", "weekday", "hour", "elapsed"),
        *("season_sin", "season_cos", "weekday_sin", "weekday_cos", "hour_sin", "hour_cos"),
    ),
}
"""Parts by choice. ``hour`` counts with its fraction, ``elapsed`` is days since 1970-01-01, Monday is weekday 0."""

FIRST, LAST = -719162.0, 2932896.0 + 86_399.0 / 86_400.0
"""0001-01-01 and 9999-12-31T23:59:59 in days since 1970-01-01: what ISO dates of four digits can say."""

DAY_MILLISECONDS = 86_400_000.0
CYCLE_STEPS = 1e9
"""Clock times are rounded to milliseconds and waves to billionths, so that no library's last digit shows."""

Numbers = npt.NDArray[np.float64]


def date_parts(days: Numbers, parts: tuple[str, ...]) -> Numbers:
    """Take dates apart.

    Args:
        days: ``(rows,)`` days since 1970-01-01, the time of day as a fraction; NaN = missing.
        parts: Names out of ``PARTS``.

    Returns:
        ``(rows, parts)``; rows of missing dates are NaN.

    Example:
        >>> date_parts(np.array([0.75]), ("year", "month", "day", "weekday", "hour")).tolist()
        [[1970.0, 1.0, 1.0, 3.0, 18.0]]
    """
    missing = np.isnan(days)
    whole, clock = day_and_clock(np.where(missing, 0.0, days))
    date = whole.astype("datetime64[D]")
    months = date.astype("datetime64[M]")
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970.0
    month = months.astype(np.int64) % 12 + 1.0
    day = (date - months.astype("datetime64[D]")).astype(np.int64) + 1.0
    weekday = ((whole + 3) % 7).astype(np.float64)
    hour = clock.astype(np.float64) / (DAY_MILLISECONDS / 24.0)
    values = {"year": year, "month": month, "day": day, "weekday": weekday}
    values |= {"hour": hour, "elapsed": whole + clock / DAY_MILLISECONDS}
    values |= _cycle("season", (month - 1.0) / 12.0 + (day - 1.0) / 372.0)
    values |= _cycle("weekday", weekday / 7.0) | _cycle("hour", hour / 24.0)
    result = np.stack([values[part] for part in parts], axis=1)
    result[missing] = np.nan
    return result


def day_and_clock(days: Numbers) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Split days since 1970-01-01, cut to ``FIRST`` .. ``LAST``, into whole days and milliseconds of the day."""
    known = np.clip(days, FIRST, LAST)
    whole = np.floor(known)
    # Whole days and clock apart, because together they would need more digits than a double has.
    clock = np.rint((known - whole) * DAY_MILLISECONDS)
    midnight = clock == DAY_MILLISECONDS
    return (whole + midnight).astype(np.int64), np.where(midnight, 0.0, clock).astype(np.int64)


def _cycle(name: str, turns: Numbers) -> dict[str, Numbers]:
    angle = 2.0 * math.pi * turns
    # The cosine is a shifted sine because ONNX Runtime has no cosine of doubles.
    waves = {f"{name}_sin": np.sin(angle), f"{name}_cos": np.sin(angle + math.pi / 2.0)}
    return {wave: np.rint(value * CYCLE_STEPS) / CYCLE_STEPS for wave, value in waves.items()}
