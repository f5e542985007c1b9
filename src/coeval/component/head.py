"""Heads: from a vector to the outputs that a problem's loss takes.

Lowering (``coeval.build.modules.head``): ``Head(features: int, outputs: int)``, an affine map, for all of them.
"""

from coeval.architecture.component import Call, Component, Cost, Setting
from coeval.architecture.types import ValueType, Vector
from coeval.component.rules import projection_cost, vector


def _outputs(call: Call) -> int:
    return int(call.settings.get("classes", 1))


def _head_type(call: Call) -> Vector:
    vector(call.inputs[0])
    return Vector(_outputs(call))


def _head_cost(call: Call, output: ValueType) -> Cost:
    return projection_cost(call.inputs[0], _outputs(call), bias=True)


def _head_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {"features": vector(call.inputs[0]).features, "outputs": _outputs(call)}


def _head(name: str, summary: str, *settings: Setting) -> Component:
    return Component(
        name=name,
        summary=summary,
        type_rule=_head_type,
        cost_rule=_head_cost,
        arguments=_head_arguments,
        lowering="coeval.build.modules.head:Head",
        settings=settings,
        capabilities=frozenset({"affine", "projection", "head"}),
    )


BINARY_HEAD = _head("binary_head", "One logit for two classes.")
CLASS_HEAD = _head(
    "class_head",
    "One logit for each class.",
    Setting("classes", (2,), 2, bounds=(2, 100_000)),  # the task decides, no search moves it
)
VALUE_HEAD = _head("value_head", "One value, in standard deviations of the target.")
