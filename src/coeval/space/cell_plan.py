"""Plans of free cells: operations on sums of earlier values, as many and as connected as one likes; and their networks.

A node applies an operation to the sum of one or two earlier values (value 0 enters the cell); all values that no node takes are
summed up as the result, the cell's input too where the cell is residual. Cells keep their input's type and are stacked as those
of NAS-Bench-201 are. Every network can be read back as its plan.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

from coeval.architecture.step import Architecture, Region, Step, step
from coeval.architecture.types import Grid
from coeval.component.grid import AVERAGE_POOL, MAX_POOL
from coeval.component.merge import ADD
from coeval.component.region import REPEAT
from coeval.space.image_frame import ImageFrame
from coeval.space.motifs_grid import dil_conv, pooled, relu_conv_bn
from coeval.space.nasbench201 import stacked
from coeval.space.template import placed

OPERATIONS = (
    "conv_1x1",
    "conv_3x3",
    "conv_5x5",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "sep_conv_7x7",
    "dil_conv_3x3",
    "avg_pool_3x3",
    "max_pool_3x3",
)


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a cell.

    Attributes:
        operation: One of ``OPERATIONS``.
        sources: One or two different earlier values, ascending: 0 is the cell's input, n the result of the n-th node.
    """

    operation: str
    sources: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CellPlan:
    """A cell and how it is stacked.

    Attributes:
        nodes: In order; the first takes the cell's input.
        is_residual: Whether the cell's input is added to its result.
        cells: A stage; there are three.
        width: Features of the first stage, doubled in each later one.
    """

    nodes: tuple[Node, ...]
    is_residual: bool = True
    cells: int = 1
    width: int = 16

    @property
    def loose(self) -> tuple[int, ...]:
        """Return the values that form the result."""
        used = {one for node in self.nodes for one in node.sources}
        ends = [n for n in range(1, len(self.nodes) + 1) if n not in used]
        return (0, *ends) if self.is_residual else tuple(ends)


def assemble(frame: ImageFrame, plan: CellPlan) -> Architecture:
    """Return a plan's network."""
    cell = Architecture((Grid(32, 32, plan.width),), _cell(plan))
    return stacked(cell, frame, plan.cells, plan.width)


def parse(architecture: Architecture) -> CellPlan | None:
    """Return the plan that an architecture seems to be of; the asker checks by assembling it."""
    repeats = [one for one in architecture.body.steps if one.component == REPEAT]
    if not repeats or "width" not in dict(architecture.body.steps[0].settings):
        return None
    width = int(architecture.body.steps[0].setting("width"))
    body, cells = repeats[0].regions[0], int(repeats[0].setting("times"))
    nodes = _nodes(body, width)
    if nodes is None or not nodes:
        return None
    last = body.steps[-1]
    is_residual = last.component == ADD and 0 in last.inputs and body.output == len(body.steps)
    return CellPlan(nodes, is_residual=is_residual, cells=cells, width=width)


@functools.cache
def operation(name: str, width: int) -> Region:
    """Return what a node does with a value of so many features, which it keeps."""
    kind, _, window = name.rpartition("_")
    kernel = int(window[0])
    match kind:
        case "conv":
            return relu_conv_bn(width, kernel=kernel)
        case "sep_conv" | "dil_conv":
            return dil_conv(width, kernel=kernel, dilation=1 if kind == "sep_conv" else 2)
        case _:
            return pooled(AVERAGE_POOL if kind == "avg_pool" else MAX_POOL, kernel=kernel)


def _cell(plan: CellPlan) -> Region:
    steps: list[Step] = []
    values = [0]
    for node in plan.nodes:
        taken = _sum(steps, [values[one] for one in node.sources])
        moved, value = placed(operation(node.operation, plan.width), (taken,), 1 + len(steps))
        steps += moved
        values.append(value)
    result = _sum(steps, [values[one] for one in plan.loose])
    return Region(1, tuple(steps), result)


def _sum(steps: list[Step], values: Sequence[int]) -> int:
    """Add a sum behind the steps where there are several values; return the value of the result."""
    if len(values) == 1:
        return values[0]
    steps.append(step(ADD, tuple(values)))
    return len(steps)


def _nodes(body: Region, width: int) -> tuple[Node, ...] | None:
    """Return the nodes of a cell's region, ``None`` where its steps are no operations."""
    nodes: list[Node] = []
    number_of = {0: 0}  # from a value of the region to the value's number in the plan
    place = 0
    while place < len(body.steps):
        first = body.steps[place]
        inputs = first.inputs
        if first.component == ADD:
            if place + 1 == len(body.steps):
                break  # the result
            place += 1
        name = _operation_at(body.steps, place, width)
        if name is None or any(one not in number_of for one in inputs):
            return None
        place += len(operation(name, width).steps)
        nodes.append(Node(name, tuple(number_of[one] for one in inputs)))
        number_of[place] = len(nodes)
    return tuple(nodes)


def _operation_at(steps: Sequence[Step], place: int, width: int) -> str | None:
    for name in OPERATIONS:
        wanted = operation(name, width).steps
        found = steps[place : place + len(wanted)]
        if len(found) == len(wanted) and all(
            one.component == other.component and one.settings == other.settings
            for one, other in zip(found, wanted, strict=True)
        ):
            return name
    return None
