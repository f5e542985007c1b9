"""The streamed last level for operations with a closed form: every pair of rows of a bank, none materialised.

Sums, differences, products and ratios, raw or with a fitted scale and offset, and the linear model of two
features. ``filters`` says why no pair is lost; every error reported was computed directly in float64.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np

from coeval.exact.kernels import direct
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
from coeval.exact.kernels.sweep import PairSweep, make_side

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
CONDITIONS = (2.0**10, 2.0**24)
"""Ratios of a row's norm to that of its deviations up to which two features are filtered."""
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
    rows, divisors = np.arange(len(left)), np.arange(len(second))
    if operation == "div":
        divisors = divisors[(second != 0).all(axis=1)]
    with np.errstate(all="ignore"):
        filters = _filters(operation, constants, precision, left, target)
        one = make_side(left, np.positive, filters, rows)
        within = right is None and operation in ("add", "mul")
        other = one if within else make_side(second, READ[operation], filters, divisors)
        sweep = PairSweep(filters, compute, leader)
        covered, complete = sweep.run(one, other, 0 if within else None, stop)
    covered += len(left) * (len(second) - len(divisors)) if complete else 0
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
        is covered but no model of its own: the single features are ``best_application``'s.

    Raises:
        ValueError: The arrays do not fit each other or hold a value that is not finite.
    """
    check_banks((left,) if right is None else (left, right), target)
    second = left if right is None else right

    def compute(i: Index, j: Index) -> tuple[Values, Values]:
        return direct.linear(left[i], second[j], target)

    leader = Leader(target, incumbent, ties)
    with np.errstate(all="ignore"):
        _heads(left, right, target, leader, compute)
        first: tuple[Precision, ...] = ("float32",) if precision == "float32" else ()
        filters = [TwoFeatures(target, one, CONDITIONS[0]) for one in first]
        filters += [TwoFeatures(target, "float64", one) for one in CONDITIONS]
        one = make_side(left, np.positive, filters, np.arange(len(left)))
        other = (
            one if right is None else make_side(right, np.positive, filters, np.arange(len(right)))
        )
        sweep = PairSweep(filters, compute, leader)
        covered, complete = sweep.run(one, other, 1 if right is None else None, stop)
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
    kinds: tuple[Precision, ...] = (
        ("float32", "float64") if precision == "float32" else ("float64",)
    )
    if constants == "none":
        raw = Sums if operation in ("add", "sub") else Products
        return [raw(target, one) for one in kinds]
    if operation in ("mul", "div"):
        return [ScaledProducts(target, one) for one in kinds]
    typical = float(np.median(np.abs(left).max(axis=1))) if len(left) else 1.0
    size = float(2.0 ** np.frexp(typical)[1]) if typical > 0 else 1.0
    return [ScaledSums(target, one, size) for one in kinds]


def _heads(
    left: Values,
    right: Values | None,
    target: Values,
    leader: Leader,
    compute: Callable[[Index, Index], tuple[Values, Values]],
) -> None:
    """Lower the bar with the best partner of each of the best single features (by estimate, then directly)."""
    unit_y, _ = unit_target(target)
    unit, share, _ = features(left, unit_y)
    others, shares = (unit, share) if right is None else features(right, unit_y)[:2]
    if not len(unit) or not len(others):
        return
    heads = np.argsort(-np.abs(share), kind="stable")[:HEADS]
    cosine = unit[heads] @ others.T
    gain = np.square(shares - share[heads, None] * cosine) / (1 - np.square(cosine))
    gain[~(np.square(cosine) < 1 - 1e-6)] = -1
    i, j = heads, gain.argmax(axis=1)
    distinct = i != j if right is None else np.ones(len(i), bool)
    i, j = i[distinct], j[distinct]
    if right is None:
        i, j = np.minimum(i, j), np.maximum(i, j)
    leader.offer((i, j), *compute(i, j))
