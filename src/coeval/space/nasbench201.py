"""NAS-Bench-201: cells of four nodes, an operation on each of the six edges (Dong & Yang 2020, arXiv:2001.00326).

A genotype is the cell as an ordinary architecture, on the grid of the network's first stage. A candidate's architecture is the
whole network of section 2.2: a stem, three stages of five such cells with 16, 32 and 64 features, each later stage behind a
residual block that halves the grid, then the classifier.
"""

import functools
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from coeval.architecture.component import Value
from coeval.architecture.step import Architecture, Region, Step, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import IDENTITY, RELU
from coeval.component.constant import ZERO
from coeval.component.grid import AVERAGE_POOL, CONV, GLOBAL_AVERAGE_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.merge import ADD
from coeval.component.norm import BATCH_NORM
from coeval.component.region import REPEAT
from coeval.errors import SpaceError, did_you_mean
from coeval.space.image_frame import ImageFrame
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import Option, Template, Use

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""In the benchmark's own order."""
EDGES = ("e01", "e02", "e12", "e03", "e13", "e23")
"""From node to node, in the order of the official string."""
WIDTHS = (16, 32, 64)
CELLS = 5
"""A stage."""
_MEMBERS = len(OPERATIONS) ** len(EDGES)
_ORDER_SEED = 88  # of the authors' shuffle: exps/NAS-Bench-201/main.py of D-X-Y/AutoDL-Projects


@dataclass(frozen=True, slots=True)
class ImageSet:
    """What a network is built for: square images of ``side`` with 3 channels, and ``classes``."""

    name: str
    side: int
    classes: int


DATASETS = {
    one.name: one
    for one in (
        ImageSet("cifar10", 32, 10),
        ImageSet("cifar100", 32, 100),
        ImageSet("imagenet16-120", 16, 120),
    )
}
"""The benchmark's three data sets."""


def space(dataset: str = "cifar10") -> ProductSpace:
    """Return the benchmark's space: one part ``"cell"``; a candidate's architecture is the whole network.

    Args:
        dataset: Decides the network's input and classes.

    Raises:
        SpaceError: The data set is not one of ``DATASETS``.
    """
    typing = functools.partial(_candidate_network, dataset_named(dataset))
    return ProductSpace({"cell": cell_space()}, typing=typing)


def dataset_named(name: str) -> ImageSet:
    """Return one of ``DATASETS``.

    Raises:
        SpaceError: There is no such data set.
    """
    if name not in DATASETS:
        raise SpaceError(
            f"The data set must be one of {list(DATASETS)}, got {name!r}.{did_you_mean(name, DATASETS)}"
        )
    return DATASETS[name]


@functools.cache
def cell_space() -> SlotSpace:
    """Return the space of cells; its slots are the edges, its options the operations."""
    slots = tuple(Slot(edge, OPERATIONS) for edge in EDGES)
    return SlotSpace(slots, cell_template(), "cell")


def cell_template() -> Template:
    """Return the cell with its six open edges: each node is the sum of the edges that enter it."""
    return four_nodes(operations(), Grid(32, 32, WIDTHS[0]))


def four_nodes(options: tuple[Option, ...], grid: Grid, edges: tuple[str, ...] = EDGES) -> Template:
    """Return a cell of four nodes, all joined, with the same options on every edge.

    Args:
        options: What may stand on an edge.
        grid: The type of its input.
        edges: The six edges in the order of the slots, named as in ``EDGES``.
    """
    slot = {edge: number for number, edge in enumerate(edges)}
    items = (
        Use(slot["e01"], (0,)),  # value 1: node 1
        Use(slot["e02"], (0,)),
        Use(slot["e12"], (1,)),
        step(ADD, (2, 3)),  # value 4: node 2
        Use(slot["e03"], (0,)),
        Use(slot["e13"], (1,)),
        Use(slot["e23"], (4,)),
        step(ADD, (5, 6, 7)),  # value 8: node 3
    )
    return Template((grid,), (options,) * len(edges), items, output=8)


def operations() -> tuple[Option, ...]:
    """Return what may stand on an edge, in the order of ``OPERATIONS``."""
    contents = (
        (step(ZERO, 0),),
        (step(IDENTITY, 0),),
        convolved(0, WIDTHS[0], kernel=1),
        convolved(0, WIDTHS[0], kernel=3),
        (step(AVERAGE_POOL, 0, kernel=3),),
    )
    return tuple(
        Option(name, sequence(1, steps)) for name, steps in zip(OPERATIONS, contents, strict=True)
    )


def convolved(
    value: int,
    width: int,
    *,
    kernel: int,
    stride: int = 1,
    first: int = 1,
) -> tuple[Step, Step, Step]:
    """Return relu, convolution and batch norm of a value.

    Args:
        value: What they are applied to.
        width: Features of the result.
        kernel: Side of the window.
        stride: Of the window.
        first: Index of the first of the three results.
    """
    return (
        step(RELU, value),
        step(CONV, first, width=width, kernel=kernel, stride=stride),
        step(BATCH_NORM, first + 1),
    )


def network(cell: Architecture, dataset: ImageSet) -> Architecture:
    """Return the whole network of a cell (section 2.2 and figure 1 of the paper).

    Args:
        cell: A member of ``cell_space``.
        dataset: Decides the input's grid and the number of classes.
    """
    settings = CLASS_HEAD.complete({"classes": dataset.classes})
    frame = ImageFrame(Grid(dataset.side, dataset.side, 3), CLASS_HEAD, settings)
    return stacked(cell, frame, CELLS, WIDTHS[0])


def stacked(cell: Architecture, frame: ImageFrame, cells: int, width: int) -> Architecture:
    """Return the network of a cell for any images and of any size.

    Args:
        cell: A member of ``cell_space``, its choices perhaps still open.
        frame: Images and head.
        cells: A stage; there are three.
        width: Features of the first stage; each later one has twice as many on a grid of half the side, rounded up.
    """
    steps = [step(CONV, 0, width=width), step(BATCH_NORM, 1)]
    height, breadth = frame.grid.height, frame.grid.width
    for stage in range(len(WIDTHS)):
        if stage:
            is_even = height % 2 == breadth % 2 == 0
            steps += _reduction(len(steps), width << stage, is_even=is_even)
            height, breadth = (height + 1) // 2, (breadth + 1) // 2
        body = with_width(cell.body, width << stage)
        steps.append(step(REPEAT, len(steps), body, times=cells))
    for last in (BATCH_NORM, RELU, GLOBAL_AVERAGE_POOL):
        steps.append(step(last, len(steps)))
    return frame.network(steps)


def _reduction(value: int, width: int, *, is_even: bool) -> list[Step]:
    """Return the residual block that halves the grid: two convolutions beside a pooled projection.

    On a grid of odd sides the pool looks at 3 by 3, as 2 by 2 would leave out the last row, which the convolutions do not.
    """
    first = convolved(value, width, kernel=3, stride=2, first=value + 1)
    second = convolved(value + 3, width, kernel=3, first=value + 4)
    pooled = step(AVERAGE_POOL, value, kernel=2 if is_even else 3, stride=2)
    projected = step(CONV, value + 7, width=width, kernel=1)
    return [*first, *second, pooled, projected, step(ADD, (value + 6, value + 8))]


def with_width(region: Region, width: int) -> Region:
    """Return a region whose every ``width``, nested ones included, is another: the same cell with other features."""
    steps = tuple(_widened(one, width) for one in region.steps)
    return replace(region, steps=steps)


def _widened(one: Step, width: int) -> Step:
    settings: tuple[tuple[str, Value], ...] = tuple(
        (name, width if name == "width" else value) for name, value in one.settings
    )
    regions = tuple(with_width(region, width) for region in one.regions)
    return replace(one, settings=settings, regions=regions)


def _candidate_network(dataset: ImageSet, candidate: Candidate) -> Architecture:
    cell = candidate.part("cell")
    if not isinstance(cell, Architecture):
        raise SpaceError(f"The part 'cell' must be an architecture, got {type(cell).__name__}.")
    return network(cell, dataset)


def official_string(cell: Architecture) -> str:
    """Return the cell as the benchmark writes it, such as ``|nor_conv_3x3~0|+|none~0|skip_connect~1|+|…|``.

    Raises:
        SpaceError: The architecture is no such cell.
    """
    chosen = iter(cell_space().choices(cell))
    nodes = ["|".join(f"{next(chosen)}~{source}" for source in range(node)) for node in (1, 2, 3)]
    return "+".join(f"|{node}|" for node in nodes)


def from_string(text: str) -> Architecture:
    """Return the cell of an official string.

    Raises:
        SpaceError: The text is not of that form, or names an operation that is not there.
    """
    nodes = [node.strip("|").split("|") for node in text.strip().split("+")]
    edges = [edge.partition("~") for node in nodes for edge in node]
    sources = [source for _, _, source in edges]
    if [len(node) for node in nodes] != [1, 2, 3] or sources != ["0", "0", "1", "0", "1", "2"]:
        raise SpaceError(
            "A cell of NAS-Bench-201 is written |op~0|+|op~0|op~1|+|op~0|op~1|op~2|, "
            f"got {text!r}. Operations: {', '.join(OPERATIONS)}."
        )
    return cell_space().assemble([operation for operation, _, _ in edges])


def unique_string(cell: Architecture) -> str:
    """Return the benchmark's own name of the cell's class: 6,466 for all cells.

    ``CellStructure.to_unique_str(consider_zero=True)`` of the authors' code: skips are left out, what is made of zeros
    is ``#``, and the summands of a node are sorted. Sums within sums stay, so cells that compute the same may differ.
    """
    chosen = iter(cell_space().choices(cell))
    nodes = ["0"]
    for node in (1, 2, 3):
        edges = [_edge_text(next(chosen), nodes[source]) for source in range(node)]
        nodes.append("+".join(sorted(edges)))
    return nodes[-1]


def _edge_text(operation: str, source: str) -> str:
    if operation == "none" or source == "#":
        return "#"
    return source if operation == "skip_connect" else f"({source})@{operation}"


def index(cell: Architecture) -> int:
    """Return the cell's place in the official order, which is its row in the benchmark's tables.

    Raises:
        SpaceError: The architecture is no such cell.
    """
    number = 0
    for pick in cell_space().prefix(cell):
        number = number * len(OPERATIONS) + pick
    return _places()[number]


def members() -> Iterator[Architecture]:
    """Yield all 15,625 cells in the official order."""
    every = list(itertools.product(range(len(OPERATIONS)), repeat=len(EDGES)))
    for number in _official_order():
        yield cell_space().decide(every[number])


@functools.cache
def _official_order() -> tuple[int, ...]:
    """Return the decisions' order as the authors shuffled it, with Python's own generator."""
    order = list(range(_MEMBERS))
    random.Random(_ORDER_SEED).shuffle(order)
    return tuple(order)


@functools.cache
def _places() -> tuple[int, ...]:
    places = [0] * _MEMBERS
    for place, number in enumerate(_official_order()):
        places[number] = place
    return tuple(places)
