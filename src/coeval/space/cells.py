"""Cells on their own: found in one search, stacked deeper and wider for another task (Zoph et al. 2018, arXiv:1707.07012).

A cell is kept as it was searched, at the width of its space; what is stacked of it depends on the images, the head and the size of
the new task alone. So cells go from one data set or resolution to any other.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from coeval.architecture.component import Setting
from coeval.architecture.inference import infer
from coeval.architecture.serial import to_json
from coeval.architecture.step import Architecture
from coeval.errors import SpaceError
from coeval.space import cell_pair, darts, nasbench201, nasnet
from coeval.space.choices import ChoiceSpace
from coeval.space.fixed import FixedSpace
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts, Stack
from coeval.space.limits import Limits
from coeval.space.protocol import Candidate, Genotype
from coeval.space.slots import SlotSpace

COUNTS = (1, 2, 3, 4, 5, 6)
"""Cells a stage."""
WIDTHS = (4, 8, 12, 16, 24, 32, 48, 64)
"""Features of the first stage."""
_Stacked = Callable[[Mapping[str, Architecture], ImageFrame, Stack], Architecture]


@dataclass(frozen=True, slots=True)
class CellPreset:
    """A preset whose architecture is one or two cells.

    Attributes:
        spaces: The space of each cell.
        stacked: From the cells to a whole network.
        inputs: What the values are called that enter a cell.
    """

    spaces: Mapping[str, SlotSpace]
    stacked: _Stacked
    inputs: tuple[str, ...]


def _single(cells: Mapping[str, Architecture], frame: ImageFrame, stack: Stack) -> Architecture:
    return nasbench201.stacked(cells["cell"], frame, stack.cells, stack.width)


def _pair(cells: Mapping[str, Architecture], frame: ImageFrame, stack: Stack) -> Architecture:
    normal, reduction = (cells[name] for name in (cell_pair.NORMAL, cell_pair.REDUCTION))
    return cell_pair.stacked(normal, reduction, frame, stack)


@functools.cache
def presets() -> Mapping[str, CellPreset]:
    """Return the presets that have cells, by name."""
    two = (cell_pair.NORMAL, cell_pair.REDUCTION)
    before = ("the cell before last", "the last cell")
    return {
        "nasbench201": CellPreset({"cell": nasbench201.cell_space()}, _single, ("the last cell",)),
        "darts": CellPreset({one: darts.space(one) for one in two}, _pair, before),
        "nasnet": CellPreset({one: nasnet.space(one) for one in two}, _pair, before),
    }


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells that were found, by the names of their parts.

    Attributes:
        preset: Where they are from.
        parts: Each a member of the preset's space of that part.
    """

    preset: str
    parts: tuple[tuple[str, Architecture], ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"preset": self.preset, "parts": {name: to_json(one) for name, one in self.parts}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Cells":
        """Return the cells that ``to_json`` wrote.

        Raises:
            SpaceError: They are from a space without cells, incomplete, or no members of their space.
        """
        return cells_of(str(value.get("preset")), value.get("parts"))


def cells_of(preset: str, parts: Any) -> Cells:
    """Return the cells of a candidate.

    Args:
        preset: The space that it is from.
        parts: Its parts as JSON, or at least those that are cells.

    Raises:
        SpaceError: The space has no cells, one is missing, or one is no member of its space.
    """
    if preset not in presets():
        raise SpaceError(
            f"The space {preset!r} has no cells to take over; those of {', '.join(presets())} have. Search cells first: "
            "coeval fit … --preset darts."
        )
    found = []
    for name, space in presets()[preset].spaces.items():
        if not isinstance(parts, Mapping) or name not in parts:
            raise SpaceError(
                f"Cells of {preset!r} need the parts {list(presets()[preset].spaces)}, and {name!r} is missing."
            )
        try:
            found.append((name, space.from_json(parts[name])))
        except SpaceError as error:
            raise SpaceError(
                f"The cell {name!r} does not fit the space {preset!r}: {error} It was changed by hand, or written by "
                "another version of coeval."
            ) from error
    return Cells(preset, tuple(found))


def restacked(cells: Cells, stack: Stack, frame: ImageFrame) -> Architecture:
    """Return the network of cells for any images.

    Args:
        cells: Found elsewhere.
        stack: Cells a stage, and features of the first stage.
        frame: Images and head.
    """
    return presets()[cells.preset].stacked(dict(cells.parts), frame, stack)


def described(cells: Cells) -> str:
    """Return the cells as text: for each node what is added up."""
    lines: list[str] = []
    for name, cell in cells.parts:
        space = presets()[cells.preset].spaces[name]
        lines += [f"{name} cell"] if len(cells.parts) > 1 else [f"{cells.preset} cell"]
        for node, terms in _nodes(space, cell).items():
            lines.append(f"  {node} = {' + '.join(terms) or 'nothing'}")
    return "\n".join(lines)


def _nodes(space: SlotSpace, cell: Architecture) -> dict[str, list[str]]:
    """Return each node's terms; a slot's name ends in the number of its source and of its node."""
    inputs = len(cell.inputs)
    nodes: dict[str, list[str]] = {}
    for slot, operation in zip(space.slots, space.choices(cell), strict=True):
        source, node = int(slot.name[-2]), int(slot.name[-1])
        taken = f"input {source}" if source < inputs else f"node {source - inputs + 1}"
        terms = nodes.setdefault(f"node {node - inputs + 1}", [])
        if operation != "none":
            terms.append(f"{operation}({taken})")
    return nodes


def stacks(cells: Cells, frame: ImageFrame, limits: Limits) -> Parts:
    """Return the parts of a space whose cells are fixed and whose stack is searched.

    Args:
        cells: Found elsewhere.
        frame: Images and head.
        limits: Of a network's cost; the part ``stack`` offers what fits.

    Raises:
        SpaceError: Not even the smallest stack fits.
    """
    costs: dict[str, int] = {}
    for count in COUNTS:
        for width in WIDTHS:
            cost = infer(restacked(cells, Stack(count, width), frame)).cost
            if limits.excess(cost):
                break  # and so do all wider ones
            costs[f"{count}x{width}"] = cost.macs
    if not costs:
        smallest = infer(restacked(cells, Stack(COUNTS[0], WIDTHS[0]), frame)).cost
        raise SpaceError(
            f"Even one cell a stage of {WIDTHS[0]} features exceeds the limits: {limits.excess(smallest)}. Raise the "
            "limit, or give smaller images."
        )
    names = tuple(costs)
    largest = max(names, key=costs.__getitem__)
    spaces = {name: FixedSpace(one, name) for name, one in cells.parts}
    stack = ChoiceSpace((Setting("stack", names, largest),), "stack")
    seeds: dict[str, dict[str, Genotype]] = {}
    for name, chosen in _seeds(costs).items():
        seeds[name] = {**dict(cells.parts), "stack": stack.default(stack=chosen)}
    return Parts({**spaces, "stack": stack}, functools.partial(_network, cells.preset), seeds)


def _seeds(costs: Mapping[str, int]) -> dict[str, str]:
    """Return the stacks to begin with: the middle one, the costliest, the deepest and the widest."""
    order = sorted(costs, key=costs.__getitem__)
    found = {
        "transferred": order[len(order) // 2],
        "large": order[-1],
        "deep": max(order, key=lambda one: (stack_of(one).cells, costs[one])),
        "wide": max(order, key=lambda one: (stack_of(one).width, costs[one])),
    }
    first = {
        one: name for name, one in reversed(found.items())
    }  # of equal ones the first name stays
    return {name: one for name, one in found.items() if first[one] == name}


def stack_of(name: str) -> Stack:
    """Return the stack of a setting's value, such as ``"3x16"``: cells a stage, and features of the first."""
    count, _, width = name.partition("x")
    return Stack(int(count), int(width))


def _network(preset: str, candidate: Candidate, frame: ImageFrame) -> Architecture:
    found = {name: candidate.part(name) for name in presets()[preset].spaces}
    cells = {name: one for name, one in found.items() if isinstance(one, Architecture)}
    stack = stack_of(str(candidate.settings("stack")["stack"]))
    return presets()[preset].stacked(cells, frame, stack)
