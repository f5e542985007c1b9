"""Target encoding: a category becomes what is known of the target where it occurs.

Micci-Barreca 2001 (doi:10.1145/507533.507538), section 3: a level's mean, shrunk towards the mean of all rows the more, the
fewer rows have the level. How much follows from the variances within and between levels, pooled over all levels as in a
one-way analysis of variance (Searle, Casella & McCulloch 1992, *Variance Components*, section 3.6): a level's own variance,
which that paper allows too, is 0 for the levels of one row that need shrinking most.

A row that is learnt from must not see its own target. Its encoding comes from the other folds of a fixed draw (regularised
target encoding, Pargent et al. 2022, arXiv:2104.00629, section 2.2); rows that are predicted get that of all training rows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.seed import generator
from coeval.task.groups import Groups
from coeval.task.preparation_category import CategoryCodes, fit_category
from coeval.task.table import Column, Kind
from coeval.task.task import Index, Target

Effects = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

MANY = 10
"""Levels beyond which a column counts as one of many (Pargent et al. 2022, section 3.1)."""
MOST_LEVELS = 10_000
"""Levels that are told apart, the commonest: a model file has a line for each."""
MOST_CLASSES = 10
"""Beyond, nothing is encoded: every column would become as many numbers as there are classes."""
FOLDS = 5
LARGEST = 20.0
"""Effects are cut here, as standardised numbers are."""


@dataclass(frozen=True, slots=True, eq=False)
class TargetCodes:
    """How one categorical column becomes numbers that speak of the target.

    Attributes:
        codes: Levels seen at least twice; code 0 is everything else.
        effects: ``(codes, outputs)`` by how much a code raises the target, in units of its spread.
    """

    codes: CategoryCodes
    effects: Effects

    @property
    def name(self) -> str:
        """Return the column's name."""
        return self.codes.name

    @property
    def kind(self) -> Kind:
        """Return what the column holds."""
        return Kind.CATEGORICAL

    def transform(self, column: Column) -> Effects:
        """Return ``(rows, outputs)`` for rows to be predicted."""
        return self.effects[self.codes.transform(column)]

    def out_of_fold(
        self, column: Column, rows: Index, target: Target, groups: Groups | None = None
    ) -> Effects:
        """Return ``(rows, outputs)`` for the very rows to learn from, see ``from_others``."""
        found, answers = self.codes.transform(column)[rows], answers_of(target, rows)

        def encoded(own: Mask) -> Effects:
            return _effects(found[~own], answers[~own], len(self.effects))[found[own]]

        return from_others(encoded, answers, groups)


def count_outputs(target: Target) -> int:
    """Return how many numbers a column becomes: one of a value or of two classes, else one a class; 0 of too many classes."""
    classes = len(target.classes)
    if classes > MOST_CLASSES:
        return 0
    return classes if classes > 2 else 1


def fit_target(codes: CategoryCodes, column: Column, rows: Index, target: Target) -> TargetCodes:
    """Learn the effect of each code from the given rows.

    Args:
        codes: Of the column, as ``level_codes`` gives them.
        column: All rows.
        rows: Indices of the rows to learn from.
        target: Of all rows.
    """
    found = codes.transform(column)[rows]
    return TargetCodes(codes, _effects(found, answers_of(target, rows), len(codes.levels) + 1))


def from_others(
    encoded: Callable[[Mask], Effects],
    answers: npt.NDArray[np.float64],
    groups: Groups | None = None,
) -> Effects:
    """Return ``(rows, outputs)``, each row's from the targets of other folds alone.

    Args:
        encoded: Told which rows are a fold's own; returns theirs, learnt from all others.
        answers: ``(rows, outputs)``.
        groups: ``(rows,)`` group numbers: a fold holds whole groups, since new rows are of new ones. ``None`` for rows that are
            each their own.
    """
    # By the rows' places alone: a draw that is stratified by the target would tell of it.
    units = np.arange(len(answers)) if groups is None else np.unique(groups, return_inverse=True)[1]
    draw = generator(0, "target folds").permutation(units.max(initial=-1) + 1) % FOLDS
    fold = draw[units]
    result = np.zeros(answers.shape, dtype=np.float32)
    for number in range(FOLDS):
        result[fold == number] = encoded(fold == number)
    return result


def level_codes(column: Column, rows: Index) -> CategoryCodes:
    """Return the codes of levels seen at least twice in the rows: of one row alone nothing could be learnt out of fold."""
    return fit_category(column, rows, rare=2, most=MOST_LEVELS)


def answers_of(target: Target, rows: Index) -> npt.NDArray[np.float64]:
    """Return the target as ``(rows, outputs)`` numbers."""
    values = target.values[rows]
    if not target.classes:
        return values.astype(np.float64)[:, None]
    if len(target.classes) == 2:
        return np.asarray((values == 1)[:, None], dtype=np.float64)
    return np.asarray(values[:, None] == np.arange(len(target.classes)), dtype=np.float64)


def _effects(codes: npt.NDArray[np.int64], answers: npt.NDArray[np.float64], size: int) -> Effects:
    """Return ``(size, outputs)`` shrunk means of the answers by code, less the mean of all, in units of their spread."""
    rows, outputs = answers.shape
    counts = np.bincount(codes, minlength=size).astype(np.float64)
    levels = np.count_nonzero(counts)
    if levels < 2 or rows <= levels:
        return np.zeros((size, outputs), dtype=np.float32)
    centred = answers - answers.mean(axis=0)
    sums = np.stack([np.bincount(codes, one, minlength=size) for one in centred.T], axis=1)
    means = sums / np.maximum(counts, 1.0)[:, None]
    explained = (counts[:, None] * np.square(means)).sum(axis=0)
    unexplained = np.maximum(np.square(centred).sum(axis=0) - explained, 0.0)
    within = unexplained / (rows - levels)
    share = (rows - np.square(counts).sum() / rows) / (levels - 1)
    # Nothing but noise between the levels: a column of zeros.
    between = np.maximum((explained / (levels - 1) - within) / share, 0.0)
    signal = counts[:, None] * between
    trust = signal / np.maximum(signal + within, np.finfo(np.float64).tiny)
    effects = np.clip(trust * means / spread_of(centred), -LARGEST, LARGEST)
    return np.asarray(effects, dtype=np.float32)


def spread_of(centred: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return ``(outputs,)`` the deviation of a normal distribution with the same mean absolute deviation (Geary 1935).

    It hardly differs from fold to fold. The deviation between levels does where the target has outliers: in units of it, rows to
    learn from and rows to be predicted were not encoded alike (nyc_taxis: trees and ridge regression lost 1 to 2 %).
    """
    found = 1.2533 * np.abs(centred).mean(axis=0)
    return np.where(found > 0.0, found, 1.0)
