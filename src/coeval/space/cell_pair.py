"""Networks of two cells, a normal and a reducing one, each of which takes the results of the two cells before it.

The stacking is NASNet's (Zoph et al. 2018, arXiv:1707.07012, section 3 and figure 2) with the stem and the projections in front of a
cell of DARTS (Liu et al. 2019, arXiv:1806.09055, appendix A.1): three stages of normal cells, a reducing cell with twice the
features in front of the second and the third. A cell is an ordinary architecture over two grids of ``NOMINAL``
features; in a network all its widths are scaled alike.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from coeval.architecture.component import Value
from coeval.architecture.step import Architecture, Region, Step, step
from coeval.architecture.types import Grid
from coeval.component.grid import CONV, GLOBAL_AVERAGE_POOL
from coeval.component.merge import ADD, CONCATENATE
from coeval.component.norm import BATCH_NORM
from coeval.errors import SpaceError
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts, Stack, affordable
from coeval.space.limits import Limits
from coeval.space.motifs_grid import factorised_reduction, relu_conv_bn
from coeval.space.protocol import Candidate, Genotype
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import Option, Template, Use, placed

NOMINAL = 16
"""Features of a cell's inputs where it stands alone."""
NORMAL, REDUCTION = "normal", "reduction"
NONE = "none"
STAGES = 3
_STEM = 3  # times the features of the first stage
_GRID = Grid(8, 8, NOMINAL)

Options = Callable[[int], tuple[Option, ...]]
"""From a stride to what may stand on an edge; the first is that there is no edge."""
Taken = Sequence[tuple[str, int]]
"""A cell as authors write it: the operation and the source of each edge that is taken; sources count from the two inputs on."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node's edges: their slots' names with the value that each comes from, and the groups of which so many are taken.

    Attributes:
        edges: Name and number of the value: the two inputs, then the nodes before.
        taken: For each group of consecutive edges how many there are, and how many are not ``none``.
    """

    edges: tuple[tuple[str, int], ...]
    taken: tuple[tuple[int, int], ...]


def parts_of(
    space: Callable[[str], SlotSpace],
    cell: Callable[[str, Taken], Architecture],
    largest: Taken,
    seeds: Mapping[str, tuple[Taken, Taken]],
    frame: ImageFrame,
    limits: Limits,
) -> Parts:
    """Return the parts ``normal`` and ``reduction`` and their network.

    Args:
        space: From a part's name to its cells.
        cell: From a part's name and what is taken to a cell.
        largest: The costliest cell.
        seeds: The normal and the reducing cell by name.
        frame: Images and head.
        limits: The stack is the largest of which every member fits.

    Raises:
        SpaceError: Not even the smallest stack fits.
    """
    costliest = cell(NORMAL, largest), cell(REDUCTION, largest)
    stack = affordable(lambda one: stacked(*costliest, frame, one), limits)
    made: dict[str, dict[str, Genotype]] = {
        name: {NORMAL: cell(NORMAL, normal), REDUCTION: cell(REDUCTION, reduction)}
        for name, (normal, reduction) in seeds.items()
    }
    spaces = {NORMAL: space(NORMAL), REDUCTION: space(REDUCTION)}
    return Parts(spaces, functools.partial(network, stack), made)


def cell_space(part: str, nodes: Sequence[Node], options: Options) -> SlotSpace:
    """Return the space of one of the two cells: the sum of each node's edges, all nodes side by side as the result.

    Args:
        part: ``NORMAL`` or ``REDUCTION``, whose edges from the inputs halve the grid.
        nodes: In order.
        options: Of an edge.
    """
    edges = [(name, source) for node in nodes for name, source in node.edges]
    items: list[Step | Use] = []
    values = [0, 1]
    slot = 0
    for node in nodes:
        first = 2 + len(items)
        for _, source in node.edges:
            items.append(Use(slot, (values[source],)))
            slot += 1
        values.append(2 + len(items))
        items.append(step(ADD, tuple(range(first, values[-1]))))
    items.append(step(CONCATENATE, tuple(values[2:])))
    strides = [2 if part == REDUCTION and source < 2 else 1 for _, source in edges]
    found = tuple(options(stride) for stride in strides)
    template = Template((_GRID, _GRID), found, tuple(items), output=1 + len(items))
    names = tuple(one.name for one in options(1))
    slots = tuple(Slot(name, names) for name, _ in edges)
    groups = tuple(_rows(count, taken, len(names)) for node in nodes for count, taken in node.taken)
    return SlotSpace(slots, template, part, groups=groups)


def _rows(edges: int, taken: int, options: int) -> tuple[tuple[int, ...], ...]:
    """Return all choices of edges of which so many are not ``none`` (option 0)."""
    rows: list[tuple[int, ...]] = [()]
    for _ in range(edges):
        rows = [(*row, pick) for row in rows for pick in range(options)]
        rows = [row for row in rows if sum(one > 0 for one in row) <= taken]
    return tuple(sorted(row for row in rows if sum(one > 0 for one in row) == taken))


def network(stack: Stack, candidate: Candidate, frame: ImageFrame) -> Architecture:
    """Return the whole network of a candidate with the parts ``normal`` and ``reduction``.

    Raises:
        SpaceError: One of them is no architecture.
    """
    cells = [candidate.part(name) for name in (NORMAL, REDUCTION)]
    for name, cell in zip((NORMAL, REDUCTION), cells, strict=True):
        if not isinstance(cell, Architecture):
            raise SpaceError(
                f"The part {name!r} must be an architecture, got {type(cell).__name__}."
            )
    normal, reduction = cells
    assert isinstance(normal, Architecture)
    assert isinstance(reduction, Architecture)
    return stacked(normal, reduction, frame, stack)


def stacked(
    normal: Architecture, reduction: Architecture, frame: ImageFrame, stack: Stack
) -> Architecture:
    """Return the network of two cells.

    Args:
        normal: Keeps the grid.
        reduction: Halves it, rounded up.
        frame: Images and head.
        stack: Normal cells a stage, and features of the first stage.
    """
    steps: list[Step] = [step(CONV, 0, width=_STEM * stack.width), step(BATCH_NORM, 1)]
    before, last = 2, 2
    is_halved = False  # whether the value before the last has a grid of twice the side
    for stage in range(STAGES):
        width = stack.width << stage
        for number in range(stack.cells + (stage > 0)):
            reduces = stage > 0 and number == 0
            cell = scaled((reduction if reduces else normal).body, width)
            first = factorised_reduction(width) if is_halved else relu_conv_bn(width)
            one = _put(steps, first, (before,))
            two = _put(steps, relu_conv_bn(width), (last,))
            before, last = last, _put(steps, cell, (one, two))
            is_halved = reduces
    steps.append(step(GLOBAL_AVERAGE_POOL, last))
    return frame.network(steps)


def scaled(region: Region, width: int) -> Region:
    """Return a cell's region, nested ones included, with all widths as a multiple of what they are at ``NOMINAL``."""
    steps = tuple(_scaled_step(one, width) for one in region.steps)
    return replace(region, steps=steps)


def _scaled_step(one: Step, width: int) -> Step:
    settings: tuple[tuple[str, Value], ...] = tuple(
        (name, max(1, int(value) * width // NOMINAL) if name == "width" else value)
        for name, value in one.settings
    )
    return replace(
        one, settings=settings, regions=tuple(scaled(inner, width) for inner in one.regions)
    )


def _put(steps: list[Step], region: Region, given: tuple[int, ...]) -> int:
    """Write a region behind the steps; return the value of its result."""
    moved, value = placed(region, given, 1 + len(steps))
    steps += moved
    return value
