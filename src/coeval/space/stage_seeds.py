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
    (0, (64, 128, 256), 1, 1),
    (32, (64, 128, 256), 1, 1),
    (0, (48, 96, 192), 1, 1),
    (0, (32, 64, 128), 1, 1),
    (0, (24, 48, 96), 1, 1),
    (0, (16, 32, 64), 3, 1),
    (0, (16, 32, 64), 2, 1),
    (0, (16, 32, 64), 1, 1),
    (0, (16, 32, 64), 2, 2),
    (0, (16, 32, 64), 1, 2),
    (0, (8, 16, 32), 1, 1),
    (0, (8, 16, 32), 1, 2),
    (0, (8, 16), 1, 2),
    (0, (8,), 0, 2),
)
"""Width of a convolution in front (0: none), widths of the stages, blocks a stage, and the first stride, from large to small; of
residual blocks the sixth is ResNet-20.

Wide and shallow comes first: at equal work it trains faster on a CPU. The second has the work of the fourth and four times
its parameters, all blocks at half the side and below: 84.7 against 84.5 % of CIFAR-10's validation images after 8 minutes on one
core, in 7 epochs instead of 9 (one seed)."""
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
    for stem, widths, depth, stride in SHAPES:
        stages = [Stage(stem)] if stem else []
        for width in widths:
            one = replace(kind, width=width, depth=depth, stride=2 if stages else stride)
            if not depth:
                one = Stage(width, one.stride, one.entry)
            stages.append(one if stages else replace(one, entry="conv"))
        yield within(StagePlan(tuple(stages)), halvings)
