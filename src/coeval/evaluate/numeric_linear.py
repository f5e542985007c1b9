"""Least squares on [1, f1 … fK], where all but one of the functions are shared by many candidates.

With an orthonormal basis Q of the shared part and the residual r = y - QQ'y, a further function f takes
away (f_perp · r)² / |f_perp|² of the squared error, f_perp = f - QQ'f: one matrix product scores a whole
population. A function that is a combination of the others up to rounding takes away nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

COLLINEAR = 1e-7
"""A function's part outside a basis that is less than this share of it counts as rounding."""
_NEARLY_ALL = 1.0 - 1e-4  # of the error taken away: the difference has lost digits then
_SQUARE_RANGE = (1e-200, 1e200)  # of squared lengths that need no scaling


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """What candidates share: an orthonormal basis ``(directions, rows)``, and what it leaves of the target."""

    basis: Floats
    residual: Floats

    @property
    def error(self) -> float:
        """Return the sum of squared errors that the basis leaves."""
        return float(self.residual @ self.residual)


def make_context(shared: Sequence[Floats], target: Floats) -> Context:
    """Return the context of a constant and of shared functions, each ``(rows,)``; collinear ones are left out."""
    basis = np.full((1, len(target)), len(target) ** -0.5)
    for one in shared:
        whole = _scaled(one[None])
        rest = _outside(_outside(whole, basis), basis)  # twice is enough (Kahan; Parlett 1980, 6-9)
        length = np.linalg.norm(rest)
        if length > COLLINEAR * np.linalg.norm(whole):
            basis = np.vstack([basis, rest / length])
    residual = _outside(_outside(target[None], basis), basis)[0]
    return Context(basis, residual)


def added_errors(values: Floats, context: Context) -> Floats:
    """Return the sums of squared errors when one function each joins a context.

    Args:
        values: ``(functions, rows)``, finite.
        context: What they join.

    Returns:
        ``(functions,)``, each at most ``context.error``.
    """
    outside, squares, sizes = _parts(values, context.basis)
    products = outside @ context.residual
    independent = squares > COLLINEAR**2 * sizes
    slopes = np.divide(products, squares, out=np.zeros_like(products), where=independent)
    errors = np.maximum(context.error - slopes * products, 0.0)
    close = np.flatnonzero(errors <= (1.0 - _NEARLY_ALL) * context.error)
    if len(close):
        left = context.residual - slopes[close, None] * outside[close]
        errors[close] = np.einsum("ij,ij->i", left, left)
    return errors


def linear_weights(values: Floats, target: Floats) -> tuple[float, ...]:
    """Return the weights (c0, c1 … cK) of least squares on a constant and functions.

    Functions are centred and scaled first; one that the constant and earlier functions make up gets 0.

    Args:
        values: ``(functions, rows)``, finite.
        target: ``(rows,)``.
    """
    basis = np.full((1, len(target)), len(target) ** -0.5)
    weights, chosen, columns = np.zeros(1 + len(values)), [], []
    for place, one in enumerate(values):
        peak = float(np.abs(one).max(initial=0.0)) or 1.0
        whole = one[None] / peak
        rest = _outside(_outside(whole, basis), basis)
        length = float(np.linalg.norm(rest))
        if length > COLLINEAR * np.linalg.norm(whole):
            basis = np.vstack([basis, rest / length])
            middle = float(whole.mean())
            spread = float(np.linalg.norm(whole - middle))
            chosen.append((1 + place, peak, middle, spread))
            columns.append((whole[0] - middle) / spread)
    mean = float(target.mean())
    weights[0] = mean
    if columns:
        found = np.linalg.lstsq(np.stack(columns, axis=1), target - mean, rcond=None)[0]
        for value, (place, peak, middle, spread) in zip(found, chosen, strict=True):
            weights[place] = value / spread / peak
            weights[0] -= value / spread * middle
    return tuple(weights.tolist())


def _parts(values: Floats, basis: Floats) -> tuple[Floats, Floats, Floats]:
    """Return functions' parts outside a basis, these parts' squared lengths, and the functions' own.

    Functions whose squares would overflow or vanish are scaled: the error they take away stays the same.
    """
    sizes = np.einsum("ij,ij->i", values, values)
    odd = np.flatnonzero(~((sizes > _SQUARE_RANGE[0]) & (sizes < _SQUARE_RANGE[1])))
    if len(odd):
        values = values.copy()
        values[odd] = _scaled(values[odd])
        sizes[odd] = np.einsum("ij,ij->i", values[odd], values[odd])
    outside = _outside(values, basis)
    return outside, np.einsum("ij,ij->i", outside, outside), sizes


def _outside(values: Floats, basis: Floats) -> Floats:
    outside: Floats = values - (values @ basis.T) @ basis
    return outside


def _scaled(values: Floats) -> Floats:
    peaks = np.abs(values).max(axis=1, keepdims=True)
    scaled: Floats = values / np.where(peaks > 0, peaks, 1.0)
    return scaled
