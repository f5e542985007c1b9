"""How many sequences there are, in closed form, before any two are found equal.

Whole numbers of any length. Operands of a commutative operation are counted without their order.
"""

import math
from collections.abc import Sequence

from coeval.architecture.program import Operation
from coeval.errors import SpaceError, unknown
from coeval.exact.certificate import UNITS, Semantics

LONGEST = 255
"""A program names its values by one byte, so no sequence is longer."""


def is_commutative(operation: Operation) -> bool:
    """Return whether the order of an operation's two operands does not matter."""
    return operation.arity == 2 and operation.component.commutative


def trees(size: int, leaves: int, operations: Sequence[Operation]) -> list[int]:
    """Return how many trees have 0, 1, … ``size`` nodes.

    Args:
        size: Most nodes, leaves included.
        leaves: How many inputs and numbers there are.
        operations: What an inner node may be.
    """
    counts = [0, leaves + sum(one.arity == 0 for one in operations)]
    for nodes in range(2, size + 1):
        counts.append(sum(roots(one, nodes, counts) for one in operations))
    return counts[: size + 1]


def roots(operation: Operation, nodes: int, counts: Sequence[int]) -> int:
    """Return how many trees of some nodes have an operation at the root.

    Args:
        operation: What is at the root.
        nodes: Number of nodes, the root included.
        counts: How many trees have 0, 1, … nodes; sizes that are not listed have none.
    """
    below = nodes - 1
    one = [*counts, *[0] * (nodes - len(counts))][:nodes]
    if operation.arity < 2:
        return one[below] if operation.arity else int(nodes == 1)
    two = _pairs(one, below)
    if is_commutative(operation):
        return (two + (0 if below % 2 else one[below // 2])) // 2
    if operation.arity == 2:
        return two
    return sum(one[first] * _pairs(one, below - first) for first in range(1, below))


def _pairs(counts: Sequence[int], nodes: int) -> int:
    return sum(counts[first] * counts[nodes - first] for first in range(1, nodes))


def chains(steps: int, leaves: int, operations: Sequence[Operation]) -> list[int]:
    """Return how many chains have 0, 1, … ``steps`` steps.

    Every step takes the value before it at least once, and leaves for the rest; the first takes leaves only.

    Args:
        steps: Most steps.
        leaves: How many inputs and numbers there are.
        operations: What a step may be.
    """
    first = sum(operand_choices(one, leaves) for one in operations)
    later = sum(
        operand_choices(one, leaves + 1) - operand_choices(one, leaves) for one in operations
    )
    return [leaves, *(first * later**more for more in range(steps))][: steps + 1]


def dags(steps: int, leaves: int, operations: Sequence[Operation]) -> list[int]:
    """Return how many straight-line programs have 0, 1, … ``steps`` steps.

    Args:
        steps: Most steps.
        leaves: How many inputs and numbers there are.
        operations: What a step may be.
    """
    counts = [1]
    for step in range(steps):
        counts.append(counts[-1] * sum(operand_choices(one, leaves + step) for one in operations))
    return [leaves, *counts[1:]]


def count(semantics: Semantics, length: int, leaves: int, operations: Sequence[Operation]) -> int:
    """Return how many sequences have at most a length.

    Raises:
        SpaceError: The length is not one a program can have.
    """
    check_length(length, semantics)
    by_length = {"tree": trees, "chain": chains, "dag": dags}[semantics]
    return sum(by_length(length, leaves, operations))


def shortest(semantics: Semantics) -> int:
    """Return the length of a leaf: a node of a tree, or no step."""
    return 1 if semantics == "tree" else 0


def check_length(length: int, semantics: Semantics) -> None:
    """Check that a length is one a program can have.

    Raises:
        SpaceError: It is not, or the semantics are unknown.
    """
    if semantics not in UNITS:
        raise SpaceError(unknown("semantics", semantics, UNITS))
    least = shortest(semantics)
    if not least <= length <= LONGEST:
        raise SpaceError(
            f"length must lie in {least}..{LONGEST}, got {length}: a {semantics} has {least} {UNITS[semantics]} or "
            f"more, a program names at most {LONGEST + 1} values, and no computer enumerates longer ones. "
            "Ask for another length."
        )


def operand_choices(operation: Operation, values: int) -> int:
    """Return with how many choices of operands an operation can be applied to so many values."""
    if is_commutative(operation):
        return math.comb(values + 1, 2)
    return int(values**operation.arity)
