"""The tests' side of a competitive search: what is remembered of tests, and whom the next generation meets."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.strategy.competitive_options import Competition, Opponents
from coeval.strategy.competitive_tests import (
    Passed,
    distinguishing,
    engaging,
    fill,
    mutated,
    shared_sample,
)

_LEADERS = 16  # candidates among which distinctions are counted: pairs grow with their square
_DISENGAGED = 0.1  # share of engaging tests below which the next tests are all random
_SHARE = 5  # a fifth of the places for each of: hall of fame, shared sample, archive


class Bank:
    """Remembers which tests brought down challengers (hall of fame) and which told leaders apart (archive).

    Args:
        tests: How many there are.
        options: How many a generation meets, and of which kind.
    """

    def __init__(self, tests: int, options: Competition) -> None:
        self.tests = tests
        self.options = options
        self.kills = np.zeros(tests)
        self.engaged = 1.0
        self._hall: dict[int, None] = {}  # the latest last
        self._archive: dict[int, None] = {}  # the latest last
        self._strong: list[int] = []
        self._failures, self._pairs = 1, 2  # Laplace's rule of succession

    @property
    def hall(self) -> list[int]:
        """Return the counterexamples, the latest first."""
        return list(reversed(self._hall))

    @property
    def failing(self) -> float:
        """Return the share of failures among pairs of a challenge, which are not chosen to tell apart."""
        return self._failures / self._pairs

    def met(self, tests: Sequence[int], passed: npt.NDArray[np.bool_]) -> None:
        """Record what a challenger passed; tests that it failed enter the hall of fame."""
        self._pairs += len(tests)
        for test, good in zip(tests, passed, strict=True):
            if not good:
                self._failures += 1
                self.kills[test] += 1
                self._hall.pop(test, None)
                self._hall[test] = None

    def observe(self, tests: Sequence[int], passed: Passed) -> None:
        """Record how a generation did.

        Args:
            tests: Places of tests.
            passed: ``(candidates, tests)``, the best candidates first.
        """
        engages = engaging(passed)
        self.engaged = float(engages.mean())
        if self.options.opponents is not Opponents.COEVOLVED:
            return
        columns = np.flatnonzero(engages)
        size = math.ceil(self.options.opponents_each / _SHARE)
        self._strong = [tests[columns[one]] for one in shared_sample(passed[:, columns], size)]
        for one in distinguishing(passed[:_LEADERS]):
            self._archive.pop(tests[one], None)
            self._archive[tests[one]] = None
        while len(self._archive) > 4 * self.options.opponents_each:
            self._archive.pop(next(iter(self._archive)))

    def draw(self, rng: np.random.Generator) -> list[int]:
        """Return the tests that the next generation meets, in rising order."""
        options = self.options
        if options.opponents is Opponents.ALL or options.opponents_each >= self.tests:
            return list(range(self.tests))
        anything = rng.permutation(self.tests).tolist()
        size = options.opponents_each
        alone = options.opponents is Opponents.RANDOM or self.engaged < _DISENGAGED
        if alone:
            return sorted(anything[:size])
        part = math.ceil(size / _SHARE)
        chosen = fill(
            size,
            anything[: math.ceil(options.random_share * size)],
            self.hall[:part],
            self._strong[:part],
            list(reversed(self._archive))[:part],
            mutated(self._strong, self.tests, rng),
            anything,
        )
        return sorted(chosen)
