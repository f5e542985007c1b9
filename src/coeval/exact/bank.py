"""The bank of values: every distinct result of the sequences up to a length, and how each is made.

Two sequences with the same results on all examples are interchangeable within any longer one
(observational equivalence), so one of them is kept: the shortest, the first found of equals. The keys
are all bits of all results, after -0 became 0: nothing is rounded.
"""

import functools
from collections.abc import Iterator
from typing import cast

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Program
from coeval.errors import SpaceError
from coeval.exact.rows import Numbers, Rows, grown
from coeval.exact.search import Block
from coeval.exact.vocabulary import Values, Vocabulary, apply, block_rows, finite_rows
from coeval.exact.writer import ProgramWriter

Term = int | tuple[int, tuple["Term", ...]]
"""A value of the bank by its number, or an operation on terms: a sequence that is not in the bank."""

Expression = int | tuple[int, tuple["Expression", ...]]
"""A leaf by its place, or an operation on expressions."""

Batch = tuple[int, Numbers]
"""An operation, and ``(sequences, arity)`` the numbers of the values that it is applied to."""

_TAKES = 3
RECENT = 3
"""Levels whose share of new values is extrapolated; of those the largest."""


class Bank:
    """Distinct values by level. A level is a size of trees, or a number of steps of chains.

    Args:
        vocabulary: What sequences are made of. Its leaves are the first level; equal ones count once.

    Attributes:
        vocabulary: What sequences are made of.
        candidates: For each level, how many sequences were evaluated for it.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.candidates: list[int] = []
        self._rows = Rows(vocabulary.examples)
        self._operations = np.empty(1024, np.int16)
        self._operands = np.empty((1024, _TAKES), np.int32)
        self._starts = [0]
        self._buffers = np.empty((_TAKES + 1, block_rows(vocabulary.examples), vocabulary.examples))
        _, fresh = self._rows.add(vocabulary.leaves.view(np.uint64))
        self._leaves = len(fresh)
        self._note(-1, fresh[:, None])

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def levels(self) -> int:
        """Return how many levels are complete."""
        return len(self._starts) - 1

    @property
    def values(self) -> Values:
        """Return ``(values, examples)``: a view, read-only, that the next level may leave behind."""
        return self._rows.values

    @property
    def memory_bytes(self) -> int:
        """Return the bytes in use."""
        return self._rows.memory_bytes + len(self) * (self._operations.itemsize + 4 * _TAKES)

    def level(self, number: int) -> range:
        """Return the numbers of a level's values, the first level being 1; none for a level below.

        Raises:
            SpaceError: The level is not complete yet.
        """
        if number > self.levels:
            raise SpaceError(
                f"the bank has {self.levels} levels, got level {number}. Grow the bank first."
            )
        return range(self._starts[number - 1], self._starts[number]) if number > 0 else range(0)

    def yield_of_levels(self) -> tuple[int, int]:
        """Return the largest recent share of new values, as values and the sequences evaluated for them."""
        recent = [
            (self._starts[level + 1] - self._starts[level], tried)
            for level, tried in enumerate(self.candidates)
            if tried
        ][-RECENT:]
        return max(recent, key=lambda one: one[0] / one[1], default=(1, 1))

    def evaluate(self, batch: Batch) -> tuple[Values, Numbers]:
        """Apply an operation to values of the bank.

        Args:
            batch: At most ``block_rows`` sequences.

        Returns:
            ``(defined, examples)`` the results of the sequences that are defined everywhere, in a buffer
            that the next call overwrites, and ``(defined,)`` their positions in the batch.
        """
        operation, operands = batch
        values = self._rows.values
        taken = [
            np.take(values, operands[:, place], axis=0, out=self._buffers[place, : len(operands)])
            for place in range(operands.shape[1])
        ]
        function = self.vocabulary.functions[operation]
        results = apply(function, taken, self._buffers[_TAKES, : len(operands)])
        fine = finite_rows(results)
        if fine.all():
            return results, np.arange(len(operands))
        where = np.flatnonzero(fine)
        return results[where], where

    def extend(self, batch: Batch) -> None:
        """Evaluate sequences and keep what is new, as part of the level to come."""
        results, where = self.evaluate(batch)
        _, fresh = self._rows.add(results.view(np.uint64))
        self._note(batch[0], batch[1][where[fresh]])

    def close_level(self, candidates: int) -> None:
        """Declare the values since the last level a level of their own.

        Args:
            candidates: How many sequences were evaluated for it.
        """
        self.candidates.append(candidates)
        self._starts.append(len(self))  # last: with it the level is complete, wherever Ctrl-C comes

    def drop_incomplete(self) -> None:
        """Forget what belongs to no complete level: after an interruption."""
        del self.candidates[self.levels :]
        self._rows.truncate(self._starts[-1] or self._leaves)

    def blocks(self, length: int, start: int, stop: int, *, tried: int = 0) -> Iterator[Block]:
        """Yield kept values as blocks.

        Args:
            length: Of their sequences.
            start: Number of the first value.
            stop: Number behind the last one.
            tried: How many sequences were evaluated for them.
        """
        rows = block_rows(self.vocabulary.examples)
        for first in range(start, stop, rows) if start < stop else (start,):
            values = self.values[first : min(first + rows, stop)]
            yield Block(length, values, functools.partial(self._program_after, first), tried)
            tried = 0

    def program(self, term: Term) -> Program:
        """Return the program of a value, or of operations on values; what is used twice is one step.

        Raises:
            SpaceError: It has more values than a program can name.
        """
        writer = ProgramWriter(self.vocabulary)
        places: dict[Term, int] = {}

        def place(one: Term) -> int:
            if one not in places:
                operation, operands = self._made_of(one)
                if operation < 0:
                    places[one] = int(self._operands[one, 0])
                else:
                    places[one] = writer.step(operation, [place(operand) for operand in operands])
            return places[one]

        return writer.program(place(term))

    def expression(self, value: int) -> Expression:
        """Return how a value is made, down to the leaves."""
        operation, operands = self._made_of(value)
        if operation < 0:
            return int(self._operands[value, 0])
        return operation, tuple(self.expression(cast(int, one)) for one in operands)

    def _program_after(self, first: int, row: int) -> Program:
        return self.program(first + row)

    def programs(self, numbers: npt.ArrayLike) -> Iterator[Program]:
        """Yield the programs of values."""
        for number in np.asarray(numbers).tolist():
            yield self.program(number)

    def _made_of(self, term: Term) -> tuple[int, tuple[Term, ...]]:
        if isinstance(term, tuple):
            return term
        operation = int(self._operations[term])
        arity = self.vocabulary.operations[operation].arity if operation >= 0 else 0
        return operation, tuple(self._operands[term, :arity].tolist())

    def _note(self, operation: int, operands: Numbers) -> None:
        count = len(self)
        if count > len(self._operations):
            room = max(count, 2 * len(self._operations))
            self._operations = grown(self._operations, room)
            self._operands = grown(self._operands, room)
        start = count - len(operands)
        self._operations[start:count] = operation
        self._operands[start:count, : operands.shape[1]] = operands
