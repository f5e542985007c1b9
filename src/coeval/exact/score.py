"""Errors of many sequences on one target: ruled out in bulk, survivors computed one by one.

The bulk estimate of a linear fit cancels where errors are small, so it only rules out what its rounding
cannot save; what is left is computed by ``kernels.direct``.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError
from coeval.exact.kernels import direct
from coeval.exact.kernels.filters import deviations_of
from coeval.exact.rows import Numbers
from coeval.exact.vocabulary import Values

_ROUNDOFF = 2.0**-53
LARGEST = 2.0**460
"""Of a target's sizes; the reciprocal is the smallest. Within, no square that decides overflows or underflows."""
_SMALLEST = 2.0**-900
"""Sums of squares above this hold all their digits."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What sequences are to approximate.

    Attributes:
        values: ``(examples,)``.
        scaled: Whether scale and offset are fitted.
        centred: ``(examples,)``: the values less their mean.
        spread: Sum of squares of ``centred``.
        floor: Sums of squared errors up to this are rounding.
    """

    values: Values
    scaled: bool
    centred: Values
    spread: float
    floor: float


def make_target(values: npt.ArrayLike, examples: int, *, scaled: bool) -> Target:
    """Check a target.

    Args:
        values: ``(examples,)``.
        examples: How many the inputs have.
        scaled: Whether scale and offset are to be fitted.

    Raises:
        DataError: It has another length, is not finite, so large or small that its squares are not numbers,
            or constant although an offset is fitted, or there are no more examples than fitted numbers.
    """
    target = np.ascontiguousarray(values, dtype=np.float64)
    if target.shape != (examples,):
        raise DataError(
            f"the target must have one value for each of {examples} examples, got shape {target.shape}. "
            "Give inputs and target of the same examples."
        )
    if not np.isfinite(target).all():
        where = int(np.flatnonzero(~np.isfinite(target))[0])
        raise DataError(
            f"the target must be finite, got {target[where]} in example {where + 1}. Leave that example out."
        )
    largest = float(np.abs(target).max())
    if largest and not 1 / LARGEST <= largest <= LARGEST:
        raise DataError(
            f"the largest of the target must lie in {1 / LARGEST:.0e}..{LARGEST:.0e} in size, got {largest:.3g}: "
            "squared errors beyond are infinite or 0 in float64. Give it in another unit."
        )
    if scaled and examples < 3:
        raise DataError(
            f"scale and offset need at least 3 examples, got {examples}. Give more, or fit nothing "
            "(constants='none')."
        )
    centred = deviations_of(target)
    spread = float(centred @ centred)
    if scaled and spread <= examples * (4 * _ROUNDOFF * largest) ** 2:
        raise DataError(
            f"the target is {target[0]:g} for every example, which an offset alone gives. "
            "There is nothing to search for."
        )
    floor = examples * max((16 * _ROUNDOFF * largest) ** 2, float(np.finfo(float).tiny))
    return Target(target, scaled, centred, spread, floor)


def score(values: Values, target: Target, bar: float) -> tuple[Numbers, Values, Values]:
    """Compute the errors of the sequences that may beat a bar.

    Args:
        values: ``(sequences, examples)``, finite.
        target: What they are to approximate.
        bar: Sequences with a greater error are of no interest.

    Returns:
        ``(kept,)`` positions, ``(kept,)`` errors and ``(kept, weights)`` weights, computed directly.
    """
    with np.errstate(all="ignore"):
        estimate = _scaled(values, target) if target.scaled else _raw(values, target)
        kept = np.flatnonzero(~(estimate > bar))  # what overflowed is NaN, and kept
    function = direct.scaled if target.scaled else direct.raw
    errors, weights = function(values[kept], target.values)
    return kept, errors, weights


def _raw(values: Values, target: Target) -> Values:
    residual = values - target.values
    total: Values = np.einsum("ij,ij->i", residual, residual)
    return total * (1 - 4 * len(target.values) * _ROUNDOFF)


def _scaled(values: Values, target: Target) -> Values:
    """Return lower bounds of the errors after a fit of scale and offset."""
    examples = len(target.values)
    mean = values @ np.full(examples, 1 / examples)
    squares: Values = np.einsum("ij,ij->i", values, values)
    around = squares - examples * mean * mean
    share = (values @ target.centred) / np.sqrt(around)
    slack = 32 * examples * _ROUNDOFF * target.spread * (squares / around)
    estimate: Values = target.spread - share * share - slack
    estimate[
        ~(around > _SMALLEST)
    ] = -np.inf  # a constant, an overflow, or digits lost to underflow
    return estimate
