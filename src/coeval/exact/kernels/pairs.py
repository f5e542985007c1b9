"""The streamed last level for operations with a closed form: every pair of rows of a bank, none materialised.

Sums, differences, products and ratios, raw or with a fitted scale and offset, and the linear model of two
features. ``filters`` says why no pair is lost; every error reported was computed directly in float64.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from coeval.exact.kernels import direct
from coeval.exact.kernels.collinear import affine_classes
from coeval.exact.kernels.filters import (
    Filter,
    Precision,
    Products,
    ScaledProducts,
    ScaledSums,
    Sums,
    TwoFeatures,
    features,
    unit_target,
)
from coeval.exact.kernels.models import Constants, Index, Leader, Stop, Sweep, Values
from coeval.exact.kernels.sweep import PANEL, PairSweep, Reading, Side, make_side

Operation = Literal["add", "sub", "mul", "div"]
APPLY: dict[str, Callable[[Values, Values], Values]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
}
READ: dict[str, Callable[[Values], Values]] = {
    "add": np.positive,
    "sub": np.negative,
    "mul": np.positive,
    "div": np.reciprocal,
}
HEADS = 16
"""Best single features that are paired with all others first, so that the sweep starts with a low bar."""


def best_pair(
    left: Values,
    right: Values | None,
    target: Values,
    operation: Operation,
    *,
    constants: Constants = "none",
    incumbent: float = np.inf,
    precision: Precision = "float64",
    ties: int = 0,
    stop: Stop = lambda: False,
) -> Sweep:
    """Return the best of op(a, b) over all rows a of one bank and b of another.

    Args:
        left: ``(rows, points)`` finite values.
        right: ``(rows, points)``; ``None`` for pairs within ``left``: i <= j for ``add`` and ``mul``,
            all (i, j) for ``sub`` and ``div``.
        target: ``(points,)``.
        operation: Which of the four.
        constants: ``"none"`` or ``"linear"`` (y ~ c0 + c1 op(a, b)).
        incumbent: Models with a greater error are of no interest.
        precision: Of the filter; results are the same.
        ties: How many models of equal error to list at most.
        stop: Asked every few million pairs; ``True`` ends the sweep.

    Returns:
        Rows are (i, j). A pair is invalid when op(a, b) is not finite on every point; it is covered.

    Raises:
        ValueError: The arrays do not fit each other or hold a value that is not finite.
    """
    check_banks((left,) if right is None else (left, right), target)
    apply = APPLY[operation]
    second = left if right is None else right
    fit = direct.raw if constants == "none" else direct.scaled

    def compute(i: Index, j: Index) -> tuple[Values, Values]:
        with np.errstate(all="ignore"):
            return fit(apply(left[i], second[j]), target)

    leader = Leader(target, incumbent, ties)
    within = right is None and operation in ("add", "mul")
    with np.errstate(all="ignore"):
        filters = _filters(operation, constants, precision, left, target)
        sweep = PairSweep(filters, compute, leader, unordered=within)
        usable = np.ones(len(second), bool) if operation != "div" else (second != 0).all(axis=1)
        one = _sides(left, np.positive, filters, constants, np.ones(len(left), bool))
        other = one if within else _sides(second, READ[operation], filters, constants, usable)
        runs = [(one[0], other[0], 0 if within else None), (one[0], other[1], None)]
        runs += [] if within else [(one[1], other[0], None)]
        covered, complete = _run(sweep, runs, stop)
        if len(one[1].order) and len(other[1].order):  # every other two constants predict the same
            i, j = one[1].order[:1], other[1].order[:1]
            leader.offer((i, j), *compute(i, j))
    if complete:
        covered = len(left) * (len(left) + 1) // 2 if within else len(left) * len(second)
    return leader.sweep(covered, complete=complete)


def best_two_features(
    left: Values,
    right: Values | None,
    target: Values,
    *,
    incumbent: float = np.inf,
    precision: Precision = "float64",
    ties: int = 0,
    stop: Stop = lambda: False,
) -> Sweep:
    """Return the best linear model y ~ c0 + c1 a + c2 b over all rows a of one bank and b of another.

    Args:
        left: ``(rows, points)`` finite values.
        right: ``(rows, points)``; ``None`` for pairs i < j within ``left``.
        target: ``(points,)``, not constant.
        incumbent: Models with a greater error are of no interest.
        precision: Of the filter; results are the same.
        ties: How many models of equal error to list at most.
        stop: Asked every few million pairs; ``True`` ends the sweep.

    Returns:
        Rows are (i, j), weights (c0, c1, c2). A pair that is collinear up to the rounding of its values
        (``direct.linear``) is covered but no model of its own: single features are ``best_application``'s.

    Raises:
        ValueError: The arrays do not fit each other or hold a value that is not finite.
    """
    check_banks((left,) if right is None else (left, right), target)
    second = left if right is None else right

    classes = affine_classes(left if right is None else np.concatenate([left, right]))
    others = classes if right is None else classes[len(left) :]

    def compute(i: Index, j: Index) -> tuple[Values, Values]:
        errors, weights = np.full(len(i), np.inf), np.zeros((len(i), 3))
        distinct = np.flatnonzero(classes[i] != others[j])
        i, j = i[distinct], j[distinct]
        errors[distinct], weights[distinct] = direct.linear(left[i], second[j], target)
        return errors, weights

    leader = Leader(target, incumbent, ties)
    with np.errstate(all="ignore"):
        _heads(left, right, target, leader, compute)
        filters = [TwoFeatures(target, one) for one in _kinds(precision)]
        one = make_side(left, np.positive, filters, np.flatnonzero(_varies(left)))
        other = one
        if right is not None:
            other = make_side(right, np.positive, filters, np.flatnonzero(_varies(right)))
        sweep = PairSweep(filters, compute, leader, unordered=right is None)
        covered, complete = _run(sweep, [(one, other, 1 if right is None else None)], stop)
    if complete:  # pairs with a constant row are no models of their own
        within = len(left) * (len(left) - 1) // 2
        covered = within if right is None else len(left) * len(right)
    return leader.sweep(covered, complete=complete)


def check_banks(banks: tuple[Values, ...], target: Values) -> None:
    """Raise unless every bank is a finite matrix of float64 with the target's points."""
    for one in (*banks, target[None]):
        if one.ndim != 2 or one.shape[1] != len(target) or one.dtype != np.float64:
            raise ValueError(
                f"expected float64 values of shape (rows, {len(target)} points), got {one.dtype} "
                f"{one.shape}. Evaluate every row on the target's points."
            )
        if not np.isfinite(one).all():
            raise ValueError(
                "expected finite values, got NaN or an infinity in row "
                f"{int(np.flatnonzero(~np.isfinite(one).all(axis=1))[0])}. Leave invalid rows out."
            )


def _filters(
    operation: str, constants: Constants, precision: Precision, left: Values, target: Values
) -> list[Filter]:
    kinds = _kinds(precision)
    if constants == "none":
        raw = Sums if operation in ("add", "sub") else Products
        return [raw(target, one) for one in kinds]
    if operation in ("mul", "div"):
        return [ScaledProducts(target, one) for one in kinds]
    typical = float(np.median(np.abs(left).max(axis=1))) if len(left) else 1.0
    size = float(2.0 ** np.frexp(typical)[1]) if typical > 0 else 1.0
    return [ScaledSums(target, one, size) for one in kinds]


def _kinds(precision: Precision) -> tuple[Precision, ...]:
    return ("float32", "float64") if precision == "float32" else ("float64",)


def _varies(values: Values) -> npt.NDArray[np.bool_]:
    """Return which rows are not constant, up to their rounding."""
    panels = range(0, len(values), PANEL)
    norms = [direct.deviations(values[start : start + PANEL])[3] for start in panels]
    return np.concatenate([np.empty(0), *norms]) > 0


def _sides(
    values: Values,
    reading: Reading,
    filters: list[Filter],
    constants: Constants,
    usable: npt.NDArray[np.bool_],
) -> tuple[Side, Side]:
    """Return the rows that take part, and apart from them, where an offset is fitted, the constant ones."""
    constant = np.zeros(len(values), bool)
    if constants == "linear" and len(values):
        constant = values.min(axis=1) == values.max(axis=1)
    parts = (usable & ~constant, usable & constant)
    one, other = (make_side(values, reading, filters, np.flatnonzero(part)) for part in parts)
    return one, other


def _run(
    sweep: PairSweep, runs: list[tuple[Side, Side, int | None]], stop: Stop
) -> tuple[int, bool]:
    covered = 0
    for one, other, triangle in runs:
        done, complete = sweep.run(one, other, triangle, stop)
        covered += done
        if not complete:
            return covered, False
    return covered, True


def _heads(
    left: Values,
    right: Values | None,
    target: Values,
    leader: Leader,
    compute: Callable[[Index, Index], tuple[Values, Values]],
) -> None:
    """Lower the bar with the best partner of each of the best single features (by estimate, then directly)."""
    others = left if right is None else right
    if not len(left) or not len(others):
        return
    unit_y, _ = unit_target(target)
    unit, share = features(left, unit_y)
    heads = np.argsort(-np.abs(share), kind="stable")[:HEADS]
    for start in range(0, len(others), PANEL):
        partners, shares = features(others[start : start + PANEL], unit_y)
        cosine = unit[heads] @ partners.T
        gain = np.square(shares - share[heads, None] * cosine) / (1 - np.square(cosine))
        gain[~(np.square(cosine) < 1 - 1e-6)] = -1  # a head itself, and what follows from it
        i, j = heads, gain.argmax(axis=1) + start
        if right is None:
            i, j = np.minimum(i, j), np.maximum(i, j)
        distinct = (i < j) | (right is not None)
        leader.offer((i[distinct], j[distinct]), *compute(i[distinct], j[distinct]))
