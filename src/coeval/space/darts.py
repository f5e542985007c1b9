"""The cells of DARTS (Liu et al. 2019, arXiv:1806.09055, section 3.1): four nodes, two of the edges that enter each, eight operations.

Every edge is a slot, and ``none`` one of its options; of a node's edges exactly two are something else. So a network with all edges
and operations open, which DARTS trains, and the cells that come of it are made of the same template.
"""

import functools
from collections.abc import Mapping

from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.component.constant import ZERO
from coeval.component.grid import AVERAGE_POOL, MAX_POOL
from coeval.component.resize import SUBSAMPLE
from coeval.space.cell_pair import NOMINAL, NONE, Node, Taken, cell_space, parts_of
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts
from coeval.space.limits import Limits
from coeval.space.motifs_grid import dil_conv, pooled, sep_conv, skip
from coeval.space.slots import SlotSpace
from coeval.space.template import Option

OPERATIONS = (
    NONE,
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
)
"""In the authors' own order (``genotypes.py`` of github.com/quark0/darts)."""
NODES = 4

SEP3, SEP5, SKIP, DIL3 = "sep_conv_3x3", "sep_conv_5x5", "skip_connect", "dil_conv_3x3"
MAX, AVERAGE = "max_pool_3x3", "avg_pool_3x3"
SEEDS: Mapping[str, tuple[Taken, Taken]] = {
    "resnet": (
        [(SEP3, 1), (SKIP, 0), (SEP3, 2), (SKIP, 1), (SEP3, 3), (SKIP, 2), (SEP3, 4), (SKIP, 3)],
        [(SEP3, 1), (SKIP, 0), (SEP3, 2), (SKIP, 1), (SEP3, 3), (SKIP, 2), (SEP3, 4), (SKIP, 3)],
    ),
    "darts_v1": (
        [(SEP3, 1), (SEP3, 0), (SKIP, 0), (SEP3, 1), (SKIP, 0), (SEP3, 1), (SEP3, 0), (SKIP, 2)],
        [(MAX, 0), (MAX, 1), (SKIP, 2), (MAX, 0), (MAX, 0), (SKIP, 2), (SKIP, 2), (AVERAGE, 0)],
    ),
    "darts_v2": (
        [(SEP3, 0), (SEP3, 1), (SEP3, 0), (SEP3, 1), (SEP3, 1), (SKIP, 0), (SKIP, 0), (DIL3, 2)],
        [(MAX, 0), (MAX, 1), (SKIP, 2), (MAX, 1), (MAX, 0), (SKIP, 2), (SKIP, 2), (MAX, 1)],
    ),
}
"""``resnet`` is a chain of separable convolutions, each with the value before it added; the others are the cells that the
authors found by first- and second-order search."""


def parts(frame: ImageFrame, limits: Limits) -> Parts:
    """Return the parts ``normal`` and ``reduction`` and their network.

    Args:
        frame: Images and head.
        limits: The stack is the largest of which every member fits.

    Raises:
        SpaceError: Not even the smallest stack fits.
    """
    largest = [(SEP5, source) for node in range(NODES) for source in (0, 1)]
    return parts_of(space, cell, largest, SEEDS, frame, limits)


@functools.cache
def space(part: str) -> SlotSpace:
    """Return the space of one of the two cells; its slots are the edges, named by source and node.

    Args:
        part: ``NORMAL`` or ``REDUCTION``.
    """
    nodes = []
    for number in range(2, 2 + NODES):
        edges = tuple((f"e{source}{number}", source) for source in range(number))
        nodes.append(Node(edges, ((number, 2),)))
    return cell_space(part, nodes, options)


def cell(part: str, edges: Taken) -> Architecture:
    """Return the cell of two edges a node.

    Args:
        part: ``NORMAL`` or ``REDUCTION``.
        edges: Operation and source, as the authors write them, node by node.

    Raises:
        SpaceError: An operation is unknown, or a node does not have two different sources.
    """
    chosen = {one.name: NONE for one in space(part).slots}
    for place, (operation, source) in enumerate(edges):
        chosen[f"e{source}{2 + place // 2}"] = operation
    return space(part).assemble(list(chosen.values()))


def edges_of(part: str, genotype: Architecture) -> list[tuple[str, int]]:
    """Return a cell as the authors write it.

    Raises:
        SpaceError: The architecture is no such cell.
    """
    named = zip(space(part).slots, space(part).choices(genotype), strict=True)
    return [(operation, int(slot.name[1])) for slot, operation in named if operation != NONE]


@functools.cache
def options(stride: int) -> tuple[Option, ...]:
    """Return what may stand on an edge, in the order of ``OPERATIONS``."""
    contents = (
        nothing(stride),
        pooled(MAX_POOL, stride=stride),
        pooled(AVERAGE_POOL, stride=stride),
        skip(NOMINAL, stride=stride),
        sep_conv(NOMINAL, stride=stride),
        sep_conv(NOMINAL, kernel=5, stride=stride),
        dil_conv(NOMINAL, stride=stride),
        dil_conv(NOMINAL, kernel=5, stride=stride),
    )
    return tuple(Option(name, made) for name, made in zip(OPERATIONS, contents, strict=True))


def nothing(stride: int) -> Region:
    """Return zeros, on a grid of half the side where the stride is 2."""
    if stride == 1:
        return sequence(1, [step(ZERO, 0)])
    return sequence(1, [step(SUBSAMPLE, 0, stride=stride), step(ZERO, 1)])
