"""Where the boxes of a drawn architecture stand: layers from top to bottom, regions as nested frames.

Layers are longest paths from the inputs (Sugiyama et al. 1981, simplified: few branches, so the order
within a layer follows the mean position of what feeds it).
"""

from dataclasses import dataclass

from coeval.architecture.inference import Inference
from coeval.architecture.step import Region, Step
from coeval.architecture.text import label
from coeval.architecture.types import ValueType, describe

BOX_HEIGHT = 46.0
GAP_X, GAP_Y = 26.0, 30.0
FRAME_TOP, FRAME_SIDE = 34.0, 22.0
LANE = 18.0  # room for an edge that passes boxes at the side
SKIP_LANE = 30.0  # room for the edge that a residual frame implies


@dataclass(frozen=True, slots=True)
class Box:
    """A drawn value: a step, or one of the region's inputs (``step`` is ``None``).

    Coordinates are those of the surrounding panel; ``panels`` hold a region step's bodies.
    """

    title: str
    detail: str
    tooltip: str
    step: Step | None
    x: float
    y: float
    width: float
    height: float
    panels: tuple["Panel", ...] = ()

    @property
    def centre(self) -> float:
        """Return the middle of the box from left to right."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from one box to a later one; ``lane`` is the x at which it passes the boxes between, if any."""

    source: int
    target: int
    lane: float | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """A region laid out: its boxes, indexed by value, their edges, and which value is the result."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    output: int
    width: float
    height: float


def lay_out(
    region: Region, inference: Inference, inputs: tuple[ValueType, ...], *, outer: bool = True
) -> Panel:
    """Lay out a region and, inside it, its nested regions.

    Args:
        region: The region.
        inference: What ``infer`` found for it.
        inputs: Types of its inputs.
        outer: Draw the inputs as boxes; nested regions show a small dot instead.
    """
    sized = _sized(region, inference, inputs, outer=outer)
    layers = _layers(region)
    rows: list[list[int]] = [[] for _ in range(max(layers) + 1)]
    for value, layer in enumerate(layers):
        rows[layer].append(value)
    widths = [sum(sized[one].width for one in row) + GAP_X * max(0, len(row) - 1) for row in rows]
    inner = max(widths)
    edges, left, right = _lanes(region, layers, widths, inner)
    placed: list[Box] = list(sized)
    middle = left + inner / 2
    y = 0.0
    centres: dict[int, float] = {}
    for row, width in zip(rows, widths, strict=True):
        height = max(sized[one].height for one in row)
        x = middle - width / 2
        for one in sorted(row, key=lambda value: (_mean_source(region, value, centres), value)):
            box = sized[one]
            placed[one] = _moved(box, x, y + (height - box.height) / 2)
            centres[one] = placed[one].centre
            x += box.width + GAP_X
        y += height + GAP_Y
    return Panel(tuple(placed), edges, region.output, left + inner + right, y - GAP_Y)


def _sized(
    region: Region, inference: Inference, inputs: tuple[ValueType, ...], *, outer: bool
) -> list[Box]:
    boxes = []
    for number, kind in enumerate(inputs):
        title = "input" if len(inputs) == 1 else f"input {number}"
        text = describe(kind)
        width = _text_width(title, text) if outer else 10.0
        boxes.append(Box(title, text, text, None, 0.0, 0.0, width, BOX_HEIGHT if outer else 10.0))
    for position, step in enumerate(region.steps):
        boxes.append(_step_box(step, inference, position))
    return boxes


def _step_box(step: Step, inference: Inference, position: int) -> Box:
    kind = inference.types[len(inference.types) - len(inference.calls) + position]
    cost = inference.costs[position]
    title = label(step, regions=False)
    detail = describe(kind)
    if cost.parameters:
        detail += f" · {short(cost.parameters)} parameters"
    tooltip = f"{step.component.summary} {describe(kind)}; {cost.parameters:,} parameters, {cost.macs:,} MACs"
    panels = tuple(
        lay_out(inner, found, call, outer=False)
        for inner, found, call in zip(
            step.regions,
            inference.nested[position],
            [one.inputs for one in inference.calls[position].bodies],
            strict=True,
        )
    )
    width, height = _text_width(title, detail), BOX_HEIGHT
    if panels:
        side = SKIP_LANE if "skip" in step.component.capabilities else 0.0
        body = sum(one.width for one in panels) + GAP_X * (len(panels) - 1)
        width = max(width, body + 2 * (FRAME_SIDE + side))
        height = FRAME_TOP + 16 + max(one.height for one in panels) + 26 + side / 2
    return Box(title, detail, tooltip, step, 0.0, 0.0, width, height, panels)


def short(count: int) -> str:
    """Return a count in three digits: ``950``, ``65.8k``, ``1.2M``."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= 0.9995 * size:  # what would round to 1000 of the smaller unit
            return f"{count / size:.3g}{unit}"
    return str(count)


def _text_width(title: str, detail: str) -> float:
    # Mean advance of a system sans-serif: 7.4 at 13 px semibold, 5.9 at 11 px.
    return max(120.0, 34 + 7.4 * len(title), 34 + 5.9 * len(detail))


def _layers(region: Region) -> list[int]:
    layers = [0] * region.inputs
    for step in region.steps:
        layers.append(1 + max((layers[index] for index in step.inputs), default=0))
    top = min(layers)  # 1 where a sequence has no inputs, only constants
    return [one - top for one in layers]


def _mean_source(region: Region, value: int, centres: dict[int, float]) -> float:
    if value < region.inputs:
        return 0.0
    sources = [centres[one] for one in region.steps[value - region.inputs].inputs]
    return sum(sources) / len(sources) if sources else 0.0


def _lanes(
    region: Region, layers: list[int], widths: list[float], inner: float
) -> tuple[tuple[Edge, ...], float, float]:
    """Return the edges, and the room that passing edges need to the left and to the right."""
    edges: list[Edge] = []
    room = [0.0, 0.0]
    passing: list[tuple[int, int, int, float]] = []
    for position, step in enumerate(region.steps):
        target = region.inputs + position
        for source in dict.fromkeys(step.inputs):
            if layers[target] - layers[source] == 1:
                edges.append(Edge(source, target))
            else:
                between = max(widths[layers[source] + 1 : layers[target]])
                passing.append((layers[target] - layers[source], source, target, between))
    # Short skips lie inside, long ones outside; sides alternate.
    for number, (_, source, target, between) in enumerate(sorted(passing)):
        side = number % 2
        offset = between / 2 + LANE * (1 + number // 2)
        room[side] = max(room[side], offset - inner / 2 + 8)
        edges.append(Edge(source, target, offset if side == 0 else -offset))
    left = max(room[1], 0.0)
    middle = left + inner / 2
    moved = [
        one if one.lane is None else Edge(one.source, one.target, middle + one.lane)
        for one in edges
    ]
    return tuple(moved), left, max(room[0], 0.0)


def _moved(box: Box, x: float, y: float) -> Box:
    return Box(
        box.title, box.detail, box.tooltip, box.step, x, y, box.width, box.height, box.panels
    )
