"""Numeric columns: missing values filled by the median, then scaled; float64 throughout.

``robust`` with its smooth clip is RealMLP's (Holzmüller et al. 2024, arXiv:2407.04491, section 3).
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

LARGEST = 1e150
"""Raw values are cut here, infinities too, so that no square or difference overflows."""

FARTHEST = 20.0
"""Standardised values are cut here: beyond, a value says no more than "very large"."""

STEEPEST = 1e6
"""Robustly scaled values are cut here before they are squared."""

KNOTS = 33
"""Knots of a quantile map, both ends included: a power of two segments between them, which the exported graph halves again and again."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaler:
    """What was learnt of ``features`` numbers.

    Attributes:
        kind: ``"standard"``, ``"robust"`` or ``"quantile"``.
        fill: ``(features,)`` what stands in for a missing value.
        center: ``(features,)``.
        inverse: ``(features,)`` reciprocal of the scale; 0 where the feature never changes, so that it stays 0.
        knots: ``(features, knots)`` for quantile, ascending, the last repeated; else ``(features, 0)``.
        levels: ``(features, knots)`` normal quantile at each knot.
    """

    kind: str
    fill: Numbers
    center: Numbers
    inverse: Numbers
    knots: Numbers
    levels: Numbers

    def transform(self, raw: Numbers) -> npt.NDArray[np.float32]:
        """Return ``(rows, features)`` finite float32 from raw values, NaN = missing."""
        values = np.clip(np.where(np.isnan(raw), self.fill, raw), -LARGEST, LARGEST)
        with np.errstate(over="ignore", under="ignore"):
            scaled = self._quantile(values) if self.kind == "quantile" else self._linear(values)
        return scaled.astype(np.float32)

    def _linear(self, values: Numbers) -> Numbers:
        scaled = (values - self.center) * self.inverse
        if self.kind == "standard":
            return np.clip(scaled, -FARTHEST, FARTHEST)
        scaled = np.clip(scaled, -STEEPEST, STEEPEST)
        return scaled / np.sqrt(1.0 + np.square(scaled / 3.0))

    def _quantile(self, values: Numbers) -> Numbers:
        scaled = np.empty_like(values)
        for feature, (knots, levels) in enumerate(zip(self.knots, self.levels, strict=True)):
            column = values[:, feature]
            left = np.clip(np.searchsorted(knots, column, side="right") - 1, 0, len(knots) - 2)
            gap = knots[left + 1] - knots[left]
            share = np.clip((column - knots[left]) / np.where(gap > 0.0, gap, 1.0), 0.0, 1.0)
            scaled[:, feature] = levels[left] + (levels[left + 1] - levels[left]) * share
        return scaled


def fit_scaler(kind: str, raw: Numbers) -> Scaler:
    """Learn a scaling.

    Args:
        kind: ``"standard"``, ``"robust"`` or ``"quantile"``.
        raw: ``(rows, features)``, NaN = missing. Constant and all-missing features are allowed.
    """
    features = raw.shape[1]
    fill, center, inverse = np.zeros((3, features))
    knots, levels = np.zeros((2, features, KNOTS if kind == "quantile" else 0))
    for feature in range(features):
        column = raw[:, feature]
        known = np.clip(column[~np.isnan(column)], -LARGEST, LARGEST)
        if known.size == 0:
            continue
        fill[feature] = np.median(known)
        if kind == "quantile":
            knots[feature], levels[feature] = _normal_quantiles(known)
        else:
            measure = _mean_and_deviation if kind == "standard" else _median_and_range
            center[feature], inverse[feature] = measure(known)
    return Scaler(kind, fill, center, inverse, knots, levels)


def _mean_and_deviation(known: Numbers) -> tuple[float, float]:
    if known.min() == known.max():  # a rounded mean would make a constant's deviation tiny, not 0
        return float(known[0]), 0.0
    return float(known.mean()), _reciprocal(float(known.std()))


def _median_and_range(known: Numbers) -> tuple[float, float]:
    low, middle, high = np.quantile(known, (0.25, 0.5, 0.75))
    # RealMLP: half the whole range where the middle half of the values is one value.
    spread = high - low if high > low else (known.max() - known.min()) / 2.0
    return float(middle), _reciprocal(float(spread))


def _reciprocal(spread: float) -> float:
    return 1.0 / spread if spread > 1e-300 else 0.0


def _normal_quantiles(known: Numbers) -> tuple[Numbers, Numbers]:
    """Return ``(KNOTS,)`` distinct quantiles, padded by repeating the last, and the normal quantile at each."""
    shares = np.linspace(0.0, 1.0, KNOTS)
    edge = max(0.5 / known.size, 1e-3)
    normal = NormalDist()
    scores = np.array([normal.inv_cdf(float(share)) for share in np.clip(shares, edge, 1 - edge)])
    quantiles = np.maximum.accumulate(np.quantile(known, shares))
    # Values equal but for rounding are one knot: a step between them would turn a last digit into a jump.
    size = np.maximum(np.abs(quantiles[:-1]), np.abs(quantiles[1:]))
    fresh = np.concatenate([[True], np.diff(quantiles) > 1e-9 * size])
    knots, group = quantiles[fresh], np.cumsum(fresh) - 1
    # A value that fills several quantiles gets their mean score.
    levels = np.bincount(group, weights=scores) / np.bincount(group)
    if len(knots) == 1:
        levels[:] = 0.0
    missing = KNOTS - len(knots)
    return np.pad(knots, (0, missing), mode="edge"), np.pad(levels, (0, missing), mode="edge")
