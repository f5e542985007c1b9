"""New nodes that can start without changing anything: identities, and branches whose last map is zero.

What moves say of themselves. Whether a child really starts with its parent's function is found by
``build.transfer``, which looks at the two networks; these rules never promise more than it finds.
"""

from coeval.component.channel import (
    DROPOUT,
    GELU,
    GLU_GATE,
    HARD_SIGMOID,
    IDENTITY,
    LINEAR,
    RELU,
    SCALE,
    SIGMOID,
    SILU,
    TANH,
)
from coeval.component.merge import CONCATENATE
from coeval.component.norm import BATCH_NORM, LAYER_NORM, RMS_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.space.grammar import width_of
from coeval.space.plan import Node, Nodes

_TRANSPARENT = (IDENTITY, DROPOUT, SCALE)
_CLEARED = (LINEAR, GLU_GATE, SCALE, BATCH_NORM, LAYER_NORM, RMS_NORM)
# Zero stays zero there and gradients pass; a relu would stop them for good.
_PASSED = (IDENTITY, DROPOUT, GELU, SILU, TANH)


def is_silent(nodes: Nodes, width: int, *, positive: bool) -> bool:
    """Return whether new nodes can start as the identity.

    Args:
        nodes: Put in at a value of ``width`` features.
        width: Of the value.
        positive: Whether the value is never negative.
    """
    return all(_is_silent(node, width, positive=positive) for node in nodes)


def is_positive(nodes: Nodes) -> bool:
    """Return whether the last node's result is surely never negative."""
    for node in reversed(nodes):
        if node.component in (DROPOUT, IDENTITY):
            continue
        return node.component in (RELU, SIGMOID, HARD_SIGMOID)
    return False


def mixes_features(nodes: Nodes) -> bool:
    """Return whether a normalisation over the features is among the nodes, nested ones included."""
    return any(one.component in (LAYER_NORM, RMS_NORM) or mixes_features(one.body) for one in nodes)


def _is_silent(node: Node, width: int, *, positive: bool) -> bool:
    component = node.component
    if component == LINEAR:
        return width_of(node) == width  # a wider value may meet a normalisation over the features
    if component == RESIDUAL:
        return _ends_in_a_map(node.body)
    if component == REPEAT:
        return is_silent(node.body, width, positive=positive)
    if component == RELU:
        return positive
    return component in _TRANSPARENT or component == CONCATENATE


def _ends_in_a_map(body: Nodes) -> bool:
    """Return whether a body's last learnt map can be zero and wake up again."""
    for node in reversed(body):
        if node.component in _CLEARED:
            return True
        if node.component not in _PASSED:
            return False
    return False
