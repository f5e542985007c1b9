"""Channel components: they act on the features and lift over any domain (vector, sequence, grid, set).

Lowerings (``coeval.build.modules.channel``): ``Linear(features: int, width: int, bias: bool)``,
``Scale(features: int)``, ``GluGate(features: int)``, ``Dropout(rate: float)``, ``Spike(threshold: float)``,
``GroupAverage(width: int)``, ``ChannelShuffle(groups: int)``, ``DropPath(rate: float)``, and without arguments ``Identity ReLU GELU SiLU Tanh Sigmoid HardSigmoid``. Features are the last axis.
"""

from collections.abc import Mapping

from coeval.architecture.component import Call, Component, Cost, Setting, Value
from coeval.architecture.types import ValueType, describe, elements
from coeval.component.rules import (
    divided,
    elementwise_cost,
    featured,
    features_and_settings,
    features_argument,
    no_arguments,
    per_feature_cost,
    projected,
    projection_cost,
    same_type,
    settings_arguments,
)

_CHANNEL = "coeval.build.modules.channel:"


def _linear_type(call: Call) -> ValueType:
    return projected(call.inputs[0], int(call.settings["width"]))


def _linear_cost(call: Call, output: ValueType) -> Cost:
    width, bias = int(call.settings["width"]), bool(call.settings["bias"])
    return projection_cost(call.inputs[0], width, bias=bias)


LINEAR = Component(
    name="linear",
    summary="Learnt affine map of the features to width.",
    type_rule=_linear_type,
    cost_rule=_linear_cost,
    arguments=features_and_settings,
    lowering=_CHANNEL + "Linear",
    settings=(
        Setting(
            "width",
            (8, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024),
            128,
            bounds=(1, 65536),
        ),
        Setting("bias", (False, True), True),
    ),
    capabilities=frozenset({"affine", "projection", "zero_preserving"}),
)

SCALE = Component(
    name="scale",
    summary="Learnt factor for each feature, starting at 1 (Holzmüller et al. 2024, arXiv:2407.04491, section 3).",
    type_rule=same_type,
    cost_rule=per_feature_cost(1),
    arguments=features_argument,
    lowering=_CHANNEL + "Scale",
    capabilities=frozenset({"affine", "equivariant", "zero_preserving"}),
)


def _glu_cost(call: Call, output: ValueType) -> Cost:
    doubled = projection_cost(
        call.inputs[0], 2 * featured(call.inputs[0]).features, bias=True
    )  # value and gate
    return doubled + Cost(activations=elements(output))


GLU_GATE = Component(
    name="glu_gate",
    summary="Gated linear unit: value · sigmoid(gate), both affine in the input, features kept (Dauphin et al. 2017, arXiv:1612.08083).",
    type_rule=same_type,
    cost_rule=_glu_cost,
    arguments=features_argument,
    lowering=_CHANNEL + "GluGate",
    capabilities=frozenset({"gating", "nonpolynomial", "projection"}),
)


def _dropout_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {"rate": float(call.settings["rate"])}


def _keeps_all(settings: Mapping[str, Value]) -> bool:
    return settings["rate"] == 0


DROPOUT = Component(
    name="dropout",
    summary="In training each number is zeroed with probability rate and the rest scaled up; otherwise nothing.",
    type_rule=same_type,
    cost_rule=elementwise_cost,
    arguments=_dropout_arguments,
    lowering=_CHANNEL + "Dropout",
    settings=(
        Setting("rate", (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5), 0.1, bounds=(0.0, 0.95)),
    ),
    identity_when=_keeps_all,
    capabilities=frozenset({"affine", "stochastic", "equivariant", "zero_preserving"}),
)


def _activation(name: str, summary: str, lowering: str, *capabilities: str) -> Component:
    return Component(
        name=name,
        summary=summary,
        type_rule=same_type,
        cost_rule=elementwise_cost,
        arguments=no_arguments,
        lowering=_CHANNEL + lowering,
        capabilities=frozenset((*capabilities, "equivariant")),
    )


RELU = _activation(
    "relu", "max(x, 0).", "ReLU", "nonpolynomial", "piecewise_linear", "zero_preserving"
)
GELU = _activation(
    "gelu", "x · Φ(x) (Hendrycks & Gimpel 2016).", "GELU", "nonpolynomial", "zero_preserving"
)
SILU = _activation("silu", "x · sigmoid(x).", "SiLU", "nonpolynomial", "zero_preserving")
TANH = _activation(
    "tanh",
    "Hyperbolic tangent.",
    "Tanh",
    "nonpolynomial",
    "saturating",
    "bounded",
    "zero_preserving",
)
SIGMOID = _activation(
    "sigmoid", "1 / (1 + exp(-x)).", "Sigmoid", "nonpolynomial", "saturating", "bounded"
)
HARD_SIGMOID = _activation(
    "hard_sigmoid",
    "min(max(x / 6 + 1/2, 0), 1).",
    "HardSigmoid",
    "nonpolynomial",
    "saturating",
    "bounded",
    "piecewise_linear",
)


def _no_cost(call: Call, output: ValueType) -> Cost:
    return Cost()


def _always(settings: Mapping[str, Value]) -> bool:
    return True


IDENTITY = Component(
    name="identity",
    summary="The input itself.",
    type_rule=same_type,
    cost_rule=_no_cost,
    arguments=no_arguments,
    lowering=_CHANNEL + "Identity",
    identity_when=_always,
    capabilities=frozenset({"affine", "equivariant"}),
)


def _spike_arguments(call: Call, output: ValueType) -> dict[str, object]:
    return {"threshold": float(call.settings["threshold"])}


SPIKE = Component(
    name="spike",
    summary=(
        "1 where x reaches threshold, else 0: one time step of an integrate-and-fire neuron; its gradient is that of "
        "atan(pi (x - threshold)) / pi (Fang et al. 2021, arXiv:2007.05785)."
    ),
    type_rule=same_type,
    cost_rule=elementwise_cost,
    arguments=_spike_arguments,
    lowering=_CHANNEL + "Spike",
    settings=(Setting("threshold", (0.5, 1.0, 1.5), 1.0, bounds=(1e-3, 1e3)),),
    capabilities=frozenset({"nonpolynomial", "bounded", "equivariant", "zero_preserving"}),
)


def _group_type(call: Call) -> ValueType:
    given, width = featured(call.inputs[0]), int(call.settings["width"])
    divided(given.features, "width", width, describe(given))
    return projected(given, width)


GROUP_AVERAGE = Component(
    name="group_average",
    summary="Features in width equal groups of neighbours, each group's mean: several outputs vote for one.",
    type_rule=_group_type,
    cost_rule=elementwise_cost,
    arguments=settings_arguments,
    lowering=_CHANNEL + "GroupAverage",
    settings=(Setting("width", (8, 16, 32, 64, 128), 16, bounds=(1, 65536)),),
    capabilities=frozenset({"affine", "zero_preserving"}),
)


def _shuffle_type(call: Call) -> ValueType:
    given, groups = featured(call.inputs[0]), int(call.settings["groups"])
    divided(given.features, "groups", groups, describe(given))
    return given


CHANNEL_SHUFFLE = Component(
    name="channel_shuffle",
    summary="Features in groups of neighbours, dealt out in turn, so that each group behind has some of every one (Zhang et al. 2018, arXiv:1707.01083).",
    type_rule=_shuffle_type,
    cost_rule=elementwise_cost,
    arguments=settings_arguments,
    lowering=_CHANNEL + "ChannelShuffle",
    settings=(Setting("groups", (2, 4, 8), 2, bounds=(2, 4096)),),
    capabilities=frozenset({"affine", "zero_preserving"}),
)

DROP_PATH = Component(
    name="drop_path",
    summary=(
        "In training an example's whole value is zeroed with probability rate and otherwise scaled up; at prediction nothing "
        "(stochastic depth, Huang et al. 2016, arXiv:1603.09382)."
    ),
    type_rule=same_type,
    cost_rule=elementwise_cost,
    arguments=_dropout_arguments,
    lowering=_CHANNEL + "DropPath",
    settings=(Setting("rate", (0.0, 0.05, 0.1, 0.2, 0.3), 0.1, bounds=(0.0, 0.95)),),
    identity_when=_keeps_all,
    capabilities=frozenset({"affine", "stochastic", "equivariant", "zero_preserving"}),
)
