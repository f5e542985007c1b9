"""Components that let all positions of a domain see each other, and that tell them apart.

Lowerings (``coeval.build.modules.attention``): ``Attention(features: int, heads: int)`` and
``PositionEmbedding(positions: tuple[int, ...], features: int)``. Features are the last axis.
"""

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting
from coeval.architecture.types import (
    Set,
    ValueType,
    describe,
    elements,
    positions,
    shape,
)
from coeval.component.rules import divided, featured, features_and_settings, with_positions

_ATTENTION = "coeval.build.modules.attention:"


def _attention_type(call: Call) -> ValueType:
    given, heads = with_positions(call.inputs[0]), int(call.settings["heads"])
    divided(given.features, "heads", heads, describe(given))
    return given


def _attention_cost(call: Call, output: ValueType) -> Cost:
    given, heads = with_positions(call.inputs[0]), int(call.settings["heads"])
    places, features = positions(given), given.features
    # Queries, keys, values and the result are affine maps; between them stand two products of positions with positions.
    return Cost(
        parameters=4 * features * (features + 1),
        macs=4 * places * features**2 + 2 * places**2 * features,
        activations=5 * elements(given) + heads * places**2,
    )


ATTENTION = Component(
    name="attention",
    summary="Multi-head self-attention over all positions, features kept (Vaswani et al. 2017, arXiv:1706.03762, section 3.2).",
    type_rule=_attention_type,
    cost_rule=_attention_cost,
    arguments=features_and_settings,
    lowering=_ATTENTION + "Attention",
    settings=(Setting("heads", (1, 2, 4, 8), 2, bounds=(1, 64)),),
    capabilities=frozenset({"attention", "nonpolynomial", "projection", "zero_preserving"}),
)


def _position_type(call: Call) -> ValueType:
    given = with_positions(call.inputs[0])
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
