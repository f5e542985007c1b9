"""Plans of networks over images: stages of equal blocks, and the architecture that a plan stands for.

A stage begins with an entry, which sets the width and perhaps halves the grid, and repeats one block. The last stage's result
is pooled over the grid and given to the head. Every network can be read back as its plan.
"""

import functools
from dataclasses import dataclass

from coeval.architecture.step import Architecture, Step, step
from coeval.component.channel import DROPOUT
from coeval.component.grid import GLOBAL_AVERAGE_POOL
from coeval.component.region import REPEAT
from coeval.space.blocks import ACTIVATIONS, BLOCKS, ENTRIES, KERNELS, block, body_of, entry
from coeval.space.image_frame import ImageFrame
from coeval.space.template import placed


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage; without depth it is its entry alone, and the block means nothing (and keeps its defaults).

    Attributes:
        width: Features.
        stride: 2 halves the grid at its entry.
        entry: One of ``blocks.ENTRIES``; a stage of stride 1 begins with a convolution.
        depth: How many blocks.
        block: One of ``blocks.BLOCKS``.
        kernel: Of its blocks.
        squeeze: Whether its blocks end in squeeze and excitation.
    """

    width: int
    stride: int = 1
    entry: str = "conv"
    depth: int = 0
    block: str = "plain"
    kernel: int = 3
    squeeze: bool = False


@dataclass(frozen=True, slots=True)
class StagePlan:
    """A network: its stages, the activation behind every norm, and the dropout in front of the head."""

    stages: tuple[Stage, ...]
    activation: str = "relu"
    dropout: float = 0.0

    @property
    def halvings(self) -> int:
        """Return how often the grid is halved."""
        return sum(one.stride == 2 for one in self.stages)


def assemble(frame: ImageFrame, plan: StagePlan) -> Architecture:
    """Return the architecture of a plan."""
    steps: list[Step] = []
    for stage in plan.stages:
        steps += _moved(entry(stage.entry, stage.width, stage.stride, plan.activation), len(steps))
        if stage.depth:
            body = _block(stage, plan.activation)
            steps.append(step(REPEAT, len(steps), body_of(body), times=stage.depth))
    steps.append(step(GLOBAL_AVERAGE_POOL, len(steps)))
    if plan.dropout:
        steps.append(step(DROPOUT, len(steps), rate=plan.dropout))
    return frame.network(steps)


def parse(architecture: Architecture) -> StagePlan | None:
    """Return the plan that an architecture seems to be of, or ``None``; the asker checks by assembling it."""
    steps = list(architecture.body.steps)
    activation = next(
        (n for n, one in ACTIVATIONS.items() if any(s.component == one for s in steps)), None
    )
    if activation is None:
        return None
    stages: list[Stage] = []
    while steps and steps[0].component != GLOBAL_AVERAGE_POOL:
        stage = _entered(steps, activation)
        if stage is None:
            return None
        stages.append(_repeated(steps, stage, activation))
    dropout = next((float(one.setting("rate")) for one in steps if one.component == DROPOUT), 0.0)
    return StagePlan(tuple(stages), activation, dropout)


def _block(stage: Stage, activation: str) -> tuple[Step, ...]:
    return block(stage.block, stage.width, stage.kernel, activation, squeeze=stage.squeeze)


@functools.cache
def _moved(steps: tuple[Step, ...], value: int) -> tuple[Step, ...]:
    """Return steps over value 0 as steps over another, behind the steps before it."""
    return placed(body_of(steps), (value,), value + 1)[0]


def _entered(steps: list[Step], activation: str) -> Stage | None:
    """Take a stage's entry off the steps."""
    first, second = steps[0], steps[1] if len(steps) > 1 else steps[0]
    for kind in ENTRIES:
        if first.component != entry(kind, 8, 1, activation)[0].component:
            continue
        set_by = first if kind == "conv" else second
        given, strides = dict(set_by.settings), dict(first.settings)
        if "width" not in given:
            return None
        stage = Stage(int(given["width"]), int(strides["stride"]), kind)
        del steps[: len(entry(kind, stage.width, stage.stride, activation))]
        return stage
    return None


def _repeated(steps: list[Step], stage: Stage, activation: str) -> Stage:
    """Take a stage's blocks off the steps, if it has any."""
    if not steps or steps[0].component != REPEAT:
        return stage
    one = steps.pop(0)
    for kind in BLOCKS:
        for kernel in KERNELS:
            for squeeze in (False, True):
                found = Stage(
                    stage.width,
                    stage.stride,
                    stage.entry,
                    int(one.setting("times")),
                    kind,
                    kernel,
                    squeeze,
                )
                if _block(found, activation) == one.regions[0].steps:
                    return found
    return stage
