"""Rules that several components share.

Two conventions hold for every cost rule. ``macs`` counts the multiply-accumulates of matrix products
alone (what ``torch.utils.flop_counter`` counts, halved); elementwise work and table look-ups are not
counted. ``activations`` counts the numbers a step writes that the backward pass needs, its output included.
"""

from collections.abc import Callable
from functools import partial
from typing import get_args

from coeval.architecture.component import Call, Cost, Rejection
from coeval.architecture.types import (
    Columns,
    Featured,
    ValueType,
    Vector,
    describe,
    elements,
    with_features,
)

CostRule = Callable[[Call, ValueType], Cost]
FEATURED = get_args(Featured)


def featured(value: ValueType) -> Featured:
    """Return the value type if it has a feature axis.

    Raises:
        Rejection: It is a table row, tokens or a scalar.
    """
    if isinstance(value, FEATURED):
        return value  # type: ignore[no-any-return]  # get_args erases the union
    hint = " Put an entry component in front of it." if isinstance(value, Columns) else ""
    raise Rejection(f"expected a value with features, got {describe(value)}.{hint}")


def with_positions(value: ValueType) -> Featured:
    """Return the value type if it has features at positions.

    Raises:
        Rejection: It has no features, or is a vector.
    """
    given = featured(value)
    if isinstance(given, Vector):
        raise Rejection(f"expected a value with positions, got {describe(given)}. Leave it out.")
    return given


def columns(value: ValueType) -> Columns:
    """Return the value type if it is a table row.

    Raises:
        Rejection: It is anything else.
    """
    if isinstance(value, Columns):
        return value
    raise Rejection(
        f"expected Columns (a table row), got {describe(value)}. Entries take the table's input."
    )


def vector(value: ValueType) -> Vector:
    """Return the value type if it is a vector.

    Raises:
        Rejection: It is anything else.
    """
    if isinstance(value, Vector):
        return value
    raise Rejection(f"expected a Vector, got {describe(value)}.")


def same_type(call: Call) -> ValueType:
    """Type rule of a channel component that keeps its input's type."""
    return featured(call.inputs[0])


def projected(value: ValueType, width: int) -> Featured:
    """Return the same domain with ``width`` features."""
    return with_features(featured(value), width)


def projection_cost(value: ValueType, width: int, *, bias: bool) -> Cost:
    """Return the cost of one linear map of the features to ``width`` at every position."""
    return affine_cost(projected(value, width), featured(value).features, bias=bias)


def affine_cost(output: ValueType, seen: int, *, bias: bool) -> Cost:
    """Return the cost of an affine map to each feature, the same at every position.

    Args:
        output: Its result.
        seen: Numbers that each feature of a position is computed from.
        bias: Whether each feature has one.
    """
    made = featured(output)
    return Cost(
        parameters=seen * made.features + (made.features if bias else 0),
        macs=seen * elements(made),
        activations=elements(made),
    )


def divided(features: int, setting: str, groups: int, where: str) -> int:
    """Return how many features each of some equal groups has.

    Args:
        features: To divide.
        setting: What the number of groups is called.
        groups: Their number.
        where: What has the features, for the message.

    Raises:
        Rejection: They do not divide evenly.
    """
    if features % groups:
        raise Rejection(f"{setting} must divide the {features} features of {where}, got {groups}.")
    return features // groups


def elementwise_cost(call: Call, output: ValueType) -> Cost:
    """Cost rule of a component without parameters and matrix products."""
    return Cost(activations=elements(output))


def per_feature_cost(count: int) -> CostRule:
    """Return the cost rule of a component with ``count`` parameters for each feature."""
    return partial(_per_feature_cost, count)


def _per_feature_cost(count: int, call: Call, output: ValueType) -> Cost:
    return Cost(count * featured(call.inputs[0]).features, 0, elements(output))


def no_arguments(call: Call, output: ValueType) -> dict[str, object]:
    """Return no constructor arguments."""
    return {}


def features_argument(call: Call, output: ValueType) -> dict[str, object]:
    """Return the constructor argument ``features`` of the only input."""
    return {"features": featured(call.inputs[0]).features}


def settings_arguments(call: Call, output: ValueType) -> dict[str, object]:
    """Return all settings as constructor arguments."""
    return dict(call.settings)


def features_and_settings(call: Call, output: ValueType) -> dict[str, object]:
    """Return the constructor argument ``features`` of the first input, and all settings."""
    return {"features": featured(call.inputs[0]).features, **call.settings}
