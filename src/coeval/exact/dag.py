"""DAGs: straight-line programs, whose steps take any earlier values. A DAG's length is its number of steps.

The search goes over sets of values (``states``). The last two steps are never kept: each set of one step
less is extended and finished at once. Sound cuts: a step whose value is there already is left out, and the
last step takes every value that no other step took; for a sequence with an idle step is a shorter one.
"""

import functools
import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Operation, Program
from coeval.errors import SpaceError
from coeval.exact.bank import RECENT
from coeval.exact.certificate import Semantics
from coeval.exact.rows import Numbers, Rows, grown
from coeval.exact.search import Block, Stage
from coeval.exact.size import operand_choices
from coeval.exact.states import (
    WIDTH,
    States,
    Steps,
    applications,
    children,
    join,
    no_states,
    step_code,
)
from coeval.exact.vocabulary import Values, Vocabulary, apply, block_rows, finite_rows
from coeval.exact.writer import ProgramWriter


class DagSearch:
    """Covers straight-line programs by their number of steps.

    Args:
        vocabulary: What sequences are made of.

    Attributes:
        vocabulary: What sequences are made of.
        semantics: ``"dag"``.
    """

    semantics: Semantics = "dag"

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._rows = Rows(vocabulary.examples)
        _, self._leaves = self._rows.add(vocabulary.leaves.view(np.uint64))
        self._levels: list[States] = []
        self._tried: list[int] = []
        self._starts = [0]
        self._parents = np.empty(1024, np.int64)
        self._steps = np.empty((1024, WIDTH), np.uint8)
        self._most = max((one.arity for one in vocabulary.operations), default=0)
        rows = block_rows(vocabulary.examples)
        self._buffers = np.empty((WIDTH, rows, vocabulary.examples))

        self._choices: dict[int, list[tuple[int, tuple[int, ...]]]] = {}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def covered(self) -> int:
        """Return the largest number of steps of which all sets are kept; -1 for none."""
        return len(self._levels) - 1

    @property
    def values(self) -> Values:
        """Return ``(values, examples)``: all kept values by length."""
        return self._rows.values

    @property
    def memory_bytes(self) -> int:
        """Return the bytes in use."""
        return self._rows.memory_bytes + sum(one.memory_bytes for one in self._levels)

    def level(self, length: int) -> range:
        """Return the numbers of the values that take so many steps, no fewer.

        Raises:
            SpaceError: The length is not covered yet.
        """
        if length > self.covered:
            raise SpaceError(
                f"the search covers up to {self.covered} steps, got {length}. Grow it first."
            )
        return range(self._starts[length], self._starts[length + 1])

    def program(self, value: int) -> Program:
        """Return the program of a kept value."""
        length = int(np.searchsorted(self._starts, value, side="right")) - 1
        if length == 0:
            return self._write([], value)
        before = self._levels[length - 1].steps[self._parents[value]]
        return self._write([*before.tolist(), self._steps[value].tolist()])

    def kept(self, length: int) -> Iterator[Block]:
        """Yield the values of a number of steps that is covered."""
        level = self.level(length)
        yield from self._blocks(length, level.start, level.stop, tried=0)

    def grow(self) -> Iterator[Block]:
        """Cover one more step and keep its values and sets, yielding the values."""
        length = self.covered + 1
        attempts = 0
        if length == 0:
            yield from self._blocks(0, 0, len(self), tried=0)
            found = no_states()
        else:
            parts = []
            for states, tried, new in self._expand(self._levels[-1]):
                yield from self._blocks(length, new, len(self), tried=tried.attempts)
                parts.append(children(states, tried, len(self._leaves)))
                attempts += tried.attempts
            found = join(parts, length)
        self._tried.append(attempts)
        self._starts.append(len(self))
        self._levels.append(found)  # last: with it the length is covered, wherever Ctrl-C comes

    def reach(self, length: int) -> int:
        """Return the number of steps up to which sets must be kept to stream another."""
        return max(length - 2, 0)

    def stream(self, length: int) -> Iterator[Block]:
        """Yield the values of all lengths above ``covered`` and up to ``length`` without keeping them."""
        if self.covered >= length:
            return
        if self.covered == length - 1:
            yield from self._finish(self._levels[-1], length)
            return
        for states, tried, new in self._expand(self._levels[-1]):
            yield from self._blocks(length - 1, new, len(self), tried=tried.attempts)
            yield from self._finish(children(states, tried, len(self._leaves)), length)
        self.discard()

    def ahead(self, length: int) -> list[Stage]:
        """Return the work of covering a number of steps, extrapolated from the growth so far."""
        operations, stages = self.vocabulary.operations, []
        sets, steps = len(self._levels[-1]), self.covered
        new_sets, new_values, tried = self._yield()
        while steps < length - 1:
            places = len(self._leaves) + steps
            each = [sets * operand_choices(one, places) for one in operations]
            sets, kept = (sum(each) * new // tried + 1 for new in (new_sets, new_values))
            stages.append(Stage(tuple(each), kept=kept, sets=sets))
            steps += 1
        last = [self._closings(one, len(self._leaves) + steps, sets) for one in operations]
        if stages and len(stages) > max(self.reach(length) - self.covered, 0):
            last = [a + b for a, b in zip(last, stages.pop().applications, strict=True)]
        return [*stages, Stage(tuple(last))]

    def _closings(self, operation: Operation, places: int, sets: int) -> int:
        """Return how often an operation is applied to sets so that nothing is left unused."""
        ends = np.bincount(self._levels[-1].unused.sum(axis=1), minlength=1).tolist()
        # all choices less those that miss one of the unused values, and so on
        each = [
            sum(
                (-1) ** missed
                * math.comb(unused, missed)
                * operand_choices(operation, places - missed)
                for missed in range(unused + 1)
            )
            for unused in range(min(len(ends), places + 1))
        ]
        total: int = sum(many * one for many, one in zip(ends, each, strict=False))
        return sets * total // max(len(self._levels[-1]), 1) + 1

    def _yield(self) -> tuple[int, int, int]:
        """Return how many sets and values were new of how many applications, where most were."""
        recent = [
            (len(sets), self._starts[level + 1] - self._starts[level], tried)
            for level, (sets, tried) in enumerate(zip(self._levels, self._tried, strict=True))
            if tried
        ][-RECENT:]
        return max(recent, key=lambda one: one[0] / one[2], default=(1, 1, 1))

    def discard(self) -> None:
        """Forget an unfinished ``grow`` or ``stream``."""
        del self._tried[len(self._levels) :], self._starts[len(self._levels) + 1 :]
        self._rows.truncate(self._starts[-1] or len(self._leaves))

    def _expand(self, level: States) -> Iterator[tuple[States, Steps, int]]:
        """Yield some states, all steps on them, and the number of the first value that was new."""
        rows = block_rows(self.vocabulary.examples)
        for start in range(0, len(level), rows):
            states, new = level.part(slice(start, start + rows)), len(self)
            yield states, self._apply_all(states, start), new

    def _apply_all(self, states: States, start: int) -> Steps:
        known = self._known(states)
        found: list[tuple[Numbers, Numbers, int, tuple[int, tuple[int, ...]]]] = []
        attempts = 0
        for choice in self._applications(states.values.shape[1]):
            results, where = self._evaluate(choice, known)
            numbers, fresh = self._rows.add(results.view(np.uint64))
            self._note(start + where[fresh], step_code(*choice))
            ready = max((place - len(self._leaves) + 1 for place in choice[1]), default=0)
            found.append((where, numbers, max(ready, 0), choice))
            attempts += len(known)
        sizes = [len(where) for where, *_ in found]
        codes = np.array([step_code(*choice) for *_, choice in found], np.uint8)
        return Steps(
            np.concatenate([where for where, *_ in found]),
            np.concatenate([numbers for _, numbers, *_ in found]),
            np.repeat([ready for _, _, ready, _ in found], sizes),
            np.repeat(codes, sizes, axis=0),
            attempts,
        )

    def _finish(self, states: States, length: int) -> Iterator[Block]:
        """Yield the last step on states: what is still unused goes into it."""
        open_ends = states.unused.sum(axis=1)
        able = np.flatnonzero(open_ends <= self._most)
        rows = block_rows(self.vocabulary.examples)
        for start in range(0, len(able), rows):
            part = states.part(able[start : start + rows])
            known, ends = self._known(part), open_ends[able[start : start + rows]]
            for choice in self._applications(length - 1):
                taken = sorted({one - len(self._leaves) for one in choice[1]})
                closed = part.unused[:, [one for one in taken if one >= 0]].sum(axis=1)
                fit = np.flatnonzero(closed == ends)
                if not len(fit):
                    continue
                results, where = self._evaluate(choice, known[fit])
                write = self._writer(part.steps[fit[where]], step_code(*choice))
                yield Block(length, results, write, len(fit))

    def _applications(self, steps: int) -> list[tuple[int, tuple[int, ...]]]:
        if steps not in self._choices:
            places = len(self._leaves) + steps
            self._choices[steps] = list(applications(self.vocabulary.operations, places))
        return self._choices[steps]

    def _known(self, states: States) -> Numbers:
        """Return ``(states, places)`` the numbers of the available values, leaves first."""
        leaves = np.broadcast_to(np.arange(len(self._leaves)), (len(states), len(self._leaves)))
        return np.concatenate([leaves, states.values], axis=1)

    def _evaluate(
        self, choice: tuple[int, tuple[int, ...]], known: Numbers
    ) -> tuple[Values, Numbers]:
        code, taken = choice
        values = self._rows.values
        operands = [
            np.take(values, known[:, place], axis=0, out=self._buffers[index, : len(known)])
            for index, place in enumerate(taken)
        ]
        room = self._buffers[WIDTH - 1, : len(known)]
        results = apply(self.vocabulary.functions[code], operands, room)
        where = np.flatnonzero(finite_rows(results))
        return (results if len(where) == len(known) else results[where]), where

    def _note(self, parents: Numbers, step: npt.NDArray[np.uint8]) -> None:
        count = len(self)
        if count > len(self._parents):
            room = max(count, 2 * len(self._parents))
            self._parents, self._steps = grown(self._parents, room), grown(self._steps, room)
        self._parents[count - len(parents) : count] = parents
        self._steps[count - len(parents) : count] = step

    def _blocks(self, length: int, start: int, stop: int, *, tried: int) -> Iterator[Block]:
        rows = block_rows(self.vocabulary.examples)
        for first in range(start, max(stop, start + 1), rows):
            values = self.values[first : min(first + rows, stop)]
            yield Block(length, values, functools.partial(self._after, first), tried)
            tried = 0

    def _after(self, first: int, row: int) -> Program:
        return self.program(first + row)

    def _writer(
        self, before: npt.NDArray[np.uint8], last: npt.NDArray[np.uint8]
    ) -> Callable[[int], Program]:
        return lambda row: self._write([*before[row].tolist(), last.tolist()])

    def _write(self, steps: Sequence[Sequence[int]], result: int = 0) -> Program:
        writer = ProgramWriter(self.vocabulary)
        places = self._leaves.tolist()
        for code, *operands in steps:
            arity = self.vocabulary.operations[code].arity
            places.append(writer.step(code, [places[one] for one in operands[:arity]]))
        return writer.program(places[-1] if steps else places[result])
