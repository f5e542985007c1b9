"""The cells of NAS-Bench-201 for any images: a stack as large as the limits allow (Dong & Yang 2020, arXiv:2001.00326)."""

import functools

from coeval.architecture.step import Architecture
from coeval.errors import SpaceError
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts, Stack, affordable, single
from coeval.space.limits import Limits
from coeval.space.nasbench201 import cell_space, from_string, stacked
from coeval.space.protocol import Candidate

COSTLIEST = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
SEEDS = {
    "resnet": "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|",
    "dense": "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "narrow": "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
}
"""``resnet`` is the benchmark's own name of its cell (ResNet in ``lib/models/cell_searchs/genotypes.py``); ``dense`` is
close to the cells that are best on all three data sets; ``narrow`` costs about half of it."""


def parts(frame: ImageFrame, limits: Limits) -> Parts:
    """Return the part ``cell`` and its network: three stages of equal cells.

    Args:
        frame: Images and head.
        limits: The stack is the largest of which every member fits.

    Raises:
        SpaceError: Not even the smallest stack fits.
    """
    largest = from_string(COSTLIEST)
    stack = affordable(lambda one: stacked(largest, frame, one.cells, one.width), limits)
    seeds = {name: from_string(text) for name, text in SEEDS.items()}
    return single("cell", cell_space(), functools.partial(network, stack), seeds)


def network(stack: Stack, candidate: Candidate, frame: ImageFrame) -> Architecture:
    """Return the whole network of a candidate with the part ``cell``.

    Raises:
        SpaceError: The part is no architecture.
    """
    cell = candidate.part("cell")
    if not isinstance(cell, Architecture):
        raise SpaceError(f"The part 'cell' must be an architecture, got {type(cell).__name__}.")
    return stacked(cell, frame, stack.cells, stack.width)
