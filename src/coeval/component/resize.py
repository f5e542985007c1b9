"""Components that change the positions: fewer, more, patches of them, and a grid as a sequence.

Lowerings (``coeval.build.modules.resize``): ``Subsample(stride: int, offset: int, below: int, right: int)`` with the rows and
columns of zeros that it needs, ``Upsample(factor: int, mode: str)``, ``PatchEmbedding(features: int, width: int, patch: int)``,
``ToSequence()`` and ``ToGrid(height: int)``. Features are the last axis.
"""

from coeval.architecture.component import Call, Component, Cost, Rejection, Setting
from coeval.architecture.types import Grid, Sequence, ValueType, describe, positions
from coeval.component.grid import WIDTHS, grid
from coeval.component.rules import (
    affine_cost,
    elementwise_cost,
    features_and_settings,
    no_arguments,
    settings_arguments,
)

_RESIZE = "coeval.build.modules.resize:"


def _subsample_type(call: Call) -> ValueType:
    given = grid(call.inputs[0])
    stride, offset = int(call.settings["stride"]), int(call.settings["offset"])
    if offset >= stride:
        raise Rejection(f"offset must lie in 0..stride - 1 = {stride - 1}, got {offset}.")
    return Grid(-(-given.height // stride), -(-given.width // stride), given.features)


def _subsample_arguments(call: Call, output: ValueType) -> dict[str, object]:
    given = grid(call.inputs[0])
    stride, offset = int(call.settings["stride"]), int(call.settings["offset"])
    # The last row taken is the offset-th of the last window of stride rows, which may stand beyond the edge.
    below, right = (max(0, offset - (size - 1) % stride) for size in (given.height, given.width))
    return {"stride": stride, "offset": offset, "below": below, "right": right}


SUBSAMPLE = Component(
    name="subsample2d",
    summary=(
        "Every stride-th row and column of a grid from offset on, zeros beyond its edge: both paths of the factorised reduction "
        "(Zoph et al. 2018, arXiv:1707.07012)."
    ),
    type_rule=_subsample_type,
    cost_rule=elementwise_cost,
    arguments=_subsample_arguments,
    lowering=_RESIZE + "Subsample",
    settings=(
        Setting("stride", (2, 4), 2, bounds=(2, 16)),
        Setting("offset", (0, 1), 0, bounds=(0, 15)),
    ),
    capabilities=frozenset({"pooling", "affine", "equivariant", "zero_preserving"}),
)


def _upsample_type(call: Call) -> ValueType:
    given, factor = grid(call.inputs[0]), int(call.settings["factor"])
    return Grid(factor * given.height, factor * given.width, given.features)


UPSAMPLE = Component(
    name="upsample2d",
    summary="A grid with factor times as many rows and columns: each position repeated, or interpolated between neighbours.",
    type_rule=_upsample_type,
    cost_rule=elementwise_cost,
    arguments=settings_arguments,
    lowering=_RESIZE + "Upsample",
    settings=(
        Setting("factor", (2, 4), 2, bounds=(2, 32)),
        Setting("mode", ("bilinear", "nearest"), "nearest"),
    ),
    capabilities=frozenset({"pooling", "affine", "equivariant", "zero_preserving"}),
)


def _patch_type(call: Call) -> ValueType:
    given, patch = grid(call.inputs[0]), int(call.settings["patch"])
    if given.height % patch or given.width % patch:
        raise Rejection(
            f"patches of {patch} by {patch} must fill {describe(given)}. Take a patch that divides its height and width."
        )
    return Grid(given.height // patch, given.width // patch, int(call.settings["width"]))


def _patch_cost(call: Call, output: ValueType) -> Cost:
    seen = int(call.settings["patch"]) ** 2 * grid(call.inputs[0]).features
    return affine_cost(output, seen, bias=True)


PATCH_EMBEDDING = Component(
    name="patch_embedding",
    summary=(
        "A grid cut into patches, each as one position: a learnt affine map of its numbers to width features (Dosovitskiy et "
        "al. 2021, arXiv:2010.11929, section 3.1)."
    ),
    type_rule=_patch_type,
    cost_rule=_patch_cost,
    arguments=features_and_settings,
    lowering=_RESIZE + "PatchEmbedding",
    settings=(
        Setting("width", WIDTHS, 64, bounds=(1, 65536)),
        Setting("patch", (2, 4, 7, 8, 14, 16), 4, bounds=(1, 64)),
    ),
    capabilities=frozenset({"affine", "projection", "convolution", "zero_preserving"}),
)


def _sequence_type(call: Call) -> ValueType:
    given = grid(call.inputs[0])
    return Sequence(positions(given), given.features)


TO_SEQUENCE = Component(
    name="to_sequence",
    summary="The positions of a grid one behind the other, row by row.",
    type_rule=_sequence_type,
    cost_rule=elementwise_cost,
    arguments=no_arguments,
    lowering=_RESIZE + "ToSequence",
    capabilities=frozenset({"affine", "equivariant", "pooling", "zero_preserving"}),
)


def _grid_type(call: Call) -> ValueType:
    given, height = call.inputs[0], int(call.settings["height"])
    if not isinstance(given, Sequence):
        raise Rejection(f"expected a Sequence (length, features), got {describe(given)}.")
    if given.length % height:
        raise Rejection(f"height must divide the length of {describe(given)}, got {height}.")
    return Grid(height, given.length // height, given.features)


TO_GRID = Component(
    name="to_grid",
    summary="The positions of a sequence as the rows of a grid.",
    type_rule=_grid_type,
    cost_rule=elementwise_cost,
    arguments=settings_arguments,
    lowering=_RESIZE + "ToGrid",
    settings=(Setting("height", (2, 4, 7, 8, 14, 16, 28, 32), 4, bounds=(1, 4096)),),
    capabilities=frozenset({"affine", "equivariant", "pooling", "zero_preserving"}),
)
