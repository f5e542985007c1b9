"""Components that let all positions of a domain see each other, and that tell them apart.

Lowerings (``coeval.build.modules.attention``): ``Attention(features: int, heads: int)`` and
``PositionEmbedding(positions: tuple[int, ...], features: int)``. Features are the last axis.
"""

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting
from coeval.architecture.types import (
    Featured,
    Set,
    ValueType,
    Vector,
    describe,
    elements,
    positions,
    shape,
)
from coeval.component.rules import featured

_ATTENTION = "coeval.build.modules.attention:"


def _with_positions(call: Call) -> Featured:
    given = featured(call.inputs[0])
    if isinstance(given, Vector):
        raise Rejection(f"expected a value with positions, got {describe(given)}. Leave it out.")
    return given


def _attention_type(call: Call) -> ValueType:
    given, heads = _with_positions(call), int(call.settings["heads"])
    if given.features % heads:
        raise Rejection(
            f"heads must divide the {given.features} features of {describe(given)}, got {heads}."
        )
    return given


def _attention_cost(call: Call, output: ValueType) -> Cost:
    given, heads = _with_positions(call), int(call.settings["heads"])
    places, features = positions(given), given.features
    # Queries, keys, values and the result are affine maps; between them stand two products of positions with positions.
    return Cost(
        parameters=4 * features * (features + 1),
        macs=4 * places * features**2 + 2 * places**2 * features,
        activations=5 * elements(given) + heads * places**2,
    )


def _attention_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {"features": featured(call.inputs[0]).features, "heads": int(call.settings["heads"])}


ATTENTION = Component(
    name="attention",
    summary="Multi-head self-attention over all positions, features kept (Vaswani et al. 2017, arXiv:1706.03762, section 3.2).",
    type_rule=_attention_type,
    cost_rule=_attention_cost,
    arguments=_attention_arguments,
    lowering=_ATTENTION + "Attention",
    settings=(Setting("heads", (1, 2, 4, 8), 2, bounds=(1, 64)),),
    capabilities=frozenset({"attention", "nonpolynomial", "projection", "zero_preserving"}),
)


def _position_type(call: Call) -> ValueType:
    given = _with_positions(call)
    if isinstance(given, Set):
        raise Rejection(f"expected positions in order, got {describe(given)}.")
    return given


def _position_cost(call: Call, output: ValueType) -> Cost:
    return Cost(parameters=elements(output), activations=elements(output))


def _position_arguments(call: Call, output: ValueType) -> dict[str, object]:
    *places, features = shape(featured(output))
    return {"positions": tuple(places), "features": features}


POSITION_EMBEDDING = Component(
    name="position_embedding",
    summary=(
        "A learnt vector for each position, added: attention alone cannot tell positions apart (Dosovitskiy et al. 2021, "
        "arXiv:2010.11929, section 3.1)."
    ),
    type_rule=_position_type,
    cost_rule=_position_cost,
    arguments=_position_arguments,
    lowering=_ATTENTION + "PositionEmbedding",
    capabilities=frozenset({"affine", "equivariant"}),
)
