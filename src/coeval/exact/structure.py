"""Structures: sequences with constants left open, each once.

Below a constant that is to be fitted a sequence is a family of functions and no vector of values, so
structures are not merged by value; only what holds no open constant is. What is left out is spanned by
another structure that is there: an operation on constants alone is a constant, and a constant in the sum or
product at the root is part of the scale and offset that every structure is fitted with.
"""

import itertools
from collections.abc import Iterator, Sequence

from coeval.architecture.program import Operation, Program, make_program
from coeval.exact.bank import Bank, Expression
from coeval.exact.certificate import Semantics
from coeval.exact.search import Search
from coeval.exact.size import is_commutative
from coeval.exact.tree import TreeSearch, splits

OPEN = -1
"""An open constant as an operand; each is a constant of its own."""

Steps = tuple[tuple[int, tuple[int, ...]], ...]
"""Operations with their operands: ``OPEN``, an input, or a step before, which is numbered after the inputs."""


def structures(search: Search, length: int) -> Iterator[Steps]:
    """Yield the structures of a length that have open constants.

    Args:
        search: Trees: what has no open constant is covered two nodes below ``length``.
        length: Nodes of a tree, open constants included; steps of a chain or DAG.
    """
    operations, inputs = search.vocabulary.operations, len(search.vocabulary.columns)
    if isinstance(search, TreeSearch):
        for tree in _Trees(search.bank).level(length):
            if not _is_spanned(operations, tree[0], [one == OPEN for one in tree[1]]):
                yield _flattened(tree, inputs)
        return
    for steps in _sequences((), length, inputs, operations, search.semantics):
        code, operands = steps[-1]
        if not _is_spanned(operations, code, [one == OPEN for one in operands]):
            yield steps


def open_program(steps: Steps, inputs: int, constants: Sequence[float] = ()) -> Program:
    """Return a structure as a program, its open constants set: to 1 unless they are given."""
    count = sum(operands.count(OPEN) for _, operands in steps)
    numbers = itertools.count(inputs)
    written = [
        (
            code,
            *(next(numbers) if one == OPEN else one + count * (one >= inputs) for one in operands),
        )
        for code, operands in steps
    ]
    return make_program(written, tuple(constants) or (1.0,) * count)


def _is_spanned(operations: Sequence[Operation], code: int, is_open: Sequence[bool]) -> bool:
    """Return whether scale and offset make an operation on constants at the root superfluous."""
    name = operations[code].component.name
    return (name in ("add", "sub", "mul") and any(is_open)) or (name == "div" and is_open[1])


class _Trees:
    """Trees by size: those without open constants are the bank's values, those with them come one by one."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._known: dict[int, tuple[list[Expression], int]] = {}

    def level(self, size: int) -> Iterator[tuple[int, tuple[Expression, ...]]]:
        """Yield the trees of a size with open constants, but for the constant alone."""
        for code, operation in enumerate(self._bank.vocabulary.operations):
            for sizes in splits(size - 1, operation.arity):
                unordered = is_commutative(operation) and sizes[0] == sizes[1]
                if is_commutative(operation) and sizes[0] > sizes[1]:
                    continue
                parts = [self._subtrees(one) for one in sizes]
                for chosen in itertools.product(*(range(len(trees)) for trees, _ in parts)):
                    is_closed = all(
                        one < closed for one, (_, closed) in zip(chosen, parts, strict=True)
                    )
                    if is_closed or (unordered and chosen[0] > chosen[1]):
                        continue
                    children = tuple(
                        trees[one] for one, (trees, _) in zip(chosen, parts, strict=True)
                    )
                    if any(one != OPEN for one in children):
                        yield code, children

    def _subtrees(self, size: int) -> tuple[list[Expression], int]:
        """Return all trees of a size, and how many of them, the first, have no open constants."""
        if size not in self._known:
            # the size below the root's is only asked for below unary roots, where an open tree is wanted
            level = self._bank.level(size) if size <= self._bank.levels else range(0)
            closed = [self._bank.expression(one) for one in level]
            opened: list[Expression] = [OPEN] if size == 1 else list(self.level(size))
            self._known[size] = [*closed, *opened], len(closed)
        return self._known[size]


def _flattened(tree: Expression, inputs: int) -> Steps:
    """Return a tree as steps; what is used twice and holds no open constant is one step."""
    steps: list[tuple[int, tuple[int, ...]]] = []
    places: dict[Expression, int] = {}

    def place(one: Expression) -> int:
        if isinstance(one, int):
            return one
        if one not in places or _holds_open(one):
            steps.append((one[0], tuple(place(child) for child in one[1])))
            places[one] = inputs + len(steps) - 1
        return places[one]

    place(tree)
    return tuple(steps)


def _holds_open(tree: Expression) -> bool:
    return tree == OPEN if isinstance(tree, int) else any(_holds_open(one) for one in tree[1])


def _sequences(
    steps: Steps, more: int, inputs: int, operations: Sequence[Operation], semantics: Semantics
) -> Iterator[Steps]:
    """Yield chains or straight-line programs whose every step is used and not all of whose operands are open."""
    if more == 0:
        used = {one for _, operands in steps for one in operands}
        if OPEN in used and all(inputs + step in used for step in range(len(steps) - 1)):
            yield steps
        return
    last = inputs + len(steps) - 1
    places = (OPEN, *range(inputs + len(steps)))
    if semantics == "chain" and steps:
        places = (OPEN, *range(inputs), last)
    for code, operation in enumerate(operations):
        for operands in itertools.product(places, repeat=operation.arity):
            step = (code, operands)
            if _is_step(step, steps, last, operation, semantics):
                yield from _sequences((*steps, step), more - 1, inputs, operations, semantics)


def _is_step(
    step: tuple[int, tuple[int, ...]],
    steps: Steps,
    last: int,
    operation: Operation,
    semantics: Semantics,
) -> bool:
    _, operands = step
    if is_commutative(operation) and operands[0] > operands[1]:
        return False
    if operands and all(one == OPEN for one in operands):
        return False
    if not steps or last in operands:
        return True
    # a step that does not take the one before may change places with it: only one order is kept
    return semantics == "dag" and (steps[-1] < step or (steps[-1] == step and OPEN in operands))
