"""What stages of a network over images are made of: blocks that keep their input's type, and entries that change it.

``plain``: convolution, norm, activation (Simonyan & Zisserman 2015, arXiv:1409.1556, with batch norm). ``residual``: two of them
around a skip (He et al. 2016, arXiv:1512.03385). ``separable``: a depthwise and a pointwise convolution (Howard et al. 2017,
arXiv:1704.04861), around a skip. ``inverted``: expanded three times, depthwise, projected back, around a skip, nothing
behind it (Sandler et al. 2018, arXiv:1801.04381). Each may weigh its features by their means over the grid (squeeze and
excitation, Hu et al. 2018, arXiv:1709.01507).
"""

import functools

from coeval.architecture.component import Component, Value
from coeval.architecture.step import Region, Step, sequence, step
from coeval.component.channel import GELU, LINEAR, RELU, SIGMOID, SILU
from coeval.component.grid import (
    AVERAGE_POOL,
    CONV,
    DEPTHWISE_CONV,
    GLOBAL_AVERAGE_POOL,
    MAX_POOL,
)
from coeval.component.merge import GATE
from coeval.component.norm import BATCH_NORM
from coeval.component.region import RESIDUAL
from coeval.errors import SpaceError

BLOCKS = ("plain", "residual", "separable", "inverted")
KERNELS = (3, 5, 7)
ENTRIES = ("conv", "max", "average")
"""How a stage begins: a convolution, which strides where the grid is halved; or a pool in front of a pointwise one."""
ACTIVATIONS = {"relu": RELU, "silu": SILU, "gelu": GELU}
EXPANSION = 3
SQUEEZE = 4
"""By how much squeeze and excitation narrows the features; never below 4."""


@functools.cache
def block(
    kind: str, width: int, kernel: int, activation: str, *, squeeze: bool = False
) -> tuple[Step, ...]:
    """Return a block's steps over value 0, whose type they keep.

    Args:
        kind: One of ``BLOCKS``.
        width: Features of its input.
        kernel: Of its convolutions that look around.
        activation: One of ``ACTIVATIONS``.
        squeeze: Whether it ends in squeeze and excitation.
    """
    match kind:
        case "plain":
            body = _Body().conv(width, kernel).act(activation)
        case "residual":
            body = _Body().conv(width, kernel).act(activation).conv(width, kernel)
        case "separable":
            body = _Body().depthwise(kernel).act(activation).conv(width, 1)
        case "inverted":
            wide = EXPANSION * width
            body = _Body().conv(wide, 1).act(activation).depthwise(kernel).act(activation)
            body = body.conv(width, 1)
        case _:
            raise SpaceError(f"A block must be one of {list(BLOCKS)}, got {kind!r}.")
    if squeeze:
        body = body.squeezed(width)
    if kind == "plain":
        return body.steps
    around = _Body((step(RESIDUAL, 0, sequence(1, body.steps)),))
    return around.steps if kind == "inverted" else around.act(activation).steps


@functools.cache
def entry(kind: str, width: int, stride: int, activation: str) -> tuple[Step, ...]:
    """Return the steps over value 0 with which a stage begins.

    Args:
        kind: One of ``ENTRIES``.
        width: Features of the result.
        stride: By how much the grid shrinks: 1 or 2, rounded up.
        activation: One of ``ACTIVATIONS``.
    """
    match kind:
        case "conv":
            return _Body().conv(width, 3, stride).act(activation).steps
        case "max" | "average":
            pool = MAX_POOL if kind == "max" else AVERAGE_POOL
            return (
                _Body((step(pool, 0, kernel=3, stride=stride),))
                .conv(width, 1)
                .act(activation)
                .steps
            )
        case _:
            raise SpaceError(f"An entry must be one of {list(ENTRIES)}, got {kind!r}.")


class _Body:
    """Steps one after the other."""

    def __init__(self, steps: tuple[Step, ...] = ()) -> None:
        self.steps = steps

    def conv(self, width: int, kernel: int, stride: int = 1) -> "_Body":
        """Add a convolution and its norm."""
        return self._then(CONV, width=width, kernel=kernel, stride=stride)._then(BATCH_NORM)

    def depthwise(self, kernel: int) -> "_Body":
        """Add a depthwise convolution and its norm."""
        return self._then(DEPTHWISE_CONV, kernel=kernel)._then(BATCH_NORM)

    def act(self, activation: str) -> "_Body":
        """Add an activation."""
        return self._then(ACTIVATIONS[activation])

    def squeezed(self, width: int) -> "_Body":
        """Add squeeze and excitation."""
        value, narrow = len(self.steps), max(4, width // SQUEEZE)
        pooled = self._then(GLOBAL_AVERAGE_POOL)._then(LINEAR, width=narrow)._then(RELU)
        weighed = pooled._then(LINEAR, width=width)._then(SIGMOID)
        last = step(GATE, (value, len(weighed.steps)))
        return _Body((*weighed.steps, last))

    def _then(self, component: Component, **settings: Value) -> "_Body":
        return _Body((*self.steps, step(component, len(self.steps), **settings)))


def body_of(steps: tuple[Step, ...]) -> Region:
    """Return steps as a region of one input."""
    return sequence(1, steps)
