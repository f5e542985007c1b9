"""Edits of a plan of stages: every plan one edit away, and the edits that make a network cheaper."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from coeval.space.blocks import ACTIVATIONS, BLOCKS, ENTRIES, KERNELS
from coeval.space.plan_space import Edit
from coeval.space.stage_plan import Stage, StagePlan

DEPTHS = (0, 1, 2, 3, 4, 6)
DROPOUTS = (0.0, 0.1, 0.2)
WIDTHS = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)


def edits(plan: StagePlan) -> Iterator[Edit[StagePlan]]:
    """Yield every plan one edit away, rule by rule; the limits of a space are the asker's to check."""
    for number, stage in enumerate(plan.stages):
        for name, detail, other in _of_stage(stage, is_first=number == 0):
            yield Edit(name, str(number), detail, _with(plan, number, other))
    for number, stage in enumerate(plan.stages):
        after = replace(stage, stride=1, entry="conv", depth=min(stage.depth, 1))
        added = (*plan.stages[: number + 1], after, *plan.stages[number + 1 :])
        yield Edit("add_stage", str(number), f"after {number}", replace(plan, stages=added))
        if len(plan.stages) > 1:
            rest = (*plan.stages[:number], *plan.stages[number + 1 :])
            rest = (_as_first(rest[0]), *rest[1:])
            yield Edit("remove_stage", str(number), f"stage {number}", replace(plan, stages=rest))
    for activation in ACTIVATIONS:
        if activation != plan.activation:
            said = f"{plan.activation} -> {activation}"
            yield Edit("swap_activation", "", said, replace(plan, activation=activation))
    for rate in beside(DROPOUTS, plan.dropout):
        yield Edit("step", "", f"dropout {plan.dropout} -> {rate}", replace(plan, dropout=rate))


def cheaper(plan: StagePlan) -> Iterator[StagePlan]:
    """Yield the plans one step down: narrower, shallower, of a smaller kernel, without a stage."""
    for number, stage in enumerate(plan.stages):
        if stage.width > WIDTHS[0]:
            narrower = max(one for one in WIDTHS if one < stage.width)
            yield _with(plan, number, replace(stage, width=narrower))
        if stage.depth:
            fewer = max(one for one in DEPTHS if one < stage.depth)
            yield _with(plan, number, _deep(stage, fewer))
        if stage.kernel > KERNELS[0]:
            yield _with(plan, number, replace(stage, kernel=stage.kernel - 2))
        if len(plan.stages) > 1 and number and stage.stride == 1:
            yield replace(plan, stages=(*plan.stages[:number], *plan.stages[number + 1 :]))
    if len(plan.stages) > 1:
        yield replace(plan, stages=plan.stages[:-1])


def within(plan: StagePlan, halvings: int) -> StagePlan:
    """Return the plan with the last halvings taken back that are too many."""
    stages, left = list[Stage](), halvings
    for stage in plan.stages:
        is_kept = stage.stride == 1 or left > 0
        stages.append(stage if is_kept else replace(stage, stride=1, entry="conv"))
        left -= stage.stride == 2
    return replace(plan, stages=tuple(stages))


def beside(ladder: Sequence[float], value: float) -> tuple[float, ...]:
    """Return the values next to one on a ladder."""
    below, above = [n for n in ladder if n < value], [n for n in ladder if n > value]
    return (*below[-1:], *above[:1])


def _of_stage(stage: Stage, *, is_first: bool) -> Iterator[tuple[str, str, Stage]]:
    """Yield a rule's name, what it does, and the other stage."""
    for width in beside(WIDTHS, stage.width):
        name = "widen" if width > stage.width else "narrow"
        yield name, f"width {stage.width} -> {width:.0f}", replace(stage, width=int(width))
    for depth in beside(DEPTHS, stage.depth):
        name = "deepen" if depth > stage.depth else "shorten"
        yield name, f"depth {stage.depth} -> {depth:.0f}", _deep(stage, int(depth))
    other = replace(stage, stride=3 - stage.stride, entry="conv")
    yield "stride", f"stride {stage.stride} -> {other.stride}", other
    if stage.stride == 2 and not is_first:
        for entry in ENTRIES:
            if entry != stage.entry:
                yield "swap_entry", f"{stage.entry} -> {entry}", replace(stage, entry=entry)
    if not stage.depth:
        return
    for block in BLOCKS:
        if block != stage.block:
            yield "swap_block", f"{stage.block} -> {block}", replace(stage, block=block)
    for kernel in beside(KERNELS, stage.kernel):
        said = f"kernel {stage.kernel} -> {kernel:.0f}"
        yield "kernel", said, replace(stage, kernel=int(kernel))
    said = "without squeeze" if stage.squeeze else "with squeeze"
    yield "squeeze", said, replace(stage, squeeze=not stage.squeeze)


def _deep(stage: Stage, depth: int) -> Stage:
    """Return a stage of another depth; one without blocks forgets what they were."""
    if depth:
        return replace(stage, depth=depth)
    return Stage(stage.width, stage.stride, stage.entry)


def _as_first(stage: Stage) -> Stage:
    return replace(stage, entry="conv")


def _with(plan: StagePlan, number: int, stage: Stage) -> StagePlan:
    return replace(plan, stages=(*plan.stages[:number], stage, *plan.stages[number + 1 :]))
