"""Dates written as text: ISO 8601 and the common others, as days since 1970-01-01."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt

_TIME = (
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED = r"(?P<name>(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*)\.?"


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write dates."""

    label: str
    pattern: re.Pattern[str]


def _format(label: str, pattern: str) -> Format:
    return Format(label, re.compile(pattern + _TIME, re.IGNORECASE))


COMPACT = "YYYYMMDD"
"""The format that may come as whole numbers; see ``compact_dates``."""
ISO = _format("YYYY-MM-DD", r"(?P<year>\d{4})-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?")
FORMATS = (
    ISO,
    _format("YYYY/MM/DD", r"(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<day>\d{1,2})"),
    _format("DD.MM.YYYY", r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"),
    _format("MM/DD/YYYY", r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"),
    _format("DD/MM/YYYY", r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})"),
    _format("MM-DD-YYYY", r"(?P<month>\d{1,2})-(?P<day>\d{1,2})-(?P<year>\d{4})"),
    _format("DD-MM-YYYY", r"(?P<day>\d{1,2})-(?P<month>\d{1,2})-(?P<year>\d{4})"),
    _format("MM/DD/YY", r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{2})"),
    _format("DD/MM/YY", r"(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{2})"),
    _format("D Mon YYYY", r"(?P<day>\d{1,2})[ -]" + _NAMED + r"[ ,-]+(?P<year>\d{4}|\d{2})"),
    _format("Mon D, YYYY", _NAMED + r" +(?P<day>\d{1,2})(?:st|nd|rd|th)?,? +(?P<year>\d{4})"),
    Format(
        COMPACT,
        re.compile(
            r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
            r"(?:T(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})(?P<zone>Z)?)?"
        ),
    ),
)
_YEAR_FIRST = _format("YY/MM/DD", r"(?P<year>\d{2})/(?P<month>\d{1,2})/(?P<day>\d{1,2})")
FEW_DAYS = 10
"""So many different strings or numbers such as 20240131, and more, are dates and no codes."""
_TWINS = {"MM/DD/YYYY": "DD/MM/YYYY", "MM-DD-YYYY": "DD-MM-YYYY", "MM/DD/YY": "DD/MM/YY"}
AMBIGUOUS = frozenset((*_TWINS, *_TWINS.values()))
"""Formats of which a few dates do not tell whether the day or the month comes first."""
LABELS = frozenset(one.label for one in FORMATS)
_COMPACT_RANGE = (19000101, 21001231)


@dataclass(frozen=True, slots=True)
class Dates:
    """Strings read as dates.

    Attributes:
        values: ``(strings,)`` days since 1970-01-01, the time of day as a fraction; zones turned to UTC.
        label: The format.
        note: What had to be decided, for the user.
    """

    values: npt.NDArray[np.float64]
    label: str
    note: str = ""


def parse_dates(strings: Sequence[str], *, written: str = "") -> Dates | None:
    """Return distinct strings as dates, or ``None`` when no single format fits them all.

    Where day and month cannot be told apart, the month is taken to come first and a note says so.

    Args:
        strings: What was written. Years of two digits are those from 1930 to 2029, as spreadsheets have it.
        written: The label of the format that earlier rows had: it alone will do, or ISO 8601.

    Example:
        >>> parse_dates(["1970-01-02", "1970-01-03 12:00"]).values.tolist()
        [1.0, 2.5]
    """
    if not strings or not any(character.isdigit() for character in strings[0]):
        return None
    for one in FORMATS:
        if written not in ("", one.label) and one is not ISO:
            continue
        if one.pattern.fullmatch(strings[0]) is None:
            continue
        values = _all(strings, one)
        if values is not None and not (written == "" and _is_doubtful(strings, one, values)):
            return Dates(values, one.label, _doubt(strings, one))
    return None


def compact_dates(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    """Return numbers such as 20240131 as days since 1970-01-01, or ``None`` if one is no day from 1900 to 2100.

    Args:
        values: ``(rows,)``, NaN = missing.
    """
    known, index = np.unique(values[~np.isnan(values)], return_inverse=True)
    first, last = _COMPACT_RANGE
    if not len(known) or known[0] < first or known[-1] > last:
        return None
    if (known != np.rint(known)).any():
        return None
    found = _all([f"{one:.0f}" for one in known.tolist()], FORMATS[-1])
    if found is None:
        return None
    days = np.full(len(values), np.nan)
    days[~np.isnan(values)] = found[index]
    return days


def _is_doubtful(strings: Sequence[str], one: Format, values: npt.NDArray[np.float64]) -> bool:
    """Return whether strings that can be read as dates may well be something else."""
    if one.label == COMPACT:  # codes of eight digits
        first, last = (date(year, 1, 1).toordinal() - _EPOCH for year in (1900, 2101))
        is_plain = any(len(text) == len(COMPACT) for text in strings)
        outside = values.min() < first or values.max() >= last
        return is_plain and (len(strings) <= FEW_DAYS or outside)
    if not one.label.endswith("/YY"):
        return False
    if _all(strings, _YEAR_FIRST) is None:
        return False
    fields = np.array([re.findall(r"\d+", text)[:3] for text in strings], dtype=np.int64)
    return bool(np.ptp(fields[:, 0]) <= np.ptp(fields[:, 2]))


def _doubt(strings: Sequence[str], chosen: Format) -> str:
    twin = _TWINS.get(chosen.label)
    if twin is None:
        return "" if chosen is ISO else f"dates are read as {chosen.label}"
    other = next(one for one in FORMATS if one.label == twin)
    if _all(strings, other) is None:
        return f"dates are read as {chosen.label}"
    return f"dates such as {strings[0]!r} are read as {chosen.label}; write YYYY-MM-DD to be sure"


def _all(strings: Sequence[str], chosen: Format) -> npt.NDArray[np.float64] | None:
    days = np.empty(len(strings))
    match: Callable[[str], re.Match[str] | None] = chosen.pattern.fullmatch
    for row, one in enumerate(strings):
        found = match(one)
        day = None if found is None else _day(found.groupdict())
        if day is None:
            return None
        days[row] = day
    return days


def _day(part: dict[str, str | None]) -> float | None:
    """Return one date as days since 1970-01-01; ``None`` if there is no such day or time."""
    name = part.get("name")
    month = _MONTHS.index(name[:3].lower()) + 1 if name else int(part["month"] or 0)
    try:
        day = date(_year(part["year"] or "0"), month, int(part["day"] or 1)).toordinal()
    except ValueError:
        return None
    if part["hour"] is None:
        return float(day - _EPOCH)
    hour, minute = int(part["hour"]), int(part["minute"] or 0)
    second = float((part["second"] or "0").replace(",", "."))
    half = part.get("half")
    if half is not None:
        hour = hour % 12 + (12 if half in "pP" else 0)
    if hour > 24 or minute > 59 or second >= 61:
        return None
    seconds = hour * 3600 + minute * 60 + second - _offset(part["zone"])
    return day - _EPOCH + seconds / 86_400


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (2000 if year < 30 else 1900)


def _offset(zone: str | None) -> int:
    """Return the seconds by which a zone is ahead of UTC."""
    if zone is None or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date().toordinal()
