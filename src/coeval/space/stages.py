"""The default space for images: stages of blocks, whose number, width, depth, kernel, kind and downsampling are free.

What the field found to matter at a small size is open here; what it found not to (the wiring inside a block) is not.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coeval.architecture.step import Architecture
from coeval.space.blocks import ACTIVATIONS, BLOCKS, ENTRIES, KERNELS
from coeval.space.image_frame import ImageFrame
from coeval.space.limits import Limits
from coeval.space.plan_space import Edit, Pick, PlanSpace
from coeval.space.stage_moves import DEPTHS, DROPOUTS, WIDTHS, cheaper, edits, within
from coeval.space.stage_plan import Stage, StagePlan, assemble, parse

LEAST_SIDE = 4
"""The grid is not halved below this side."""
MOST = 5
"""Stages."""


def stage_space(frame: ImageFrame, limits: Limits) -> PlanSpace[StagePlan]:
    """Return the space of all plans of up to ``MOST`` stages whose networks keep the limits.

    Args:
        frame: Images and head.
        limits: Of a network's parameters, multiply-accumulates and memory, for the frame's images.

    Raises:
        SpaceError: Not even the smallest network keeps the limits.
    """
    return PlanSpace(Stages(frame), limits)


@dataclass(frozen=True, slots=True)
class Stages:
    """Plans of stages for the images of a frame."""

    frame: ImageFrame

    @property
    def what(self) -> str:
        """Return what a network of these plans is, for messages."""
        grid = self.frame.grid
        return f"network of at most {MOST} stages for images of {grid.height}x{grid.width}"

    @property
    def halvings(self) -> int:
        """Return how often the grid may be halved."""
        side, count = min(self.frame.grid.height, self.frame.grid.width), 0
        while (side + 1) // 2 >= LEAST_SIDE:
            side, count = (side + 1) // 2, count + 1
        return count

    def decided(self, pick: Pick) -> StagePlan:
        """Return the plan of decisions: those of the network, then of each stage."""
        count = pick("stages", tuple(range(1, MOST + 1)))
        activation = pick("activation", tuple(ACTIVATIONS))
        dropout = pick("dropout", DROPOUTS)
        stages, halvings = list[Stage](), 0
        for number in range(count):
            stride = pick("stride", (1, 2)) if halvings < self.halvings else 1
            halvings += stride == 2
            entry = pick("entry", ENTRIES) if stride == 2 and number else "conv"
            stage = Stage(pick("width", WIDTHS), stride, entry, pick("depth", DEPTHS))
            if stage.depth:
                block, kernel = pick("block", BLOCKS), pick("kernel", KERNELS)
                squeeze = pick("squeeze", (False, True))
                stage = Stage(stage.width, stride, entry, stage.depth, block, kernel, squeeze)
            stages.append(stage)
        return StagePlan(tuple(stages), activation, dropout)

    def size(self) -> int:
        """Return how many plans the decisions lead to."""
        bodies = 1 + (len(DEPTHS) - 1) * len(BLOCKS) * len(KERNELS) * 2
        stage = len(WIDTHS) * bodies
        first = {0: stage, 1: stage}
        by_halvings = {n: first.get(n, 0) for n in range(self.halvings + 1)}
        total = 0
        for _ in range(MOST):
            total += sum(by_halvings.values())
            by_halvings = {
                n: count * stage + by_halvings.get(n - 1, 0) * stage * len(ENTRIES)
                for n, count in by_halvings.items()
            }
        return total * len(ACTIVATIONS) * len(DROPOUTS)

    def least(self) -> StagePlan:
        """Return the cheapest plan: a stage without blocks."""
        return StagePlan((Stage(WIDTHS[0]),))

    def cheaper(self, plan: StagePlan) -> Iterator[StagePlan]:
        """Yield plans one step down: narrower, shallower, of a smaller kernel, without a stage."""
        return cheaper(plan)

    def edits(self, plan: StagePlan) -> Iterator[Edit[StagePlan]]:
        """Yield the plans one edit away, rule by rule."""
        return edits(plan)

    def crossed(
        self, first: StagePlan, second: StagePlan, rng: np.random.Generator
    ) -> Edit[StagePlan]:
        """Return the first's stages up to one, then the second's, with the first's activation and dropout."""
        cut = int(rng.integers(1, len(first.stages) + 1))
        other = int(rng.integers(len(second.stages)))
        stages = (*first.stages[:cut], *second.stages[other:])[:MOST]
        plan = within(StagePlan(stages, first.activation, first.dropout), self.halvings)
        said = f"{cut} stages, then the other's from stage {other} on"
        return Edit("cross", str(cut), said, plan)

    def fault(self, plan: StagePlan) -> str:
        """Return why a plan is none that decisions lead to; empty if it is one."""
        if not 1 <= len(plan.stages) <= MOST:
            return f"{len(plan.stages)} stages, expected 1 to {MOST}"
        if plan.halvings > self.halvings:
            return f"the grid is halved {plan.halvings} times, at most {self.halvings}"
        if plan.activation not in ACTIVATIONS or plan.dropout not in DROPOUTS:
            return f"activation {plan.activation!r} with dropout {plan.dropout}"
        for number, one in enumerate(plan.stages):
            if not _is_known(one, is_first=number == 0):
                return f"stage {number}: {one}"
        return ""

    def assemble(self, plan: StagePlan) -> Architecture:
        """Return the plan's network."""
        return assemble(self.frame, plan)

    def parse(self, architecture: Architecture) -> StagePlan | None:
        """Return the plan that an architecture seems to be of."""
        return parse(architecture)

    def encode(self, plan: StagePlan) -> list[float]:
        """Return the choices of the network and of each stage, zeros where there is none."""
        numbers = [float(plan.activation == one) for one in ACTIVATIONS]
        numbers += [plan.dropout, float(len(plan.stages)), float(plan.halvings)]
        for number in range(MOST):
            numbers += _encoded(plan.stages[number] if number < len(plan.stages) else None)
        return numbers


def _is_known(stage: Stage, *, is_first: bool) -> bool:
    """Return whether a stage is one that decisions lead to."""
    entries = ENTRIES if stage.stride == 2 and not is_first else ("conv",)
    if stage.stride not in (1, 2) or stage.entry not in entries or stage.width not in WIDTHS:
        return False
    if not stage.depth:
        return stage == Stage(stage.width, stage.stride, stage.entry)
    return stage.depth in DEPTHS and stage.block in BLOCKS and stage.kernel in KERNELS


def _encoded(stage: Stage | None) -> list[float]:
    if stage is None:
        return [0.0] * (6 + len(ENTRIES) + len(BLOCKS))
    numbers = [1.0, float(stage.stride), float(np.log2(stage.width)), float(stage.depth)]
    numbers += [float(stage.kernel) if stage.depth else 0.0, float(stage.squeeze)]
    numbers += [float(stage.entry == one) for one in ENTRIES]
    return numbers + [float(stage.depth > 0 and stage.block == one) for one in BLOCKS]
