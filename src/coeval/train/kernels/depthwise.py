"""Compiled loops of a depthwise convolution with the features last, forwards and backwards.

PyTorch's own has vectors for 3 x 3 and falls back on a reference for larger windows in bfloat16 and for dilated ones: 128 x
28 x 28 x 32 through 5 x 5 took 162 ms forwards and backwards. Here each image is widened to float32 once, zeros around
it, its columns dealt out to as many planes as the stride. Then a tap of the window is a plane moved by some numbers, whatever
stride and dilation, and the inner loop runs along a whole row. Arrays are flat, as in ``kernels.grid``.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coeval.train.kernels.access import get, put
from coeval.train.kernels.grid import compiled, read, write

Numbers = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]

IMAGES = 8  # whose products are summed in float32 before they join the float64 sum

_ZERO = np.float32(0.0)


class Shape(NamedTuple):
    """Of an image before (height, width) and after (down, across), and of the window that moves over it."""

    height: int
    width: int
    features: int
    down: int
    across: int
    kernel: int
    stride: int
    dilation: int
    padding: int


def shape_of(
    height: int, width: int, features: int, kernel: int, stride: int, dilation: int
) -> Shape:
    """Return the shapes of a depthwise convolution with the padding of ``component.grid``."""
    padding = dilation * (kernel - 1) // 2
    reach = dilation * (kernel - 1) + 1
    down, across = ((side + 2 * padding - reach) // stride + 1 for side in (height, width))
    return Shape(height, width, features, down, across, kernel, stride, dilation, padding)


@compiled
def _plane(shape: Shape) -> int:
    """Return how many numbers a row of one plane has."""
    return -(-(shape.width + 2 * shape.padding) // shape.stride) * shape.features


@compiled
def _spread(x: Numbers, image: int, planes: Floats, shape: Shape) -> None:
    """Write one image to the planes, whose padding is zero already."""
    step, features = _plane(shape), shape.features
    rows = shape.height + 2 * shape.padding
    for row in range(shape.height):
        at = (image * shape.height + row) * shape.width * features
        for column in range(shape.width):
            place = column + shape.padding
            plane, inside = place % shape.stride, place // shape.stride
            to = (plane * rows + row + shape.padding) * step + inside * features
            for lane in range(features):
                put(planes, to + lane, read(x, at + column * features + lane))


@compiled
def _gathered(planes: Floats, dx: Numbers, image: int, shape: Shape) -> None:
    """Write the planes to one image, without their padding."""
    step, features = _plane(shape), shape.features
    rows = shape.height + 2 * shape.padding
    for row in range(shape.height):
        at = (image * shape.height + row) * shape.width * features
        for column in range(shape.width):
            place = column + shape.padding
            plane, inside = place % shape.stride, place // shape.stride
            start = (plane * rows + row + shape.padding) * step + inside * features
            for lane in range(features):
                write(dx, at + column * features + lane, get(planes, start + lane))


@compiled
def _start(tap: int, row: int, shape: Shape) -> int:
    """Return where in the planes a tap begins to look for a row of the result; -1 where it sees padding alone."""
    down, across = tap // shape.kernel * shape.dilation, tap % shape.kernel * shape.dilation
    seen = row * shape.stride + down
    if seen < shape.padding or seen >= shape.padding + shape.height:
        return -1
    rows = shape.height + 2 * shape.padding
    plane, inside = across % shape.stride, across // shape.stride
    return (plane * rows + seen) * _plane(shape) + inside * shape.features


@compiled
def _size(shape: Shape) -> int:
    return shape.stride * (shape.height + 2 * shape.padding) * _plane(shape)


@compiled
def forward(x: Numbers, y: Numbers, taps: Floats, shape: Shape) -> None:
    """Write the convolution of x to y.

    Args:
        x: ``(images, height, width, features)``.
        y: ``(images, down, across, features)``.
        taps: ``(kernel * kernel, across * features)``: the weights of each tap, repeated along a row.
        shape: Of all of them.
    """
    length, count = shape.across * shape.features, shape.kernel * shape.kernel
    planes, total = np.zeros(_size(shape), np.float32), np.empty(length, np.float32)
    for image in range(len(y) // (shape.down * length)):
        _spread(x, image, planes, shape)
        for row in range(shape.down):
            for lane in range(length):
                put(total, lane, _ZERO)
            for tap in range(count):
                start, at = _start(tap, row, shape), tap * length
                if start >= 0:
                    for lane in range(length):
                        value = get(planes, start + lane) * get(taps, at + lane)
                        put(total, lane, get(total, lane) + value)
            to = (image * shape.down + row) * length
            for lane in range(length):
                write(y, to + lane, get(total, lane))


@compiled
def _add(products: Floats, found: npt.NDArray[np.float64], shape: Shape) -> None:
    """Add the products of a row's columns to the sums, and begin them anew."""
    at = 0
    for tap in range(len(found)):
        for _ in range(shape.across):
            for lane in range(shape.features):
                found[tap, lane] += get(products, at + lane)
                put(products, at + lane, _ZERO)
            at += shape.features


@compiled
def backward(
    g: Numbers, x: Numbers, dx: Numbers, taps: Floats, shape: Shape
) -> npt.NDArray[np.float64]:
    """Write the gradient of x to dx and return that of the weights.

    Args:
        g: ``(images, down, across, features)``, the gradient of the result.
        x: ``(images, height, width, features)``.
        dx: Like x.
        taps: As in ``forward``.
        shape: Of all of them.

    Returns:
        ``(kernel * kernel, features)``.
    """
    length, count = shape.across * shape.features, shape.kernel * shape.kernel
    planes, slopes = np.zeros(_size(shape), np.float32), np.empty(_size(shape), np.float32)
    own, products = np.empty(length, np.float32), np.zeros(count * length, np.float32)
    found = np.zeros((count, shape.features))
    for image in range(len(g) // (shape.down * length)):
        _spread(x, image, planes, shape)
        for lane in range(len(slopes)):
            put(slopes, lane, _ZERO)
        for row in range(shape.down):
            at = (image * shape.down + row) * length
            for lane in range(length):
                put(own, lane, read(g, at + lane))
            for tap in range(count):
                start, by = _start(tap, row, shape), tap * length
                if start >= 0:
                    for lane in range(length):
                        slope = get(own, lane)
                        value = get(products, by + lane) + slope * get(planes, start + lane)
                        put(products, by + lane, value)
                        value = get(slopes, start + lane) + slope * get(taps, by + lane)
                        put(slopes, start + lane, value)
        _gathered(slopes, dx, image, shape)
        if image % IMAGES == IMAGES - 1:
            _add(products, found, shape)
    _add(products, found, shape)
    return found
