"""Which rows say the same up to scale and offset: a bank has x, x + 1, 2 x … as distinct values.

Two such features are one, so their pair is no model; but no test of the pair alone, short of computing it,
can tell that from a perfect partner. Classes are found once for all rows instead.
"""

import numpy as np

from coeval.exact.kernels.direct import COLLINEAR, deviations
from coeval.exact.kernels.models import Index, Values

PANEL = 1 << 14
PASSES = 4
"""Different rows may share a projection; those that their class's first row refuses form classes of their own."""


def affine_classes(values: Values) -> Index:
    """Return a class for each row; rows of one class are collinear up to far less than ``COLLINEAR``.

    Rows are sorted by a random projection of their unit deviations, so that candidates lie side by side;
    membership is then checked against the class's first row. Rows that rounding has parted may be in
    different classes, which is why a pair of these is still to be computed.

    Args:
        values: ``(rows, points)``, finite.

    Returns:
        ``(rows,)`` numbers of classes.
    """
    panels = range(0, len(values), PANEL)
    unit = np.concatenate([values[:0], *(_directions(values[k : k + PANEL]) for k in panels)])
    weights = np.random.default_rng(0).uniform(0.5, 1, values.shape[1])
    keys = unit @ weights
    reach = COLLINEAR / 8
    classes = np.arange(len(values))
    pending = np.argsort(keys, kind="stable")
    for _ in range(PASSES):
        apart = np.diff(keys[pending], prepend=-np.inf) > reach
        heads = pending[np.maximum.accumulate(np.where(apart, np.arange(len(pending)), 0))]
        parts = range(0, len(pending), PANEL)
        gaps = [_distance(unit, pending[k : k + PANEL], heads[k : k + PANEL]) for k in parts]
        near = np.concatenate([np.empty(0), *gaps]) <= reach
        classes[pending[near]] = heads[near]
        pending = pending[~near]
    return classes


def _distance(unit: Values, rows: Index, others: Index) -> Values:
    distance: Values = np.sqrt(np.square(unit[rows] - unit[others]).sum(axis=1))
    return distance


def _directions(values: Values) -> Values:
    """Return unit deviations with the sign that makes the first large one positive."""
    _, _, centred, norm = deviations(values)
    with np.errstate(all="ignore"):
        unit = np.where(norm[:, None] > 0, centred / norm[:, None], 0.0)
    large = (np.abs(unit) > 0.5 / np.sqrt(values.shape[1])).argmax(axis=1)
    sign = np.where(unit[np.arange(len(unit)), large] < 0, -1.0, 1.0)
    directions: Values = unit * sign[:, None]
    return directions
