"""ENAS' macro space (Pham et al. 2018, arXiv:1802.03268, section 2.3): a chain whose layers choose an operation and skips.

A layer applies one of six operations to the layer before it and adds any of the earlier layers; a batch norm follows. Between the three
stages all layers so far are pooled to half of the grid. As in the authors' search all layers have equally many features;
their convolutions in front of each operation are left out.
"""

import functools
from collections.abc import Callable

from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import IDENTITY
from coeval.component.constant import ZERO
from coeval.component.grid import AVERAGE_POOL, GLOBAL_AVERAGE_POOL, MAX_POOL
from coeval.component.merge import ADD
from coeval.component.norm import BATCH_NORM
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts, Stack, affordable, around, single
from coeval.space.limits import Limits
from coeval.space.motifs_grid import chain, conv_bn, dil_conv, pooled, relu_conv_bn
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import Option, Template, Use

OPERATIONS = (
    "conv_3x3",
    "conv_5x5",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "avg_pool_3x3",
    "max_pool_3x3",
)
JOINED = ("none", "skip")
STAGES = 3
STACKS = tuple(
    Stack(*one) for one in ((4, 36), (4, 24), (3, 24), (3, 16), (2, 16), (2, 8), (1, 8), (1, 4))
)
"""Layers a stage and features."""


def parts(frame: ImageFrame, limits: Limits) -> Parts:
    """Return the part ``architecture``, a chain with skips, and its network.

    Args:
        frame: Images and head.
        limits: The stack is the largest of which every member fits.

    Raises:
        SpaceError: Not even the smallest stack fits.
    """

    def largest(stack: Stack) -> Architecture:
        return whole(member(stack, "conv_5x5", lambda *_: True).body, stack, frame)

    stack = affordable(largest, limits, STACKS)
    seeds = {
        "resnet": member(stack, "conv_3x3", lambda source, layer: source == layer - 1),
        "vgg": member(stack, "conv_3x3", lambda *_: False),
        "dense": member(stack, "sep_conv_3x3", lambda *_: True),
    }
    return single("architecture", space(stack), functools.partial(around, whole, stack), seeds)


@functools.cache
def space(stack: Stack) -> SlotSpace:
    """Return the space of chains: for each layer a slot for its operation and one for each earlier layer.

    Args:
        stack: Layers a stage and features.
    """
    slots, found = list[Slot](), list[tuple[Option, ...]]()
    items: list[Step | Use] = []
    layers: list[int] = []  # the values of all layers so far, on the present grid
    before = 0
    for layer in range(STAGES * stack.cells):
        if layer and layer % stack.cells == 0:
            for number, value in enumerate(layers):
                items.append(step(AVERAGE_POOL, value, kernel=3, stride=2))
                layers[number] = len(items)
            before = layers[-1]
        summed = []
        for name, taken, choices in _decisions(layer, before, layers, stack.width):
            items.append(Use(len(slots), (taken,)))
            summed.append(len(items))
            slots.append(Slot(name, tuple(one.name for one in choices)))
            found.append(choices)
        items += [step(ADD, tuple(summed)), step(BATCH_NORM, len(items) + 1)]
        before = len(items)
        layers.append(before)
    template = Template((Grid(32, 32, stack.width),), tuple(found), tuple(items), output=before)
    return SlotSpace(tuple(slots), template, "architecture")


def _decisions(
    layer: int, before: int, layers: list[int], width: int
) -> list[tuple[str, int, tuple[Option, ...]]]:
    """Return a layer's decisions: a name, the value that it is about, and its options."""
    joined = tuple(
        Option(name, sequence(1, [step(component, 0)]))
        for name, component in zip(JOINED, (ZERO, IDENTITY), strict=True)
    )
    skips = [(f"skip{source}to{layer}", value, joined) for source, value in enumerate(layers)]
    return [(f"layer{layer}", before, operations(width)), *skips]


def operations(width: int) -> tuple[Option, ...]:
    """Return what a layer may do, in the order of ``OPERATIONS``."""
    contents = (
        relu_conv_bn(width, kernel=3),
        relu_conv_bn(width, kernel=5),
        dil_conv(width, kernel=3, dilation=1),
        dil_conv(width, kernel=5, dilation=1),
        pooled(AVERAGE_POOL),
        pooled(MAX_POOL),
    )
    return tuple(Option(name, made) for name, made in zip(OPERATIONS, contents, strict=True))


def member(stack: Stack, operation: str, joins: Callable[[int, int], bool]) -> Architecture:
    """Return the chain of one operation in every layer.

    Args:
        stack: Layers a stage and features.
        operation: One of ``OPERATIONS``.
        joins: Whether a layer adds an earlier one, from both numbers.

    Raises:
        SpaceError: There is no such operation.
    """
    chosen = []
    for layer in range(STAGES * stack.cells):
        chosen.append(operation)
        chosen += [JOINED[joins(source, layer)] for source in range(layer)]
    return space(stack).assemble(chosen)


def whole(body: Region, stack: Stack, frame: ImageFrame) -> Architecture:
    """Return the whole network of a chain: stem, chain, pool and head.

    Args:
        body: Of a member of ``space(stack)``, its choices perhaps still open.
        stack: Of the chain.
        frame: Images and head.
    """
    stem = conv_bn(stack.width, activation=None)
    end = sequence(1, [step(GLOBAL_AVERAGE_POOL, 0)])
    return frame.network(chain(stem, body, end).steps)
