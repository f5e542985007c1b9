"""Boolean functions as exact targets: every input there is, and the one right bit for each (Koza 1992)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError

_MOST = 20  # bits: a million rows


@dataclass(frozen=True, slots=True, eq=False)
class BooleanFunction:
    """A function of bits, on all its inputs.

    Attributes:
        name: As in reports.
        columns: One ``(2**bits,)`` array of 0.0 and 1.0 for each input; the first input changes slowest.
        target: ``(2**bits,)`` its values.
    """

    name: str
    columns: tuple[npt.NDArray[np.float64], ...]
    target: npt.NDArray[np.bool_]


def parity(bits: int) -> BooleanFunction:
    """Return whether the number of ones is odd.

    Raises:
        DataError: ``bits`` lies outside 1..20.
    """
    columns = _inputs("parity", bits)
    return BooleanFunction(f"parity-{bits}", columns, np.sum(columns, axis=0) % 2 == 1)


def majority(bits: int) -> BooleanFunction:
    """Return whether more than half of the inputs are one.

    Raises:
        DataError: ``bits`` lies outside 1..20.
    """
    columns = _inputs("majority", bits)
    return BooleanFunction(f"majority-{bits}", columns, 2 * np.sum(columns, axis=0) > bits)


def multiplexer(address: int) -> BooleanFunction:
    """Return the data bit that the address bits name, highest first; the data bits follow them.

    Raises:
        DataError: ``address`` and its ``2**address`` data bits lie outside 1..20.
    """
    bits = address + 2**address if 1 <= address < _MOST else 0
    columns = _inputs("multiplexer", bits)
    table = np.array(columns)
    named = sum(table[place] * 2 ** (address - 1 - place) for place in range(address))
    chosen = table[address + np.asarray(named, dtype=np.intp), np.arange(table.shape[1])]
    return BooleanFunction(f"multiplexer-{bits}", columns, chosen == 1)


def _inputs(name: str, bits: int) -> tuple[npt.NDArray[np.float64], ...]:
    if not 1 <= bits <= _MOST:
        raise DataError(
            f"{name} is tabulated on all its inputs and takes 1..{_MOST} bits in all, got {bits or 'none or more'}."
        )
    rows = np.arange(2**bits)
    return tuple(
        np.ascontiguousarray(rows >> (bits - 1 - place) & 1, dtype=np.float64)
        for place in range(bits)
    )
