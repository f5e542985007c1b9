"""The cells of NASNet (Zoph et al. 2018, arXiv:1707.07012, section 3): five blocks, each the sum of two operations on two values.

A block's two arms are groups of slots: of an arm's edges, one from each earlier value, exactly one is taken, so that both may take
the same value, as in the paper and in ENAS' cells (Pham et al. 2018, arXiv:1802.03268, section 2.4). Two things are
simpler than in the paper: blocks are summed, never concatenated, and all of them form the result, not only the unused.
"""

import functools
from collections.abc import Mapping

from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.component.channel import RELU
from coeval.component.conv import AXIS_CONV
from coeval.component.grid import AVERAGE_POOL, MAX_POOL
from coeval.component.norm import BATCH_NORM
from coeval.space.cell_pair import NOMINAL, NONE, Node, Taken, cell_space, parts_of
from coeval.space.darts import nothing
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts
from coeval.space.limits import Limits
from coeval.space.motifs_grid import (
    conv_1x7_7x1,
    dil_conv,
    pooled,
    relu_conv_bn,
    sep_conv,
    skip,
)
from coeval.space.slots import SlotSpace
from coeval.space.template import Option

OPERATIONS = (
    NONE,
    "identity",
    "conv_1x3_3x1",
    "conv_1x7_7x1",
    "dil_conv_3x3",
    "avg_pool_3x3",
    "max_pool_3x3",
    "max_pool_5x5",
    "max_pool_7x7",
    "conv_1x1",
    "conv_3x3",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "sep_conv_7x7",
)
"""``none``, then the paper's thirteen in its order."""
BLOCKS = 5
ARMS = ("x", "y")

S3, S5, S7, AVG, MAX, ID = (
    "sep_conv_3x3",
    "sep_conv_5x5",
    "sep_conv_7x7",
    "avg_pool_3x3",
    "max_pool_3x3",
    "identity",
)
_RESIDUAL = [arm for block in range(BLOCKS) for arm in (("conv_3x3", block + 1), (ID, block))]
SEEDS: Mapping[str, tuple[Taken, Taken]] = {
    "resnet": (_RESIDUAL, _RESIDUAL),
    "nasnet_a": (
        [
            (S5, 1), (S3, 0), (S5, 0), (S3, 0), (AVG, 1), (ID, 0), (AVG, 0), (AVG, 0), (S3, 1), (ID, 1)
        ],
        [
            (S5, 1), (S7, 0), (MAX, 1), (S7, 0), (AVG, 1), (S5, 0), (ID, 3), (AVG, 2), (S3, 2), (MAX, 1)
        ],
    ),
    "amoebanet_a": (
        [
            (AVG, 0), (MAX, 1), (S3, 0), (S5, 2), (S3, 0), (AVG, 3), (S3, 1), (ID, 1), (ID, 0), (AVG, 1)
        ],
        [
            (AVG, 0), (S3, 1), (MAX, 0), (S7, 2), (S7, 0), (AVG, 1), (MAX, 0), (MAX, 1),
            ("conv_1x7_7x1", 0), (S3, 5),
        ],
    ),
}  # fmt: skip
"""``resnet`` is a chain of convolutions, each with the value before it added; the others are the cells that NASNet's and
AmoebaNet's searches found, as DARTS' authors write them."""


def parts(frame: ImageFrame, limits: Limits) -> Parts:
    """Return the parts ``normal`` and ``reduction`` and their network.

    Args:
        frame: Images and head.
        limits: The stack is the largest of which every member fits.

    Raises:
        SpaceError: Not even the smallest stack fits.
    """
    largest = [("conv_3x3", 0)] * (2 * BLOCKS)
    return parts_of(space, cell, largest, SEEDS, frame, limits)


@functools.cache
def space(part: str) -> SlotSpace:
    """Return the space of one of the two cells; its slots are the arms' edges, named by arm, source and block.

    Args:
        part: ``NORMAL`` or ``REDUCTION``.
    """
    nodes = []
    for number in range(2, 2 + BLOCKS):
        edges = tuple(
            (f"{arm}{source}{number}", source) for arm in ARMS for source in range(number)
        )
        nodes.append(Node(edges, ((number, 1), (number, 1))))
    return cell_space(part, nodes, options)


def cell(part: str, arms: Taken) -> Architecture:
    """Return the cell of two arms a block.

    Args:
        part: ``NORMAL`` or ``REDUCTION``.
        arms: Operation and source, block by block.

    Raises:
        SpaceError: An operation or a source is unknown.
    """
    chosen = {one.name: NONE for one in space(part).slots}
    for place, (operation, source) in enumerate(arms):
        chosen[f"{ARMS[place % 2]}{source}{2 + place // 2}"] = operation
    return space(part).assemble(list(chosen.values()))


@functools.cache
def options(stride: int) -> tuple[Option, ...]:
    """Return what may stand on an edge, in the order of ``OPERATIONS``."""
    contents = (
        nothing(stride),
        skip(NOMINAL, stride=stride),
        _conv_1x3_3x1(stride),
        conv_1x7_7x1(NOMINAL, stride=stride),
        dil_conv(NOMINAL, stride=stride),
        pooled(AVERAGE_POOL, stride=stride),
        pooled(MAX_POOL, stride=stride),
        pooled(MAX_POOL, kernel=5, stride=stride),
        pooled(MAX_POOL, kernel=7, stride=stride),
        relu_conv_bn(NOMINAL, stride=stride),
        relu_conv_bn(NOMINAL, kernel=3, stride=stride),
        sep_conv(NOMINAL, stride=stride),
        sep_conv(NOMINAL, kernel=5, stride=stride),
        sep_conv(NOMINAL, kernel=7, stride=stride),
    )
    return tuple(Option(name, made) for name, made in zip(OPERATIONS, contents, strict=True))


def _conv_1x3_3x1(stride: int) -> Region:
    width = {"width": NOMINAL, "kernel": 3, "stride": stride}
    return sequence(
        1,
        [
            step(RELU, 0),
            step(AXIS_CONV, 1, axis="width", **width),
            step(AXIS_CONV, 2, axis="height", **width),
            step(BATCH_NORM, 3),
        ],
    )
