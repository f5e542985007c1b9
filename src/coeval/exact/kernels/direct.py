"""Errors of models, one by one in float64, from the operation itself: what the bulk filters are checked against.

Nothing here uses a Gram matrix of the data; linear parts are found by orthogonal projection. The error is
that of the weights as they are printed, or the projection's where rounding makes the former the smaller
one: so no error is below the least possible by luck. No ridge: an ill-conditioned model is fitted as it stands.
"""

import numpy as np

from coeval.exact.kernels.models import ROUNDOFF, Values

COLLINEAR = 2.0**-40
"""Below this share of its size, what a feature adds to another is taken for rounding."""


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
        size, mean, centred, norm = deviations(values)
        y = target - target.mean()
        slope = np.where(norm > 0, _dot(centred, y) / norm**2, 0.0)
        weights = np.stack([target.mean() - slope * mean, slope / size], axis=1)
        printed = np.square(target - (weights[:, :1] + weights[:, 1:] * values)).sum(axis=1)
        error = np.maximum(printed, np.square(y - slope[:, None] * centred).sum(axis=1))
        valid = np.isfinite(values).all(axis=1) & np.isfinite(weights).all(axis=1)
    return np.where(valid & np.isfinite(error), error, np.inf), weights


def linear(first: Values, second: Values, target: Values) -> tuple[Values, Values]:
    """Return the errors of y ~ c0 + c1 f + c2 g by an orthogonal factorisation of each pair.

    Gram-Schmidt with reorthogonalisation, which is as accurate as Householder's QR (Giraud, Langou &
    Rozloznik 2005, doi:10.1016/j.camwa.2005.08.009: "twice is enough"). A pair is no model of its own
    when one member follows from the other and a constant up to ``COLLINEAR`` of its size: a dozen steps of
    float64 leave that much of the difference of x and (x + 1) - 1, and weights beyond 2^40 would fit it.
    Its error is infinite here; the better of its members stands for it.

    Args:
        first: ``(models, points)`` of f.
        second: ``(models, points)`` of g.
        target: ``(points,)``.

    Returns:
        ``(models,)`` sums of squared errors; ``(models, 3)`` weights (c0, c1, c2).
    """
    with np.errstate(all="ignore"):
        size_f, mean_f, f, norm_f = deviations(first)
        size_g, mean_g, g, norm_g = deviations(second)
        f = f / norm_f[:, None]
        along = _dot(f, g)
        rest = g - along[:, None] * f
        again = _dot(f, rest)
        rest = rest - again[:, None] * f
        along, norm = along + again, np.sqrt(_dot(rest, rest))
        y = target - target.mean()
        share = _dot(f, y)
        y = y - share[:, None] * f
        slope_g = _dot(rest, y) / norm**2
        slope_f = (share - slope_g * along) / norm_f
        offset = target.mean() - slope_f * mean_f - slope_g * mean_g
        weights = np.stack([offset, slope_f / size_f, slope_g / size_g], axis=1)
        found = weights[:, :1] + weights[:, 1:2] * first + weights[:, 2:] * second
        printed = np.square(target - found).sum(axis=1)
        error = np.maximum(printed, np.square(y - slope_g[:, None] * rest).sum(axis=1))
        valid = (norm_f > COLLINEAR * np.abs(mean_f)) & (norm > COLLINEAR * np.abs(mean_g))
        valid &= (norm > COLLINEAR * norm_g) & np.isfinite(weights).all(axis=1)
    return np.where(valid & np.isfinite(error), error, np.inf), weights


def _dot(a: Values, b: Values) -> Values:
    # not a BLAS product, whose rounding may depend on how many models come together
    total: Values = (a * b).sum(axis=1)
    return total


def deviations(values: Values) -> tuple[Values, Values, Values, Values]:
    """Return what remains of each row without its mean.

    The mean is taken out twice: a difference of near numbers is exact, so what the first mean's rounding
    left is a shift that the second takes away, and even rows that hardly vary keep all their digits.

    Args:
        values: ``(rows, points)``.

    Returns:
        ``(rows,)`` powers of two by which rows were divided (exactly, so that no square overflows);
        of the divided rows the ``(rows,)`` means, ``(rows, points)`` deviations, and ``(rows,)`` norms of
        these, 0 where a row is constant up to rounding.
    """
    largest = np.abs(values).max(axis=1)
    exponent = np.minimum(np.frexp(largest)[1], 1023)
    size = np.ldexp(1.0, np.where(np.isfinite(largest) & (largest > 0), exponent, 0))
    unit = values / size[:, None]
    mean = unit.mean(axis=1)
    centred = unit - mean[:, None]
    again = centred.mean(axis=1)
    mean, centred = mean + again, centred - again[:, None]
    norm = np.sqrt(_dot(centred, centred))
    constant = norm <= 4 * ROUNDOFF * np.sqrt(_dot(unit, unit))
    return size, mean, centred, np.where(constant, 0.0, norm)
