"""Chains: every step takes the value before it. A chain's length is its number of steps.

A step of several operands takes the value before it at least once, and inputs, numbers or that value again
for the rest; the first step takes inputs and numbers. What follows depends on the last value only, so equal
values are merged as in trees.
"""

import functools
import itertools
from collections.abc import Iterator

import numpy as np

from coeval.architecture.program import Program
from coeval.build.numeric.functions import Function
from coeval.exact.bank import Bank, Batch
from coeval.exact.certificate import Semantics
from coeval.exact.search import Applications, Block, Stage
from coeval.exact.size import is_commutative, operand_choices
from coeval.exact.vocabulary import Values, Vocabulary, block_rows


class ChainSearch:
    """Covers chains by their number of steps.

    Args:
        vocabulary: What sequences are made of.

    Attributes:
        vocabulary: What sequences are made of.
        semantics: ``"chain"``.
        bank: The distinct values; level 1 holds those of no step.
    """

    semantics: Semantics = "chain"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.bank = Bank(vocabulary)

    def __len__(self) -> int:
        return len(self.bank)

    @property
    def covered(self) -> int:
        """Return the largest number of steps of which every distinct value is kept; -1 for none."""
        return self.bank.levels - 1

    @property
    def values(self) -> Values:
        """Return ``(values, examples)``: all kept values by length."""
        return self.bank.values

    def level(self, length: int) -> range:
        """Return the numbers of the kept values of a number of steps."""
        return self.bank.level(length + 1)

    def program(self, value: int) -> Program:
        """Return the program of a kept value."""
        return self.bank.program(value)

    def kept(self, length: int) -> Iterator[Block]:
        """Yield the values of a number of steps that is covered."""
        level = self.level(length)
        yield from self.bank.blocks(length, level.start, level.stop)

    def grow(self) -> Iterator[Block]:
        """Cover one more step and keep its values, yielding them."""
        length, candidates = self.covered + 1, 0
        if length == 0:
            yield from self.bank.blocks(0, 0, len(self.bank))
        else:
            for batch in self._batches(length):
                start = len(self.bank)
                self.bank.extend(batch)
                candidates += len(batch[1])
                yield from self.bank.blocks(length, start, len(self.bank), tried=len(batch[1]))
        self.bank.close_level(candidates)

    def reach(self, length: int) -> int:
        """Return the number of steps up to which values must be kept to stream another."""
        return max(length - 1, 0)

    def stream(self, length: int) -> Iterator[Applications]:
        """Yield the values of the length after those that are covered, without keeping them."""
        if self.covered >= length:
            return
        before, values = self.bank.level(length), self.bank.values
        for code, taken in self._choices(length):
            leaves = [one for one in taken if one >= 0]
            banks = [values[one : one + 1] for one in leaves]
            if len(leaves) < len(taken):
                banks.append(values[before.start : before.stop])  # last: laid out for the kernel
            yield Applications(
                length,
                _after_leaves(self.vocabulary.functions[code], taken),
                tuple(banks) or (values[:1],),
                False,
                functools.partial(self._step, code, taken, before.start),
            )

    def ahead(self, length: int) -> list[Stage]:
        """Return the work of covering a number of steps, extrapolated from the growth so far."""
        leaves = len(self.bank.level(1))
        each = [
            operand_choices(one, leaves + 1) - operand_choices(one, leaves)
            for one in self.vocabulary.operations
        ]
        new, tried = self.bank.yield_of_levels()
        values, stages = len(self.level(self.covered)), []
        for _ in range(self.covered, length):
            stages.append(Stage(tuple(values * one for one in each)))
            values = values * sum(each) * new // tried + 1
            stages[-1] = Stage(stages[-1].applications, kept=values)
        return [*stages[:-1], *(Stage(one.applications) for one in stages[-1:])]

    @property
    def memory_bytes(self) -> int:
        """Return the bytes in use."""
        return self.bank.memory_bytes

    def discard(self) -> None:
        """Forget an unfinished ``grow``."""
        self.bank.drop_incomplete()

    def _step(self, code: int, taken: tuple[int, ...], start: int, *rows: int) -> Program:
        return self.bank.program(
            (code, tuple(start + rows[-1] if one < 0 else one for one in taken))
        )

    def _batches(self, length: int) -> Iterator[Batch]:
        """Yield the steps on the values of one step fewer."""
        rows = block_rows(self.vocabulary.examples)
        before = self.bank.level(length)
        for code, taken in self._choices(length):
            if not taken:
                yield code, np.empty((1, 0), np.int64)
                continue
            for start in range(before.start, before.stop, rows):
                values = np.arange(start, min(start + rows, before.stop))
                yield code, np.stack([values if one < 0 else 0 * values + one for one in taken], 1)

    def _choices(self, length: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield every operation with every choice of operands: leaves, or -1 for the value before."""
        leaves = len(self.bank.level(1))
        for code, operation in enumerate(self.vocabulary.operations):
            for taken in itertools.product((-1, *range(leaves)), repeat=operation.arity):
                reversed_one = is_commutative(operation) and taken[0] > taken[1]
                if (-1 in taken and not reversed_one) or (not taken and length == 1):
                    yield code, taken


def _after_leaves(function: Function, taken: tuple[int, ...]) -> Function:
    """Return a function of the leaves that are taken, in order, and then of the value before."""
    leaves = iter(range(sum(one >= 0 for one in taken)))
    places = [-1 if one < 0 else next(leaves) for one in taken]
    return lambda *values: function(*[values[one] for one in places])
