"""What the streamed last level finds: models named by rows of the bank, with errors recomputed directly."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
"""``(rows, points)`` values of expressions, or ``(points,)`` of one."""
Index = npt.NDArray[np.intp]
Constants = Literal["none", "linear"]
"""``"none"``: the expression itself. ``"linear"``: scale and offset are fitted, y ~ c0 + c1 f."""
Stop = Callable[[], bool]
"""Asked between blocks; ``True`` ends a sweep early, which is then not complete."""

ROUNDOFF = 2.0**-53
LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True)
class Model:
    """One expression over rows of the banks.

    Attributes:
        rows: The row of each bank that is an operand.
        error: Sum of squared errors, computed directly in float64 from the operation and the weights.
        weights: (c0, c1 …) of y ~ c0 + c1 f_1 + …; empty when nothing is fitted.
    """

    rows: tuple[int, ...]
    error: float
    weights: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Sweep:
    """The outcome of scoring every combination of rows.

    Attributes:
        best: The model of least error, the first in the order of rows among equals; ``None`` when none
            is valid with an error of at most the incumbent's.
        ties: Models whose error equals the best one's as far as float64 can tell, best first; only when asked for.
        covered: How many models were ruled out or computed.
        recomputed: How many of them had to be computed one by one.
        complete: Whether all were covered; ``False`` when it was stopped.
        touched: Evaluations of one candidate at one point, where candidates are abandoned early.
        crowded: Whether more models tied than were listed.
    """

    best: Model | None
    ties: tuple[Model, ...]
    covered: int
    recomputed: int
    complete: bool
    touched: int = 0
    crowded: bool = False


def tie_bound(error: float, target: Values) -> float:
    """Return up to which error a model may tie with one of this error.

    A model's values f carry a relative rounding of one unit u a point, the residual y - f another, and
    |f| <= |y| + |y - f|; so two models of equal true error have residual norms within 16 u (|y| + |y - f|)
    of each other (with room for the weights' rounding), whatever the order of summation.

    Args:
        error: Sum of squared errors of the better model.
        target: ``(points,)``.
    """
    rest = math.sqrt(error)
    norm = rest + 16 * ROUNDOFF * (rest + float(np.linalg.norm(target)))
    return norm * norm


class Leader:
    """The best models met so far: what a sweep has to beat."""

    def __init__(self, target: Values, incumbent: float, ties: int) -> None:
        self._target = target
        self._limit = ties
        self._models: list[Model] = []
        self._best: Model | None = None
        self.bar = min(incumbent, LARGEST)
        """Models with a greater error are of no interest. Finite, so that an overflow never passes."""
        self.recomputed = 0
        self._crowded = False

    def offer(self, rows: tuple[Index, ...], errors: Values, weights: Values) -> bool:
        """Take in computed models; return whether the bar was lowered.

        Args:
            rows: ``(models,)`` for each bank.
            errors: ``(models,)``; not finite for what is invalid.
            weights: ``(models, weights)``.
        """
        self.recomputed += len(errors)
        before = self.bar
        kept = np.flatnonzero(errors <= self.bar)
        if not self._limit and len(kept):
            kept = kept[errors[kept] == errors[kept].min()]
            kept = kept[np.lexsort([index[kept] for index in reversed(rows)])[:1]]
        kept = kept[np.argsort(errors[kept], kind="stable")]
        for count, one in enumerate(kept):
            if errors[one] > self.bar:
                break
            if self._limit and count > self._limit:  # the best of them are listed
                self._crowded = True
                break
            place = tuple(int(index[one]) for index in rows)
            self._take(Model(place, float(errors[one]), tuple(weights[one].tolist())))
        return self.bar < before

    def _take(self, model: Model) -> None:
        if self._best is None or (model.error, model.rows) < (self._best.error, self._best.rows):
            self._best = model
            error = model.error
            self.bar = min(self.bar, tie_bound(error, self._target) if self._limit else error)
        if self._limit:
            # a set: a model may be computed twice, to set a bar and in its turn
            kept = [one for one in {*self._models, model} if one.error <= self.bar]
            kept.sort(key=lambda one: (one.error, one.rows))
            self._crowded |= len(kept) > self._limit
            self._models = kept[: self._limit]

    def sweep(self, covered: int, *, complete: bool, touched: int = 0) -> Sweep:
        """Return the outcome."""
        return Sweep(
            self._best,
            tuple(self._models),
            covered,
            self.recomputed,
            complete,
            touched,
            self._crowded,
        )
