"""Mobile blocks as in ProxylessNAS (Cai et al. 2019, arXiv:1812.00332, section 4.1 and figure 5): a choice a layer.

A layer is an inverted residual with a kernel of 3, 5 or 7 and an expansion of 3 or 6, or, where it keeps its input's type, left out. The
first layer of each later stage halves the grid and doubles the features. A genotype is the chain of layers behind the stem.
"""

import functools
import itertools

from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import IDENTITY
from coeval.component.grid import GLOBAL_AVERAGE_POOL
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts, Stack, affordable, around, single
from coeval.space.limits import Limits
from coeval.space.motifs_grid import chain, conv_bn, inverted_residual
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import Option, Template, Use

SKIP = "skip"
BLOCKS = tuple(
    (f"mobile_{kernel}x{kernel}_{expansion}", kernel, expansion)
    for expansion, kernel in itertools.product((3, 6), (3, 5, 7))
)
"""Names, kernels and expansions."""
STAGES = 3
LAST = 2
"""The last convolution's features, as a multiple of the last stage's."""
STACKS = tuple(
    Stack(*one) for one in ((4, 24), (4, 16), (3, 16), (2, 16), (3, 8), (2, 8), (1, 8), (1, 4))
)
"""Layers a stage and features of the first stage."""


def parts(frame: ImageFrame, limits: Limits) -> Parts:
    """Return the part ``architecture``, a chain of layers, and its network.

    Args:
        frame: Images and head.
        limits: The stack is the largest of which every member fits.

    Raises:
        SpaceError: Not even the smallest stack fits.
    """
    largest = BLOCKS[-1][0]
    stack = affordable(lambda one: whole(uniform(one, largest).body, one, frame), limits, STACKS)
    short = [SKIP if n % stack.cells else "mobile_5x5_6" for n in range(STAGES * stack.cells)]
    seeds = {
        "mobilenet": uniform(stack, "mobile_3x3_6"),
        "slim": uniform(stack, "mobile_3x3_3"),
        "wide": uniform(stack, "mobile_7x7_3"),
    }
    if stack.cells > 1:
        seeds["short"] = space(stack).assemble(short)
    return single("architecture", space(stack), functools.partial(around, whole, stack), seeds)


@functools.cache
def space(stack: Stack) -> SlotSpace:
    """Return the space of chains; its slots are the layers, its options the blocks.

    Args:
        stack: Layers a stage and features of the first stage.
    """
    found, slots, width = [], [], stack.width
    for layer in range(STAGES * stack.cells):
        halves = layer > 0 and layer % stack.cells == 0
        after = 2 * width if halves else width
        found.append(options(width, after, 2 if halves else 1))
        slots.append(Slot(f"layer{layer}", tuple(one.name for one in found[-1])))
        width = after
    items = tuple(Use(layer, (layer,)) for layer in range(len(found)))
    template = Template((Grid(32, 32, stack.width),), tuple(found), items, output=len(items))
    return SlotSpace(tuple(slots), template, "architecture")


def options(before: int, after: int, stride: int) -> tuple[Option, ...]:
    """Return what a layer may be.

    Args:
        before: Features of its input.
        after: Features of its result.
        stride: By how much it shrinks the grid, rounded up.
    """
    found = tuple(
        Option(name, inverted_residual(before, after, kernel=k, expansion=e, stride=stride))
        for name, k, e in BLOCKS
    )
    if before != after or stride > 1:
        return found
    return (*found, Option(SKIP, sequence(1, [step(IDENTITY, 0)])))


def uniform(stack: Stack, block: str) -> Architecture:
    """Return the chain of one block in every layer.

    Raises:
        SpaceError: There is no such block.
    """
    return space(stack).assemble([block] * (STAGES * stack.cells))


def whole(body: Region, stack: Stack, frame: ImageFrame) -> Architecture:
    """Return the whole network of a chain: stem, chain, a last convolution, pool and head.

    Args:
        body: Of a member of ``space(stack)``, its choices perhaps still open.
        stack: Of the chain.
        frame: Images and head.
    """
    last = conv_bn(LAST * stack.width << (STAGES - 1), kernel=1)
    pooled = sequence(1, [step(GLOBAL_AVERAGE_POOL, 0)])
    return frame.network(chain(conv_bn(stack.width), body, last, pooled).steps)
