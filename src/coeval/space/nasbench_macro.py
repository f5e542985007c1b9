"""NAS-Bench-Macro: chains of eight layers, each one of three blocks (Su et al. 2021, arXiv:2103.11922, section 4.1).

A genotype is the chain as an ordinary architecture, behind the stem; a candidate's architecture is the whole network for CIFAR-10, as in
the authors' ``train/model.py`` (github.com/xiusu/NAS-Bench-Macro). A block that keeps its input's shape adds it
to its result; an identity that cannot keep it is a projection.
"""

import functools

from coeval.architecture.step import Architecture, Step, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import IDENTITY, RELU
from coeval.component.grid import CONV, DEPTHWISE_CONV, GLOBAL_AVERAGE_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.merge import ADD
from coeval.component.norm import BATCH_NORM
from coeval.errors import SpaceError
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import Option, Template, Use, placed

BLOCKS = ("identity", "mobile_3x3_3", "mobile_5x5_6")
"""Identity; inverted residuals with their kernel and expansion: 0, 1 and 2 in the table's keys."""
STAGES = (2, 3, 3)
"""Layers a stage; the first of each halves the grid and doubles the features."""
STEM = 32
LAST = 1280


def space() -> ProductSpace:
    """Return the benchmark's space: one part ``"chain"``; a candidate's architecture is the whole network."""
    return ProductSpace({"chain": chain_space()}, typing=_candidate_network)


@functools.cache
def chain_space() -> SlotSpace:
    """Return the space of chains; its slots are the layers, its options the blocks. Its order is the table's."""
    slots = tuple(Slot(f"layer{layer}", BLOCKS) for layer in range(sum(STAGES)))
    return SlotSpace(slots, chain_template(), "chain")


def chain_template() -> Template:
    """Return the chain with its eight open layers."""
    width, options = STEM, []
    for layers in STAGES:
        for layer in range(layers):
            after, stride = (width, 1) if layer else (2 * width, 2)
            options.append(blocks(width, after, stride))
            width = after
    items = tuple(Use(layer, (layer,)) for layer in range(len(options)))
    return Template((Grid(32, 32, STEM),), tuple(options), items, output=len(options))


def blocks(before: int, after: int, stride: int) -> tuple[Option, ...]:
    """Return what a layer may be, in the order of ``BLOCKS``.

    Args:
        before: Features of the layer's input.
        after: Features of its result.
        stride: By how much it shrinks the grid.
    """
    keeps = before == after and stride == 1
    projection = [step(CONV, 0, width=after, kernel=1, stride=stride), step(BATCH_NORM, 1)]
    contents = (
        [step(IDENTITY, 0)] if keeps else projection,
        inverted_residual(before, after, stride, kernel=3, expansion=3),
        inverted_residual(before, after, stride, kernel=5, expansion=6),
    )
    return tuple(
        Option(name, sequence(1, steps)) for name, steps in zip(BLOCKS, contents, strict=True)
    )


def inverted_residual(
    before: int, after: int, stride: int, *, kernel: int, expansion: int
) -> list[Step]:
    """Return an inverted residual block of value 0 (Sandler et al. 2018, arXiv:1801.04381, section 3.3).

    Args:
        before: Features of its input.
        after: Features of its result.
        stride: Of its depthwise convolution.
        kernel: Of its depthwise convolution.
        expansion: How many times as many features it has inside.
    """
    steps = [
        step(CONV, 0, width=before * expansion, kernel=1),
        step(BATCH_NORM, 1),
        step(RELU, 2),
        step(DEPTHWISE_CONV, 3, kernel=kernel, stride=stride),
        step(BATCH_NORM, 4),
        step(RELU, 5),
        step(CONV, 6, width=after, kernel=1),
        step(BATCH_NORM, 7),
    ]
    return [*steps, step(ADD, (0, 8))] if before == after and stride == 1 else steps


def network(chain: Architecture) -> Architecture:
    """Return the whole network of a chain: stem, chain, a last convolution, pool and classifier for CIFAR-10."""
    stem = (step(CONV, 0, width=STEM), step(BATCH_NORM, 1), step(RELU, 2))
    steps, value = placed(chain.body, (3,), 4)
    first = 4 + len(steps)
    last = (
        step(CONV, value, width=LAST, kernel=1),
        step(BATCH_NORM, first),
        step(RELU, first + 1),
        step(GLOBAL_AVERAGE_POOL, first + 2),
        step(CLASS_HEAD, first + 3, classes=10),
    )
    return Architecture((Grid(32, 32, 3),), sequence(1, (*stem, *steps, *last)))


def _candidate_network(candidate: Candidate) -> Architecture:
    chain = candidate.part("chain")
    if not isinstance(chain, Architecture):
        raise SpaceError(f"The part 'chain' must be an architecture, got {type(chain).__name__}.")
    return network(chain)


def key(chain: Architecture) -> str:
    """Return the chain's key in the benchmark's table, such as ``"01200210"``: the blocks' numbers.

    Raises:
        SpaceError: The architecture is no such chain.
    """
    return "".join(map(str, chain_space().prefix(chain)))


def from_key(text: str) -> Architecture:
    """Return the chain of a key.

    Raises:
        SpaceError: The text is not eight digits out of 0, 1 and 2.
    """
    if len(text) != sum(STAGES) or not set(text) <= set("012"):
        raise SpaceError(f"A chain's key is eight digits out of 0, 1 and 2, got {text!r}.")
    return chain_space().decide(tuple(map(int, text)))
