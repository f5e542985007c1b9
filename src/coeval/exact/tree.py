"""Trees: every operation's result is used once. A tree's length is its number of nodes, leaves included.

Bottom-up enumeration (reference: Albarghouthi, Gulwani & Kincaid 2013, "Recursive program synthesis";
Udupa et al. 2013, "TRANSIT"): the values of size s are the operations applied to kept values of sizes that
sum up to s - 1. Of the two last sizes nothing is kept: those of the last but one are only needed below
unary roots, which are evaluated while they are at hand.
"""

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
from coeval.exact.search import Block, Item, Pairs, Stage
from coeval.exact.size import is_commutative, roots
from coeval.exact.vocabulary import Values, Vocabulary, apply, block_rows, finite_rows


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
        self._room = np.empty((block_rows(vocabulary.examples), vocabulary.examples))

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
        if self.covered < length - 1:
            for batch in batches(self.bank, length - 1, range(len(self.vocabulary.operations))):
                yield from self._streamed(length, batch)
        else:
            for batch in batches(self.bank, length, self._unary):
                yield self._evaluate(length, batch)
        for code, operation in enumerate(self.vocabulary.operations):
            name = operation.component.name
            if name in APPLY and operation.arity == 2:
                yield from self._pairs(length, code, cast(PairOperation, name))
            elif operation.arity >= 2:
                for batch in batches(self.bank, length, [code]):
                    yield self._evaluate(length, batch)

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

    def _streamed(self, length: int, batch: Batch) -> Iterator[Block]:
        """Yield a batch of size ``length - 1``, and every unary operation on it."""
        values, where = self.bank.evaluate(batch)
        yield Block(length - 1, values, self._writer(batch, where), len(batch[1]))
        for code in self._unary:
            room = self._room[: len(values)]
            results = apply(self.vocabulary.functions[code], [values], room)
            fine = np.flatnonzero(finite_rows(results))
            yield Block(length, results[fine], self._writer(batch, where[fine], code), len(values))

    def _pairs(self, length: int, code: int, name: PairOperation) -> Iterator[Pairs]:
        values = self.bank.values
        unordered = is_commutative(self.vocabulary.operations[code])
        for sizes in splits(length - 1, 2):
            if unordered and sizes[0] > sizes[1]:
                continue
            left, right = (self.bank.level(one) for one in sizes)
            yield Pairs(
                length,
                name,
                values[left.start : left.stop],
                None if left == right else values[right.start : right.stop],
                functools.partial(self._pair, code, left.start, right.start),
            )

    def _pair(self, code: int, left: int, right: int, first: int, second: int) -> Program:
        return self.bank.program((code, (left + first, right + second)))

    def _evaluate(self, length: int, batch: Batch) -> Block:
        values, where = self.bank.evaluate(batch)
        return Block(length, values, self._writer(batch, where), len(batch[1]))

    def _writer(
        self, batch: Batch, where: Numbers, root: int | None = None
    ) -> Callable[[int], Program]:
        def program(row: int) -> Program:
            term: Term = (batch[0], tuple(batch[1][where[row]].tolist()))
            return self.bank.program(term if root is None else (root, (term,)))

        return program


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
