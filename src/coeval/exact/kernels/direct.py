"""Errors of models, one by one in float64, from the operation itself: what the bulk filters are checked against.

Nothing here uses a Gram matrix of the data; linear parts are found by orthogonal projection, and the error
is that of the weights as they are printed. No ridge: an ill-conditioned model is fitted as it stands.
"""

import numpy as np

from coeval.exact.kernels.models import ROUNDOFF, Values


def raw(values: Values, target: Values) -> tuple[Values, Values]:
    """Return the errors of expressions without constants.

    Args:
        values: ``(models, points)``; a model with a value that is not finite is invalid.
        target: ``(points,)``.

    Returns:
        ``(models,)`` sums of squared errors, infinite for what is invalid; ``(models, 0)`` weights.
    """
    with np.errstate(all="ignore"):
        error = np.square(target - values).sum(axis=1)
    return np.where(np.isfinite(values).all(axis=1), error, np.inf), np.empty((len(values), 0))


def scaled(values: Values, target: Values) -> tuple[Values, Values]:
    """Return the errors of y ~ c0 + c1 f with the best scale and offset.

    Args:
        values: ``(models, points)`` of f; a model with a value that is not finite is invalid.
        target: ``(points,)``.

    Returns:
        ``(models,)`` sums of squared errors, infinite for what is invalid; ``(models, 2)`` weights
        (c0, c1), where c1 is 0 for an f that is constant up to rounding.
    """
    with np.errstate(all="ignore"):
        size, unit = _unit(values)
        mean, centred, norm = _centred(unit)
        slope = np.where(norm > 0, _dot(centred, target - target.mean()) / norm**2, 0.0)
        weights = np.stack([target.mean() - slope * mean, slope / size], axis=1)
        error = np.square(target - (weights[:, :1] + weights[:, 1:] * values)).sum(axis=1)
        valid = np.isfinite(values).all(axis=1) & np.isfinite(weights).all(axis=1)
    return np.where(valid & np.isfinite(error), error, np.inf), weights


def linear(first: Values, second: Values, target: Values) -> tuple[Values, Values]:
    """Return the errors of y ~ c0 + c1 f + c2 g by an orthogonal factorisation of each pair.

    Gram-Schmidt with reorthogonalisation, which is as accurate as Householder's QR (Giraud, Langou &
    Rozloznik 2005, doi:10.1016/j.camwa.2005.08.009: "twice is enough"). A pair of which one follows
    from the other and a constant up to the rounding of the data is no model of its own: its error is
    infinite here, and the better of its members stands for it.

    Args:
        first: ``(models, points)`` of f.
        second: ``(models, points)`` of g.
        target: ``(points,)``.

    Returns:
        ``(models,)`` sums of squared errors; ``(models, 3)`` weights (c0, c1, c2).
    """
    with np.errstate(all="ignore"):
        sizes, units = zip(_unit(first), _unit(second), strict=True)
        mean_f, f, norm_f = _centred(units[0])
        mean_g, g, _ = _centred(units[1])
        f = f / norm_f[:, None]
        along = _dot(f, g)
        rest = g - along[:, None] * f
        again = _dot(f, rest)
        rest = rest - again[:, None] * f
        along, norm = along + again, np.sqrt(_dot(rest, rest))
        y = target - target.mean()
        share = _dot(f, y)
        slope_g = _dot(rest, y - share[:, None] * f) / norm**2
        slope_f = (share - slope_g * along) / norm_f
        offset = target.mean() - slope_f * mean_f - slope_g * mean_g
        weights = np.stack([offset, slope_f / sizes[0], slope_g / sizes[1]], axis=1)
        found = weights[:, :1] + weights[:, 1:2] * first + weights[:, 2:] * second
        error = np.square(target - found).sum(axis=1)
        rounding = 4 * ROUNDOFF * np.sqrt(_dot(units[1], units[1]))
        valid = (norm_f > 0) & (norm > rounding) & np.isfinite(weights).all(axis=1)
    return np.where(valid & np.isfinite(error), error, np.inf), weights


def _dot(a: Values, b: Values) -> Values:
    # not a BLAS product, whose rounding may depend on how many models come together
    total: Values = (a * b).sum(axis=1)
    return total


def _unit(values: Values) -> tuple[Values, Values]:
    """Scale each row by a power of two, which is exact, so that no square overflows."""
    largest = np.abs(values).max(axis=1)
    size = np.ldexp(
        1.0,
        np.where(np.isfinite(largest) & (largest > 0), np.minimum(np.frexp(largest)[1], 1023), 0),
    )
    return size, values / size[:, None]


def _centred(unit: Values) -> tuple[Values, Values, Values]:
    """Return mean, deviations and their norm, which is 0 where they are mere rounding."""
    mean = unit.mean(axis=1)
    centred = unit - mean[:, None]
    again = centred.mean(axis=1)
    mean, centred = mean + again, centred - again[:, None]
    norm = np.sqrt(_dot(centred, centred))
    constant = norm <= 4 * ROUNDOFF * np.sqrt(_dot(unit, unit))
    return mean, centred, np.where(constant, 0.0, norm)
