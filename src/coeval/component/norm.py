"""Normalisations over the features (layer, RMS) or over the batch and the domain (batch).

Lowerings (``coeval.build.modules.norm``): ``BatchNorm(features: int)``, ``LayerNorm(features: int)``,
``RMSNorm(features: int)``. Features are the last axis.
"""

from coeval.architecture.component import Component
from coeval.component.rules import features_argument, per_feature_cost, same_type


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
