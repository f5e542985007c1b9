"""Numbers as people read them: scores, durations, counts, sizes."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"


def score(value: float | None) -> str:
    """Return a score with four significant places and no false precision.

    Example:
        >>> score(0.873351), score(1234.56), score(531.27), score(0.00002) == f"2.0 {TIMES} 10⁻⁵"
        ('0.8734', '1,235', '531.3', True)
    """
    if value is None or not math.isfinite(value):
        return MISSING
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e7):
        return power(value)
    places = 4 if size < 10 else max(0, 3 - math.floor(math.log10(size)))
    return f"{value:,.{places}f}"


def power(value: float, most: int | None = None) -> str:
    """Return a number in two places times a power of ten, or in so many places at most.

    Example:
        >>> power(3e8) == f"3.0 {TIMES} 10⁸", power(3e8, 3) == f"3 {TIMES} 10⁸"
        (True, True)
    """
    digits, _, exponent = f"{value:.{(most or 2) - 1}e}".partition("e")
    if most is not None and "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return f"{digits.replace('-', MINUS)} {TIMES} 10{str(int(exponent)).translate(SUPERSCRIPT)}"


def signed(value: float | None) -> str:
    """Return a difference with its sign, a true minus included.

    Example:
        >>> signed(-0.0123) == f"{MINUS}0.0123", signed(0.5)
        (True, '+0.5000')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    sign, size = MINUS if value < 0 else "+", abs(value)
    return f"{sign}{size:.4f}" if 5e-5 <= size < 1 else f"{sign}{score(size)}"


def duration(seconds: float | None) -> str:
    """Return a duration.

    Example:
        >>> duration(0.0421), duration(4.2), duration(75), duration(7260)
        ('42.1 ms', '4.2 s', '1 min 15 s', '2 h 01 min')
    """
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms" if seconds > 0 else "0 s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(value: float | None) -> str:
    """Return a count with thousands separators."""
    return MISSING if value is None else f"{round(value):,}"


def compact(value: float | None) -> str:
    """Return a large count in three places.

    Example:
        >>> compact(950), compact(48_210), compact(3.2e6)
        ('950', '48.2 k', '3.2 M')
    """
    if value is None:
        return MISSING
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size * 0.9995:
            return f"{value / size:.3g} {unit}"
    return f"{value:g}"


SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def space_size(size: int | str | None) -> str:
    """Return an exact, perhaps astronomical integer (a capsule holds it as text).

    Example:
        >>> space_size("12345"), space_size(10**31 * 42) == f"4.2 {TIMES} 10³²"
        ('12,345', True)
    """
    if size is None:
        return MISSING
    digits = str(size)
    if not (digits.isascii() and digits.isdigit()):
        return shorten(digits, 60)
    if len(digits) < 10:
        return f"{int(digits):,}"
    return f"{digits[0]}.{digits[1]} {TIMES} 10{str(len(digits) - 1).translate(SUPERSCRIPT)}"


def size(size_bytes: float) -> str:
    """Return a file size."""
    for unit in ("B", "kB", "MB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.3g} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.3g} GB"


def image(shape: tuple[int, int, int]) -> str:
    """Return an image's size.

    Example:
        >>> image((28, 28, 1)) == f"28 {TIMES} 28 pixels, grey", image((32, 48, 3))[-9:]
        (True, 'in colour')
    """
    height, width, features = shape
    tone = {1: "grey", 3: "in colour"}.get(features, f"{features} features each")
    return f"{height} {TIMES} {width} pixels, {tone}"


def percent(share: float) -> str:
    """Return a share as per cent."""
    shown = f"{share * 100:.1f}" if 0 < share < 0.0995 else f"{share * 100:.0f}"
    return f"{shown} %"


def when(unix: float | None) -> str:
    """Return a moment in UTC, to the minute."""
    return f"{datetime.fromtimestamp(unix, UTC):%Y-%m-%d %H:%M} UTC" if unix else MISSING


def plural(amount: int, noun: str) -> str:
    """Return an amount with its noun.

    Example:
        >>> plural(1, "trial"), plural(1200, "trial")
        ('1 trial', '1,200 trials')
    """
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def listing(names: Sequence[str]) -> str:
    """Return names joined as in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def shorten(text: str, longest: int) -> str:
    """Return a text cut to a length, the cut being visible."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
