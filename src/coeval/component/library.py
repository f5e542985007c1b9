"""The components by name, as the sets that spaces and JSON readers take."""

from collections.abc import Iterable
from types import MappingProxyType

from coeval.architecture.component import Component, ComponentSet
from coeval.component import scalar
from coeval.component.attention import ATTENTION, POSITION_EMBEDDING
from coeval.component.channel import (
    CHANNEL_SHUFFLE,
    DROP_PATH,
    DROPOUT,
    GELU,
    GLU_GATE,
    GROUP_AVERAGE,
    HARD_SIGMOID,
    IDENTITY,
    LINEAR,
    RELU,
    SCALE,
    SIGMOID,
    SILU,
    SPIKE,
    TANH,
)
from coeval.component.constant import ZERO
from coeval.component.conv import AXIS_CONV, GROUP_CONV
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY
from coeval.component.grid import (
    AVERAGE_POOL,
    CONV,
    DEPTHWISE_CONV,
    FLATTEN,
    GLOBAL_AVERAGE_POOL,
    MAX_POOL,
)
from coeval.component.head import BINARY_HEAD, CLASS_HEAD, VALUE_HEAD
from coeval.component.linear_model import LINEAR_MODEL
from coeval.component.members import MEMBER_LINEAR, MEMBERS, VOTE
from coeval.component.merge import ADD, CONCATENATE, GATE, MULTIPLY
from coeval.component.norm import BATCH_NORM, GROUP_NORM, LAYER_NORM, RMS_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.component.resize import PATCH_EMBEDDING, SUBSAMPLE, TO_GRID, TO_SEQUENCE, UPSAMPLE
from coeval.component.tokens import TOKEN_ENTRY
from coeval.component.trees import FOREST, TREE_ENSEMBLE
from coeval.errors import SpaceError


def component_set(components: Iterable[Component]) -> ComponentSet:
    """Return components by name, read-only, in the given order.

    Raises:
        SpaceError: Two components share a name.
    """
    named: dict[str, Component] = {}
    for one in components:
        if one.name in named:
            raise SpaceError(
                f"component names must be unique, got {one.name!r} twice. Rename one of them."
            )
        named[one.name] = one
    return MappingProxyType(named)


ENTRIES = (NUMERIC_ENTRY, CATEGORY_ENTRY, TEXT_ENTRY)
ACTIVATIONS = (RELU, GELU, SILU, TANH, SIGMOID, HARD_SIGMOID)
NORMS = (BATCH_NORM, LAYER_NORM, RMS_NORM)
MERGES = (ADD, MULTIPLY, CONCATENATE)
REGIONS = (RESIDUAL, REPEAT)
HEADS = (BINARY_HEAD, CLASS_HEAD, VALUE_HEAD)
ENSEMBLE = (MEMBERS, MEMBER_LINEAR, VOTE)

TABULAR: ComponentSet = component_set(
    (
        *ENTRIES,
        LINEAR,
        *ACTIVATIONS,
        IDENTITY,
        *NORMS,
        DROPOUT,
        SCALE,
        GLU_GATE,
        *MERGES,
        *REGIONS,
        *HEADS,
        *ENSEMBLE,
        TOKEN_ENTRY,
    )
)

GRIDS = (CONV, DEPTHWISE_CONV, AVERAGE_POOL, MAX_POOL, GLOBAL_AVERAGE_POOL, FLATTEN)
SIZES = (SUBSAMPLE, UPSAMPLE, TO_SEQUENCE, TO_GRID)
PATCHES = (PATCH_EMBEDDING, POSITION_EMBEDDING, ATTENTION)

IMAGE: ComponentSet = component_set(
    (
        *GRIDS,
        GROUP_CONV,
        AXIS_CONV,
        *SIZES,
        LINEAR,
        *ACTIVATIONS,
        SPIKE,
        IDENTITY,
        ZERO,
        GROUP_AVERAGE,
        CHANNEL_SHUFFLE,
        *NORMS,
        GROUP_NORM,
        DROPOUT,
        DROP_PATH,
        SCALE,
        GLU_GATE,
        *PATCHES,
        *MERGES,
        GATE,
        *REGIONS,
        BINARY_HEAD,
        CLASS_HEAD,
        VALUE_HEAD,
    )
)
"""What networks over grids, images say, are made of."""

NEURAL: ComponentSet = component_set(
    dict.fromkeys((*TABULAR.values(), *IMAGE.values(), TREE_ENSEMBLE, FOREST, LINEAR_MODEL))
)
"""What any architecture of a run is made of: for those who read a journal or a model without its task."""

SCALAR: ComponentSet = component_set(
    (
        scalar.ADD,
        scalar.SUB,
        scalar.MUL,
        scalar.DIV,
        scalar.POW,
        scalar.NEG,
        scalar.INV,
        scalar.SQUARE,
        scalar.CUBE,
        scalar.SQRT,
        scalar.EXP,
        scalar.LOG,
        scalar.SIN,
        scalar.COS,
        scalar.TAN,
        scalar.TANH,
        scalar.ABS,
        scalar.MIN,
        scalar.MAX,
        scalar.LESS,
        scalar.SELECT,
        scalar.IDENTITY,
        scalar.SUCCESSOR,
        scalar.CONST,
        scalar.PRIMITIVE_RECURSION,
        scalar.MU,
    )
)
"""What sequences of scalar functions are made of; its names overlap with the neural ones, so the sets stay apart."""
