"""What a learning curve will reach: a parametric ensemble, averaged by how well each shape explains the prefix.

After Domhan, Springenberg & Hutter 2015 (IJCAI, section 3), whose eleven shapes are drawn with a Markov chain. Here each shape
``y(t) = end + drop · g(t)`` is linear once its rates are fixed, so that the rates run over a grid and all the rest has a
closed form (Bayesian linear regression with a normal-inverse-gamma prior, Bishop 2006, section 3.5): no sampling, and the
evidence of a shape is its weight. Curves may rise or fall, and need not be monotone.

For deciding when to stop. For deciding which of two is better, the last value does as well or better (measured, and
Adriaensen et al. 2023, LC-PFN, arXiv:2310.20447).
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEAST_POINTS = 4
_TAIL = 0.25  # of the prefix, whose mean is where the end is expected before any shape is looked at
_PRIOR = 0.04  # precision of end and drop, in units of the noise's: its standard deviation is five times the noise's
_NOISE_SHAPE, _NOISE_SHARE = (
    1.0,
    0.2,
)  # of the noise's prior: a fifth of the curve's spread, weakly held
_FIRST_WEIGHT = 0.1  # of the first epoch against the last: early epochs follow other laws
_STRUCTURE = 0.25  # no shape is right: of the way so far, for each factor e in time
_CLIP, _LEAP = 3.0, 10.0  # quartile distances: beyond the quartiles; from the neighbours


def extrapolate(curve: npt.ArrayLike, length: int) -> tuple[float, float]:
    """Return mean and standard deviation of a curve's value at the end of its schedule.

    Args:
        curve: ``(epochs,)`` the score after each epoch so far; what is not finite is left out.
        length: Epochs of the whole schedule; a curve that is there already keeps its last value.

    Raises:
        ValueError: There are fewer than 4 finite values.

    Example:
        >>> mean, deviation = extrapolate([1 + 2.0 / t for t in range(1, 20)], 100)
        >>> bool(abs(mean - 1.02) < 0.03), bool(deviation < 0.2)
        (True, True)
    """
    values = np.asarray(curve, dtype=np.float64)
    epochs = np.arange(1, len(values) + 1)[np.isfinite(values)]
    values = values[np.isfinite(values)]
    if len(values) < LEAST_POINTS:
        raise ValueError(
            f"A curve is extrapolated from {LEAST_POINTS} finite values or more, got {len(values)}. "
            "Take its last value."
        )
    if epochs[-1] >= length:
        return float(values[-1]), 0.0
    means, deviations = extrapolate_all(values[None], length, epochs)
    return float(means[0]), float(deviations[0])


def extrapolate_all(
    curves: Floats, length: int, epochs: npt.NDArray[np.int64] | None = None
) -> tuple[Floats, Floats]:
    """Return means and standard deviations of many curves' values at the end, as ``extrapolate`` does for one.

    Args:
        curves: ``(curves, values)``, finite, 4 values or more.
        length: Epochs of the whole schedule, more than the last of ``epochs``.
        epochs: ``(values,)`` after which epoch each value was taken; 1, 2, 3 … by default.
    """
    count = curves.shape[1]
    times = np.arange(1.0, count + 1) if epochs is None else epochs.astype(np.float64)
    weights = _FIRST_WEIGHT + (1 - _FIRST_WEIGHT) * times / times[-1]
    calm = _calm(curves)
    tail = max(1, round(_TAIL * count))
    level = calm[:, -tail:].mean(axis=1, keepdims=True)
    spread = np.maximum(calm.std(axis=1, keepdims=True), 1e-12 * (1 + np.abs(level)))
    y = (calm - level) / spread
    mean, variance = _average(y, weights, _shapes(times, float(length)))
    moved = y[:, count // 2 :].mean(axis=1) - y[:, : count // 2].mean(axis=1)
    variance += (_STRUCTURE * moved * np.log(length / times[-1])) ** 2
    return level[:, 0] + spread[:, 0] * mean, spread[:, 0] * np.sqrt(variance)


def _calm(curves: Floats) -> Floats:
    """Return curves without leaps, a loss may explode for an epoch, and held to some quartile distances: the first epochs follow other laws."""
    inner = np.median([curves[:, :-2], curves[:, 1:-1], curves[:, 2:]], axis=0)
    middle = np.concatenate([inner[:, :1], inner, inner[:, -1:]], axis=1)
    low, high = np.quantile(curves, [0.25, 0.75], axis=1, keepdims=True)
    leaps = np.abs(curves - middle) > _LEAP * (high - low)
    reach = _CLIP * (high - low)
    return np.clip(np.where(leaps, middle, curves), low - reach, high + reach)


def _shapes(times: Floats, length: float) -> Floats:
    """Return ``(shapes, values)``: what is still to come of a drop from 1 to 0 between the first epoch and the end.

    Powers (pow3, pow4), stretched exponentials (exp3, Janoschek, Weibull), logistics of log t (log power, MMF, Hill),
    1 / log t (ilog2), and a curve that has arrived.
    """
    both = np.concatenate([times, [1.0, length]])
    now = times[-1]
    found = [np.log(both + 1) ** -1.0]
    found += [-both, -(both**0.5)]
    found += [(both + shift) ** -rate for rate in (0.25, 0.5, 1.0, 2.0) for shift in (0.0, 3.0)]
    scales = [now * share for share in (0.1, 0.3, 1.0, 3.0)]
    found += [np.exp(-((both / scale) ** power)) for scale in scales for power in (0.5, 1.0)]
    found += [1 / (1 + (both / scale) ** power) for scale in scales for power in (1.0, 2.0)]
    rows = np.stack(found)
    rows = (rows[:, :-2] - rows[:, -1:]) / (rows[:, -2:-1] - rows[:, -1:])
    return np.concatenate([rows, np.zeros((1, len(times)))])


def _average(y: Floats, weights: Floats, shapes: Floats) -> tuple[Floats, Floats]:
    """Return mean and variance of the value at the end, averaged over shapes by their evidence.

    Args:
        y: ``(curves, values)``, standardised.
        weights: ``(values,)`` of the observations.
        shapes: ``(shapes, values)``.
    """
    weighted = shapes * weights
    total, cross = weights.sum() + _PRIOR, weighted.sum(axis=1)
    square = (weighted * shapes).sum(axis=1) + _PRIOR
    determinant = total * square - cross**2  # of the posterior's precision, (shapes,)
    sums, products = (y @ weights)[:, None], y @ weighted.T
    end = (square * sums - cross * products) / determinant
    drop = (total * products - cross * sums) / determinant
    degrees = _NOISE_SHAPE + len(weights) / 2
    noise = _NOISE_SHAPE * _NOISE_SHARE**2 + 0.5 * (
        (y**2 @ weights)[:, None] - end * sums - drop * products
    )
    evidence = -0.5 * np.log(determinant) - degrees * np.log(np.maximum(noise, 1e-12))
    belief = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    belief /= belief.sum(axis=1, keepdims=True)
    variance = noise / (degrees - 1) * (1 + square / determinant)
    mean = (belief * end).sum(axis=1)
    return mean, (belief * (variance + (end - mean[:, None]) ** 2)).sum(axis=1)
