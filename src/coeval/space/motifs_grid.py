"""Blocks that people build networks over images of, each a region of one input: options, seeds and crossover material.

The operations of cell spaces (Zoph et al. 2018, arXiv:1707.07012, section 3 and figure 4; Liu et al. 2019, arXiv:1806.09055,
section 3.1), in the order ReLU, convolution, batch norm; and the blocks of stages, in the order convolution, batch norm,
activation. Features of the input are those of the result where only ``width`` is given.
"""

from collections.abc import Sequence

from coeval.architecture.component import Component
from coeval.architecture.step import Region, Step, sequence, step
from coeval.component.attention import ATTENTION
from coeval.component.channel import DROP_PATH, GELU, IDENTITY, LINEAR, RELU, SIGMOID
from coeval.component.conv import AXIS_CONV, GROUP_CONV
from coeval.component.grid import CONV, DEPTHWISE_CONV, GLOBAL_AVERAGE_POOL
from coeval.component.merge import ADD, CONCATENATE, GATE
from coeval.component.norm import BATCH_NORM, LAYER_NORM
from coeval.component.region import RESIDUAL
from coeval.component.resize import SUBSAMPLE
from coeval.space.template import placed

UNCHANGED = Region(1, (), 0)
"""The input itself."""


def chain(*regions: Region) -> Region:
    """Return regions of one input one behind the other.

    Example:
        >>> [one.component.name for one in chain(relu_conv_bn(8), conv_bn(8, activation=None)).steps]
        ['relu', 'conv2d', 'batch_norm', 'conv2d', 'batch_norm']
    """
    steps: list[Step] = []
    value = 0
    for one in regions:
        moved, value = placed(one, (value,), 1 + len(steps))
        steps += moved
    return Region(1, tuple(steps), value)


def convolution(
    width: int, *, kernel: int = 3, stride: int = 1, dilation: int = 1, groups: int = 1
) -> Region:
    """Return a convolution, of all features or in groups."""
    if groups == 1:
        return _alone(step(CONV, 0, width=width, kernel=kernel, stride=stride, dilation=dilation))
    settings = {"kernel": kernel, "stride": stride, "dilation": dilation}
    return _alone(step(GROUP_CONV, 0, width=width, groups=groups, **settings))


def relu_conv_bn(
    width: int, *, kernel: int = 1, stride: int = 1, dilation: int = 1, groups: int = 1
) -> Region:
    """Return ReLU, convolution and batch norm."""
    made = convolution(width, kernel=kernel, stride=stride, dilation=dilation, groups=groups)
    return chain(_alone(step(RELU, 0)), made, _alone(step(BATCH_NORM, 0)))


def conv_bn(
    width: int,
    *,
    kernel: int = 3,
    stride: int = 1,
    groups: int = 1,
    activation: Component | None = RELU,
) -> Region:
    """Return convolution, batch norm, and the activation if there is one."""
    made = convolution(width, kernel=kernel, stride=stride, groups=groups)
    return chain(made, _alone(step(BATCH_NORM, 0)), _activated(activation))


def sep_conv(width: int, *, kernel: int = 3, stride: int = 1) -> Region:
    """Return a separable convolution of cells: ReLU, depthwise, pointwise and batch norm, twice; the first one moves by stride."""
    return chain(
        dil_conv(width, kernel=kernel, stride=stride, dilation=1),
        dil_conv(width, kernel=kernel, dilation=1),
    )


def dil_conv(width: int, *, kernel: int = 3, stride: int = 1, dilation: int = 2) -> Region:
    """Return ReLU, a depthwise convolution (dilated, of twice the reach), a pointwise one, and batch norm."""
    return sequence(
        1,
        [
            step(RELU, 0),
            step(DEPTHWISE_CONV, 1, kernel=kernel, stride=stride, dilation=dilation),
            step(CONV, 2, width=width, kernel=1),
            step(BATCH_NORM, 3),
        ],
    )


def factorised_reduction(width: int) -> Region:
    """Return what halves a grid without losing every second position: one half of the features sees the even ones, the other the odd.

    Args:
        width: Features of the result; of an odd number the first half is the smaller.
    """
    return sequence(
        1,
        [
            step(RELU, 0),
            step(SUBSAMPLE, 1),
            step(CONV, 2, width=max(1, width // 2), kernel=1),
            step(SUBSAMPLE, 1, offset=1),
            step(CONV, 4, width=width - max(1, width // 2), kernel=1),
            step(CONCATENATE, (3, 5)),
            step(BATCH_NORM, 6),
        ],
    )


def skip(width: int, *, stride: int = 1) -> Region:
    """Return the identity, or the factorised reduction where the grid must be halved."""
    return _alone(step(IDENTITY, 0)) if stride == 1 else factorised_reduction(width)


def pooled(component: Component, *, kernel: int = 3, stride: int = 1) -> Region:
    """Return a pool and batch norm, so that a sum weighs it like its other operands."""
    return sequence(1, [step(component, 0, kernel=kernel, stride=stride), step(BATCH_NORM, 1)])


def conv_1x7_7x1(width: int, *, stride: int = 1) -> Region:
    """Return ReLU, a convolution along each axis, and batch norm: the reach of 7 by 7 for two sevenths of its weights."""
    return sequence(
        1,
        [
            step(RELU, 0),
            step(AXIS_CONV, 1, width=width, axis="width", kernel=7, stride=stride),
            step(AXIS_CONV, 2, width=width, axis="height", kernel=7, stride=stride),
            step(BATCH_NORM, 3),
        ],
    )


def squeeze_excitation(features: int, reduced: int, *, gate: Component = SIGMOID) -> Region:
    """Return each feature weighted by what all positions hold (Hu et al. 2018, arXiv:1709.01507, section 3).

    Args:
        features: Of the input.
        reduced: Features between the two maps.
        gate: The last activation: ``SIGMOID``, or ``HARD_SIGMOID`` as in MobileNetV3.
    """
    return sequence(
        1,
        [
            step(GLOBAL_AVERAGE_POOL, 0),
            step(LINEAR, 1, width=reduced),
            step(RELU, 2),
            step(LINEAR, 3, width=features),
            step(gate, 4),
            step(GATE, (0, 5)),
        ],
    )


def inverted_residual(
    features: int,
    width: int,
    *,
    kernel: int = 3,
    expansion: int = 6,
    stride: int = 1,
    squeeze: float = 0.0,
    activation: Component = RELU,
    gate: Component = SIGMOID,
    drop_path: float = 0.0,
) -> Region:
    """Return MobileNetV2's block: wide inside, narrow outside (Sandler et al. 2018, arXiv:1801.04381, section 3.3).

    The input is added where grid and features stay.

    Args:
        features: Of the input.
        width: Features of the result.
        kernel: Of the depthwise convolution.
        expansion: Features inside, as a multiple of the input's; 1 leaves the expanding map out.
        stride: Of the depthwise convolution.
        squeeze: Features of a squeeze-excitation as a share of the input's (0.25 in MnasNet); 0 has none.
        activation: ``RELU`` (for the paper's ReLU6), ``SILU`` as in EfficientNet.
        gate: Of the squeeze-excitation.
        drop_path: Chance that an example skips the block in training, where the input is added.
    """
    inside = expansion * features
    parts = [conv_bn(inside, kernel=1, activation=activation)] if expansion != 1 else []
    parts.append(_depthwise_bn(kernel, stride, activation))
    if squeeze:
        parts.append(squeeze_excitation(inside, max(1, round(squeeze * features)), gate=gate))
    parts.append(conv_bn(width, kernel=1, activation=None))
    if stride > 1 or features != width:
        return chain(*parts)
    return around(chain(*parts), drop_path=drop_path)


def depthwise_separable(width: int, *, kernel: int = 3, stride: int = 1) -> Region:
    """Return MobileNetV1's block: depthwise, then pointwise, batch norm and ReLU behind each (Howard et al. 2017, arXiv:1704.04861)."""
    return chain(_depthwise_bn(kernel, stride, RELU), conv_bn(width, kernel=1))


def basic_block(features: int, width: int, *, stride: int = 1, drop_path: float = 0.0) -> Region:
    """Return ResNet's block of two convolutions (He et al. 2016, arXiv:1512.03385, figure 5).

    Args:
        features: Of the input; a learnt map stands for the skip where grid or features change.
        width: Features of the result.
        stride: Of the first convolution.
        drop_path: Chance that an example skips the convolutions in training, where grid and features stay.
    """
    branch = chain(conv_bn(width, stride=stride), conv_bn(width, activation=None))
    return _shortcut(branch, features, width, stride, drop_path)


def bottleneck(
    features: int,
    width: int,
    *,
    hidden: int,
    stride: int = 1,
    groups: int = 1,
    drop_path: float = 0.0,
) -> Region:
    """Return ResNet's block of three convolutions; with groups that of ResNeXt (Xie et al. 2017, arXiv:1611.05431, figure 3).

    Args:
        features: Of the input.
        width: Features of the result.
        hidden: Features inside.
        stride: Of the 3 x 3 convolution.
        groups: Of the 3 x 3 convolution.
        drop_path: As in ``basic_block``.
    """
    branch = chain(
        conv_bn(hidden, kernel=1),
        conv_bn(hidden, stride=stride, groups=groups),
        conv_bn(width, kernel=1, activation=None),
    )
    return _shortcut(branch, features, width, stride, drop_path)


def transformer_block(features: int, *, heads: int = 4, expansion: int = 2) -> Region:
    """Return attention and a map of each position, norms in front (Xiong et al. 2020, arXiv:2002.04745), on any positions."""
    mixed = sequence(1, [step(LAYER_NORM, 0), step(ATTENTION, 1, heads=heads)])
    mapped = sequence(
        1,
        [
            step(LAYER_NORM, 0),
            step(LINEAR, 1, width=expansion * features),
            step(GELU, 2),
            step(LINEAR, 3, width=features),
        ],
    )
    return chain(around(mixed), around(mapped))


def around(branch: Region, *, drop_path: float = 0.0) -> Region:
    """Return the input plus what a branch makes of it; in training the branch is left out with a chance."""
    dropped = [branch, _alone(step(DROP_PATH, 0, rate=drop_path))] if drop_path else [branch]
    return _alone(step(RESIDUAL, 0, chain(*dropped)))


def _shortcut(branch: Region, features: int, width: int, stride: int, drop_path: float) -> Region:
    """Return ReLU of a branch plus the input, mapped where its type would not fit."""
    if stride == 1 and features == width:
        return chain(around(branch, drop_path=drop_path), _alone(step(RELU, 0)))
    return beside((branch, conv_bn(width, kernel=1, stride=stride, activation=None)), RELU)


def beside(branches: Sequence[Region], activation: Component | None = None) -> Region:
    """Return the sum of what several regions make of one input, activated if asked for."""
    steps: list[Step] = []
    values = []
    for one in branches:
        moved, value = placed(one, (0,), 1 + len(steps))
        steps += moved
        values.append(value)
    total = Region(1, (*steps, step(ADD, values)), 1 + len(steps))
    return chain(total, _activated(activation))


def _depthwise_bn(kernel: int, stride: int, activation: Component) -> Region:
    made = step(DEPTHWISE_CONV, 0, kernel=kernel, stride=stride)
    return sequence(1, [made, step(BATCH_NORM, 1), step(activation, 2)])


def _activated(activation: Component | None) -> Region:
    return UNCHANGED if activation is None else _alone(step(activation, 0))


def _alone(one: Step) -> Region:
    return sequence(1, [one])
