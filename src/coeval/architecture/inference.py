"""Inference: types, parameters, MACs and activation memory of an architecture, without a tensor.

One walk over the steps; nothing is cached, nothing is allocated but the result.
"""

from dataclasses import dataclass

from coeval.architecture.component import Body, Call, Cost, Rejection
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import ValueType
from coeval.errors import SpaceError


@dataclass(frozen=True, slots=True)
class Inference:
    """What is known of a region once its input types are.

    Attributes:
        types: Type of every value: the inputs, then one for each step (as ``Step.inputs`` counts).
        calls: For each step what its component's rules were given.
        costs: For each step its cost, nested regions included.
        nested: For each step the inference of its regions.
        output: Type of the result.
        cost: Parameters of all steps, since all are built; MACs and activations of those that the
            output depends on, since only these run.
    """

    types: tuple[ValueType, ...]
    calls: tuple[Call, ...]
    costs: tuple[Cost, ...]
    nested: tuple[tuple["Inference", ...], ...]
    output: ValueType
    cost: Cost

    @property
    def body(self) -> Body:
        """Return what a surrounding step's rules see of this region."""
        return Body(self.types[: len(self.types) - len(self.calls)], self.output, self.cost)


def infer(architecture: Architecture) -> Inference:
    """Infer all types and costs of an architecture.

    Raises:
        SpaceError: A step refers to a later result, has the wrong number of inputs or regions, or
            its component rejects what it is given; the message names the step by its path.
    """
    return infer_steps(architecture.inputs, architecture.body)


def infer_region(inputs: tuple[ValueType, ...], region: Region) -> Body:
    """Infer a region given the types of its inputs.

    Raises:
        SpaceError: As ``infer``.
    """
    return infer_steps(inputs, region).body


def infer_steps(inputs: tuple[ValueType, ...], region: Region, where: str = "") -> Inference:
    """Infer a region in full: every type, call and cost.

    Args:
        inputs: Types of the region's inputs.
        region: The region.
        where: Path of the surrounding region for messages, such as ``"5.0."``.

    Raises:
        SpaceError: As ``infer``.
    """
    if region.inputs != len(inputs):
        raise SpaceError(
            f"{_place(where)} takes {region.inputs} inputs, got {len(inputs)} input types."
        )
    types = list(inputs)
    calls: list[Call] = []
    costs: list[Cost] = []
    nested: list[tuple[Inference, ...]] = []
    for number, step in enumerate(region.steps):
        path = f"{where}{number}"
        taken = _inputs(step, types, path)
        bodies = _bodies(step, taken, path) if step.regions or step.component.regions != 0 else ()
        call = Call(taken, dict(step.settings), tuple(one.body for one in bodies))
        try:
            output = step.component.type_rule(call)
            cost = step.component.cost_rule(call, output)
        except Rejection as reason:
            raise SpaceError(f"step {path} ({step.component.name}): {reason}") from None
        types.append(output)
        calls.append(call)
        costs.append(cost)
        nested.append(bodies)
    if not 0 <= region.output < len(types):
        raise SpaceError(
            f"{_place(where)}: output must be one of its values 0..{len(types) - 1}, got {region.output}."
        )
    return Inference(
        tuple(types),
        tuple(calls),
        tuple(costs),
        tuple(nested),
        types[region.output],
        _total(region, costs),
    )


def live(region: Region) -> list[bool]:
    """Return for each step whether the region's output depends on it."""
    inputs, count = region.inputs, len(region.steps)
    needed = [False] * (inputs + count)
    needed[region.output] = True
    for position in range(count - 1, -1, -1):
        if needed[inputs + position]:
            for index in region.steps[position].inputs:
                needed[index] = True
    return needed[inputs:]


def _total(region: Region, costs: list[Cost]) -> Cost:
    parameters = macs = activations = 0
    for cost, runs in zip(costs, live(region), strict=True):
        parameters += cost.parameters
        if runs:
            macs += cost.macs
            activations += cost.activations
    return Cost(parameters, macs, activations)


def _place(where: str) -> str:
    return f"region {where[:-1]}" if where else "the architecture"


def _inputs(step: Step, types: list[ValueType], path: str) -> tuple[ValueType, ...]:
    known, (least, most), got = len(types), step.component.arity, len(step.inputs)
    if got < least or (most is not None and got > most):
        raise SpaceError(
            f"step {path} ({step.component.name}) takes {_range(least, most)}, got {got}."
        )
    for index in step.inputs:
        if not 0 <= index < known:
            raise SpaceError(
                f"step {path} ({step.component.name}) may refer to values 0..{known - 1}, got {index}. "
                "A step uses the region's inputs and earlier steps only."
            )
    return tuple([types[index] for index in step.inputs])


def _range(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least} inputs"
    return f"{least} inputs" if least == most else f"{least} to {most} inputs"


def _bodies(step: Step, taken: tuple[ValueType, ...], path: str) -> tuple[Inference, ...]:
    component = step.component
    wanted = component.regions
    if len(step.regions) != wanted and (wanted is not None or not step.regions):
        count = "at least one region" if wanted is None else f"{wanted} regions"
        raise SpaceError(f"step {path} ({component.name}) holds {count}, got {len(step.regions)}.")
    inner = component.body_inputs(taken) if component.body_inputs else taken
    return tuple(
        infer_steps(inner, region, f"{path}.{number}.")
        for number, region in enumerate(step.regions)
    )
