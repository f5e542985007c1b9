"""Amounts as a user writes them: 200k parameters, 20M multiply-accumulates, 5ms, 8MB."""

import math
import re

from coeval.errors import BudgetError
from coeval.run.memory_limit import parse_size

_COUNT = re.compile(r"(\d+(?:\.\d+)?|\.\d+)([kmgb]?)", re.IGNORECASE)
_SCALE = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "b": 1e9}
_TIME = re.compile(r"(\d+(?:\.\d+)?|\.\d+)(us|µs|μs|ms|s|)", re.IGNORECASE)
_MILLISECONDS = {"us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1.0, "s": 1e3}


def parse_count(text: str | int, option: str) -> int:
    """Return the number of ``"200k"``, ``"1.5M"``, ``"20_000"`` and the like.

    Args:
        text: What a user wrote.
        option: Its name, for the message.

    Raises:
        BudgetError: It is no number of at least 1.

    Example:
        >>> parse_count("200k", "--max-parameters"), parse_count("1.5M", "--max-macs")
        (200000, 1500000)
    """
    written = str(text).strip().replace("_", "").replace(",", "")
    found = _COUNT.fullmatch(written)
    count = 0 if found is None else round(float(found[1]) * _SCALE[found[2].lower()])
    if count < 1:
        raise BudgetError(
            f"{option} must be a number of at least 1, got {str(text)!r}. Write 5000, 200k or 1.5M."
        )
    return count


def parse_milliseconds(text: str, option: str) -> float:
    """Return the milliseconds of ``"5ms"``, ``"300us"``, ``"0.1s"`` and the like.

    Raises:
        BudgetError: It is no time above 0, or has no unit.

    Example:
        >>> parse_milliseconds("5ms", "--max-latency"), parse_milliseconds("300us", "--max-latency")
        (5.0, 0.3)
    """
    written = text.strip().replace(" ", "")
    found = _TIME.fullmatch(written)
    if found is not None and not found[2]:
        raise BudgetError(
            f"{option} must say its unit, got {text!r}. Did you mean {written}ms or {written}us?"
        )
    amount = 0.0 if found is None else float(found[1]) * _MILLISECONDS[found[2].lower()]
    if not 0 < amount < math.inf:
        raise BudgetError(
            f"{option} must be a time above 0, got {text!r}. Write 5ms, 300us or 0.1s."
        )
    return amount


def parse_bytes(text: str, option: str) -> int:
    """Return the bytes of ``"8MB"``, ``"500KB"``, ``"1.5MiB"`` and the like.

    Raises:
        BudgetError: It is no size of at least a byte, or has no unit.

    Example:
        >>> parse_bytes("8MB", "--max-memory")
        8000000
    """
    if re.fullmatch(r"[\d.]+", text.strip()):
        raise BudgetError(
            f"{option} must say its unit, got {text!r}. Did you mean {text.strip()}MB or {text.strip()}KB?"
        )
    size = parse_size(text, option)
    if size < 1:
        raise BudgetError(f"{option} must be at least a byte, got {text!r}. Write 500KB or 8MB.")
    return size


def said(name: str, value: float) -> str:
    """Return an amount as a person reads it.

    Args:
        name: Of a cost: ``"latency_ms"``, ``"inference_bytes"``, ``"parameters"`` or ``"macs"``.
        value: The amount.

    Example:
        >>> said("latency_ms", 0.25), said("inference_bytes", 2_500_000), said("macs", 12_000)
        ('0.25 ms', '2.5 MB', '12,000')
    """
    match name:
        case "latency_ms":
            return f"{value:.3g} ms"
        case "inference_bytes":
            unit, scale = ("MB", 1e6) if value >= 1e6 else ("KB", 1e3)
            return f"{value / scale:.3g} {unit}"
        case _:
            return f"{value:,.0f}"
