"""Plans of chains over images: convolutions, pools and full layers one after the other, and the network of a plan."""

from collections.abc import Sequence
from dataclasses import dataclass

from coeval.architecture.component import Component, Value
from coeval.architecture.step import Architecture, Step, step
from coeval.architecture.types import Grid
from coeval.component.channel import LINEAR, RELU
from coeval.component.grid import CONV, FLATTEN, GLOBAL_AVERAGE_POOL, MAX_POOL
from coeval.component.norm import BATCH_NORM
from coeval.space.image_frame import ImageFrame

CONVOLUTION, POOL, FULL = "conv", "pool", "full"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of a chain.

    Attributes:
        kind: ``conv`` (with batch norm and ReLU), ``pool`` (the largest of a window) or ``full`` (with ReLU).
        width: Features; a pool keeps them and has 0 here.
        kernel: Side of the window; 0 for full layers.
        stride: Of a pool; 1 for the others.
    """

    kind: str
    width: int = 0
    kernel: int = 0
    stride: int = 1

    def __str__(self) -> str:
        """Return the layer in the notation of the paper."""
        match self.kind:
            case "conv":
                return f"C({self.width},{self.kernel})"
            case "pool":
                return f"P({self.kernel},{self.stride})"
            case _:
                return f"FC({self.width})"


ChainPlan = tuple[Layer, ...]


def after(grid: Grid, layers: Sequence[Layer]) -> int:
    """Return the smaller side of a grid behind some layers: each stride divides it, rounded up."""
    side = min(grid.height, grid.width)
    for one in layers:
        side = -(-side // one.stride)
    return side


def assemble(frame: ImageFrame, plan: ChainPlan) -> Architecture:
    """Return a plan's network: full layers see all positions, without them the last grid is averaged."""
    steps: list[Step] = []
    is_flat = False

    def add(component: Component, **settings: Value) -> None:
        steps.append(step(component, len(steps), **settings))

    for one in plan:
        if one.kind == CONVOLUTION:
            add(CONV, width=one.width, kernel=one.kernel)
            add(BATCH_NORM)
            add(RELU)
        elif one.kind == POOL:
            add(MAX_POOL, kernel=one.kernel, stride=one.stride)
        else:
            if not is_flat:
                add(FLATTEN)
            is_flat = True
            add(LINEAR, width=one.width)
            add(RELU)
    if not is_flat:
        add(GLOBAL_AVERAGE_POOL)
    return frame.network(steps)


def parse(architecture: Architecture) -> ChainPlan | None:
    """Return the plan that an architecture seems to be of; the asker checks by assembling it."""
    layers: list[Layer] = []
    for one in architecture.body.steps[:-1]:
        given = dict(one.settings)
        if one.component == CONV:
            layers.append(Layer(CONVOLUTION, int(given["width"]), int(given["kernel"])))
        elif one.component == MAX_POOL:
            layers.append(Layer(POOL, 0, int(given["kernel"]), int(given["stride"])))
        elif one.component == LINEAR:
            layers.append(Layer(FULL, int(given["width"])))
    return tuple(layers) or None
