"""Numbers written as text: points, decimal commas, thousands separators, units, and what only looks like a number."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DECIMAL_COMMA = "decimal comma"
THOUSANDS_COMMA = "thousands comma"
THOUSANDS_POINT = "thousands point, decimal comma"

_CODE = re.compile(r"[+-]?0\d+")
_PLAIN = re.compile(r"[+-]?\d{1,15}(\.\d+)?")
_WHOLE = re.compile(r"[+-]?\d+")
_GROUPED_BY_COMMA = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
_WITH_COMMA = re.compile(r"[+-]?([1-9]\d{0,2}(\.\d{3})+|\d*),\d+([eE][+-]?\d+)?")
_GROUPED_BY_POINT = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d+)?")
_GROUPED_BY_BLANK = re.compile(r"[+-]?[1-9]\d{0,2}([ '\u2019\u00a0\u2009\u202f]\d{3})+([.,]\d+)?")
_GROUPING = re.compile(r"[ '\u2019\u00a0\u2009\u202f]")
_UNIT = re.compile(
    r"(?P<sign>[+-]?)(?P<before>[$€£¥₹])?\s?(?P<number>[+-]?[\d.,][^%$€£¥₹]*?)\s?(?P<after>[%$€£¥₹])?"
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """Strings read as numbers.

    Attributes:
        values: ``(strings,)``.
        whole: All are written without a fraction.
        note: How they were read, where that was a decision.
        written: The convention (such as ``DECIMAL_COMMA``) that had to be inferred from all of them; "" where none.
    """

    values: npt.NDArray[np.float64]
    whole: bool = False
    note: str = ""
    written: str = ""


def parse_numbers(
    strings: Sequence[str], *, comma: bool = False, written: str = "", known: bool = False
) -> Parsed | None:
    """Return distinct strings as numbers, or ``None`` if they are not all numbers.

    Strings with leading zeros ("01234", a zip code) are codes, not numbers. ``3,14`` is read with a
    decimal comma; ``1,234`` is a thousand in a file with decimal points, and a fraction if ``comma`` says that the
    file's delimiter is a semicolon, as where the comma is for decimals. One currency or percent sign that all of them bear is
    left out, and so are the blanks and apostrophes of ``1 234``.

    Args:
        strings: What was written.
        comma: The file's delimiter is a semicolon.
        written: The convention that was inferred from earlier rows, to be kept to.
        known: That they are numbers is known, so ``07`` is no code, nor ``400 001``.

    Example:
        >>> parse_numbers(["3,14", "2"]).values.tolist()
        [3.14, 2.0]
        >>> parse_numbers(["1,234"], written=DECIMAL_COMMA).values.tolist()
        [1.234]
    """
    if not known and any(is_code(one) for one in strings):
        return None
    pointed = any("." in one for one in strings)
    if written != THOUSANDS_POINT or not pointed:
        plain = _try(strings)
        if plain is not None:
            return Parsed(plain, whole=all(_WHOLE.fullmatch(one) for one in strings))
    bare, notes = _bare(strings, known=known)
    values: tuple[npt.NDArray[np.float64] | None, str] = (None, "")
    if any("," in one for one in bare) or (written == THOUSANDS_POINT and pointed):
        values = _with_commas(bare, comma=comma, written=written)
    elif notes:
        values = (_try(bare), "")
    if values[0] is None:
        return None
    if values[1]:
        example = next((one for one in bare if "," in one), bare[0])
        notes.append(f"{example!r} is read with {_SAID[values[1]]}")
    return Parsed(values[0], note="; ".join(notes), written=values[1])


_SAID = {
    DECIMAL_COMMA: "a decimal comma",
    THOUSANDS_POINT: "a decimal comma",
    THOUSANDS_COMMA: "thousands separators",
}


def is_plain(string: str) -> bool:
    """Return whether a string is a number of at most fifteen digits before its decimal point, the quick way.

    Example:
        >>> is_plain("-12.5"), is_plain("1,5")
        (True, False)
    """
    return _PLAIN.fullmatch(string) is not None


def is_code(string: str) -> bool:
    """Return whether a string of digits has leading zeros, as zip codes have.

    Example:
        >>> is_code("01234"), is_code("0.5")
        (True, False)
    """
    return _CODE.fullmatch(string) is not None


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


def _bare(strings: Sequence[str], *, known: bool) -> tuple[Sequence[str], list[str]]:
    """Return the strings without the unit that all of them bear and without blanks between groups of digits, and notes on it."""
    notes = []
    found = [_UNIT.fullmatch(one) for one in strings]
    units = {one and (one["before"] or one["after"]) for one in found}
    if len(units) == 1 and None not in units:
        strings = [one["sign"] + one["number"] for one in found if one is not None]
        notes.append(f"numbers are read without their {units.pop()!r}")
    spaced = [one for one in strings if _GROUPING.search(one)]
    alike = {len(one) for one in spaced} == {len(one) for one in strings} and all(
        one[:3].isdigit() for one in spaced
    )
    is_phone = alike and len({len(one) for one in spaced}) == 1  # "555 123 456", or a postal code
    if (
        spaced
        and (known or not is_phone)
        and all(_GROUPED_BY_BLANK.fullmatch(one) for one in spaced)
    ):
        strings = [_GROUPING.sub("", one) for one in strings]
        notes.append(f"{spaced[0]!r} is read as one number")
    return strings, notes


def _with_commas(
    strings: Sequence[str], *, comma: bool, written: str
) -> tuple[npt.NDArray[np.float64] | None, str]:
    """Return the numbers and the convention by which they were read."""
    commas = [one for one in strings if "," in one]
    points = [one for one in strings if "." in one and "," not in one]
    thousands = all(_GROUPED_BY_COMMA.fullmatch(one) for one in commas)
    said = any(one.count(",") > 1 for one in commas)  # 1,234,567 can be nothing else
    if thousands and (written or (THOUSANDS_COMMA if said or not comma else "")) == THOUSANDS_COMMA:
        return _try([one.replace(",", "") for one in strings]), THOUSANDS_COMMA
    if (
        written != THOUSANDS_COMMA
        and all(_WITH_COMMA.fullmatch(one) for one in commas)
        and all(_GROUPED_BY_POINT.fullmatch(one) for one in points)
    ):
        grouped = any("." in one for one in strings)
        values = _try([one.replace(".", "").replace(",", ".") for one in strings])
        return values, THOUSANDS_POINT if grouped else DECIMAL_COMMA
    return None, ""
