"""Distinct rows of 64-bit words, numbered in the order of their discovery.

A hash table in NumPy: a whole block is looked up at once. Two rows are the same only where all their
words are compared and equal, so that a collision of hashes costs time and never merges two values.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

_SEED = 0x5DEECE66D
_FINAL = np.uint64(0x9E3779B97F4A7C15)
_HALF, _THIRD = np.uint64(32), np.uint64(29)


class Rows:
    """A set of rows that gives each a number.

    Args:
        width: Words a row.
    """

    def __init__(self, width: int) -> None:
        odd = np.random.default_rng(_SEED).integers(0, 2**63, size=width, dtype=np.uint64)
        self._multipliers = odd * np.uint64(2) + np.uint64(1)
        self._count = 0
        self._words = np.empty((1024, width), np.uint64)
        self._hashes = np.empty(1024, np.uint64)
        self._table = np.full(4096, -1, np.int32)

    def __len__(self) -> int:
        return self._count

    @property
    def words(self) -> Words:
        """Return ``(rows, width)``: a view that the next ``add`` may leave behind."""
        return self._words[: self._count]

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Return ``(rows, width)``: the words as numbers, read-only, a view that the next ``add`` may leave behind."""
        view = self.words.view(np.float64)
        view.flags.writeable = False
        return view

    @property
    def memory_bytes(self) -> int:
        """Return the bytes that are in use, room kept for growth aside."""
        return self._count * (self._words.itemsize * self._words.shape[1] + 8) + self._table.nbytes

    def add(self, block: Words) -> tuple[Numbers, Numbers]:
        """Look a block up and append what is new.

        Args:
            block: ``(rows, width)``.

        Returns:
            ``(rows,)`` the number of each row, and ``(new,)`` the positions in the block of the rows that
            were new, in the order of their numbers; the first of equal rows counts as the new one.
        """
        hashes = _hash(block, self._multipliers)
        self._reserve(self._count + len(block))
        numbers = np.empty(len(block), np.int64)
        fresh = []
        mask = len(self._table) - 1
        pending = np.arange(len(block))
        slots = (hashes & np.uint64(mask)).astype(np.int64)
        while len(pending):
            held = self._table[slots].astype(np.int64)
            empty = held < 0
            if empty.any():
                first = self._claim(pending[empty], slots[empty])
                numbers[first] = self._append(block[first], hashes[first])
                self._table[slots[np.searchsorted(pending, first)]] = numbers[first]
                fresh.append(first)
                held = self._table[slots].astype(np.int64)
            same = self._equal(held, block, hashes, pending)
            numbers[pending[same]] = held[same]
            pending, slots = pending[~same], (slots[~same] + 1) & mask
        return numbers, np.concatenate(fresh) if fresh else np.empty(0, np.int64)

    def truncate(self, count: int) -> None:
        """Forget all rows but the first ``count``."""
        self._count = count
        self._rebuild(len(self._table))

    def _claim(self, who: Numbers, slots: Numbers) -> Numbers:
        """Return which of the rows that found their slot empty is the first at its slot."""
        self._table[slots[::-1]] = who[::-1]
        first: Numbers = who[self._table[slots] == who]
        return first

    def _append(self, block: Words, hashes: Words) -> Numbers:
        start, self._count = self._count, self._count + len(block)
        self._words[start : self._count] = block
        self._hashes[start : self._count] = hashes
        return np.arange(start, self._count)

    def _equal(
        self, held: Numbers, block: Words, hashes: Words, pending: Numbers
    ) -> npt.NDArray[np.bool_]:
        same: npt.NDArray[np.bool_] = self._hashes[held] == hashes[pending]
        where = np.flatnonzero(same)
        same[where] = (self._words[held[where]] == block[pending[where]]).all(axis=1)
        return same

    def _reserve(self, count: int) -> None:
        if count > len(self._hashes):
            room = max(count, 2 * len(self._hashes))
            self._words, self._hashes = grown(self._words, room), grown(self._hashes, room)
        if 2 * count > len(self._table):
            self._rebuild(1 << (2 * count).bit_length())

    def _rebuild(self, size: int) -> None:
        self._table = np.full(size, -1, np.int32)
        pending = np.arange(self._count)
        slots = (self._hashes[: self._count] & np.uint64(size - 1)).astype(np.int64)
        while len(pending):
            empty = self._table[slots] < 0
            self._claim(pending[empty], slots[empty])
            placed = self._table[slots] == pending
            pending, slots = pending[~placed], (slots[~placed] + 1) & (size - 1)


def grown(array: npt.NDArray[Any], room: int) -> npt.NDArray[Any]:
    """Return an array of ``room`` rows that begins with the given one; the rest takes no memory until used."""
    larger = np.empty((room, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


def _hash(block: Words, multipliers: Words) -> Words:
    """Return ``(rows,)`` hashes: multilinear, after folding the high half of each word into its low half.

    The low half of simple floats is zero, and a product's low bits depend on its factor's low bits only.
    """
    mixed = block >> _HALF
    mixed ^= block
    mixed *= multipliers
    hashes: Words = np.add.reduce(mixed, axis=1)
    hashes ^= hashes >> _HALF
    hashes *= _FINAL
    hashes ^= hashes >> _THIRD
    return hashes
