"""Free cells: how many nodes, what each does and takes, how many cells are stacked and how wide; nothing is a fixed slot.

Where the cells of benchmarks fix the graph and choose operations, here the graph itself is searched, by edits that add, remove
and rewire nodes (as Real et al. 2019, arXiv:1802.01548, and Liu et al. 2018, arXiv:1711.00436, do).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from coeval.architecture.step import Architecture
from coeval.errors import SpaceError
from coeval.space.cell_plan import OPERATIONS, CellPlan, Node, assemble, parse
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts, single
from coeval.space.limits import Limits
from coeval.space.plan_space import Edit, Pick, PlanSpace, largest_seeds
from coeval.space.protocol import Candidate
from coeval.space.stage_moves import beside

MOST = 6
"""Nodes."""
CELLS = (1, 2, 3, 4)
WIDTHS = (4, 8, 12, 16, 24, 32, 48)

_CONV, _SEP = "conv_3x3", "sep_conv_5x5"
SEEDS = {
    "resnet": ((Node(_CONV, (0,)), Node(_CONV, (1,))), True),
    "vgg": ((Node(_CONV, (0,)),), False),
    "mobile": ((Node("conv_1x1", (0,)), Node(_SEP, (1,)), Node("conv_1x1", (2,))), True),
    "branches": (
        (Node("conv_1x1", (0,)), Node(_CONV, (1,)), Node(_SEP, (0,)), Node("max_pool_3x3", (0,))),
        True,
    ),
}
"""Nodes, and whether the cell is residual."""


def parts(frame: ImageFrame, limits: Limits) -> Parts:
    """Return the part ``architecture``, a network of free cells, and its seeds, the largest that keep the limits.

    Args:
        frame: Images and head.
        limits: Of every network.

    Raises:
        SpaceError: Not even the smallest network keeps them.
    """
    space = PlanSpace(FreeCells(frame), limits)
    plans = {
        name: [
            CellPlan(nodes, is_residual=is_residual, cells=cells, width=width)
            for width in reversed(WIDTHS)
            for cells in (2, 1)
        ]
        for name, (nodes, is_residual) in SEEDS.items()
    }
    return single("architecture", space, network, largest_seeds(space, plans))


def network(candidate: Candidate, frame: ImageFrame) -> Architecture:
    """Return a candidate's network for the frame's images: what halves a grid depends on whether its sides are even.

    Raises:
        SpaceError: The part ``architecture`` is no network of free cells.
    """
    plan = parse(candidate.architecture)
    if plan is None:
        raise SpaceError("The part 'architecture' is no network of free cells.")
    return assemble(frame, plan)


@dataclass(frozen=True, slots=True)
class FreeCells:
    """Plans of free cells for the images of a frame."""

    frame: ImageFrame

    @property
    def what(self) -> str:
        """Return what a network of these plans is, for messages."""
        grid = self.frame.grid
        return f"network of cells of at most {MOST} nodes for images of {grid.height}x{grid.width}"

    def decided(self, pick: Pick) -> CellPlan:
        """Return the plan of decisions: the stack, then each node's operation and what it takes."""
        cells, width = pick("cells", CELLS), pick("width", WIDTHS)
        is_residual = pick("residual", (True, False))
        nodes: list[Node] = []
        for number in range(pick("nodes", tuple(range(1, MOST + 1)))):
            operation = pick("operation", OPERATIONS)
            taken = pick("takes", sources(number)) if number else (0,)
            nodes.append(Node(operation, taken))
        return CellPlan(tuple(nodes), is_residual=is_residual, cells=cells, width=width)

    def size(self) -> int:
        """Return how many plans the decisions lead to."""
        total, graphs = 0, 1
        for number in range(MOST):
            graphs *= len(OPERATIONS) * len(sources(number))
            total += graphs
        return total * len(CELLS) * len(WIDTHS) * 2

    def least(self) -> CellPlan:
        """Return the cheapest plan: a pool."""
        nodes = (Node("avg_pool_3x3", (0,)),)
        return CellPlan(nodes, is_residual=False, cells=CELLS[0], width=WIDTHS[0])

    def cheaper(self, plan: CellPlan) -> Iterator[CellPlan]:
        """Yield plans one step down: narrower, fewer cells, without a node."""
        if plan.width > WIDTHS[0]:
            yield replace(plan, width=max(one for one in WIDTHS if one < plan.width))
        if plan.cells > CELLS[0]:
            yield replace(plan, cells=plan.cells - 1)
        if len(plan.nodes) > 1:
            for number in range(len(plan.nodes)):
                yield replace(plan, nodes=without(plan.nodes, number))

    def edits(self, plan: CellPlan) -> Iterator[Edit[CellPlan]]:
        """Yield the plans one edit away, rule by rule."""
        nodes = plan.nodes
        for number, node in enumerate(nodes):
            site = str(number + 1)
            for operation in OPERATIONS:
                if operation != node.operation:
                    other = replace(node, operation=operation)
                    said = f"{node.operation} -> {operation}"
                    yield Edit("swap_operation", site, said, _with(plan, number, other))
            for taken in sources(number):
                if taken != node.sources:
                    said = f"takes {node.sources} -> {taken}"
                    yield Edit(
                        "rewire", site, said, _with(plan, number, replace(node, sources=taken))
                    )
            if len(nodes) > 1:
                rest = replace(plan, nodes=without(nodes, number))
                yield Edit("remove_node", site, node.operation, rest)
        for operation in OPERATIONS if len(nodes) < MOST else ():
            for source in range(len(nodes) + 1):
                more = (*nodes, Node(operation, (source,)))
                said = f"{operation} of {source}"
                yield Edit("add_node", str(len(more)), said, replace(plan, nodes=more))
        yield from _stackings(plan)

    def crossed(
        self, first: CellPlan, second: CellPlan, rng: np.random.Generator
    ) -> Edit[CellPlan]:
        """Return the first's nodes up to one, then the second's of higher numbers, with the stack of either."""
        cut = int(rng.integers(1, len(first.nodes) + 1))
        stack = (first, second)[int(rng.integers(2))]
        nodes = (*first.nodes[:cut], *second.nodes[cut:])
        said = f"{cut} nodes, then the other's; the stack of {'the first' if stack is first else 'the other'}"
        return Edit("cross", str(cut), said, replace(stack, nodes=nodes))

    def fault(self, plan: CellPlan) -> str:
        """Return why a plan is none that decisions lead to; empty if it is one."""
        if not 1 <= len(plan.nodes) <= MOST:
            return f"{len(plan.nodes)} nodes, expected 1 to {MOST}"
        if plan.cells not in CELLS or plan.width not in WIDTHS:
            return f"{plan.cells} cells of {plan.width} features"
        for number, node in enumerate(plan.nodes):
            if node.operation not in OPERATIONS or node.sources not in sources(number):
                return f"node {number + 1}: {node}"
        return ""

    def assemble(self, plan: CellPlan) -> Architecture:
        """Return the plan's network."""
        return assemble(self.frame, plan)

    def parse(self, architecture: Architecture) -> CellPlan | None:
        """Return the plan that an architecture seems to be of."""
        return parse(architecture)

    def encode(self, plan: CellPlan) -> list[float]:
        """Return the stack, and for each node its operation and what it takes, zeros where there is none."""
        numbers = [float(plan.cells), math.log2(plan.width), float(plan.is_residual)]
        for number in range(MOST):
            node = plan.nodes[number] if number < len(plan.nodes) else Node("", ())
            numbers += [float(node.operation == one) for one in OPERATIONS]
            numbers += [float(source in node.sources) for source in range(MOST)]
        return numbers


def sources(number: int) -> tuple[tuple[int, ...], ...]:
    """Return what a node may take: any one or two of the values before it; numbers count from 0."""
    single = [(one,) for one in range(number + 1)]
    pairs = [(one, other) for other in range(number + 1) for one in range(other)]
    return (*single, *pairs)


def without(nodes: tuple[Node, ...], number: int) -> tuple[Node, ...]:
    """Return the nodes without one; what took its result takes the first of what it took."""
    value, stand_in = number + 1, nodes[number].sources[0]
    rest = []
    for node in (*nodes[:number], *nodes[number + 1 :]):
        taken = {stand_in if one == value else one for one in node.sources}
        moved = sorted({one - 1 if one > value else one for one in taken})
        rest.append(replace(node, sources=tuple(moved)))
    return tuple(rest)


def _stackings(plan: CellPlan) -> Iterator[Edit[CellPlan]]:
    """Yield the plans of the same nodes in another stack."""
    for width in beside(WIDTHS, plan.width):
        name = "widen" if width > plan.width else "narrow"
        yield Edit(name, "", f"width {plan.width} -> {width}", replace(plan, width=int(width)))
    for cells in beside(CELLS, plan.cells):
        name = "deepen" if cells > plan.cells else "shorten"
        yield Edit(name, "", f"cells {plan.cells} -> {cells}", replace(plan, cells=int(cells)))
    other = replace(plan, is_residual=not plan.is_residual)
    yield Edit("residual", "", "without" if plan.is_residual else "with", other)


def _with(plan: CellPlan, number: int, node: Node) -> CellPlan:
    return replace(plan, nodes=(*plan.nodes[:number], node, *plan.nodes[number + 1 :]))
