"""The same architecture for a table with other columns: another preparation, another fold."""

from dataclasses import replace

from coeval.architecture.inference import infer_steps
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import ValueType, Vector


def retyped(architecture: Architecture, *inputs: ValueType) -> Architecture:
    """Return the architecture with other input types; widths that equalled the entries' follow them.

    A residual around the entries' result, say, holds a linear that returns to its width. That width depends on the
    columns, so all equal widths are renamed together, which keeps every equality the types rest on. This presumes
    what tabular spaces guarantee: behind the joined entries nothing refers to a single entry.

    Raises:
        SpaceError: An entry cannot take the new input.
    """
    if architecture.inputs == inputs:
        return architecture
    body = architecture.body
    count = next((n for n, one in enumerate(body.steps) if not _is_front(one)), len(body.steps))
    front = Region(body.inputs, body.steps[:count], 0)
    before = infer_steps(architecture.inputs, front).types
    after = infer_steps(inputs, front).types
    widths = {
        old.features: new.features
        for old, new in zip(before[-1:], after[-1:], strict=True)
        if isinstance(old, Vector) and isinstance(new, Vector) and old != new
    }
    rest = tuple(_renamed(one, widths) for one in body.steps[count:])
    return Architecture(inputs, replace(body, steps=(*body.steps[:count], *rest)))


def _is_front(step: Step) -> bool:
    """Return whether a step is an entry, or joins entries."""
    return bool(step.component.capabilities & {"entry", "joining"})


def _renamed(step: Step, widths: dict[int, int]) -> Step:
    settings = tuple(
        (name, widths.get(int(value), value) if name == "width" else value)
        for name, value in step.settings
    )
    regions = tuple(
        replace(one, steps=tuple(_renamed(inner, widths) for inner in one.steps))
        for one in step.regions
    )
    return replace(step, settings=settings, regions=regions)
