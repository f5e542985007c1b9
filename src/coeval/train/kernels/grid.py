"""Compiled loops over grids with the features last: batch norm and what follows it, forwards and backwards.

PyTorch makes a pass over memory for each operation, and its batch norm of few features fills no vector: for 128 x 28 x 28
x 16 bfloat16, batch norm, ReLU and max-pool took 3.1 ms forwards, these loops 0.6. Arrays are flat; a number is float32, or
bfloat16 as the uint16 of its bits; arithmetic is float32, sums over many numbers are float64. Constants of the features
are repeated to ``lanes(features)`` numbers, so that an inner loop always fills vectors.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types

from coeval.train.kernels.access import SUMS, get, intrinsic, kept, put

Numbers = npt.NDArray[Any]
Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

LANES = 64
BLOCK = 64  # rows of lanes that are summed in float32 before they join the float64 sum
NONE = 4  # the winner of a window without a positive number; else 0..3, row by row

_ZERO = np.float32(0.0)
_HALF, _WORD, _FLOAT = ir.IntType(16), ir.IntType(32), ir.FloatType()


def lanes(features: int) -> int:
    """Return the least multiple of ``features`` that is not less than 64.

    Example:
        >>> lanes(16), lanes(48), lanes(100)
        (64, 96, 100)
    """
    return features * max(1, -(-LANES // features))


@intrinsic
def read(context: Any, array: Any, index: Any) -> Any:
    """Return a number of an array as float32."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, given[0]).data
        value = builder.load(builder.gep(data, [given[1]]))
        if array.dtype == types.float32:
            return value
        return builder.bitcast(builder.shl(builder.zext(value, _WORD), _WORD(16)), _FLOAT)

    return types.float32(array, types.int64), generate


@intrinsic
def write(context: Any, array: Any, index: Any, value: Any) -> Any:
    """Store a float32 in an array, rounded to the nearest (ties to even) where that holds bfloat16."""

    def generate(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = target.make_array(signature.args[0])(target, builder, given[0]).data
        kept = given[2]
        if array.dtype != types.float32:
            bits = builder.bitcast(kept, _WORD)
            odd = builder.and_(builder.lshr(bits, _WORD(16)), _WORD(1))
            rounded = builder.add(bits, builder.add(odd, _WORD(0x7FFF)))
            kept = builder.trunc(builder.lshr(rounded, _WORD(16)), _HALF)
        builder.store(kept, builder.gep(data, [given[1]]))
        return target.get_dummy_value()

    return types.void(array, types.int64, types.float32), generate


compiled = kept(nogil=True, error_model="numpy", fastmath=SUMS)


@compiled
def moments(x: Numbers, origin: Floats, features: int) -> npt.NDArray[np.float64]:
    """Return the sums of ``x - origin`` and of its square, ``(2, features)``; ``origin`` keeps the squares small."""
    width, found = len(origin), np.zeros((2, features))
    first, second = np.empty(width, np.float32), np.empty(width, np.float32)
    rows = len(x) // width
    for begin in range(0, rows, BLOCK):
        for lane in range(width):
            put(first, lane, _ZERO)
            put(second, lane, _ZERO)
        for row in range(begin, min(begin + BLOCK, rows)):
            for lane in range(width):
                value = read(x, row * width + lane) - get(origin, lane)
                put(first, lane, get(first, lane) + value)
                put(second, lane, get(second, lane) + value * value)
        for lane in range(width):
            found[0, lane % features] += get(first, lane)
            found[1, lane % features] += get(second, lane)
    for index in range(rows * width, len(x)):
        value = read(x, index) - get(origin, index % features)
        found[0, index % features] += value
        found[1, index % features] += value * value
    return found


@compiled
def affine(x: Numbers, y: Numbers, factor: Floats, shift: Floats, floor: np.float32) -> None:
    """Write ``max(factor * x + shift, floor)`` to y; a floor of minus infinity is none."""
    width = len(factor)
    rows = len(x) // width
    for row in range(rows):
        for lane in range(width):
            value = read(x, row * width + lane) * get(factor, lane) + get(shift, lane)
            write(y, row * width + lane, floor if value < floor else value)
    for index in range(rows * width, len(x)):
        lane = index - rows * width
        value = read(x, index) * get(factor, lane) + get(shift, lane)
        write(y, index, floor if value < floor else value)


@compiled
def affine_moments(
    g: Numbers,
    x: Numbers,
    factor: Floats,
    shift: Floats,
    mean: Floats,
    features: int,
    floor: np.float32,
) -> npt.NDArray[np.float64]:
    """Return the sums of g and of ``g * (x - mean)`` where ``affine`` was above its floor, ``(2, features)``."""
    width, found = len(factor), np.zeros((2, features))
    first, second = np.empty(width, np.float32), np.empty(width, np.float32)
    rows = len(x) // width
    for begin in range(0, rows, BLOCK):
        for lane in range(width):
            put(first, lane, _ZERO)
            put(second, lane, _ZERO)
        for row in range(begin, min(begin + BLOCK, rows)):
            for lane in range(width):
                value = read(x, row * width + lane)
                above = value * get(factor, lane) + get(shift, lane) > floor
                slope = read(g, row * width + lane) if above else _ZERO
                put(first, lane, get(first, lane) + slope)
                put(second, lane, get(second, lane) + slope * (value - get(mean, lane)))
        for lane in range(width):
            found[0, lane % features] += get(first, lane)
            found[1, lane % features] += get(second, lane)
    for index in range(rows * width, len(x)):
        lane, value = index - rows * width, read(x, index)
        if value * get(factor, lane) + get(shift, lane) > floor:
            found[0, lane % features] += read(g, index)
            found[1, lane % features] += read(g, index) * (value - get(mean, lane))
    return found


@compiled
def affine_gradient(
    g: Numbers,
    x: Numbers,
    dx: Numbers,
    factor: Floats,
    shift: Floats,
    floor: np.float32,
    slope: Floats,
    offset: Floats,
) -> None:
    """Write ``factor * g + slope * x + offset`` to dx, without the first term where ``affine`` was at its floor."""
    width = len(factor)
    rows = -(-len(x) // width)
    for row in range(rows):
        for lane in range(min(width, len(x) - row * width)):
            value = read(x, row * width + lane)
            above = value * get(factor, lane) + get(shift, lane) > floor
            own = read(g, row * width + lane) if above else _ZERO
            own = own * get(factor, lane) + value * get(slope, lane) + get(offset, lane)
            write(dx, row * width + lane, own)


@compiled
def pool(
    x: Numbers,
    y: Numbers,
    winner: Bytes,
    height: int,
    width: int,
    features: int,
    factor: Floats,
    shift: Floats,
) -> None:
    """Write the greatest of each 2 x 2 window of ``max(factor * x + shift, 0)`` to y, and which it was."""
    down, across = height // 2, width // 2
    for line in range(len(x) // (height * width * features) * down):
        above = (line // down * height + 2 * (line % down)) * width * features
        for place in range(across):
            to, upper = (line * across + place) * features, above + 2 * place * features
            lower = upper + width * features
            for lane in range(features):
                by = get(factor, lane)
                best, which = read(x, upper + lane) * by, np.uint8(0)
                other = read(x, upper + features + lane) * by
                if other > best:
                    best, which = other, np.uint8(1)
                other = read(x, lower + lane) * by
                if other > best:
                    best, which = other, np.uint8(2)
                other = read(x, lower + features + lane) * by
                if other > best:
                    best, which = other, np.uint8(3)
                best += get(shift, lane)
                if best <= _ZERO:  # not so for what is not a number, which must be seen
                    best, which = _ZERO, np.uint8(NONE)
                write(y, to + lane, best)
                put(winner, to + lane, which)


@compiled
def pool_moments(
    g: Numbers, x: Numbers, winner: Bytes, height: int, width: int, features: int, mean: Floats
) -> npt.NDArray[np.float64]:
    """Return the sums of g and of ``g * (x - mean)`` at the winners, ``(2, features)``."""
    found = np.zeros((2, features))
    first, second = np.empty(features, np.float32), np.empty(features, np.float32)
    down, across = height // 2, width // 2
    lines = len(x) // (height * width * features) * down
    for line in range(lines):
        for lane in range(features):
            put(first, lane, _ZERO)
            put(second, lane, _ZERO)
        upper = (line // down * height + 2 * (line % down)) * width * features
        for place in range(across):
            to, at = (line * across + place) * features, upper + 2 * place * features
            below = at + width * features
            for lane in range(features):
                # All are read before one is chosen: a load behind a condition would keep this from being vectors.
                which, slope = get(winner, to + lane), read(g, to + lane)
                value, right = read(x, at + lane), read(x, at + features + lane)
                down_left, down_right = read(x, below + lane), read(x, below + features + lane)
                value = right if which == 1 else value
                value = down_left if which == 2 else value
                value = down_right if which == 3 else value
                slope = _ZERO if which == NONE else slope
                put(first, lane, get(first, lane) + slope)
                put(second, lane, get(second, lane) + slope * (value - get(mean, lane)))
        for lane in range(features):
            found[0, lane] += get(first, lane)
            found[1, lane] += get(second, lane)
    return found


@compiled
def pool_gradient(
    g: Numbers, x: Numbers, dx: Numbers, winner: Bytes, height: int, width: int, features: int,
    factor: Floats, slope: Floats, offset: Floats,
) -> None:  # fmt: skip
    """Write ``factor * g + slope * x + offset`` to dx, the first term at the winners only."""
    down, across = height // 2, width // 2
    for line in range(len(x) // (width * features)):
        image, row = line // height, line % height
        inside = across if row < 2 * down else 0
        base = (image * down + row // 2) * across * features
        for place in range(inside):
            to, at = base + place * features, (line * width + 2 * place) * features
            left = np.uint8(2 * (row % 2))
            for lane in range(features):
                own = read(g, to + lane) * get(factor, lane)
                which = get(winner, to + lane)
                value = read(x, at + lane) * get(slope, lane) + get(offset, lane)
                write(dx, at + lane, value + own if which == left else value)
                beside = read(x, at + features + lane) * get(slope, lane) + get(offset, lane)
                write(dx, at + features + lane, beside + own if which == left + 1 else beside)
        for column in range(2 * inside, width):  # what no window holds
            at = (line * width + column) * features
            for lane in range(features):
                write(dx, at + lane, read(x, at + lane) * get(slope, lane) + get(offset, lane))
