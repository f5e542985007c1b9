"""Which candidate to challenge the champion with, in which order of tests, and which one to return.

For exact and worst-case targets the order of tests does not change the verdict, only its price: tests that
brought down most challengers come first, and the first loss ends a challenge. Where histories are incomplete,
what is returned is the candidate of least *expected* worst value given what it was tested on (Popovici &
Winston 2015, doi:10.1016/j.tcs.2014.07.028, treat search and output rule apart in the same way).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What is known of a candidate.

    Attributes:
        tested: ``(tests,)`` whether it met each test.
        passed: ``(tests,)`` whether it passed; False where it was not tested.
    """

    tested: npt.NDArray[np.bool_]
    passed: npt.NDArray[np.bool_]

    @property
    def failures(self) -> int:
        """Return how many tests it failed."""
        return int((self.tested & ~self.passed).sum())

    @property
    def untested(self) -> int:
        """Return how many tests it has not met."""
        return int((~self.tested).sum())

    def updated(self, tests: Sequence[int], passed: npt.NDArray[np.bool_]) -> "History":
        """Return the history with the results of some tests.

        Args:
            tests: Places of tests.
            passed: ``(len(tests),)`` whether each was passed.
        """
        known, good = self.tested.copy(), self.passed.copy()
        known[list(tests)] = True
        good[list(tests)] = passed
        return History(known, good)


def no_history(tests: int) -> History:
    """Return the history of a candidate that met none of so many tests."""
    return History(np.zeros(tests, dtype=bool), np.zeros(tests, dtype=bool))


def killer_order(kills: npt.NDArray[np.float64], history: History) -> list[int]:
    """Return the tests that a candidate has not met: those that killed most challengers first, then in their order.

    Args:
        kills: ``(tests,)`` how many each brought down.
        history: The candidate's.
    """
    order = np.argsort(-kills, kind="stable")
    return [int(test) for test in order if not history.tested[test]]


def expected_worst(
    worst: float,
    untested: int,
    levels: npt.NDArray[np.float64],
    shares: npt.NDArray[np.float64],
) -> float:
    """Return the expected worst value of a candidate after all tests.

    That is E[max(worst, the greatest of ``untested`` independent draws)], in closed form: a candidate
    that met few tests is expected to get worse.

    Args:
        worst: The greatest value on the tests it met (values are to be small).
        untested: How many tests it has not met.
        levels: ``(levels,)`` the values there are.
        shares: ``(levels,)`` how often each was met so far; they add up to 1.

    Example:
        >>> expected_worst(0.0, 2, np.array([0.0, 1.0]), np.array([0.5, 0.5]))
        0.75
    """
    if untested == 0:
        return worst
    order = np.argsort(levels)
    at_most = np.concatenate([[0.0], np.cumsum(shares[order])]) ** untested
    return float((np.maximum(levels[order], worst) * np.diff(at_most)).sum())


def expected_failure(history: History, failing: float) -> float:
    """Return the expected worst value where a test is passed (0) or failed (1): the probability of some failure.

    Args:
        history: The candidate's.
        failing: Share of failures among pairs that were not chosen to fail.
    """
    levels, shares = np.array([0.0, 1.0]), np.array([1.0 - failing, failing])
    return expected_worst(float(history.failures > 0), history.untested, levels, shares)


def expected_rate(history: History, failing: float) -> float:
    """Return the expected share of tests that a candidate fails.

    Args:
        history: The candidate's.
        failing: Share of failures to expect where it was not tested.
    """
    return (history.failures + failing * history.untested) / len(history.tested)
