"""A tabular network as a plan: settings of the entries and a nested list of nodes, easy to edit.

An ``Architecture`` refers to earlier results by index; a plan knows that every node continues the
result before it, so that only merges carry an index. ``assemble`` and ``parse`` are inverse.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from coeval.architecture.component import Component, Settings
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Columns
from coeval.component.merge import CONCATENATE


@dataclass(frozen=True, slots=True)
class Node:
    """One step of a level; its input is the result before it.

    Attributes:
        component: The function.
        settings: All of its settings.
        source: For a merge the second input: 0 is the level's input, ``k`` the result of its k-th node.
        body: For a region its nodes.
    """

    component: Component
    settings: Settings = ()
    source: int | None = None
    body: tuple["Node", ...] = ()

    def label(self) -> str:
        """Return name and settings, such as ``linear(width=64, bias=True)``."""
        inside = ", ".join(f"{name}={value}" for name, value in self.settings)
        return f"{self.component.name}({inside})" if inside else self.component.name


Nodes = tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of each entry, in the entries' order, and the trunk."""

    entries: tuple[Settings, ...]
    trunk: Nodes


@dataclass(frozen=True, slots=True)
class Frame:
    """What is fixed by the task: the input, its entry components, and the head."""

    columns: Columns
    entries: tuple[Component, ...]
    head: Component
    head_settings: Settings = ()

    @property
    def offset(self) -> int:
        """Return the index of the stem: the entry's result, or that of the entries' concatenation."""
        return len(self.entries) + (len(self.entries) > 1)


def assemble(frame: Frame, plan: Plan) -> Architecture:
    """Return the plan as an architecture: entries, their concatenation, trunk, head."""
    count = len(frame.entries)
    steps = [
        Step(component, settings, (0,))
        for component, settings in zip(frame.entries, plan.entries, strict=True)
    ]
    if count > 1:
        steps.append(Step(CONCATENATE, (), tuple(range(1, count + 1))))
    steps += _steps(plan.trunk, frame.offset)
    steps.append(Step(frame.head, frame.head_settings, (len(steps),)))
    return Architecture((frame.columns,), Region(1, tuple(steps), len(steps)))


def parse(frame: Frame, architecture: Architecture) -> Plan | None:
    """Return the plan of an architecture, or ``None`` if it has another form. Settings are not checked."""
    body, count = architecture.body, len(frame.entries)
    front = frame.offset
    if architecture.inputs != (frame.columns,) or body.inputs != 1:
        return None
    if len(body.steps) < front + 1 or body.output != len(body.steps):
        return None
    entries, trunk, head = body.steps[:count], body.steps[front:-1], body.steps[-1]
    if any(
        one.component != component or one.inputs != (0,) or one.regions
        for one, component in zip(entries, frame.entries, strict=True)
    ):
        return None
    joint = Step(CONCATENATE, (), tuple(range(1, count + 1)))
    if count > 1 and body.steps[count] != joint:
        return None
    if head != Step(frame.head, frame.head_settings, (len(body.steps) - 1,)):
        return None
    nodes = _nodes(trunk, front)
    return None if nodes is None else Plan(tuple(one.settings for one in entries), nodes)


def _steps(nodes: Nodes, offset: int) -> list[Step]:
    steps = []
    for number, node in enumerate(nodes):
        last = offset + number
        inputs = (last,) if node.source is None else (last, offset + node.source)
        regions: tuple[Region, ...] = ()
        if node.component.regions:
            regions = (Region(1, tuple(_steps(node.body, 0)), len(node.body)),)
        steps.append(Step(node.component, node.settings, inputs, regions))
    return steps


def _nodes(steps: Sequence[Step], offset: int) -> Nodes | None:
    nodes: list[Node] = []
    for number, step in enumerate(steps):
        last = offset + number
        if not 1 <= len(step.inputs) <= 2 or step.inputs[0] != last or len(step.regions) > 1:
            return None
        source = step.inputs[1] - offset if len(step.inputs) == 2 else None
        body: Nodes | None = ()
        for region in step.regions:
            if region.inputs != 1 or region.output != len(region.steps):
                return None
            body = _nodes(region.steps, 0)
        if body is None:
            return None
        nodes.append(Node(step.component, step.settings, source, body))
    return tuple(nodes)
