"""A tabular network as a plan: settings of the entries and a nested list of nodes, easy to edit.

An ``Architecture`` refers to earlier results by index; a plan knows that every node continues the
result before it, so that only merges carry an index. ``assemble`` and ``parse`` are inverse.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from coeval.architecture.component import Component, Settings
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Columns
from coeval.component.members import MEMBERS
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
    """The settings of each slot of the frame (entries, then members where there may be some), and the trunk."""

    entries: tuple[Settings, ...]
    trunk: Nodes


ALONE: Settings = (("count", 1),)
"""Of ``members`` where a network is no ensemble: then it has neither that step nor heads for each member."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What is fixed by the task: the input, its entry components, and the head.

    Attributes:
        columns: The input.
        entries: One component for each kind of column.
        head: The head of a network that is no ensemble.
        head_settings: Its settings.
        ballot: What ends an ensemble instead, each with its settings; empty where there are none.
    """

    columns: Columns
    entries: tuple[Component, ...]
    head: Component
    head_settings: Settings = ()
    ballot: tuple[tuple[Component, Settings], ...] = ()

    @property
    def slots(self) -> tuple[Component, ...]:
        """Return the components whose settings stand in a plan's ``entries``."""
        return (*self.entries, MEMBERS) if self.ballot else self.entries

    def offset(self, plan: Plan) -> int:
        """Return the index of the trunk's input: the entry's result, the entries' concatenation, or the members."""
        return len(self.entries) + (len(self.entries) > 1) + self.is_ensemble(plan)

    def is_ensemble(self, plan: Plan) -> bool:
        """Return whether a plan has more members than one."""
        return bool(self.ballot) and plan.entries[-1] != ALONE


def assemble(frame: Frame, plan: Plan) -> Architecture:
    """Return the plan as an architecture: entries, their concatenation, members if any, trunk, head."""
    steps = list(_front(frame, plan.entries))
    is_ensemble = frame.is_ensemble(plan)
    if is_ensemble:
        steps.append(Step(MEMBERS, plan.entries[-1], (len(steps),)))
    steps += _steps(plan.trunk, len(steps))
    for component, settings in frame.ballot if is_ensemble else _heads(frame):
        steps.append(Step(component, settings, (len(steps),)))
    return Architecture((frame.columns,), Region(1, tuple(steps), len(steps)))


def parse(frame: Frame, architecture: Architecture) -> Plan | None:
    """Return the plan of an architecture, or ``None`` if it has another form. Settings are not checked."""
    body, count = architecture.body, len(frame.entries)
    joined = count + (count > 1)
    if architecture.inputs != (frame.columns,) or body.inputs != 1:
        return None
    if len(body.steps) < joined + 1 or body.output != len(body.steps):
        return None
    entries = tuple(one.settings for one in body.steps[:count])
    members: tuple[Settings, ...] = (ALONE,) if frame.ballot else ()
    if frame.ballot and body.steps[joined].component == MEMBERS:
        members = (body.steps[joined].settings,)
    plan = Plan((*entries, *members), ())
    ends = frame.ballot if frame.is_ensemble(plan) else _heads(frame)
    trunk = body.steps[frame.offset(plan) : len(body.steps) - len(ends)]
    nodes = _nodes(trunk, frame.offset(plan))
    if nodes is None:
        return None
    plan = Plan(plan.entries, nodes)
    return plan if assemble(frame, plan) == architecture else None


def _front(frame: Frame, settings: tuple[Settings, ...]) -> Iterator[Step]:
    """Yield the entries and their concatenation."""
    count = len(frame.entries)
    for component, given in zip(frame.entries, settings, strict=False):
        yield Step(component, given, (0,))
    if count > 1:
        yield Step(CONCATENATE, (), tuple(range(1, count + 1)))


def _heads(frame: Frame) -> tuple[tuple[Component, Settings], ...]:
    return ((frame.head, frame.head_settings),)


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
