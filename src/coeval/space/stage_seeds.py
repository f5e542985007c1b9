"""Networks of stages that an expert would start with, as large as the limits allow."""

from collections.abc import Iterator
from dataclasses import replace

from coeval.architecture.step import Architecture
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Parts, single
from coeval.space.limits import Limits
from coeval.space.plan_space import largest_seeds
from coeval.space.protocol import Candidate
from coeval.space.stage_moves import within
from coeval.space.stage_plan import Stage, StagePlan
from coeval.space.stages import Stages, stage_space

SHAPES = (
    ((64, 128, 256), 1, 1),
    ((48, 96, 192), 1, 1),
    ((32, 64, 128), 1, 1),
    ((24, 48, 96), 1, 1),
    ((16, 32, 64), 3, 1),
    ((16, 32, 64), 2, 1),
    ((16, 32, 64), 1, 1),
    ((16, 32, 64), 2, 2),
    ((16, 32, 64), 1, 2),
    ((8, 16, 32), 1, 1),
    ((8, 16, 32), 1, 2),
    ((8, 16), 1, 2),
    ((8,), 0, 2),
)
"""Widths of the stages, blocks a stage, and the stem's stride, from large to small; of residual blocks the fifth is ResNet-20.

Wide and shallow comes first: at equal work it trains faster on a CPU; how good it is was not compared."""
KINDS = {
    "resnet": Stage(0, block="residual"),
    "vgg": Stage(0, block="plain", entry="max"),
    "mobilenet": Stage(0, block="inverted", squeeze=True),
    "separable": Stage(0, block="separable", kernel=5, entry="max"),
}
"""The blocks of each seed, and how its stages begin: ResNet, VGG, MobileNet with squeeze and excitation, and depthwise
separable blocks with a wider window."""


def parts(frame: ImageFrame, limits: Limits) -> Parts:
    """Return the part ``architecture`` of stages, and its seeds.

    Raises:
        SpaceError: Not even the smallest network fits the limits.
    """
    space, halvings = stage_space(frame, limits), Stages(frame).halvings
    plans = {name: _plans(kind, halvings) for name, kind in KINDS.items()}
    return single("architecture", space, network, largest_seeds(space, plans))


def network(candidate: Candidate, frame: ImageFrame) -> Architecture:
    """Return a candidate's architecture for the frame's images."""
    return replace(candidate.architecture, inputs=(frame.grid,))


def _plans(kind: Stage, halvings: int) -> Iterator[StagePlan]:
    """Yield the plans of one kind of block, from large to small."""
    for widths, depth, stride in SHAPES:
        stages = []
        for number, width in enumerate(widths):
            one = replace(kind, width=width, depth=depth, stride=2 if number else stride)
            if not depth:
                one = Stage(width, one.stride, one.entry)
            stages.append(one if number else replace(one, entry="conv"))
        yield within(StagePlan(tuple(stages)), halvings)
