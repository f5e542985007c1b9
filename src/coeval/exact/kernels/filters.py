"""Lower bounds on the errors of all pairs of two blocks of rows, each from one to three matrix products.

A pair is kept when its estimated error, lowered by a bound on the estimate's own rounding, does not exceed
the bar; the kept pairs are then computed directly (``direct``), so that the filter never decides.

The rounding. A product with inner size k in arithmetic of unit roundoff u satisfies |fl(x.z) - x.z| <=
k u / (1 - k u) |x|.|z| in any order of summation (Higham 2002, Accuracy and Stability of Numerical
Algorithms, section 3.1). The operands below are computed in float64 with a few roundings an entry, and
rounded once more to the arithmetic of the product; together at most k + 8 relative units on each term.
We take eps = 3 (k + 16) u with k = 2 n + 8, the largest here. It pays for 2 k u where one product of
twice the size of the terms below is rounded, and for 5 (n + 4) u where squares of products are (the last
but one kind); the rest is for the second order and the rounding of the directly computed value f itself
(one unit of |f| <= |y| + |y - f|). What each filter subtracts is eps times a sum of squares that
dominates all its terms, by 2|x.z| <= |x|^2 + |z|^2:

* sums: |y - a - b|^2 = |r|^2 - 2 r.b + |b|^2 with r = y - a: eps (|r|^2 + |b|^2).
* products: |y|^2 - 2 (y a).b + a^2.b^2: eps (|y|^2 + a^2.b^2). Ratios: b stands for 1/b.
* sums with scale and offset: the error is at most the bar exactly when rho |f|^2 <= (f.y)^2, where f is
  centred, y centred and of unit length, rho = 1 - bar / |y|^2 (the bar raised by the rounding of a
  directly computed error, ``tie_bound``); for f = a + b both sides are bilinear:
  eps (|a|^2 + |b|^2) with centred norms, and the float64 eps with uncentred ones for the centring.
* products with scale and offset: the same with |f|^2 = a^2.b^2 - (a.b)^2 / n: eps a^2.b^2, uncentred.
* two features (R^2 = r_i^2 + (r_j - r_i g)^2 / (1 - g^2) for unit rows with g = f_i.f_j): multiplied out,
  R^2 >= rho exactly when |rho g - r_i r_j| >= s_i s_j with s_i^2 = rho - r_i^2. With d = eps,
  (s_i^2 - d) (s_j^2 - d) <= (s_i s_j - d)^2, so shrinking every s_i^2 by d pays for an error d of the left
  side, and one product of the rows (sqrt(rho) f_i, r_i) / s_i tests the pair. A row with s_i^2 < 2 d
  keeps all its pairs.

Underflow costs at most a subnormal a term, which the admitted sizes of entries (``SPAN``) keep far below
eps. Rows outside are given to the next better arithmetic, and in the end computed directly (``sweep``).
"""

from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from coeval.exact.kernels.direct import deviations
from coeval.exact.kernels.models import ROUNDOFF, Index, Values, tie_bound

Precision = Literal["float32", "float64"]
Operands = tuple[npt.NDArray[np.floating], ...]
Mask = npt.NDArray[np.bool_]
UNITS = {"float32": 2.0**-24, "float64": ROUNDOFF}
SPAN = {"float32": 24, "float64": 240}
"""Largest binary exponent of an entry: fourth powers summed over 2^20 points stay finite."""


def slack(points: int, precision: Precision) -> float:
    """Return eps for products over this many points, the helper columns and twofold operands included."""
    return 3 * (2 * points + 24) * UNITS[precision]


class Filter(Protocol):
    """One kind of pair in one arithmetic."""

    def admits(self, values: Values) -> Mask:
        """Return which rows ``(rows, points)`` this arithmetic can carry."""
        ...

    def left(self, values: Values, bar: float) -> Operands:
        """Return operands of ``(rows, k)`` for rows ``(rows, points)``."""
        ...

    def right(self, values: Values, bar: float) -> Operands:
        """Return operands of ``(k, rows)``, contiguous, for rows ``(rows, points)``."""
        ...

    def test(
        self, left: Operands, right: Operands, bar: float, buffers: Operands
    ) -> tuple[Index, Values]:
        """Return flat positions of kept pairs in the block, and how promising each is (small is good)."""
        ...


class Sums:
    """y ~ a + b."""

    def __init__(self, target: Values, precision: Precision) -> None:
        self._size = scale_of(target)
        self._y = target / self._size
        self._squared = float(self._y @ self._y)
        self._precision: Precision = precision
        self._slack = slack(len(target), precision)

    def admits(self, values: Values) -> Mask:
        """Return which rows lie within the span, in units of the target's norm."""
        return _within(values, self._size, SPAN[self._precision])

    def left(self, values: Values, bar: float) -> Operands:
        """Return (r, (1 - eps) |r|^2, 1)."""
        rest = self._y - values / self._size
        square = (1 - self._slack) * np.square(rest).sum(axis=1)
        return _rows(rest, square, np.ones(len(values)), precision=self._precision)

    def right(self, values: Values, bar: float) -> Operands:
        """Return (-2 b, 1, (1 - eps) |b|^2)."""
        b = values / self._size
        square = (1 - self._slack) * np.square(b).sum(axis=1)
        return _columns(-2 * b, np.ones(len(values)), square, precision=self._precision)

    def test(
        self, left: Operands, right: Operands, bar: float, buffers: Operands
    ) -> tuple[Index, Values]:
        """Keep what lies at or below the bar."""
        error = np.matmul(left[0], right[0], out=buffers[0])
        own = bar / self._size / self._size * (1 + self._slack)
        return _at_most(error, own + self._slack * self._squared)


class Products:
    """y ~ a b."""

    def __init__(self, target: Values, precision: Precision) -> None:
        self._size = scale_of(target)
        self._y = target / self._size
        self._squared = float(self._y @ self._y)
        self._precision: Precision = precision
        self._slack = slack(len(target), precision)

    def admits(self, values: Values) -> Mask:
        """Return which rows lie within the span, both as they are and in units of the target's norm."""
        span = SPAN[self._precision]
        return _within(values, self._size, span) & _within(values, 1.0, span)

    def left(self, values: Values, bar: float) -> Operands:
        """Return (-2 y a, (1 - eps) a^2)."""
        a = values / self._size
        parts = (-2 * self._y * a, (1 - self._slack) * a * a)
        return _rows(*parts, precision=self._precision)

    def right(self, values: Values, bar: float) -> Operands:
        """Return (b, b^2)."""
        return _columns(values, values * values, precision=self._precision)

    def test(
        self, left: Operands, right: Operands, bar: float, buffers: Operands
    ) -> tuple[Index, Values]:
        """Keep what lies at or below the bar, the target's own square taken from both sides."""
        error = np.matmul(left[0], right[0], out=buffers[0])
        own = bar / self._size / self._size * (1 + self._slack)
        return _at_most(error, own - (1 - self._slack) * self._squared)


class ScaledSums:
    """y ~ c0 + c1 (a + b)."""

    def __init__(self, target: Values, precision: Precision, size: float) -> None:
        self._given = target
        self._y, self._total = unit_target(target)
        self._size = size
        self._precision: Precision = precision
        self._slack = slack(len(target), precision)
        self._centring = slack(len(target), "float64")

    def admits(self, values: Values) -> Mask:
        """Return which rows lie within the span on both sides of the given size, and those that are 0."""
        span = SPAN[self._precision]
        largest = np.abs(values).max(axis=1, initial=0.0) / self._size
        seen = ((largest == 0) | (largest > 2.0**-span)) & (largest < 2.0**span)
        return np.asarray(seen)

    def left(self, values: Values, bar: float) -> Operands:
        """Return (2 rho a, -2 a.y, rho |a|^2 - (a.y)^2, 1, rho, -1), both norms lowered by eps."""
        rho = explained(tie_bound(bar, self._given), self._total, self._slack)
        a, uncentred = self._centre(values)
        share, one = a @ self._y, np.ones(len(a))
        square = (rho - self._slack) * np.square(a).sum(axis=1)
        own = square - share * share - self._centring * uncentred
        parts = (2 * rho * a, -2 * share, own, one, (rho - self._slack) * one, -one)
        return _rows(*parts, precision=self._precision)

    def right(self, values: Values, bar: float) -> Operands:
        """Return (b, b.y, 1, -eps |b|^2 uncentred, |b|^2, (b.y)^2)."""
        b, uncentred = self._centre(values)
        share, one = b @ self._y, np.ones(len(b))
        parts = (-self._centring * uncentred, np.square(b).sum(axis=1), share * share)
        return _columns(b, share, one, *parts, precision=self._precision)

    def test(
        self, left: Operands, right: Operands, bar: float, buffers: Operands
    ) -> tuple[Index, Values]:
        """Keep what explains at least rho."""
        return _at_most(np.matmul(left[0], right[0], out=buffers[0]), 0.0)

    def _centre(self, values: Values) -> tuple[Values, Values]:
        values = values / self._size
        return values - values.mean(axis=1, keepdims=True), np.square(values).sum(axis=1)


class ScaledProducts:
    """y ~ c0 + c1 a b. Every row is divided by its largest entry, which the scale makes good."""

    def __init__(self, target: Values, precision: Precision) -> None:
        self._given = target
        self._y, self._total = unit_target(target)
        self._precision: Precision = precision
        self._slack = slack(len(target), precision)
        self._underflow = 8 * len(target) * float(np.finfo(precision).tiny)

    def admits(self, values: Values) -> Mask:
        """Return which rows are finite, as reciprocals need not be."""
        return np.asarray(np.isfinite(values).all(axis=1))

    def left(self, values: Values, bar: float) -> Operands:
        """Return a sqrt(rho / n), (rho - eps) a^2 and a y."""
        a = peaked(values)
        rho = explained(tie_bound(bar, self._given), self._total, self._slack)
        parts = (a * (rho / a.shape[1]) ** 0.5, (rho - self._slack) * a * a, a * self._y)
        return tuple(_rows(one, precision=self._precision)[0] for one in parts)

    def right(self, values: Values, bar: float) -> Operands:
        """Return b and b^2."""
        b = peaked(values)
        return tuple(_columns(one, precision=self._precision)[0] for one in (b, b * b))

    def test(
        self, left: Operands, right: Operands, bar: float, buffers: Operands
    ) -> tuple[Index, Values]:
        """Keep what explains at least rho: |f|^2 centred and lowered, less (f.y)^2, is not positive."""
        rest = np.matmul(left[1], right[1], out=buffers[0])
        for part in (left[0], left[2]):
            product = np.matmul(part, right[0], out=buffers[1])
            np.multiply(product, product, out=product)
            np.subtract(rest, product, out=rest)
        return _at_most(rest, self._underflow)


class TwoFeatures:
    """y ~ c0 + c1 a + c2 b."""

    def __init__(self, target: Values, precision: Precision) -> None:
        self._given = target
        self._y, self._total = unit_target(target)
        self._precision: Precision = precision
        self._slack = slack(len(target), precision)

    def admits(self, values: Values) -> Mask:
        """Return all rows: what is centred and of unit length suits any arithmetic."""
        return np.ones(len(values), bool)

    def left(self, values: Values, bar: float) -> Operands:
        """Return (sqrt(rho) f, r) / s, and the two columns that keep a row too close to rho."""
        ones, kept, rows = self._parts(values, bar)
        return _rows(rows, kept, ones, precision=self._precision)

    def right(self, values: Values, bar: float) -> Operands:
        """Return (sqrt(rho) f, -r) / s, and the two columns in the other order."""
        ones, kept, rows = self._parts(values, bar)
        rows[:, -1] *= -1
        return _columns(rows, ones, kept, precision=self._precision)

    def test(
        self, left: Operands, right: Operands, bar: float, buffers: Operands
    ) -> tuple[Index, Values]:
        """Keep a partial correlation of at least 1 in size."""
        partial = np.matmul(left[0], right[0], out=buffers[0]).ravel()
        if partial.max(initial=0.0) < 1 and partial.min(initial=0.0) > -1:
            return np.empty(0, np.intp), np.empty(0)
        kept = np.flatnonzero(~(np.abs(partial) < 1))
        return kept, -np.abs(partial[kept]).astype(np.float64)

    def _parts(self, values: Values, bar: float) -> tuple[Values, Values, Values]:
        """Return ones, a number beyond every partial correlation for rows with s^2 < 2 d, and the rows."""
        rho = explained(tie_bound(bar, self._given), self._total, self._slack)
        unit, share = features(values, self._y)
        square = rho - share * share - self._slack
        close = square < self._slack
        gap = np.sqrt(np.where(close, 1.0, square))[:, None]
        rows = np.column_stack([rho**0.5 * unit, share]) / gap
        return np.ones(len(values)), np.where(close, 8 / self._slack, 0.0), rows


def features(values: Values, unit_y: Values) -> tuple[Values, Values]:
    """Return rows centred and of unit length, and their correlations with the target; 0 for a constant row."""
    _, _, centred, norm = deviations(values)
    unit = np.where(norm[:, None] > 0, centred / norm[:, None], 0.0)
    return unit, unit @ unit_y


def unit_target(target: Values) -> tuple[Values, float]:
    """Return the target centred and of unit length, and its sum of squared deviations."""
    centred = deviations_of(target)
    total = float(centred @ centred)
    return centred / total**0.5, total


def deviations_of(target: Values) -> Values:
    """Return a target less its mean, taken out twice: the first mean's rounding is a shift, large beside small deviations.

    What is multiplied by rows that are not centred must add up to 0, or a shift of 1e-8 is a part of y.
    """
    centred = target - target.mean()
    deviations: Values = centred - centred.mean()
    return deviations


def explained(bar: float, total: float, slack: float) -> float:
    """Return rho: the share of the target's variance that a model must explain, less the rounding of its own error."""
    return max(1 - bar / total - slack, 0.0)


def scale_of(target: Values) -> float:
    """Return the power of two next to the target's norm: dividing by it is exact."""
    norm = float(np.linalg.norm(target))
    return float(2.0 ** np.frexp(norm)[1]) if norm > 0 else 1.0


def peaked(values: Values) -> Values:
    """Return every row divided by its largest entry."""
    largest = np.abs(values).max(axis=1, keepdims=True)
    result: Values = values / np.where(largest > 0, largest, 1.0)
    return result


def _within(values: Values, size: float, span: int) -> Mask:
    inside: Mask = np.abs(values).max(axis=1) < size * 2.0**span
    return inside


def _rows(*parts: Values, precision: Precision) -> Operands:
    return (np.ascontiguousarray(np.column_stack(parts), dtype=precision),)


def _columns(*parts: Values, precision: Precision) -> Operands:
    return (np.ascontiguousarray(np.column_stack(parts).T, dtype=precision),)


def _at_most(estimates: npt.NDArray[np.floating], limit: float) -> tuple[Index, Values]:
    flat = estimates.ravel()
    limit = min(limit, float(np.finfo(flat.dtype).max))
    if flat.min(initial=np.inf) > limit:
        return np.empty(0, np.intp), np.empty(0)
    kept = np.flatnonzero(~(flat > limit))
    return kept, flat[kept].astype(np.float64)
