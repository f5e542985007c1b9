"""Rows sent down trees, each no further than to its leaf; PyTorch sends all of them as far as the deepest leaf lies (``build.modules.trees``)."""

from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.train.kernels.access import get, kept, put

Nodes = npt.NDArray[np.int32]


@kept(nogil=True, error_model="numpy")
def walk(
    numbers: npt.NDArray[Any],
    columns: int,
    feature: Nodes,
    threshold: npt.NDArray[Any],
    left: Nodes,
    right: Nodes,
    value: npt.NDArray[Any],
    speaks: Nodes,
    nodes: int,
    total: npt.NDArray[np.float64],
    outputs: int,
) -> None:
    """Add what trees say of each row to its outputs.

    Args:
        numbers: ``(rows * columns,)``.
        columns: Numbers of a row.
        feature: ``(trees * nodes,)`` that a node asks for, one tree behind the other, as all of its kind.
        threshold: A row with at most this goes left.
        left: Where it goes then; a leaf is its own child.
        right: Where it goes otherwise.
        value: Of a leaf.
        speaks: For which output a leaf speaks; empty where each output has a tree in turn.
        nodes: Of a tree, leaves included.
        total: ``(rows * outputs,)``, added to in place.
        outputs: Of a row.
    """
    rows, trees, is_forest = len(total) // outputs, len(value) // nodes, len(speaks) > 0
    for tree in range(trees):
        root, own = tree * nodes, tree % outputs
        for row in range(rows):
            node, near = root, get(left, root)
            while root + near != node:
                asked, far = get(numbers, row * columns + get(feature, node)), get(right, node)
                node = root + (near if asked <= get(threshold, node) else far)
                near = get(left, node)
            place = row * outputs + (get(speaks, node) if is_forest else own)
            put(total, place, get(total, place) + get(value, node))


def load_walk() -> None:
    """Load the walk from disk, or compile it, for numbers in single and in double precision."""
    none, total = np.zeros(0, np.int32), np.zeros(0)
    for kind in (np.float32, np.float64):
        real = np.zeros(0, kind)
        walk(real, 1, none, real, none, none, real, none, 1, total, 1)
