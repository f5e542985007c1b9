"""Constants inside a given structure: variable projection with a multi-start search.

Scale and offset are eliminated in closed form for every trial value of the constants (variable
projection: Golub & Pereyra 1973, doi:10.1137/0710036), and the rest is minimised over the constants
alone: one constant on a grid, by golden section and then damped Gauss-Newton steps; two and more from
many starts by Levenberg and Marquardt's method (More 1978, doi:10.1007/BFb0067700), all starts in step.

This is a heuristic: no bound says that the global minimum was met. Structures can be searched
exhaustively with it, their constants cannot, and ``CERTIFICATE`` is what a result may claim.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from coeval.architecture.program import WIDTH, Operation, Program, live_steps
from coeval.exact.kernels import direct
from coeval.exact.kernels.models import Constants, Values

CERTIFICATE = "structure exhaustive, constants by multi-start"
GRID = (-10.0, -5.0, -3.0, -2.0, -1.0, -0.5, 0.1, 0.5, 1.0, 2.0, 3.0, np.pi, 5.0, 10.0)
"""Constants of the policy "grid" unless the user names others."""
STEPS = 60
REACH = 3
"""Starts lie within these decades of 1, on both sides of 0."""

Family = Callable[[Values], Values]
"""From constants ``(trials, constants)`` to values ``(trials, points)``; not finite where undefined."""


@dataclass(frozen=True, slots=True)
class ConstantFit:
    """The best constants met.

    Attributes:
        constants: One number each.
        weights: (c0, c1) of y ~ c0 + c1 f; empty when neither is fitted.
        error: Sum of squared errors, infinite when the structure was undefined everywhere.
        evaluations: How many settings of the constants were evaluated on all points.
    """

    constants: tuple[float, ...]
    weights: tuple[float, ...]
    error: float
    evaluations: int


def family_of(
    program: Program,
    columns: Sequence[Values],
    operations: Sequence[Operation],
    functions: Sequence[Callable[..., Values]],
) -> Family:
    """Return the values of a program as a function of its constants.

    Args:
        program: Its own constants only say how many there are.
        columns: One ``(points,)`` array for each input.
        operations: What its operation codes stand for.
        functions: What ``build.numeric.evaluate.bind`` made of them, in order.
    """
    live, code = live_steps(program, len(columns), operations), program.code
    first = len(columns) + len(program.constants)

    def family(constants: Values) -> Values:
        known = dict(enumerate((*columns, *(one[:, None] for one in constants.T))))
        valid = np.zeros((len(constants), len(columns[0])))
        with np.errstate(all="ignore"):
            for step in live:
                start = WIDTH * step
                taken = code[start + 1 : start + 1 + operations[code[start]].arity]
                known[first + step] = functions[code[start]](*(known[index] for index in taken))
                valid += 0.0 * known[first + step]
            result: Values = known[first + program.length - 1] + valid
        return result

    return family


def fit_constants(
    family: Family,
    count: int,
    target: Values,
    *,
    constants: Constants = "linear",
    starts: int = 32,
    seed: int = 0,
) -> ConstantFit:
    """Return the best constants that a multi-start search finds: a heuristic.

    Args:
        family: The structure.
        count: How many constants it has, at least 1.
        target: ``(points,)``.
        constants: ``"linear"`` fits scale and offset as well, ``"none"`` does not.
        starts: How many local searches are run.
        seed: Of the random starts.

    Raises:
        ValueError: ``count`` or ``starts`` is below 1.
    """
    if count < 1 or starts < 1:
        raise ValueError(f"expected at least one constant and one start, got {count} and {starts}.")
    problem = _Problem(family, target, constants)
    with np.errstate(all="ignore"):
        if count == 1:
            trials = _line(problem, starts)
        else:
            trials = _cloud(problem, count, starts, np.random.default_rng(seed))
        trials = _levenberg_marquardt(problem, trials)
        errors = problem.residuals(trials)[1]
    best = int(np.argmin(errors))
    return problem.answer(trials[best], float(errors[best]))


class _Problem:
    """The projected residuals of a family, and how often they were asked for."""

    def __init__(self, family: Family, target: Values, constants: Constants) -> None:
        self._family = family
        self._target = target
        self._fit = direct.raw if constants == "none" else direct.scaled
        self._evaluations = 0

    def residuals(self, trials: Values) -> tuple[Values, Values]:
        """Return ``(trials, points)`` residuals after the linear part, and ``(trials,)`` errors."""
        self._evaluations += len(trials)
        values = np.broadcast_to(self._family(trials), (len(trials), len(self._target)))
        errors, weights = self._fit(values, self._target)
        found = weights[:, :1] + weights[:, 1:] * values if weights.size else values
        return self._target - found, errors

    def answer(self, constants: Values, error: float) -> ConstantFit:
        """Return the record of one setting."""
        values = np.broadcast_to(self._family(constants[None]), (1, len(self._target)))
        weights = self._fit(values, self._target)[1][0]
        return ConstantFit(
            tuple(constants.tolist()), tuple(weights.tolist()), error, self._evaluations
        )


def _line(problem: _Problem, starts: int) -> Values:
    """Return ``(trials, 1)`` minima of one constant: local minima of a grid, narrowed by golden section."""
    sizes = np.logspace(-REACH, REACH, 241)
    grid = np.unique(np.concatenate([-sizes, [0.0], sizes, np.arange(-20.0, 20.5, 0.5), GRID]))
    errors = problem.residuals(grid[:, None])[1]
    padded = np.concatenate([[np.inf], errors, [np.inf]])
    lowest = np.flatnonzero((errors <= padded[:-2]) & (errors <= padded[2:]) & (errors < np.inf))
    lowest = lowest[np.argsort(errors[lowest], kind="stable")][:starts]
    if not len(lowest):
        return grid[:1, None]
    low = grid[np.maximum(lowest - 1, 0)]
    high = grid[np.minimum(lowest + 1, len(grid) - 1)]
    golden = (5**0.5 - 1) / 2
    for _ in range(30):
        inner, outer = high - golden * (high - low), low + golden * (high - low)
        left, right = (problem.residuals(one[:, None])[1] for one in (inner, outer))
        low, high = np.where(left <= right, low, inner), np.where(left <= right, outer, high)
    middle = (low + high) / 2
    return np.concatenate([middle, grid[lowest]])[:, None]


def _cloud(problem: _Problem, count: int, starts: int, rng: np.random.Generator) -> Values:
    """Return the best of many random settings, half of them log-uniform with a random sign, half from the grid."""
    amount = 40 * starts
    sizes = 10.0 ** rng.uniform(-REACH / 2, REACH / 2, (amount, count))
    wide = sizes * rng.choice([-1.0, 1.0], (amount, count))
    trials = np.concatenate([rng.choice(GRID, (amount, count)), wide])
    errors = problem.residuals(trials)[1]
    return trials[np.argsort(errors, kind="stable")[:starts]]


def _levenberg_marquardt(problem: _Problem, trials: Values) -> Values:
    """Return the trials after damped Gauss-Newton steps, every trial with a damping of its own."""
    residuals, errors = problem.residuals(trials)
    damping = np.full(len(trials), 1e-3)
    for _ in range(STEPS):
        step = _step(_jacobian(problem, trials), residuals, damping)
        moved = trials + np.where(np.isfinite(step), step, 0.0)
        fresh, found = problem.residuals(moved)
        better = found < errors
        trials = np.where(better[:, None], moved, trials)
        residuals = np.where(better[:, None], fresh, residuals)
        gain = np.where(better, errors - found, 0.0)
        damping = np.clip(np.where(better, damping / 5, damping * 4), 1e-12, 1e12)
        settled = (gain <= 1e-14 * errors) & ((damping > 1e6) | better)
        errors = np.where(better, found, errors)
        if settled.all():
            break
    return trials


def _jacobian(problem: _Problem, trials: Values) -> Values:
    """Return ``(trials, points, constants)`` derivatives of the projected residuals by central differences."""
    count = trials.shape[1]
    widths = np.cbrt(np.finfo(float).eps) * np.maximum(np.abs(trials), 1e-2)
    shifts = widths[:, None] * np.eye(count)
    both = np.concatenate([trials[:, None] + shifts, trials[:, None] - shifts]).reshape(-1, count)
    above, below = np.split(problem.residuals(both)[0], 2)
    slopes = (above - below).reshape(len(trials), count, -1) / (2 * widths[:, :, None])
    return np.where(np.isfinite(slopes), slopes, 0.0).transpose(0, 2, 1)


def _step(jacobian: Values, residuals: Values, damping: Values) -> Values:
    transposed = jacobian.transpose(0, 2, 1)
    normal = transposed @ jacobian
    diagonal = np.einsum("tii->ti", normal)
    floor = 1e-12 * diagonal.max(axis=1, keepdims=True) + np.finfo(float).tiny
    damped = normal + np.eye(normal.shape[1]) * ((damping[:, None] * diagonal) + floor)[:, None]
    finite = np.isfinite(damped).all(axis=(1, 2)) & np.isfinite(residuals).all(axis=1)
    damped[~finite] = np.eye(normal.shape[1])
    right = np.where(finite[:, None, None], transposed @ residuals[:, :, None], 0.0)
    step: Values = -np.linalg.solve(damped, right)[:, :, 0]
    return step
