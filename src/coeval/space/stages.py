"""The default space for images: stages of blocks, whose number, width, depth, kernel, kind and downsampling are free.

What the field found to matter at a small size is open here; what it found not to (the wiring inside a block) is not. A
genotype is the whole network as an ordinary architecture.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coeval.architecture.component import Cost
from coeval.architecture.inference import infer
from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Architecture
from coeval.component.library import IMAGE
from coeval.errors import SpaceError
from coeval.space.blocks import ACTIVATIONS, BLOCKS, ENTRIES, KERNELS
from coeval.space.image_frame import ImageFrame
from coeval.space.limits import Limits
from coeval.space.protocol import Child, Move
from coeval.space.stage_moves import (
    DEPTHS,
    DROPOUTS,
    WIDTHS,
    Edit,
    cheaper,
    crossed,
    edits,
    within,
)
from coeval.space.stage_plan import Stage, StagePlan, assemble, parse

LEAST_SIDE = 4
"""The grid is not halved below this side."""
MOST = 5
"""Stages."""
REMEMBERED = 16_384

_Pick = Callable[[str, tuple[Any, ...]], Any]


class _Open(Exception):  # noqa: N818 - control flow, never seen outside
    """The decisions of a prefix are used up; these are the options of the next."""

    def __init__(self, options: tuple[str, ...]) -> None:
        super().__init__()
        self.options = options


@dataclass(frozen=True, slots=True)
class StageSpace:
    """All plans of up to ``MOST`` stages whose networks fit the limits.

    Attributes:
        frame: Images and head.
        limits: Of a network's parameters, multiply-accumulates and memory, for the frame's images.
        part: The name that moves carry.

    Raises:
        SpaceError: Not even the smallest network fits the limits.
    """

    frame: ImageFrame
    limits: Limits
    part: str = "architecture"
    _made: dict[StagePlan, tuple[Architecture, Cost]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _read: dict[Architecture, StagePlan] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        excess = self.limits.excess(self._cost(StagePlan((Stage(WIDTHS[0]),))))
        if excess:
            grid = self.frame.grid
            raise SpaceError(
                f"Even the smallest network for images of {grid.height}x{grid.width} exceeds the limits: {excess}. "
                "Raise the limit, or give smaller images."
            )

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave what is remembered behind where the space is copied or sent."""
        return StageSpace, (self.frame, self.limits, self.part)

    @property
    def halvings(self) -> int:
        """Return how often the grid may be halved."""
        side, count = min(self.frame.grid.height, self.frame.grid.width), 0
        while (side + 1) // 2 >= LEAST_SIDE:
            side, count = (side + 1) // 2, count + 1
        return count

    def plan(self, genotype: Architecture) -> StagePlan:
        """Return a member's plan.

        Raises:
            SpaceError: It is no member.
        """
        found = self._plan(genotype)
        if found is None:
            raise SpaceError(
                f"The architecture of {len(genotype.body.steps)} steps is no network of at most {MOST} stages within "
                "the space's limits. Take it from the space's own sample, decide or network."
            )
        return found

    def network(self, plan: StagePlan) -> Architecture:
        """Return a plan's network.

        Raises:
            SpaceError: It is no member.
        """
        if not self._is_allowed(plan):
            raise SpaceError(f"The plan is not in this space: {self._fault(plan)}.")
        return self._architecture(plan)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw every decision with equal chance, then step down at random until the limits hold."""
        plan = self._decided(lambda _, options: options[int(rng.integers(len(options)))])
        return self._architecture(self._trimmed(plan, rng))

    def mutate(self, genotype: Architecture, rng: np.random.Generator) -> Child[Architecture]:
        """Return a child one edit away: a rule is drawn, then its sites in random order until one is legal."""
        by_rule: dict[str, list[Edit]] = {}
        for one in edits(self.plan(genotype)):
            by_rule.setdefault(one.name, []).append(one)
        names = sorted(by_rule)
        for rule in rng.permutation(len(names)):
            found = by_rule[names[rule]]
            for place in rng.permutation(len(found)):
                if self._is_allowed(found[place].plan):
                    return self._child(found[place])
        return Child(genotype, ())

    def cross(
        self, first: Architecture, second: Architecture, rng: np.random.Generator
    ) -> Child[Architecture]:
        """Return the first's stages up to one, then the second's: cut at random, trimmed to the limits."""
        mine, theirs = self.plan(first), self.plan(second)
        cut = int(rng.integers(1, len(mine.stages) + 1))
        other = int(rng.integers(len(theirs.stages)))
        mixed = within(crossed(mine, theirs, cut, other, MOST), self.halvings)
        plan = self._trimmed(mixed, rng)
        if plan == mine:
            return Child(first, ())
        said = f"{cut} stages, then the other's from stage {other} on"
        return Child(self._architecture(plan), (Move("cross", self.part, str(cut), detail=said),))

    def neighbours(self, genotype: Architecture) -> Iterator[Child[Architecture]]:
        """Yield every legal network one edit away, in the order of the rules."""
        plan = self.plan(genotype)
        seen = {plan}
        for one in edits(plan):
            if one.plan not in seen and self._is_allowed(one.plan):
                seen.add(one.plan)
                yield self._child(one)

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the options of the next decision: those of the network, then of each stage."""
        try:
            self._replayed(prefix)
        except _Open as open_decision:
            return open_decision.options
        return ()

    def decide(self, prefix: tuple[int, ...]) -> Architecture:
        """Return the network of a complete prefix.

        Raises:
            SpaceError: The prefix is not complete or not legal, or the network exceeds the limits.
        """
        try:
            plan = self._replayed(prefix)
        except _Open as open_decision:
            raise SpaceError(
                f"The prefix of {len(prefix)} decisions is not complete; next: {open_decision.options[:8]}."
            ) from None
        return self.network(plan)

    def size(self) -> int:
        """Return the exact number of plans that the decisions lead to, cost limits aside."""
        bodies = 1 + (len(DEPTHS) - 1) * len(BLOCKS) * len(KERNELS) * 2
        stage = len(WIDTHS) * bodies
        kept, halved = {0: stage}, {1: stage if self.halvings else 0}
        by_halvings = {n: kept.get(n, 0) + halved.get(n, 0) for n in range(self.halvings + 1)}
        total = 0
        for _ in range(MOST):
            total += sum(by_halvings.values())
            by_halvings = {
                n: count * stage + by_halvings.get(n - 1, 0) * stage * len(ENTRIES)
                for n, count in by_halvings.items()
            }
        return total * len(ACTIVATIONS) * len(DROPOUTS)

    def __iter__(self) -> Iterator[Architecture]:
        """Yield all legal networks in the order of their decisions, lazily."""
        prefix: list[int] = []
        counts: list[int] = []
        while True:
            while options := self.decisions(tuple(prefix)):
                prefix.append(0)
                counts.append(len(options))
            plan = self._replayed(tuple(prefix))
            if self._is_allowed(plan):
                yield self._architecture(plan)
            while prefix and prefix[-1] + 1 == counts[-1]:
                prefix.pop()
                counts.pop()
            if not prefix:
                return
            prefix[-1] += 1

    def contains(self, genotype: Architecture) -> bool:
        """Return whether it is the network of a plan within the limits."""
        return self._plan(genotype) is not None

    def encode(self, genotype: Architecture) -> np.ndarray:
        """Return the choices of the network and of each stage (zeros where there is none), and its costs' logarithms."""
        plan = self.plan(genotype)
        cost = self._cost(plan)
        numbers = [float(plan.activation == one) for one in ACTIVATIONS]
        numbers += [plan.dropout, float(len(plan.stages)), float(plan.halvings)]
        numbers += np.log10([1 + cost.parameters, 1 + cost.macs, 1 + cost.activations]).tolist()
        for number in range(MOST):
            numbers += _encoded(plan.stages[number] if number < len(plan.stages) else None)
        return np.array(numbers, dtype=np.float64)

    def to_json(self, genotype: Architecture) -> dict[str, Any]:
        """Return the architecture's own JSON, which any reader of architectures takes."""
        return to_json(genotype)

    def from_json(self, value: Any) -> Architecture:
        """Return the architecture that ``to_json`` wrote.

        Raises:
            SpaceError: The value does not describe an architecture, or not a member.
        """
        return self._architecture(self.plan(from_json(value, IMAGE)))

    def _decided(self, pick: _Pick) -> StagePlan:
        """Return the plan of a sequence of decisions; those with a single option are not asked."""
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
                choices = (
                    pick("block", BLOCKS),
                    pick("kernel", KERNELS),
                    pick("squeeze", (False, True)),
                )
                stage = Stage(stage.width, stride, entry, stage.depth, *choices)
            stages.append(stage)
        return StagePlan(tuple(stages), activation, dropout)

    def _replayed(self, prefix: tuple[int, ...]) -> StagePlan:
        left = list(prefix)

        def pick(name: str, options: tuple[Any, ...]) -> Any:
            if not left:
                raise _Open(tuple(f"{name}={one}" for one in options))
            index = left.pop(0)
            if not 0 <= index < len(options):
                raise SpaceError(
                    f"Decision {name!r} has options 0..{len(options) - 1}, got {index}."
                )
            return options[index]

        plan = self._decided(pick)
        if left:
            raise SpaceError(
                f"This network takes {len(prefix) - len(left)} decisions, got {len(prefix)}."
            )
        return plan

    def _trimmed(self, plan: StagePlan, rng: np.random.Generator) -> StagePlan:
        """Return the plan, or one below it that fits the limits: each step down is drawn."""
        while self.limits.excess(self._cost(plan)):
            steps = list(cheaper(plan))
            if not steps:  # one stage, narrow, without blocks: it fits, as was checked
                return StagePlan((Stage(WIDTHS[0]),), plan.activation, plan.dropout)
            plan = steps[int(rng.integers(len(steps)))]
        return plan

    def _child(self, edit: Edit) -> Child[Architecture]:
        move = Move(edit.name, self.part, edit.site, detail=edit.detail)
        return Child(self._architecture(edit.plan), (move,))

    def _is_allowed(self, plan: StagePlan) -> bool:
        return not self._fault(plan)

    def _fault(self, plan: StagePlan) -> str:
        """Return why a plan is no member, empty if it is one."""
        if not 1 <= len(plan.stages) <= MOST:
            return f"{len(plan.stages)} stages, expected 1 to {MOST}"
        if plan.halvings > self.halvings:
            return f"the grid is halved {plan.halvings} times, at most {self.halvings}"
        if plan.activation not in ACTIVATIONS or plan.dropout not in DROPOUTS:
            return f"activation {plan.activation!r} with dropout {plan.dropout}"
        for number, one in enumerate(plan.stages):
            if not _is_known(one, is_first=number == 0):
                return f"stage {number}: {one}"
        return self.limits.excess(self._cost(plan))

    def _plan(self, genotype: Architecture) -> StagePlan | None:
        """Return the plan of a member, ``None`` for anything else."""
        found = self._read.get(genotype) or parse(genotype)
        if found is None or not self._is_allowed(found) or self._architecture(found) != genotype:
            return None
        return found

    def _architecture(self, plan: StagePlan) -> Architecture:
        self._cost(plan)
        return self._made[plan][0]

    def _cost(self, plan: StagePlan) -> Cost:
        found = self._made.get(plan)
        if found is None:
            if len(self._made) >= REMEMBERED:
                self._made.clear()
                self._read.clear()
            architecture = assemble(self.frame, plan)
            found = self._made[plan] = architecture, infer(architecture).cost
            self._read[architecture] = plan
        return found[1]


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
