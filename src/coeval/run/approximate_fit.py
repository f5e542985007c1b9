"""The numbers of an answer: weights by least squares, constants inside programs by variable projection."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Operation, Program
from coeval.build.numeric.answer import Answer
from coeval.build.numeric.evaluate import bind, values
from coeval.build.numeric.functions import Function
from coeval.errors import SpaceError
from coeval.exact.kernels.constants import family_of, fit_constants
from coeval.run.approximate_plan import floor_of
from coeval.run.approximate_simplify import with_constants
from coeval.task.points import Points

Floats = npt.NDArray[np.float64]
_STEPS = 60


def fitted(
    programs: Sequence[Program], operations: Sequence[Operation], points: Points
) -> tuple[Answer, float]:
    """Return programs joined by least squares, those that add nothing left out, and the sum of squared errors.

    Args:
        programs: Each defined on all points.
        operations: What their codes stand for.
        points: Those to fit.
    """
    functions = [bind(one) for one in operations]
    columns = [_column(one, points, operations, functions) for one in programs]
    kept = list(range(len(programs)))
    weights, left = _least_squares(columns, points.target)
    sse = float(left @ left)
    floor = floor_of(points)
    for one in sorted(kept, key=lambda place: (-programs[place].length, place)):
        rest = [other for other in kept if other != one]
        fewer, left = _least_squares([columns[other] for other in rest], points.target)
        if rest and left @ left <= max(sse * (1 + 1e-9), floor):
            kept, weights, sse = rest, fewer, float(left @ left)
    chosen = tuple(programs[one] for one in kept)
    return Answer(chosen, tuple(weights.tolist()), tuple(operations), len(points.columns)), sse


def polished(answer: Answer, points: Points, sse: float) -> tuple[Answer, float]:
    """Return the answer with the constants inside its programs fitted anew where that lowers the error.

    Levenberg and Marquardt's method on all constants of all programs, the weights eliminated at every step
    (variable projection: Golub & Pereyra 1973, doi:10.1137/0710036), from where the search left them; for a
    single program from several starts as well.

    Args:
        answer: With weights.
        points: Those to fit.
        sse: Its sum of squared errors.
    """
    counts = [len(one.constants) for one in answer.programs]
    if not any(counts):
        return answer, sse
    model = _Model(answer, points)
    starts = [np.array([value for one in answer.programs for value in one.constants])]
    if len(answer.programs) == 1:
        program = answer.programs[0]
        family = family_of(program, points.columns, answer.operations, model.functions)
        starts.append(np.array(fit_constants(family, counts[0], points.target).constants))
    for start in starts:
        found, lower = _descended(model, start)
        if lower < sse:
            answer, sse = fitted(model.programs(found), answer.operations, points)
    return answer, sse


class _Model:
    """The residuals of an answer as a function of the constants inside its programs."""

    def __init__(self, answer: Answer, points: Points) -> None:
        self._answer, self._points = answer, points
        self.functions = [bind(one) for one in answer.operations]

    def programs(self, constants: Floats) -> list[Program]:
        return with_constants(self._answer.programs, constants.tolist())

    def residuals(self, constants: Floats) -> Floats | None:
        """Return ``(rows,)`` residuals under the best weights; ``None`` where a program is undefined."""
        columns = []
        for one in self.programs(constants):
            found = values(one, self._points.columns, self._answer.operations, self.functions)
            if found is None:
                return None
            columns.append(found)
        return _least_squares(columns, self._points.target)[1]


def _descended(model: _Model, start: Floats) -> tuple[Floats, float]:
    """Return the constants of a local minimum of the squared residuals, and their sum there."""
    at, damping = start, 1e-3
    left = model.residuals(at)
    if left is None:
        return at, math.inf
    for _ in range(_STEPS):
        slopes = _slopes(model, at, left)
        scaled = slopes.T @ slopes
        pull = slopes.T @ left
        step = np.linalg.lstsq(scaled + damping * np.diag(np.diag(scaled)), pull, rcond=None)[0]
        moved = model.residuals(at - step)
        if moved is not None and moved @ moved < left @ left:
            gained = float(left @ left - moved @ moved)
            at, left, damping = at - step, moved, damping / 5
            if gained <= 1e-12 * float(left @ left):
                break
        else:
            damping *= 5
            if damping > 1e9:
                break
    return at, float(left @ left)


def _slopes(model: _Model, at: Floats, left: Floats) -> Floats:
    """Return ``(rows, constants)`` forward differences; 0 where a neighbour is undefined."""
    slopes = np.zeros((len(left), len(at)))
    for place, value in enumerate(at):
        width = 1e-7 * max(abs(value), 1e-3)
        beside = at.copy()
        beside[place] += width
        moved = model.residuals(beside)
        if moved is not None:
            slopes[:, place] = (moved - left) / width
    return slopes


def _column(
    program: Program,
    points: Points,
    operations: Sequence[Operation],
    functions: Sequence[Function],
) -> Floats:
    found = values(program, points.columns, operations, functions)
    if found is None:
        raise SpaceError("A program is undefined on some of the points, so it has no weight there.")
    return found


def _least_squares(columns: Sequence[Floats], target: Floats) -> tuple[Floats, Floats]:
    """Return the weights, the offset first, and ``(rows,)`` what they leave."""
    table = np.stack([np.ones(len(target)), *columns], axis=1)
    scales = np.abs(table).max(axis=0)
    scales[scales == 0] = 1.0
    weights = np.linalg.lstsq(table / scales, target, rcond=None)[0] / scales
    return weights, target - table @ weights
