"""Components that hold a nested region: residual and repeat.

Lowerings (``coeval.build.modules.region``) take the built bodies first, positionally:
``Residual(body)``, and ``Repeat(*bodies, times: int)``: one body applied ``times`` times when tied, as many
bodies as ``times`` one after the other when not (``Component.instances`` says how many to build).
"""

from collections.abc import Mapping

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting, Value
from coeval.architecture.step import Region, Step
from coeval.architecture.types import ValueType, describe, elements
from coeval.component.merge import ADD
from coeval.component.rules import featured, no_arguments

_REGION = "coeval.build.modules.region:"
EXPANDED_STEPS = 64  # longer chains keep the repeat in their normal form, which stays small


def _kept_type(call: Call) -> ValueType:
    given, body = featured(call.inputs[0]), call.bodies[0]
    if body.output != given:
        raise Rejection(
            f"expected a region that keeps its input's type {describe(given)}, got "
            f"{describe(body.output)}. Let the region end in linear(width={given.features})."
        )
    return given


def _same_inputs(inputs: tuple[ValueType, ...]) -> tuple[ValueType, ...]:
    return inputs


def _with_skip(settings: Mapping[str, Value], regions: tuple[Region, ...]) -> Region:
    body = regions[0]
    skip = Step(ADD, (), (0, body.output))
    return Region(1, (*body.steps, skip), 1 + len(body.steps))


def _residual_cost(call: Call, output: ValueType) -> Cost:
    return call.bodies[0].cost + Cost(activations=elements(output))


RESIDUAL = Component(
    name="residual",
    summary="The input plus the region's result (He et al. 2016, arXiv:1512.03385).",
    type_rule=_kept_type,
    cost_rule=_residual_cost,
    arguments=no_arguments,
    lowering=_REGION + "Residual",
    regions=1,
    body_inputs=_same_inputs,
    expansion=_with_skip,
    capabilities=frozenset({"skip"}),
)


def _repeat_cost(call: Call, output: ValueType) -> Cost:
    once, times = call.bodies[0].cost, int(call.settings["times"])
    copies = 1 if call.settings["tied"] else times
    return Cost(copies * once.parameters, times * once.macs, times * once.activations)


def _repeat_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {"times": int(call.settings["times"])}


def _instances(settings: Mapping[str, Value]) -> int:
    return 1 if settings["tied"] else int(settings["times"])


def _unrolled(settings: Mapping[str, Value], regions: tuple[Region, ...]) -> Region | None:
    body, times = regions[0], int(settings["times"])
    if body.output == 0:
        return Region(1, (), 0)
    if times > 1 and (settings["tied"] or times * len(body.steps) > EXPANDED_STEPS):
        return None
    steps: list[Step] = []
    value = 0
    for _ in range(times):
        offset = len(steps)
        for one in body.steps:
            inputs = tuple(value if index == 0 else index + offset for index in one.inputs)
            steps.append(Step(one.component, one.settings, inputs, one.regions))
        value = body.output + offset
    return Region(1, tuple(steps), value)


REPEAT = Component(
    name="repeat",
    summary="The region applied times times, with one set of weights (tied) or a set for each.",
    type_rule=_kept_type,
    cost_rule=_repeat_cost,
    arguments=_repeat_arguments,
    lowering=_REGION + "Repeat",
    settings=(
        Setting("times", (1, 2, 3, 4, 6, 8), 2, bounds=(1, 1024)),
        Setting("tied", (False, True), False),
    ),
    regions=1,
    body_inputs=_same_inputs,
    instances=_instances,
    expansion=_unrolled,
    capabilities=frozenset({"bounded_iteration"}),
)
