"""Convolutions of a grid that learn fewer weights: in groups of features, or along one axis.

They stand beside ``conv2d`` because their facts differ: a learnt map of all features undoes any order of them, a grouped one
does not, so two networks that differ in that order are one network behind the former and two behind the latter.

Lowerings (``coeval.build.modules.conv``): ``GroupConv(features: int, width: int, groups: int, kernel: int, stride: int,
dilation: int, bias: bool)`` and ``AxisConv(features: int, width: int, axis: str, kernel: int, stride: int, bias: bool)``.
"""

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting
from coeval.architecture.types import Grid, ValueType, describe
from coeval.component.grid import BIAS, DILATION, WIDTHS, grid, moved, padding, window
from coeval.component.rules import affine_cost, divided, features_and_settings

_CONV = "coeval.build.modules.conv:"
GROUPS = (2, 4, 8, 16)


def _group_type(call: Call) -> ValueType:
    width, groups = int(call.settings["width"]), int(call.settings["groups"])
    divided(grid(call.inputs[0]).features, "groups", groups, describe(call.inputs[0]))
    divided(width, "groups", groups, "the result")
    return moved(call, width)


def _group_cost(call: Call, output: ValueType) -> Cost:
    inside = grid(call.inputs[0]).features // int(call.settings["groups"])
    seen = int(call.settings["kernel"]) ** 2 * inside
    return affine_cost(output, seen, bias=bool(call.settings["bias"]))


GROUP_CONV = Component(
    name="group_conv2d",
    summary="Convolution of a grid in groups of neighbouring features, each by itself (Xie et al. 2017, arXiv:1611.05431).",
    type_rule=_group_type,
    cost_rule=_group_cost,
    arguments=features_and_settings,
    lowering=_CONV + "GroupConv",
    settings=(
        Setting("width", WIDTHS, 64, bounds=(1, 65536)),
        Setting("groups", GROUPS, 2, bounds=(2, 65536)),
        *window(DILATION, BIAS),
    ),
    capabilities=frozenset({"affine", "convolution", "zero_preserving"}),
)


def _axis_type(call: Call) -> ValueType:
    given, settings = grid(call.inputs[0]), call.settings
    kernel, stride = int(settings["kernel"]), int(settings["stride"])
    across = settings["axis"] == "width"
    size = given.width if across else given.height
    after = (size + 2 * padding(kernel) - kernel) // stride + 1
    if after < 1:
        raise Rejection(
            f"a window of {kernel} does not fit along the {settings['axis']} of {describe(given)}. Take a smaller kernel."
        )
    width = int(settings["width"])
    return Grid(given.height, after, width) if across else Grid(after, given.width, width)


def _axis_cost(call: Call, output: ValueType) -> Cost:
    seen = int(call.settings["kernel"]) * grid(call.inputs[0]).features
    return affine_cost(output, seen, bias=bool(call.settings["bias"]))


AXIS_CONV = Component(
    name="axis_conv2d",
    summary=(
        "Convolution along one axis of a grid, 1 x kernel or kernel x 1; stride moves along that axis (Szegedy et al. 2016, "
        "arXiv:1512.00567, section 3.2)."
    ),
    type_rule=_axis_type,
    cost_rule=_axis_cost,
    arguments=features_and_settings,
    lowering=_CONV + "AxisConv",
    settings=(
        Setting("width", WIDTHS, 64, bounds=(1, 65536)),
        Setting("axis", ("height", "width"), "width"),
        Setting("kernel", (3, 5, 7), 7, bounds=(1, 31)),
        Setting("stride", (1, 2), 1, bounds=(1, 16)),
        BIAS,
    ),
    capabilities=frozenset({"affine", "projection", "convolution", "zero_preserving"}),
)
