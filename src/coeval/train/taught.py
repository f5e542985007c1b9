"""Examples that a teacher has a say in: soft targets (Hinton, Vinyals & Dean 2015, arXiv:1503.02531, section 2) for any training loop.

The cross-entropy to a distribution is the sum of those to its classes, weighted by their probabilities. So a row becomes one example
for each class that is likely, and no loss, engine or kernel has to know of it.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from coeval.task.task import Problem
from coeval.train.data import Examples

SHARE = 0.7
"""Weight of the teacher; the label has the rest, so that it can be right where the teacher is not."""
LEAST = 0.02
"""Probability below which a class is left out: it would cost a row's time and teach next to nothing."""


def taught(examples: Examples, lesson: npt.NDArray[np.float64], problem: Problem) -> Examples:
    """Return examples whose targets are a teacher's as much as their own.

    Args:
        examples: With labels or values.
        lesson: Of the teacher for each: ``(rows, classes)`` probabilities, or ``(rows,)`` values.
        problem: Says which.

    Raises:
        ValueError: The lesson is not one for these rows.
    """
    rows = len(examples.target)
    if len(lesson) != rows:
        raise ValueError(
            f"a lesson must have a row for each example, got {len(lesson)} for {rows}."
        )
    if problem is Problem.REGRESSION:
        return replace(examples, target=SHARE * lesson + (1 - SHARE) * examples.target)
    wanted = SHARE * lesson
    wanted[np.arange(rows), examples.target.astype(np.int64)] += 1 - SHARE
    wanted = np.where(wanted >= LEAST, wanted, 0.0)
    wanted /= wanted.sum(axis=1, keepdims=True)
    row, label = np.nonzero(wanted)
    given = 1.0 if examples.weights is None else examples.weights[row]
    rows_of = tuple(one[row] for one in examples.rows)
    return Examples(rows_of, label.astype(np.int64), wanted[row, label] * given)
