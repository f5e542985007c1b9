"""Which row serves what: the four splits, and the folds inside train and validation.

Rows are dealt along an order in which like rows lie together (a class, or neighbours by target value), so
that every split gets its share of each within one row. Groups are dealt whole, time is cut.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.errors import DataError
from coeval.task.task import Index, Problem, Splits, Target

FOLDED_BELOW = 2000
"""With fewer rows than this, candidates are scored out of fold."""

FOLDS = 5
_TRAIN, _VALIDATION, _SELECTION, _TEST = range(4)


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares of all rows; training takes the rest."""

    validation: float = 0.15
    selection: float = 0.10
    test: float = 0.20

    @property
    def all(self) -> tuple[float, float, float, float]:
        """Return the shares of train, validation, selection and test."""
        rest = 1 - self.validation - self.selection - self.test
        return (rest, self.validation, self.selection, self.test)

    @property
    def wanted(self) -> list[int]:
        """Return the places of those that are not 0."""
        return [one for one, share in enumerate(self.all) if share > 0]


@dataclass(frozen=True, slots=True)
class Structure:
    """What must stay together, or in order.

    Attributes:
        groups: ``(rows,)`` group numbers, or ``None``.
        time: ``(rows,)`` moments, or ``None``.
    """

    groups: npt.NDArray[np.int64] | None = None
    time: npt.NDArray[np.float64] | None = None


def strata(target: Target, problem: Problem) -> npt.NDArray[np.int64]:
    """Return ``(rows,)`` stratum numbers: the class, or twenty neighbours by value."""
    if problem is not Problem.REGRESSION:
        return target.values.astype(np.int64)
    rank = np.empty(len(target.values), np.int64)
    rank[np.argsort(target.values, kind="stable")] = np.arange(len(rank))
    return rank // 20


def split(
    layers: npt.NDArray[np.int64],
    structure: Structure,
    shares: Shares,
    rng: np.random.Generator,
    *,
    classes: bool,
) -> Splits:
    """Return the four splits; each index is sorted, except in time, where it is in order of time.

    Args:
        layers: ``(rows,)`` from ``strata``.
        structure: Groups or time.
        shares: How much each split gets.
        rng: Source of chance.
        classes: Whether the layers are classes, none of which training may lack.

    Raises:
        DataError: There are fewer rows or groups than splits.
    """
    wanted = shares.wanted
    if len(layers) < 2 * len(wanted):
        raise DataError(
            f"{len(layers)} rows are too few: {len(wanted)} splits need at least {2 * len(wanted)}. Add rows."
        )
    if structure.time is not None:
        return _ordered(structure.time, shares)
    if structure.groups is not None:
        labels = _grouped(structure.groups, layers, shares, rng)
    else:
        labels = _deal(layers, shares.all, rng)
        _fill(labels, wanted, layers)
    if classes:
        _keep_classes(labels, layers, structure.groups)
    parts = [np.flatnonzero(labels == one) for one in range(4)]
    return Splits(*parts)


def fold(
    layers: npt.NDArray[np.int64],
    structure: Structure,
    splits: Splits,
    rng: np.random.Generator,
    *,
    several: bool,
    classes: bool,
) -> tuple[tuple[Index, Index], ...]:
    """Return the ``(train, validation)`` pairs: one, or five that leave each row out once.

    In time there are five growing windows, each validated on what follows. A class (or the only group
    of a class) of a single row is trained on in every fold and never validated; of tens of rows a fold may consist of such, and is left out.

    Args:
        layers: ``(rows,)`` from ``strata``, of all rows.
        structure: Groups or time, of all rows.
        splits: From ``split``.
        rng: Source of chance.
        several: Whether to make several.
        classes: Whether the layers are classes.
    """
    single = ((splits.train, splits.validation),)
    if not several:
        return single
    if structure.time is not None:
        return _windows(np.concatenate([splits.train, splits.validation])) or single
    rows = np.sort(np.concatenate([splits.train, splits.validation]))
    parts = layers[rows]
    groups = None if structure.groups is None else structure.groups[rows]
    units = len(rows) if groups is None else len(np.unique(groups))
    count = min(FOLDS, max(2, units // 2))
    equal = (1 / count,) * count
    labels = _deal(parts, equal, rng) if groups is None else _deal_groups(groups, parts, equal, rng)
    if classes:
        _pin_lone_classes(labels, parts)
    pairs = []
    for one in range(count):
        inside = labels == one
        if inside.any() and not inside.all():
            pairs.append((rows[~inside], rows[inside]))
    return tuple(pairs) or single


def _deal(
    layers: npt.NDArray[np.int64], shares: Sequence[float], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return a label per row, dealt in turn along the layers."""
    rows = len(layers)
    order = rng.permutation(rows)
    order = order[np.argsort(layers[order], kind="stable")]
    labels = np.empty(rows, np.int64)
    labels[order] = np.resize(_pattern(shares), rows)
    return labels


def _pattern(shares: Sequence[float]) -> npt.NDArray[np.int64]:
    """Return a sequence of labels whose every prefix holds each label's share within one."""
    given = np.zeros(len(shares))
    wanted = np.array(shares)
    pattern = np.empty(200, np.int64)
    for position in range(len(pattern)):
        pattern[position] = np.argmax(wanted * (position + 1) - given)
        given[pattern[position]] += 1
    return pattern


def _fill(
    labels: npt.NDArray[np.int64], wanted: Sequence[int], layers: npt.NDArray[np.int64]
) -> None:
    """Give every wanted split at least one row, taken from the most frequent layer in the largest split."""
    for one in wanted:
        if not (labels == one).any():
            largest = np.bincount(labels).argmax()
            inside = np.flatnonzero(labels == largest)
            common = np.bincount(layers[inside]).argmax()
            labels[inside[layers[inside] == common][-1]] = one


def _keep_classes(
    labels: npt.NDArray[np.int64],
    layers: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64] | None,
) -> None:
    """Move a row (or the smallest group) of each class that training lacks into training.

    A row is exchanged for one of the class that training has most of, so that no split runs empty.
    """
    present = np.bincount(layers[labels == _TRAIN], minlength=int(layers.max()) + 1)
    for one in np.flatnonzero((present == 0) & (np.bincount(layers) > 0)):
        rows = np.flatnonzero(layers == one)
        if groups is not None:
            own, sizes = np.unique(groups[np.isin(groups, groups[rows])], return_counts=True)
            labels[groups == own[sizes.argmin()]] = _TRAIN
            continue
        left = labels[rows[0]]
        held = np.bincount(layers[labels == _TRAIN], minlength=int(layers.max()) + 1)
        if held.max() > 1:
            spare = (labels == _TRAIN) & (layers == held.argmax())
            labels[np.flatnonzero(spare)[-1]] = left
        elif (labels == left).sum() == 1:
            continue
        labels[rows[0]] = _TRAIN


def _pin_lone_classes(labels: npt.NDArray[np.int64], layers: npt.NDArray[np.int64]) -> None:
    """Label the rows of a class that lies in one fold only with -1: always trained on."""
    for one in np.unique(layers):
        inside = layers == one
        if len(np.unique(labels[inside])) == 1:
            labels[inside] = -1


def _grouped(
    groups: npt.NDArray[np.int64],
    layers: npt.NDArray[np.int64],
    shares: Shares,
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    wanted = shares.wanted
    count = len(np.unique(groups))
    if count < len(wanted):
        raise DataError(
            f"The group column has {count} groups, but {len(wanted)} splits need at least one each. "
            "Use a finer group, or none."
        )
    labels = _deal_groups(groups, layers, shares.all, rng)
    for one in wanted:  # a split without a group takes the smallest one of the split with the most
        if not (labels == one).any():
            held = [len(np.unique(groups[labels == other])) for other in range(4)]
            donor = np.flatnonzero(labels == int(np.argmax(held)))
            numbers, sizes = np.unique(groups[donor], return_counts=True)
            labels[groups == numbers[sizes.argmin()]] = one
    return labels


def _deal_groups(
    groups: npt.NDArray[np.int64],
    layers: npt.NDArray[np.int64],
    shares: Sequence[float],
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Return a label per row, equal inside a group: the largest groups first, each to where most is lacking.

    What is lacking is measured per layer and in rows, as in scikit-learn's ``StratifiedGroupKFold``.
    """
    _, group = np.unique(groups, return_inverse=True)
    kinds, layer = np.unique(layers, return_inverse=True)
    if len(kinds) > 100:  # neighbours by value: too many layers to balance, so ten broader ones
        layer = layer * 10 // len(kinds)
    counts = np.zeros((group.max() + 1, layer.max() + 1))
    np.add.at(counts, (group, layer), 1)
    totals = counts.sum(axis=0)
    lacking = np.array(shares)[:, None] * totals[None, :]
    usable = np.array(shares) > 0
    chosen = np.empty(len(counts), np.int64)
    order = rng.permutation(len(counts))
    for one in order[np.argsort(-counts[order].sum(axis=1), kind="stable")]:
        need = (lacking * (counts[one] / np.maximum(totals, 1))).sum(axis=1) / np.maximum(
            np.array(shares), 1e-9
        )
        chosen[one] = np.argmax(np.where(usable, need, -np.inf))
        lacking[chosen[one]] -= counts[one]
    return chosen[group]


def _ordered(time: npt.NDArray[np.float64], shares: Shares) -> Splits:
    """Return splits in order of time, equal moments on one side wherever that leaves every split rows."""
    order = np.argsort(time, kind="stable")
    wanted = shares.wanted
    moments = len(np.unique(time))
    if moments < len(wanted):
        raise DataError(
            f"The time column has {moments} different moments, too few to cut the rows into "
            f"{len(wanted)} splits in order of time. Use a finer time, or none."
        )
    ends = [round(end * len(order)) for end in np.cumsum(shares.all)]
    edges = [0, *(_edge(time[order], end) for end in ends)]
    widths = np.diff(edges)
    if any(widths[one] <= 0 for one in wanted):
        edges = [0, *ends]
    return Splits(*(order[a:b] for a, b in itertools.pairwise(edges)))


def _edge(time: npt.NDArray[np.float64], wanted: int) -> int:
    """Return the border nearest to ``wanted`` at which the moment changes."""
    if not 0 < wanted < len(time):
        return wanted
    before = int(np.searchsorted(time, time[wanted], side="left"))
    after = int(np.searchsorted(time, time[wanted], side="right"))
    return before if wanted - before <= after - wanted and before > 0 else after


def _windows(rows: Index) -> tuple[tuple[Index, Index], ...]:
    blocks = np.array_split(rows, FOLDS + 1)
    if any(len(block) == 0 for block in blocks):
        return ()
    return tuple((np.concatenate(blocks[:one]), blocks[one]) for one in range(1, FOLDS + 1))
