"""Merges: several values into one.

Lowerings (``coeval.build.modules.merge``), without arguments, called with all values:
``Add()``, ``Multiply()``, ``Concatenate()`` (along the features, the last axis), ``Gate()``.
"""

from coeval.architecture.component import Call, Component, Rejection
from coeval.architecture.types import ValueType, Vector, describe, with_features
from coeval.component.rules import elementwise_cost, featured, no_arguments, vector

_MERGE = "coeval.build.modules.merge:"


def _equal_types(call: Call) -> ValueType:
    first = featured(call.inputs[0])
    for other in call.inputs[1:]:
        if other != first:
            raise Rejection(
                f"expected inputs of one type, got {describe(first)} and {describe(other)}. "
                "Project one of them with linear, or concatenate."
            )
    return first


def _joined_type(call: Call) -> ValueType:
    domains = [featured(one) for one in call.inputs]
    for other in domains[1:]:
        if with_features(other, domains[0].features) != domains[0]:
            raise Rejection(
                f"expected inputs on one domain, got {describe(domains[0])} and {describe(other)}."
            )
    return with_features(domains[0], sum(one.features for one in domains))


ADD = Component(
    name="add",
    summary="Sum of values of one type.",
    type_rule=_equal_types,
    cost_rule=elementwise_cost,
    arguments=no_arguments,
    lowering=_MERGE + "Add",
    arity=(1, None),
    commutative=True,
    capabilities=frozenset({"affine", "associative", "merging", "sum", "zero_preserving"}),
)
MULTIPLY = Component(
    name="multiply",
    summary="Elementwise product of values of one type.",
    type_rule=_equal_types,
    cost_rule=elementwise_cost,
    arguments=no_arguments,
    lowering=_MERGE + "Multiply",
    arity=(1, None),
    commutative=True,
    capabilities=frozenset({"gating", "polynomial", "associative", "merging", "zero_preserving"}),
)
CONCATENATE = Component(
    name="concatenate",
    summary="Features of all values side by side.",
    type_rule=_joined_type,
    cost_rule=elementwise_cost,
    arguments=no_arguments,
    lowering=_MERGE + "Concatenate",
    arity=(1, None),
    capabilities=frozenset({"affine", "associative", "joining", "merging", "zero_preserving"}),
)


def _gated_type(call: Call) -> ValueType:
    given, gate = featured(call.inputs[0]), vector(call.inputs[1])
    if isinstance(given, Vector):
        raise Rejection(f"expected a value with positions, got {describe(given)}. Take multiply.")
    if given.features != gate.features:
        raise Rejection(
            f"expected a gate for each of the {given.features} features of {describe(given)}, got {describe(gate)}. "
            f"Let the gate end in linear(width={given.features})."
        )
    return given


GATE = Component(
    name="gate",
    summary="A value with positions times a vector: each feature, wherever it stands, by its own number (Hu et al. 2018, arXiv:1709.01507).",
    type_rule=_gated_type,
    cost_rule=elementwise_cost,
    arguments=no_arguments,
    lowering=_MERGE + "Gate",
    arity=(2, 2),
    capabilities=frozenset({"gating", "polynomial", "merging", "zero_preserving"}),
)
