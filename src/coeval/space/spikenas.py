"""SpikeNAS-Bench: cells of spiking neurons (Sun et al. 2025, doi:10.1109/TAI.2025.3534136).

The cell is that of NAS-Bench-201, and three of the five operations are a convolution behind neurons of a low, a middle or a high
threshold. A genotype is the cell as an ordinary architecture; a candidate's architecture is the whole network for CIFAR-10 of the authors'
``model_snn.py`` (github.com/tju-sun-lab/SpikeNAS-Bench), with one difference: here a neuron has a single time step, there
five, with a leak between them. Weights, shapes and costs of a step are the same.

Order of edges and operations are the authors' (``train_all_networks.py``); the table agrees: 341 cells without a path from
input to output score exactly 10 % in this order, and in no other but its reversal.
"""

import functools
from collections.abc import Iterator

from coeval.architecture.component import Component, Value
from coeval.architecture.step import Architecture, Step, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import DROPOUT, GROUP_AVERAGE, IDENTITY, LINEAR, SPIKE
from coeval.component.constant import ZERO
from coeval.component.grid import AVERAGE_POOL, CONV, FLATTEN
from coeval.component.norm import BATCH_NORM
from coeval.errors import SpaceError
from coeval.space.nasbench201 import four_nodes, with_width
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import Option, placed

OPERATIONS = ("none", "skip_connect", "spike_0.5", "spike_1.0", "spike_1.5")
"""0 to 4 in the table: the last three are neurons of that threshold, a 3 by 3 convolution and batch norm."""
EDGES = ("e01", "e02", "e03", "e12", "e13", "e23")
"""From node to node, in the order of the table's columns."""
WIDTHS = (128, 256)
CLASSES, VOTES = 10, 10
_THRESHOLDS = (0.5, 1.0, 1.5)
_HIDDEN = 1024


def space() -> ProductSpace:
    """Return the benchmark's space: one part ``"cell"``; a candidate's architecture is the whole network."""
    return ProductSpace({"cell": cell_space()}, typing=_candidate_network)


@functools.cache
def cell_space() -> SlotSpace:
    """Return the space of cells; its slots are the edges, its options the operations."""
    contents = [[step(ZERO, 0)], [step(IDENTITY, 0)]]
    for threshold in _THRESHOLDS:
        contents.append(
            [
                step(SPIKE, 0, threshold=threshold),
                step(CONV, 1, width=WIDTHS[0]),
                step(BATCH_NORM, 2),
            ]
        )
    options = tuple(
        Option(name, sequence(1, steps)) for name, steps in zip(OPERATIONS, contents, strict=True)
    )
    template = four_nodes(options, Grid(32, 32, WIDTHS[0]), EDGES)
    return SlotSpace(tuple(Slot(edge, OPERATIONS) for edge in EDGES), template, "cell")


def network(cell: Architecture) -> Architecture:
    """Return the whole network of a cell: two such cells, a halved grid before and behind the second, two linear maps.

    Each class has ten outputs, whose mean is its score.
    """
    steps: list[Step] = []

    def add(component: Component, **settings: Value) -> None:
        steps.append(step(component, len(steps), **settings))

    add(CONV, width=WIDTHS[0])
    add(BATCH_NORM)
    steps += placed(cell.body, (len(steps),), len(steps) + 1)[0]
    add(BATCH_NORM)
    add(SPIKE)
    add(CONV, width=WIDTHS[1])
    add(BATCH_NORM)
    add(AVERAGE_POOL, kernel=2, stride=2)
    steps += placed(with_width(cell.body, WIDTHS[1]), (len(steps),), len(steps) + 1)[0]
    add(BATCH_NORM)
    add(SPIKE)
    add(AVERAGE_POOL, kernel=2, stride=2)
    add(FLATTEN)
    add(DROPOUT, rate=0.5)
    add(LINEAR, width=_HIDDEN, bias=False)
    add(SPIKE)
    add(LINEAR, width=CLASSES * VOTES)
    add(GROUP_AVERAGE, width=CLASSES)
    return Architecture((Grid(32, 32, 3),), sequence(1, steps))


def _candidate_network(candidate: Candidate) -> Architecture:
    cell = candidate.part("cell")
    if not isinstance(cell, Architecture):
        raise SpaceError(f"The part 'cell' must be an architecture, got {type(cell).__name__}.")
    return network(cell)


def operations(cell: Architecture) -> tuple[int, ...]:
    """Return the cell as the table writes it: the numbers of its operations in the order of ``EDGES``.

    Raises:
        SpaceError: The architecture is no such cell.
    """
    return cell_space().prefix(cell)


def from_operations(numbers: tuple[int, ...]) -> Architecture:
    """Return the cell of six operation numbers.

    Raises:
        SpaceError: They are not six numbers in 0..4.
    """
    return cell_space().decide(numbers)


def index(cell: Architecture) -> int:
    """Return the cell's row in the table, whose first column changes fastest.

    Raises:
        SpaceError: The architecture is no such cell.
    """
    return sum(number * len(OPERATIONS) ** place for place, number in enumerate(operations(cell)))


def members() -> Iterator[Architecture]:
    """Yield all 15,625 cells in the order of the table."""
    base = len(OPERATIONS)
    for row in range(base ** len(EDGES)):
        yield from_operations(tuple(row // base**place % base for place in range(len(EDGES))))
