"""Trees: every operation's result is used once. A tree's length is its number of nodes, leaves included.

Bottom-up enumeration (reference: Albarghouthi, Gulwani & Kincaid 2013, "Recursive program synthesis";
Udupa et al. 2013, "TRANSIT"): the values of size s are the operations applied to kept values of sizes that
sum up to s - 1. Of the two last sizes nothing is kept: those of the last but one are only needed below
unary roots, which are evaluated while they are at hand.
"""

import bisect
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import numpy as np

from coeval.architecture.program import Program
from coeval.exact.bank import Bank, Batch, Term
from coeval.exact.certificate import Semantics
from coeval.exact.kernels.pairs import APPLY
from coeval.exact.kernels.pairs import Operation as PairOperation
from coeval.exact.rows import Numbers
from coeval.exact.search import Applications, Block, Item, Pairs, Stage
from coeval.exact.size import is_commutative, roots
from coeval.exact.vocabulary import Values, Vocabulary, block_rows

CHUNK = 1 << 20
"""Numbers of streamed values at hand at once: enough rows for a kernel to be worth its start."""

Write = Callable[[int | None, int], Program]
"""From an operation around it, if any, and a row to the program."""


class TreeSearch:
    """Covers trees by size.

    Args:
        vocabulary: What sequences are made of.

    Attributes:
        vocabulary: What sequences are made of.
        semantics: ``"tree"``.
        bank: The distinct values by size.
    """

    semantics: Semantics = "tree"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.bank = Bank(vocabulary)
        self._unary = [
            code for code, operation in enumerate(vocabulary.operations) if operation.arity == 1
        ]
        rows = max(2 * block_rows(vocabulary.examples), CHUNK // vocabulary.examples)
        self._room = np.empty((rows, vocabulary.examples))

    def __len__(self) -> int:
        return len(self.bank)

    @property
    def covered(self) -> int:
        """Return the largest size of which every distinct value is kept."""
        return self.bank.levels

    @property
    def values(self) -> Values:
        """Return ``(values, examples)``: all kept values by length."""
        return self.bank.values

    def level(self, length: int) -> range:
        """Return the numbers of the kept values of a size."""
        return self.bank.level(length)

    def program(self, value: int) -> Program:
        """Return the program of a kept value."""
        return self.bank.program(value)

    def kept(self, length: int) -> Iterator[Block]:
        """Yield the values of a size that is covered."""
        level = self.level(length)
        yield from self.bank.blocks(length, level.start, level.stop)

    def grow(self) -> Iterator[Block]:
        """Cover the next size and keep its values, yielding them."""
        size, candidates = self.covered + 1, 0
        if size == 1:
            yield from self.bank.blocks(1, 0, len(self.bank))
        for batch in batches(self.bank, size, range(len(self.vocabulary.operations))):
            start = len(self.bank)
            self.bank.extend(batch)
            candidates += len(batch[1])
            yield from self.bank.blocks(size, start, len(self.bank), tried=len(batch[1]))
        self.bank.close_level(candidates)

    def reach(self, length: int) -> int:
        """Return the size up to which values must be kept to stream another: unary roots reach one further."""
        return max(length - 2, 1)

    def stream(self, length: int) -> Iterator[Item]:
        """Yield the values of all sizes above ``covered`` and up to ``length`` without keeping them."""
        if self.covered >= length:
            return
        below = self.covered < length - 1
        for values, write in self._chunks(length - 1) if below else self._last_level():
            if below:
                yield Block(length - 1, values, functools.partial(write, None), len(values))
            for code in self._unary:
                function = self.vocabulary.functions[code]
                writer = functools.partial(write, code)
                yield Applications(length, function, (values,), False, writer)
        for code, operation in enumerate(self.vocabulary.operations):
            if operation.arity >= 2:
                yield from self._roots(length, code)

    def ahead(self, length: int) -> list[Stage]:
        """Return the work of covering a size, extrapolated from the growth so far."""
        operations = self.vocabulary.operations
        counts = [0, *(len(self.bank.level(one)) for one in range(1, self.covered + 1))]
        new, tried = self.bank.yield_of_levels()
        stages = []
        while len(counts) <= self.reach(length):
            applications = [roots(one, len(counts), counts) for one in operations]
            counts.append(sum(applications) * new // tried + 1)
            stages.append(Stage(tuple(applications), kept=counts[-1]))
        before = [0] * len(operations)
        if len(counts) == length - 1:
            before = [roots(one, length - 1, counts) for one in operations]
            counts.append(sum(before))
        last = [roots(one, length, counts) for one in operations]
        closed = [one.component.name in APPLY for one in operations]
        pairs = sum(many for many, without in zip(last, closed, strict=True) if without)
        streamed = [
            many + (0 if without else more)
            for many, more, without in zip(before, last, closed, strict=True)
        ]
        return [*stages, Stage(tuple(streamed), pairs=pairs)]

    @property
    def memory_bytes(self) -> int:
        """Return the bytes in use."""
        return self.bank.memory_bytes

    def discard(self) -> None:
        """Forget an unfinished ``grow``."""
        self.bank.drop_incomplete()

    def _roots(self, length: int, code: int) -> Iterator[Item]:
        """Yield the trees of a size with an operation of several operands at the root."""
        operation, values = self.vocabulary.operations[code], self.bank.values
        unordered = is_commutative(operation)
        name = operation.component.name
        for sizes in splits(length - 1, operation.arity):
            if unordered and sizes[0] > sizes[1]:
                continue
            levels = [self.bank.level(one) for one in sizes]
            banks = [values[one.start : one.stop] for one in levels]
            write = functools.partial(self._root, code, [one.start for one in levels])
            if self.vocabulary.functions[code] is APPLY.get(name):
                right = None if sizes[0] == sizes[1] else banks[1]
                yield Pairs(length, cast(PairOperation, name), banks[0], right, write)
            else:
                if unordered and sizes[0] == sizes[1]:
                    banks[1] = banks[0]  # by which the kernel knows that the order does not matter
                function = self.vocabulary.functions[code]
                yield Applications(length, function, tuple(banks), unordered, write)

    def _root(self, code: int, starts: list[int], *rows: int) -> Program:
        term = (code, tuple(start + row for start, row in zip(starts, rows, strict=True)))
        return self.bank.program(term)

    def _last_level(self) -> Iterator[tuple[Values, Write]]:
        level = self.bank.level(self.covered)

        def write(root: int | None, row: int) -> Program:
            number = level.start + row
            return self.bank.program(number if root is None else (root, (number,)))

        yield self.bank.values[level.start : level.stop], write

    def _chunks(self, size: int) -> Iterator[tuple[Values, Write]]:
        """Yield the values of a size that is not kept, many at a time, with their writer."""
        most = len(self._room) - block_rows(self.vocabulary.examples)
        parts: list[tuple[int, Batch, Numbers]] = []
        filled = 0
        for batch in batches(self.bank, size, range(len(self.vocabulary.operations))):
            values, where = self.bank.evaluate(batch)
            self._room[filled : filled + len(values)] = values
            parts.append((filled, batch, where))
            filled += len(values)
            if filled > most:
                yield self._room[:filled], self._writer(parts)
                parts, filled = [], 0
        if filled:
            yield self._room[:filled], self._writer(parts)

    def _writer(self, parts: list[tuple[int, Batch, Numbers]]) -> Write:
        starts = [start for start, _, _ in parts]

        def write(root: int | None, row: int) -> Program:
            start, (code, operands), where = parts[bisect.bisect_right(starts, row) - 1]
            term: Term = (code, tuple(operands[where[row - start]].tolist()))
            return self.bank.program(term if root is None else (root, (term,)))

        return write


def batches(bank: Bank, size: int, codes: Sequence[int]) -> Iterator[Batch]:
    """Yield the trees of a given size whose root is one of some operations.

    Args:
        bank: Its levels below ``size`` are complete, as far as operations of these arities need them.
        size: Number of nodes.
        codes: The operations.

    Yields:
        Operations with the numbers of their operands; those of a commutative one in ascending order.
    """
    rows = block_rows(bank.vocabulary.examples)
    for code in codes:
        operation = bank.vocabulary.operations[code]
        unordered = is_commutative(operation)
        for sizes in splits(size - 1, operation.arity):
            if unordered and sizes[0] > sizes[1]:
                continue
            for operands in products([bank.level(one) for one in sizes], rows):
                kept = operands
                if unordered and sizes[0] == sizes[1]:
                    kept = operands[operands[:, 0] <= operands[:, 1]]
                if len(kept):
                    yield code, kept


def splits(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """Yield the ways to write a total as an ordered sum of positive parts."""
    if parts == 0:
        if total == 0:
            yield ()
        return
    for first in range(1, total - parts + 2):
        for rest in splits(total - first, parts - 1):
            yield (first, *rest)


def products(ranges: Sequence[range], rows: int) -> Iterator[Numbers]:
    """Yield the product of ranges in blocks of ``(rows, ranges)``."""
    total = math.prod(len(one) for one in ranges)
    for start in range(0, total, rows):
        index = np.arange(start, min(start + rows, total))
        block = np.empty((len(index), len(ranges)), np.int64)
        for place in range(len(ranges) - 1, -1, -1):
            index, block[:, place] = np.divmod(index, len(ranges[place]))
            block[:, place] += ranges[place].start
        yield block
