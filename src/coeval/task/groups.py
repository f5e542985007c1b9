"""Numbers of the groups that rows belong to: splits keep a group whole, and so does every draw of rows for an interval."""

import numpy as np
import numpy.typing as npt

from coeval.task.raw import RawColumn

Groups = npt.NDArray[np.int64]


def group_numbers(raw: RawColumn | None) -> Groups | None:
    """Return ``(rows,)`` group numbers, each row without one being a group of its own; ``None`` where there is no column of them."""
    if raw is None:
        return None
    codes = np.unique(raw.values, return_inverse=True)[1].astype(np.int64)
    return with_own(codes, raw.missing)


def with_own(groups: Groups, alone: npt.NDArray[np.bool_]) -> Groups:
    """Return group numbers with each of the rows ``alone`` as a group of its own.

    Example:
        >>> with_own(np.array([0, 0, 1]), np.array([True, False, False])).tolist()
        [2, 0, 1]
    """
    found = groups.copy()
    found[alone] = groups.max(initial=-1) + 1 + np.arange(int(alone.sum()))
    return found


def joined(groups: Groups | None, others: Groups | None, more: int) -> Groups | None:
    """Return group numbers for so many more rows, none of which is of an earlier group.

    Args:
        groups: Of the earlier rows; ``None`` where there are none.
        others: Of the further rows; ``None`` if each is a group of its own.
        more: How many further rows there are.
    """
    if groups is None:
        return None
    others = np.arange(more, dtype=np.int64) if others is None else others
    return np.concatenate([groups, others + groups.max(initial=-1) + 1])
