"""Which options some consecutive slots may take together: a table of allowed rows."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coeval.errors import SpaceError

Picks = tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The allowed rows of consecutive slots.

    Attributes:
        start: Number of the first slot.
        sizes: How many options each slot has.
        rows: Allowed options of the slots, in lexicographic order.
        following: For each beginning of a row the options that may follow; none after a whole row.
        pairs: Whether an edit may change two slots at once, where neither change alone is allowed.
    """

    start: int
    sizes: tuple[int, ...]
    rows: tuple[Picks, ...]
    following: dict[Picks, Picks]
    pairs: bool

    @property
    def stop(self) -> int:
        """Return the number of the slot behind the last."""
        return self.start + len(self.sizes)

    def of(self, picks: Picks) -> Picks:
        """Return the part of all slots' options that stands in these slots."""
        return picks[self.start : self.stop]

    def put(self, picks: Picks, row: Picks) -> Picks:
        """Return all slots' options with another row in these slots."""
        return (*picks[: self.start], *row, *picks[self.stop :])

    def allows(self, picks: Picks) -> bool:
        """Return whether the options of all slots hold an allowed row."""
        return self.of(picks) in self.following

    def draw(self, rng: np.random.Generator) -> Picks:
        """Return a row, each with equal chance."""
        return self.rows[int(rng.integers(len(self.rows)))]

    def others(self, row: Picks, slot: int) -> list[int]:
        """Return the other options that one of these slots may take while all others stay."""
        picks = [n for n in range(self.sizes[slot]) if n != row[slot]]
        return [n for n in picks if (*row[:slot], n, *row[slot + 1 :]) in self.following]

    def swaps(self, row: Picks) -> dict[int, list[Picks]]:
        """Return the rows with two slots changed at once where neither change alone is allowed, by the first of the slots."""
        found: dict[int, list[Picks]] = {}
        for other in self.rows if self.pairs else ():
            changed = [n for n in range(len(row)) if row[n] != other[n]]
            if len(changed) == 2 and not any(
                _mixed(row, other, [one]) in self.following for one in changed
            ):
                found.setdefault(changed[0], []).append(other)
        return found

    def mixes(self, first: Picks, second: Picks) -> list[tuple[int, ...]]:
        """Return every choice of slots that can come from the second row while the others stay the first's."""
        differing = [n for n in range(len(first)) if first[n] != second[n]]
        every = [
            chosen
            for count in range(len(differing) + 1)
            for chosen in itertools.combinations(differing, count)
        ]
        return [chosen for chosen in every if _mixed(first, second, chosen) in self.following]

    def best(self, scores: Sequence[Sequence[float]]) -> Picks:
        """Return the row with the largest sum of its options' scores, the first of equals.

        Args:
            scores: For each slot of the whole space one number for each option.
        """
        own = scores[self.start : self.stop]
        totals = [sum(one[n] for one, n in zip(own, row, strict=True)) for row in self.rows]
        return self.rows[int(np.argmax(totals))]


def table(rows: Sequence[Picks], start: int, sizes: Sequence[int], *, pairs: bool) -> Rows:
    """Return the rows of a list of allowed choices.

    Args:
        rows: One option for each of the slots, in lexicographic order.
        start: Number of the first slot.
        sizes: How many options each of these slots has.
        pairs: Whether an edit may change two slots at once.

    Raises:
        SpaceError: There are no rows, they are out of order, or one names an option that is not there.
    """
    if not rows or list(rows) != sorted(set(rows)):
        raise SpaceError(
            f"only must list at least one choice, each once, in lexicographic order, got {len(rows)}."
        )
    following: dict[Picks, list[int]] = {}
    for picks in rows:
        if len(picks) != len(sizes) or not all(
            0 <= n < size for n, size in zip(picks, sizes, strict=True)
        ):
            raise SpaceError(
                f"only must name one option for each of {len(sizes)} slots, got {picks}."
            )
        for length, pick in enumerate(picks):
            options = following.setdefault(picks[:length], [])
            if pick not in options:
                options.append(pick)
        following[picks] = []
    known = {prefix: tuple(options) for prefix, options in following.items()}
    return Rows(start, tuple(sizes), tuple(rows), known, pairs)


def tables(groups: Sequence[Sequence[Picks]], sizes: Sequence[int]) -> tuple[Rows, ...]:
    """Return the rows of groups of consecutive slots, which together are all slots.

    Raises:
        SpaceError: As ``table``, or the groups are not as many slots as there are.
    """
    found, start = [], 0
    for rows in groups:
        width = len(rows[0]) if rows else 0
        found.append(table(rows, start, sizes[start : start + width], pairs=True))
        start += width
    if start != len(sizes):
        raise SpaceError(f"groups must cover all {len(sizes)} slots in order, got {start}.")
    return tuple(found)


def _mixed(mine: Picks, theirs: Picks, taken: Sequence[int]) -> Picks:
    return tuple([theirs[n] if n in taken else one for n, one in enumerate(mine)])
