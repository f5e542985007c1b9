"""Which candidates held-out rows cannot tell from the best: all of them are taken, with equal shares.

The best of many scores on few rows is largely luck, and those behind it by less than the rows can tell are as good as far as anybody knows
(the "model confidence set" of Hansen, Lunde & Nason 2011, doi:10.3982/ECTA5771, here with one paired test each against the best).
Their mean is better than any of them (Samuels & Sekkel 2017, doi:10.1016/j.ijforecast.2016.07.004): they err in different places. Who is clearly
worse stays out, so that nothing is lost where rows are many or candidates unlike.
"""

import math
import time

from coeval.bootstrap import score_difference
from coeval.export.judged import Floats, Judged

LEVEL = 0.8664
"""Of the interval of a paired difference: 1.5 standard errors to either side. On replayed searches of few rows (ADR 10)
better than 1 and 2, than so many of the best whatever their scores, and than greedy selection."""
RESAMPLES = 200


def confidence_set(
    predictions: Floats,
    best: int,
    judged: Judged,
    seed: int = 0,
    until: float = math.inf,
    level: float = LEVEL,
) -> list[int]:
    """Return which candidates are not clearly worse than the best, in their order, the best among them.

    Args:
        predictions: Of each candidate, on rows that it had not learnt from: ``(candidates, rows, ...)``.
        best: Number of the candidate that the others are compared with.
        judged: The rows.
        seed: Of the bootstrap.
        until: ``time.monotonic()`` seconds; who has not been compared by then stays out.
        level: Of the interval.
    """

    def is_level(number: int) -> bool:
        if number == best:
            return True
        if time.monotonic() >= until:
            return False
        gap = score_difference(
            judged.metric,
            judged.targets,
            predictions[number],
            predictions[best],
            judged.weights,
            judged.groups,
            seed=seed,
            resamples=RESAMPLES,
            level=level,
        )
        return gap.high >= 0 if judged.metric.maximise else gap.low <= 0

    return [number for number in range(len(predictions)) if is_level(number)]
