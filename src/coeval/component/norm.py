"""Normalisations over the features (layer, RMS), over groups of them and the domain (group), or over the batch and the domain (batch).

Lowerings (``coeval.build.modules.norm``): ``BatchNorm(features: int)``, ``LayerNorm(features: int)``,
``RMSNorm(features: int)``, ``GroupNorm(features: int, groups: int, positions: int)``. Features are the last axis.
"""

from coeval.architecture.component import Call, Component, Setting
from coeval.architecture.types import ValueType, describe, positions
from coeval.component.rules import (
    divided,
    featured,
    features_argument,
    per_feature_cost,
    same_type,
)


def _norm(name: str, summary: str, lowering: str, parameters: int, *capabilities: str) -> Component:
    return Component(
        name=name,
        summary=summary,
        type_rule=same_type,
        cost_rule=per_feature_cost(parameters),
        arguments=features_argument,
        lowering=f"coeval.build.modules.norm:{lowering}",
        capabilities=frozenset(("normalising", "equivariant", *capabilities)),
    )


# Batch statistics are constants at prediction, so there it is an affine map.
BATCH_NORM = _norm(
    "batch_norm",
    "Each feature to mean 0 and variance 1 over the batch, then scaled and shifted (Ioffe & Szegedy 2015, arXiv:1502.03167).",
    "BatchNorm",
    2,
    "affine",
    "zero_preserving",
)
LAYER_NORM = _norm(
    "layer_norm",
    "Features to mean 0 and variance 1 within an example, then scaled and shifted (Ba et al. 2016, arXiv:1607.06450).",
    "LayerNorm",
    2,
    "nonpolynomial",
)
RMS_NORM = _norm(
    "rms_norm",
    "Features divided by their root mean square within an example, then scaled (Zhang & Sennrich 2019, arXiv:1910.07467).",
    "RMSNorm",
    1,
    "nonpolynomial",
)


def _group_type(call: Call) -> ValueType:
    given, groups = featured(call.inputs[0]), int(call.settings["groups"])
    divided(given.features, "groups", groups, describe(given))
    return given


def _group_arguments(call: Call, output: ValueType) -> dict[str, object]:
    given = featured(output)
    groups = int(call.settings["groups"])
    return {"features": given.features, "groups": groups, "positions": positions(given)}


GROUP_NORM = Component(
    name="group_norm",
    summary=(
        "Each group of neighbouring features to mean 0 and variance 1 over all positions of an example, then scaled and shifted "
        "(Wu & He 2018, arXiv:1803.08494)."
    ),
    type_rule=_group_type,
    cost_rule=per_feature_cost(2),
    arguments=_group_arguments,
    lowering="coeval.build.modules.norm:GroupNorm",
    settings=(Setting("groups", (1, 2, 4, 8, 16, 32), 8, bounds=(1, 4096)),),
    capabilities=frozenset({"normalising", "nonpolynomial"}),
)
