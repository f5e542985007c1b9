"""How far a witness is exact on the arithmetic it is deployed on (reference, B.9).

A counter is a number in a cell: it stops at the last integer from which one can still be told apart. A stack
is a number's digits: it stops where the mantissa ends. A convolutional tape is a cell a symbol: it
stops where memory does.
"""

from coeval.errors import did_you_mean

EXACT, SATURATION = "exact", "float64 saturation"
# Bits of the significand, the hidden one included (IEEE 754-2019, table 3.5).
MANTISSA = {"float64": 53, "float32": 24, "float16": 11}


def largest_counter(arithmetic: str) -> int:
    """Return the largest count up to which every integer is exact.

    Example:
        >>> largest_counter("float64") == 2**53
        True
    """
    return int(2 ** _mantissa(arithmetic))


def stack_depth(arithmetic: str, digit_bits: int = 2) -> int:
    """Return how many digits of a stack every number of this arithmetic can hold.

    Args:
        arithmetic: ``float64``, ``float32`` or ``float16``.
        digit_bits: Bits a digit; a binary stack has base 4, so two.

    Example:
        >>> stack_depth("float64")
        26
    """
    return _mantissa(arithmetic) // digit_bits


def capacity_statement(kind: str, arithmetic: str) -> str:
    """Return in words how far a kind of witness is exact where it is deployed.

    Args:
        kind: ``counter``, ``stack``, ``convolution``, ``rule110`` or ``lstm``.
        arithmetic: ``exact``, or ``float64 saturation``: then float64 alone was tested, and nothing is
            said of narrower formats, which saturate elsewhere.

    Raises:
        ValueError: The kind is unknown.
    """
    counters = f"counters up to 2^{MANTISSA['float64']} in float64; steps unlimited"
    cells = "limited by memory alone: one cell a symbol"
    narrower = arithmetic == EXACT
    depths = ", ".join(f"{stack_depth(one)} in {one}" for one in MANTISSA)
    also = " and ".join(f"2^{MANTISSA[one]} in {one}" for one in ("float32", "float16"))
    statements = {
        "counter": f"{counters}; of the counters alone, {also}" if narrower else counters,
        "lstm": counters,
        "stack": f"unlimited on exact rationals; cells a side of the head, with two symbols: {depths}",
        "convolution": f"{cells}; all activations are 0 or 1, int8 suffices" if narrower else cells,
        "rule110": f"{cells}; all activations are 0, 1 or 2, int8 suffices" if narrower else cells,
    }
    if kind not in statements:
        raise ValueError(
            f"The kind must be one of {', '.join(statements)}, got {kind!r}."
            f"{did_you_mean(kind, statements)}"
        )
    return statements[kind]


def _mantissa(arithmetic: str) -> int:
    if arithmetic not in MANTISSA:
        raise ValueError(
            f"The arithmetic must be one of {', '.join(MANTISSA)}, got {arithmetic!r}."
            f"{did_you_mean(arithmetic, MANTISSA)}"
        )
    return MANTISSA[arithmetic]
