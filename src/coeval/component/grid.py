"""Components that mix the positions of a grid: convolutions and pools, and a whole domain as one vector.

Padding is that of the field's cell spaces: ``dilation · (kernel - 1) // 2`` on each side, so that an odd kernel
of stride 1 keeps the grid, and one of stride 2 halves it, rounded up. Two by two is not padded, so that with stride 2 it
halves a grid exactly.

Lowerings (``coeval.build.modules.grid``): ``Conv(features: int, width: int, kernel: int, stride: int, dilation: int,
bias: bool)``, ``DepthwiseConv(features: int, kernel: int, stride: int, dilation: int, bias: bool)``,
``AveragePool(kernel: int, stride: int)``, ``MaxPool(kernel: int, stride: int)``, ``GlobalAveragePool()`` and ``Flatten()``. Features are
the last axis.
"""

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting
from coeval.architecture.types import Grid, ValueType, Vector, describe, elements
from coeval.component.rules import (
    affine_cost,
    elementwise_cost,
    features_and_settings,
    no_arguments,
    settings_arguments,
    with_positions,
)

_GRID = "coeval.build.modules.grid:"
WIDTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)


def grid(value: ValueType) -> Grid:
    """Return the value type if it is a grid.

    Raises:
        Rejection: It is anything else.
    """
    if isinstance(value, Grid):
        return value
    raise Rejection(f"expected a Grid (height, width, features), got {describe(value)}.")


def padding(kernel: int, dilation: int = 1) -> int:
    """Return how many rows and columns are added on each side."""
    return dilation * (kernel - 1) // 2


def moved(call: Call, features: int) -> Grid:
    """Return the grid that a window leaves when it moves over the input.

    Args:
        call: With the settings ``kernel`` and ``stride``, perhaps ``dilation``.
        features: Of the result.

    Raises:
        Rejection: The input is no grid, or the window does not fit on it.
    """
    given, settings = grid(call.inputs[0]), call.settings
    kernel, stride = int(settings["kernel"]), int(settings["stride"])
    dilation = int(settings.get("dilation", 1))
    reach = dilation * (kernel - 1) + 1
    around = 2 * padding(kernel, dilation)
    sides = [(size + around - reach) // stride + 1 for size in (given.height, given.width)]
    if min(sides) < 1:
        raise Rejection(
            f"a window of {reach} by {reach} does not fit on {describe(given)} with {around // 2} rows of padding. "
            "Take a smaller kernel or dilation."
        )
    return Grid(sides[0], sides[1], features)


def window(*more: Setting) -> tuple[Setting, ...]:
    """Return the settings of a window that moves over a grid, and more of them."""
    return (
        Setting("kernel", (1, 3, 5, 7), 3, bounds=(1, 31)),
        Setting("stride", (1, 2), 1, bounds=(1, 16)),
        *more,
    )


DILATION = Setting("dilation", (1, 2), 1, bounds=(1, 16))
BIAS = Setting("bias", (False, True), False)  # a batch norm, which usually follows, has its own


def _conv_type(call: Call) -> ValueType:
    return moved(call, int(call.settings["width"]))


def _conv_cost(call: Call, output: ValueType) -> Cost:
    seen = int(call.settings["kernel"]) ** 2 * grid(call.inputs[0]).features
    return affine_cost(output, seen, bias=bool(call.settings["bias"]))


CONV = Component(
    name="conv2d",
    summary="Convolution of a grid: a learnt map of each window of kernel by kernel positions to width features.",
    type_rule=_conv_type,
    cost_rule=_conv_cost,
    arguments=features_and_settings,
    lowering=_GRID + "Conv",
    settings=(Setting("width", WIDTHS, 64, bounds=(1, 65536)), *window(DILATION, BIAS)),
    capabilities=frozenset({"affine", "projection", "convolution", "zero_preserving"}),
)


def _depthwise_type(call: Call) -> ValueType:
    return moved(call, grid(call.inputs[0]).features)


def _depthwise_cost(call: Call, output: ValueType) -> Cost:
    seen = int(call.settings["kernel"]) ** 2
    return affine_cost(output, seen, bias=bool(call.settings["bias"]))


DEPTHWISE_CONV = Component(
    name="depthwise_conv2d",
    summary="Convolution of a grid, each feature on its own (Chollet 2017, arXiv:1610.02357).",
    type_rule=_depthwise_type,
    cost_rule=_depthwise_cost,
    arguments=features_and_settings,
    lowering=_GRID + "DepthwiseConv",
    settings=window(DILATION, BIAS),
    capabilities=frozenset({"affine", "convolution", "equivariant", "zero_preserving"}),
)


def _pool(name: str, summary: str, lowering: str, *capabilities: str) -> Component:
    return Component(
        name=name,
        summary=summary,
        type_rule=_depthwise_type,
        cost_rule=elementwise_cost,
        arguments=settings_arguments,
        lowering=_GRID + lowering,
        settings=window(),
        capabilities=frozenset(("pooling", "equivariant", "zero_preserving", *capabilities)),
    )


AVERAGE_POOL = _pool(
    "avg_pool2d",
    "Mean of each window of a grid, padding left out.",
    "AveragePool",
    "affine",
)
MAX_POOL = _pool(
    "max_pool2d",
    "Largest number of each feature in each window of a grid.",
    "MaxPool",
    "piecewise_linear",
)


def _global_type(call: Call) -> ValueType:
    return Vector(with_positions(call.inputs[0]).features)


GLOBAL_AVERAGE_POOL = Component(
    name="global_avg_pool",
    summary="Mean of each feature over all positions, as one vector (Lin et al. 2014, arXiv:1312.4400).",
    type_rule=_global_type,
    cost_rule=elementwise_cost,
    arguments=no_arguments,
    lowering=_GRID + "GlobalAveragePool",
    capabilities=frozenset({"pooling", "affine", "equivariant", "zero_preserving"}),
)


def _flat_type(call: Call) -> ValueType:
    return Vector(elements(with_positions(call.inputs[0])))


FLATTEN = Component(
    name="flatten",
    summary="The features of all positions side by side, as one vector.",
    type_rule=_flat_type,
    cost_rule=elementwise_cost,
    arguments=no_arguments,
    lowering=_GRID + "Flatten",
    capabilities=frozenset({"affine", "zero_preserving"}),
)
