"""The least error at every length: the best answers so far."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coeval.architecture.program import Program
from coeval.exact.kernels.models import tie_bound
from coeval.exact.vocabulary import Values

Programs = tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """An answer.

    Attributes:
        length: Its length: the longest of its programs, where there are several.
        error: Sum of squared errors of ``c0 + c1 · program 1 + …``, or of the program itself.
        programs: One, or one for each feature of a linear model.
        weights: ``(c0, c1, …)``; empty where nothing is fitted.
    """

    length: int
    error: float
    programs: Programs
    weights: tuple[float, ...] = ()


class Front:
    """Collects answers; at each length the first one of least error stays.

    Args:
        target: ``(examples,)``.
        floor: Errors up to this are zero as far as float64 can tell, and equal.
    """

    def __init__(self, target: Values, floor: float) -> None:
        self.floor = floor
        self._target = target
        self._found: dict[int, Found] = {}

    def bar(self, length: int) -> float:
        """Return the error that an answer of a length has to beat; infinity when there is none."""
        shorter = [one.error for one in self._found.values() if one.length <= length]
        return min(shorter, default=np.inf)

    def offer(
        self,
        length: int,
        errors: Values,
        weights: Values,
        programs: Callable[[int], Programs],
    ) -> None:
        """Take the best of some answers, if it improves on what is known.

        Args:
            length: Of all of them.
            errors: ``(answers,)``, infinite for invalid ones.
            weights: ``(answers, weights)``.
            programs: From an answer's position to its programs; called only for an improvement.
        """
        if not len(errors):
            return
        best = int(np.argmin(errors))
        bar = self.bar(length)
        if errors[best] < bar:
            fitted = tuple(weights[best].tolist())
            self._found[length] = Found(length, float(errors[best]), programs(best), fitted)

    @property
    def found(self) -> tuple[Found, ...]:
        """Return the best answer of every length at which one was better than all before."""
        return tuple(self._found.values())

    @property
    def exact_length(self) -> float:
        """Return the least length with an error of zero, as far as float64 can tell; infinity for none."""
        exact = [one.length for one in self._found.values() if one.error <= self.floor]
        return min(exact, default=np.inf)

    @property
    def points(self) -> tuple[Found, ...]:
        """Return the answers that no shorter one equals up to rounding, shortest first."""
        points: list[Found] = []
        for length in sorted(self._found):
            one = self._found[length]
            if not points or self._is_less(one.error, points[-1].error):
                points.append(one)
        return tuple(points)

    def _is_less(self, error: float, other: float) -> bool:
        return other > self.floor and tie_bound(error, self._target) < other
