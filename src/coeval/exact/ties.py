"""Ties: answers that float64 cannot tell apart, decided in exact arithmetic on request.

Which errors tie. A float64 value of a sequence of k operations, none of them ill-conditioned, is wrong by
at most k u |f|, and the residual by one unit more; so two sequences of the same exact error have residual
norms within (k + k' + 2) u (|y| + |y - f|) of each other. ``tie_bound`` allows 16 units: six operations
each, with room for weights and sums. A sequence that lost more by cancellation does not tie: what ties is
said by the errors in float64, in which sequences are searched and used, and only the decision is exact.
Sequences whose float64 values agree to the last bit are one value in the bank, which its shortest stands for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import numpy as np

from coeval.exact.certificate import TieCheck
from coeval.exact.front import Found, Front, Programs
from coeval.exact.kernels.models import tie_bound
from coeval.exact.kernels.rational import DIGITS, RATIONAL, ExactError, Number
from coeval.exact.vocabulary import Values

KEPT = 64
"""Tied answers of a length that are compared at most."""
EQUAL = Fraction(1, 10 ** (DIGITS - 10))
"""Residual norms computed by 50 digits are equal within this share of the target's norm."""


class Ties:
    """Collects the answers of every length that tie with the best of at most that length.

    Args:
        target: ``(examples,)``.
    """

    def __init__(self, target: Values) -> None:
        self.target = target
        self.crowded: set[int] = set()
        """Lengths at which more tied than are kept; those found first are."""
        self._held: dict[int, dict[Programs, Found]] = {}

    def bar(self, error: float) -> float:
        """Return up to which error an answer ties with one of this error."""
        return tie_bound(error, self.target)

    def offer(
        self,
        length: int,
        least: float,
        errors: Values,
        weights: Values,
        programs: Callable[[int], Programs],
    ) -> None:
        """Take those answers that tie.

        Args:
            length: Of all of them.
            least: The least error of at most this length.
            errors: ``(answers,)``, infinite for invalid ones.
            weights: ``(answers, weights)``.
            programs: From an answer's position to its programs.
        """
        held, bar = self._held.setdefault(length, {}), self.bar(least)
        near = np.flatnonzero((errors <= bar) & np.isfinite(errors))
        for one in near[np.argsort(errors[near], kind="stable")].tolist():
            if len(held) >= KEPT:
                held = self._held[length] = self._near(length, bar)
            made = programs(one)
            if made in held:
                continue
            if len(held) >= KEPT:
                self.crowded.add(length)
                return
            held[made] = Found(length, float(errors[one]), made, tuple(weights[one].tolist()))

    def candidates(self, front: Front) -> list[Found]:
        """Return the answers that tie with the best of at most their length, shortest first, then the best."""
        every = {(one.length, one.programs): one for one in front.found}
        for length in self._held:
            near = self._near(length, self.bar(front.bar(length)))
            every |= {(length, made): one for made, one in near.items()}
        bars = {length: self.bar(front.bar(length)) for length, _ in every}
        near_best = [one for one in every.values() if one.error <= bars[one.length]]
        return sorted(near_best, key=lambda one: (one.length, one.error))

    def _near(self, length: int, bar: float) -> dict[Programs, Found]:
        return {made: one for made, one in self._held[length].items() if one.error <= bar}


@dataclass(frozen=True, slots=True)
class _Judged:
    found: Found
    arithmetic: str
    error: Fraction


def decide(
    front: Front, ties: Ties, exact: Callable[[Programs], ExactError], stop: Callable[[], bool]
) -> tuple[tuple[Found, ...], TieCheck]:
    """Return the front by exact errors: at every length the least one, where no shorter answer equals it.

    Args:
        front: By errors in float64.
        ties: What ties with it.
        exact: From programs to their exact error.
        stop: Asked before each comparison; ``True`` leaves the front as it is.

    Returns:
        The answers, shortest first, and what is to be certified. Among those of one length and one exact
        error the first by float64 stays.
    """
    candidates = ties.candidates(front)
    judged: list[_Judged] = []
    for candidate in candidates:
        if stop():
            return front.points, _check(front.points[-1], candidates, ties, ())
        result = exact(candidate.programs)
        if result.error is not None:  # else a divisor is 0 that rounding kept apart from it
            judged.append(_Judged(candidate, result.arithmetic, _fraction(result.error)))
    points: list[_Judged] = []
    size = Fraction(float(np.linalg.norm(ties.target)))
    for one in judged:
        if not points or _is_less(one, points[-1], size):
            if points and points[-1].found.length == one.found.length:
                points.pop()
            points.append(one)
    if not points:
        return front.points, _check(front.points[-1], candidates, ties, ())
    answers = tuple(one.found for one in points)
    return answers, _check(answers[-1], candidates, ties, judged)


def _check(
    answer: Found, candidates: Sequence[Found], ties: Ties, judged: Sequence[_Judged]
) -> TieCheck:
    bar = ties.bar(min(one.error for one in candidates))
    near = [one for one in candidates if one.error <= bar or one is answer]
    compared = {one.arithmetic for one in judged}
    names = sorted(compared, key=lambda name: name != RATIONAL)
    error = next((one.error for one in judged if one.found is answer), None)
    return TieCheck(
        tied=len(near),
        compared=len(judged),
        arithmetic=" and ".join(
            f"{name} arithmetic" if name == RATIONAL else name for name in names
        ),
        error="" if error is None else _written(error),
        crowded=bool(ties.crowded & {one.length for one in candidates}),
    )


def _fraction(error: Number) -> Fraction:
    if isinstance(error, Fraction):
        return error
    mantissa, exponent = error.man_exp  # of mpmath; an error has no sign
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _is_less(one: _Judged, other: _Judged, size: Fraction) -> bool:
    """Return whether an exact error is less, beyond the rounding of 50 digits where these were needed."""
    if one.arithmetic == other.arithmetic == RATIONAL:
        return one.error < other.error
    reach = EQUAL * size
    return one.error + 2 * reach * Fraction(float(one.error) ** 0.5) + reach * reach < other.error


def _written(error: Fraction) -> str:
    """Return an exact error as text; "0" for nothing but 0, for a float would underflow."""
    return f"{Decimal(error.numerator) / Decimal(error.denominator):.3e}" if error else "0"
