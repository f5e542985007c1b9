"""Which tests the next generation meets: opponents that tell candidates apart.

Rosin & Belew 1997 (doi:10.1162/evco.1997.5.1.1): competitive fitness sharing, shared sampling and the hall of
fame. Tests are kept for the distinctions they make between candidates (Ficici & Pollack 2001). All take
``passed``, ``(candidates, tests)``: who passed what.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Passed = npt.NDArray[np.bool_]
ENGAGED = (0.1, 0.9)
"""A test engages a population while its pass rate lies between these."""


def shared_fitness(passed: Passed) -> npt.NDArray[np.float64]:
    """Return each candidate's fitness: a test passed is worth 1 / (how many passed it), so that rare skills survive."""
    worth = 1.0 / np.maximum(passed.sum(axis=0), 1)
    fitness: npt.NDArray[np.float64] = passed @ worth
    return fitness


def engaging(passed: Passed) -> Passed:
    """Return for each test whether its pass rate lies within ``ENGAGED``; tests that all pass or all fail teach nothing."""
    rates = passed.mean(axis=0)
    kept: Passed = (rates > ENGAGED[0]) & (rates < ENGAGED[1])
    return kept


def shared_sample(passed: Passed, count: int) -> list[int]:
    """Return up to ``count`` tests, each the one whose victims the earlier ones beat least.

    A candidate that was beaten k times already counts 1 / (1 + k). Tests that beat nobody are left out.

    Args:
        passed: Who passed what.
        count: How many tests at most.

    Returns:
        Columns of ``passed``, the strongest first.
    """
    beaten = (~passed).astype(np.float64)
    times = np.zeros(len(passed))
    free: Passed = np.asarray(beaten.any(axis=0))
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        worth = np.where(free, (1.0 / (1.0 + times)) @ beaten, -1.0)
        test = int(worth.argmax())
        chosen.append(test)
        free[test] = False
        times += beaten[:, test]
    return chosen


def distinguishing(passed: Passed) -> list[int]:
    """Return tests that together make every distinction that ``passed`` makes, greedily few.

    A distinction is an ordered pair of candidates of which the first passes the test and the second
    fails it. Give a few leading candidates: pairs grow with their square.
    """
    pairs = (passed[:, None, :] & ~passed[None, :, :]).reshape(-1, passed.shape[1])
    pairs = pairs[pairs.any(axis=1)]
    chosen: list[int] = []
    while len(pairs):
        test = int(pairs.sum(axis=0).argmax())
        chosen.append(test)
        pairs = pairs[~pairs[:, test]]
    return chosen


def mutated(tests: Sequence[int], count: int, rng: np.random.Generator) -> list[int]:
    """Return tests near the given ones: neighbours in the tests' order, where like stands beside like.

    Args:
        tests: Places of tests.
        count: How many tests there are in all.
        rng: Draws the distances.
    """
    distances = rng.geometric(0.3, len(tests)) * rng.choice([-1, 1], len(tests))
    return [int(one) for one in (np.array(tests, dtype=np.int64) + distances) % count]


def fill(size: int, *sources: Iterable[int]) -> list[int]:
    """Return the first ``size`` different tests of the sources, one source after the other."""
    found: dict[int, None] = {}
    for source in sources:
        for test in source:
            if len(found) == size:
                return list(found)
            found[test] = None
    return list(found)
