"""Numbers written as text: points, decimal commas, thousands separators, and what only looks like a number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_CODE = re.compile(r"[+-]?0\d+")
_WHOLE = re.compile(r"[+-]?\d+")
_THOUSANDS_COMMA = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d*),\d+([eE][+-]?\d+)?")
_THOUSANDS_POINT = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")


@dataclass(frozen=True, slots=True)
class Parsed:
    """Strings tried as numbers.

    Attributes:
        values: ``(strings,)``, or ``None`` when they are not all numbers.
        whole: All are written without a fraction.
        note: How they were read, where that was a decision.
        share: Share of the strings that are numbers.
        stray: The first string that is not.
    """

    values: npt.NDArray[np.float64] | None
    whole: bool = False
    note: str = ""
    share: float = 1.0
    stray: str | None = None


def parse_numbers(strings: Sequence[str], *, comma: bool = False) -> Parsed:
    """Return distinct strings as numbers.

    Strings with leading zeros ("01234", a zip code) are codes, not numbers. ``3,14`` is read with a
    decimal comma; ``1,234`` is a thousand in a file with decimal points, and a fraction if ``comma`` says that the
    file's delimiter is a semicolon, as where the comma is for decimals.

    Example:
        >>> parse_numbers(["3,14", "2"]).values.tolist()
        [3.14, 2.0]
    """
    if any(_CODE.fullmatch(one) for one in strings):
        return Parsed(None, share=0.0)
    point = _try(strings)
    if point is not None:
        return Parsed(point, whole=all(_WHOLE.fullmatch(one) for one in strings))
    commas = [one for one in strings if "," in one]
    if commas:
        with_commas = _with_commas(strings, commas, comma=comma)
        if with_commas is not None:
            return with_commas
    return _strays(strings)


def number_text(value: float) -> str:
    """Return a number as the text of a category: ``3`` for both 3 and 3.0.

    Example:
        >>> number_text(3.0), number_text(0.5)
        ('3', '0.5')
    """
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _try(strings: Sequence[str]) -> npt.NDArray[np.float64] | None:
    if any("_" in one for one in strings):  # Python would read 1_000 as a number
        return None
    try:
        return np.array([float(one) for one in strings], dtype=np.float64)
    except ValueError:
        return None


def _with_commas(strings: Sequence[str], commas: Sequence[str], *, comma: bool) -> Parsed | None:
    thousands = all(_THOUSANDS_COMMA.fullmatch(one) for one in commas)
    if thousands and (not comma or any(one.count(",") > 1 for one in commas)):
        values = _try([one.replace(",", "") for one in strings])
        return _said(values, f"{commas[0]!r} is read as a number with thousands separators")
    points = [one for one in strings if "." in one and "," not in one]
    if all(_DECIMAL_COMMA.fullmatch(one) for one in commas) and all(
        _THOUSANDS_POINT.fullmatch(one) for one in points
    ):
        values = _try([one.replace(".", "").replace(",", ".") for one in strings])
        return _said(values, f"{commas[0]!r} is read with a decimal comma")
    return None


def _said(values: npt.NDArray[np.float64] | None, note: str) -> Parsed | None:
    return None if values is None else Parsed(values, note=note)


def _strays(strings: Sequence[str]) -> Parsed:
    """Return how far the strings are from being numbers."""
    other = [one for one in strings if _try([one]) is None]
    share = 1 - len(other) / len(strings)
    return Parsed(None, share=share, stray=other[0])
