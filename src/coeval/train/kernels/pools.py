"""Compiled loops of pools with the features last, forwards and backwards: the greatest or the mean of each window.

PyTorch's own took more than a 3 x 3 convolution: 128 x 28 x 28 x 32 bfloat16 through 3 x 3 at stride 1, 30 and 25 ms forwards
and backwards. Arrays are flat, as in ``kernels.grid``. A window's positions are looked at one after the other, each along a
whole row of the result where the stride is 1, so that the inner loop is long.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from coeval.train.kernels.access import get, put
from coeval.train.kernels.grid import compiled, read, write

Numbers = npt.NDArray[Any]
Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_ZERO, _ONE, _LEAST = np.float32(0.0), np.float32(1.0), np.float32(-np.inf)


class Window(NamedTuple):
    """Sizes before (height, width) and after (down, across), and the window that moves."""

    height: int
    width: int
    features: int
    down: int
    across: int
    kernel: int
    stride: int
    padding: int


def window_of(height: int, width: int, features: int, kernel: int, stride: int) -> Window:
    """Return the sizes of a pool with the padding of ``component.grid``."""
    padding = (kernel - 1) // 2
    down, across = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
    return Window(height, width, features, down, across, kernel, stride, padding)


@compiled
def _columns(tap: int, window: Window) -> tuple[int, int]:
    """Return from which column of the result to which a position of the window lies inside the grid."""
    moved = tap % window.kernel - window.padding
    first = max(0, -(moved // window.stride))
    last = min(window.across, (window.width - 1 - moved) // window.stride + 1)
    return first, last


@compiled
def _row(tap: int, row: int, window: Window) -> int:
    """Return which row of the grid a position of the window lies on, -1 outside."""
    seen = row * window.stride + tap // window.kernel - window.padding
    return seen if 0 <= seen < window.height else -1


@compiled
def _shares(window: Window) -> Floats:
    """Return one over how many positions of the grid each window holds, ``(down, across)``."""
    found = np.zeros((window.down, window.across), np.float32)
    for row in range(window.down):
        for tap in range(window.kernel * window.kernel):
            first, last = _columns(tap, window)
            if _row(tap, row, window) >= 0:
                for column in range(first, last):
                    found[row, column] += _ONE
    return _ONE / found


@compiled
def greatest(x: Numbers, y: Numbers, winner: Bytes, window: Window) -> None:
    """Write the greatest number of each window to y, and at which of its positions it was: the first one of equals."""
    features, stride, length = window.features, window.stride, window.across * window.features
    best, which = np.empty(length, np.float32), np.empty(length, np.uint8)
    run = length if stride == 1 else features
    for line in range(len(y) // length):
        image, row = line // window.down, line % window.down
        for lane in range(length):
            put(best, lane, _LEAST)
            put(which, lane, np.uint8(0))
        for tap in range(window.kernel * window.kernel):
            seen, (first, last) = _row(tap, row, window), _columns(tap, window)
            if seen < 0:
                continue
            base = (image * window.height + seen) * window.width
            end = last * features
            for start in range(first * features, end, run):
                column = start // features * stride + tap % window.kernel - window.padding
                at, mark = (base + column) * features, np.uint8(tap)
                for lane in range(min(run, end - start)):
                    value = read(x, at + lane)
                    old = get(best, start + lane)
                    wins = (value > old) | np.isnan(value)  # what is not a number must be seen
                    put(best, start + lane, value if wins else old)
                    put(which, start + lane, mark if wins else get(which, start + lane))
        for lane in range(length):
            write(y, line * length + lane, get(best, lane))
            put(winner, line * length + lane, get(which, lane))


@compiled
def greatest_gradient(g: Numbers, dx: Numbers, winner: Bytes, window: Window) -> None:
    """Write to dx the gradients of the windows that each position won."""
    features, stride, length = window.features, window.stride, window.across * window.features
    size = window.height * window.width * features
    slopes, own = np.empty(size, np.float32), np.empty(length, np.float32)
    which = np.empty(length, np.uint8)
    run = length if stride == 1 else features
    for image in range(len(dx) // size):
        for lane in range(size):
            put(slopes, lane, _ZERO)
        for row in range(window.down):
            line = (image * window.down + row) * length
            for lane in range(length):
                put(own, lane, read(g, line + lane))
                put(which, lane, get(winner, line + lane))
            for tap in range(window.kernel * window.kernel):
                seen, (first, last) = _row(tap, row, window), _columns(tap, window)
                if seen < 0:
                    continue
                end = last * features
                for start in range(first * features, end, run):
                    column = start // features * stride + tap % window.kernel - window.padding
                    at, mark = (seen * window.width + column) * features, np.uint8(tap)
                    for lane in range(min(run, end - start)):
                        slope = get(own, start + lane)
                        won = slope if get(which, start + lane) == mark else _ZERO
                        put(slopes, at + lane, get(slopes, at + lane) + won)
        for lane in range(size):
            write(dx, image * size + lane, get(slopes, lane))


@compiled
def mean(x: Numbers, y: Numbers, window: Window) -> None:
    """Write the mean of each window to y; what lies outside the grid does not count."""
    features, stride, length = window.features, window.stride, window.across * window.features
    total, shares = np.empty(length, np.float32), _shares(window)
    run = length if stride == 1 else features
    for line in range(len(y) // length):
        image, row = line // window.down, line % window.down
        for lane in range(length):
            put(total, lane, _ZERO)
        for tap in range(window.kernel * window.kernel):
            seen, (first, last) = _row(tap, row, window), _columns(tap, window)
            if seen < 0:
                continue
            base = (image * window.height + seen) * window.width
            end = last * features
            for start in range(first * features, end, run):
                column = start // features * stride + tap % window.kernel - window.padding
                at = (base + column) * features
                for lane in range(min(run, end - start)):
                    put(total, start + lane, get(total, start + lane) + read(x, at + lane))
        for column in range(window.across):
            share, at = shares[row, column], column * features
            for lane in range(features):
                write(y, line * length + at + lane, get(total, at + lane) * share)


@compiled
def _share(g: Numbers, line: int, own: Floats, shares: Floats, row: int) -> None:
    """Write a row of gradients, each times its window's share, to own."""
    across = shares.shape[1]
    features = len(own) // across
    for column in range(across):
        share, at = shares[row, column], column * features
        for lane in range(features):
            put(own, at + lane, read(g, line + at + lane) * share)


@compiled
def mean_gradient(g: Numbers, dx: Numbers, window: Window) -> None:
    """Write to dx each window's gradient, shared equally among its positions."""
    features, stride, length = window.features, window.stride, window.across * window.features
    size = window.height * window.width * features
    slopes, own = np.empty(size, np.float32), np.empty(length, np.float32)
    shares = _shares(window)
    run = length if stride == 1 else features
    for image in range(len(dx) // size):
        for lane in range(size):
            put(slopes, lane, _ZERO)
        for row in range(window.down):
            line = (image * window.down + row) * length
            _share(g, line, own, shares, row)
            for tap in range(window.kernel * window.kernel):
                seen, (first, last) = _row(tap, row, window), _columns(tap, window)
                if seen < 0:
                    continue
                end = last * features
                for start in range(first * features, end, run):
                    column = start // features * stride + tap % window.kernel - window.padding
                    at = (seen * window.width + column) * features
                    for lane in range(min(run, end - start)):
                        slope = get(own, start + lane)
                        put(slopes, at + lane, get(slopes, at + lane) + slope)
        for lane in range(size):
            write(dx, image * size + lane, get(slopes, lane))
