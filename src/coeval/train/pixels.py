"""Compiled loops that change pictures of bytes, each by its own operations: a picture's new pixels in one pass or a few.

What operations do to colours follows the Python Imaging Library, which the augmentation policies of the literature call.
Arrays are flat; a picture is rows of pixels with the features last.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from coeval.train.kernels.access import FAST, get, put

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

LEVELS = 256
MIDDLE = 128  # what is cut out becomes 0 where bytes are read as -1 to 1

# Numbers of operations. Those up to TRANSLATE_Y move pixels and are composed into one; the others change their values.
IDENTITY, ROTATE, SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y = range(6)
BRIGHTNESS, CONTRAST, SHARPNESS, SATURATION, POSTERIZE, SOLARIZE, AUTOCONTRAST, EQUALIZE = range(
    6, 14
)

_njit: Any = njit  # its types leave options out
_inner = _njit(error_model="numpy", fastmath=FAST, no_cpython_wrapper=True, no_cfunc_wrapper=True)
_outer = _njit(error_model="numpy", fastmath=FAST, cache=True)


@_inner
def _byte(value: float) -> int:
    """Return a number cut off below and above as a byte holds it."""
    return min(max(int(value), 0), LEVELS - 1)


@_inner
def _inside(position: int, size: int) -> int:
    """Return where a position lies once the picture is reflected at its edges."""
    if 0 <= position < size:
        return position
    period = max(2 * (size - 1), 1)
    position = position % period
    return position if position < size else period - position


@_inner
def _grey(pixels: Bytes, at: int, features: int) -> int:
    """Return a pixel's luma (ITU-R 601, in integers as the Imaging Library has it)."""
    if features != 3:
        return int(get(pixels, at))
    red, green, blue = get(pixels, at), get(pixels, at + 1), get(pixels, at + 2)
    return (int(red) * 19595 + int(green) * 38470 + int(blue) * 7471 + 0x8000) >> 16


@_inner
def _blend(pixels: Bytes, features: int, amount: float, code: int) -> None:
    """Move pixels away from black, their mean grey or their own grey."""
    count, base = len(pixels) // features, 0.0
    if code == CONTRAST:
        total = 0
        for index in range(count):
            total += _grey(pixels, index * features, features)
        base = float(int(total / count + 0.5))
    for index in range(count):
        if code == SATURATION:
            base = float(_grey(pixels, index * features, features))
        for feature in range(features):
            at = index * features + feature
            put(pixels, at, np.uint8(_byte(base + amount * (float(get(pixels, at)) - base))))


@_inner
def _sharpen(pixels: Bytes, spare: Bytes, width: int, features: int, amount: float) -> None:
    """Move pixels away from the mean of their neighbourhood, in which they count five times; edges stay."""
    height, line = len(pixels) // (width * features), width * features
    for at in range(len(pixels)):
        put(spare, at, get(pixels, at))
    for row in range(1, height - 1):
        for at in range(row * line + features, (row + 1) * line - features):
            total = 4 * int(get(spare, at))
            for start in (at - line, at, at + line):
                total += int(get(spare, start - features)) + int(get(spare, start))
                total += int(get(spare, start + features))
            smooth = float(int(total / 13.0 + 0.5))
            own = float(get(spare, at))
            put(pixels, at, np.uint8(_byte(smooth + amount * (own - smooth))))


@_inner
def _count_levels(pixels: Bytes, features: int, feature: int, counts: Integers) -> None:
    counts[:] = 0
    for at in range(feature, len(pixels), features):
        counts[int(get(pixels, at))] += 1


@_inner
def _equalized(counts: Integers, table: Bytes) -> None:
    """Fill the table so that every level becomes about as frequent as the others."""
    total, last = 0, 0
    for level in range(LEVELS):
        if counts[level]:
            total, last = total + counts[level], counts[level]
    share = (total - last) // (LEVELS - 1)
    seen = share // 2
    for level in range(LEVELS):
        table[level] = level if share == 0 else min(seen // share, LEVELS - 1)
        seen += counts[level]


@_inner
def _stretched(counts: Integers, table: Bytes) -> None:
    """Fill the table so that the levels reach from black to white."""
    low, high = 0, LEVELS - 1
    while low < high and counts[low] == 0:
        low += 1
    while high > low and counts[high] == 0:
        high -= 1
    factor = (LEVELS - 1) / max(high - low, 1)
    for level in range(LEVELS):
        table[level] = level if high == low else _byte((level - low) * factor)


@_inner
def _map_levels(
    pixels: Bytes, features: int, code: int, amount: float, counts: Integers, table: Bytes
) -> None:
    """Replace levels by others."""
    for feature in range(features):
        if code >= AUTOCONTRAST:
            _count_levels(pixels, features, feature, counts)
            if code == EQUALIZE:
                _equalized(counts, table)
            else:
                _stretched(counts, table)
        else:
            step = 1 << max(8 - int(amount), 0)
            for level in range(LEVELS):
                if code == POSTERIZE:
                    table[level] = level // step * step
                else:
                    table[level] = level if level < amount else LEVELS - 1 - level
        for at in range(feature, len(pixels), features):
            put(pixels, at, table[int(get(pixels, at))])


@_inner
def _paint(
    source: Bytes,
    painted: Bytes,
    spare: Bytes,
    width: int,
    features: int,
    codes: Integers,
    amounts: Floats,
    counts: Integers,
    table: Bytes,
) -> bool:
    """Fill ``painted`` with a picture in other colours, and return whether any of its operations is about colours."""
    is_painted = False
    for index in range(len(codes)):
        code, amount = codes[index], amounts[index]
        if code <= TRANSLATE_Y:
            continue
        if not is_painted:
            painted[:] = source
            is_painted = True
        if code == SHARPNESS:
            _sharpen(painted, spare, width, features, amount)
        elif code <= SATURATION:
            _blend(painted, features, amount, code)
        else:
            _map_levels(painted, features, code, amount, counts, table)
    return is_painted


@_inner
def _compose(map_: Floats, code: int, amount: float) -> None:
    """Let a map from new to old positions, about the middle, first go through one more operation."""
    a, b, c, d, e, f = map_[0], map_[1], map_[2], map_[3], map_[4], map_[5]
    if code == ROTATE:
        cosine, sine = np.float32(np.cos(amount)), np.float32(np.sin(amount))
        map_[0], map_[1] = a * cosine + b * sine, b * cosine - a * sine
        map_[3], map_[4] = d * cosine + e * sine, e * cosine - d * sine
    elif code == SHEAR_X:
        map_[1], map_[4] = b + a * amount, e + d * amount
    elif code == SHEAR_Y:
        map_[0], map_[3] = a + b * amount, d + e * amount
    elif code == TRANSLATE_X:
        map_[2], map_[5] = c + a * amount, f + d * amount
    else:
        map_[2], map_[5] = c + b * amount, f + e * amount


@_inner
def _compose_all(map_: Floats, codes: Integers, amounts: Floats) -> bool:
    """Set the map to that of all operations, and return whether any of them moves pixels."""
    map_[:] = np.float32(0.0)
    map_[0] = map_[4] = np.float32(1.0)
    is_moved = False
    for index in range(len(codes)):
        if IDENTITY < codes[index] <= TRANSLATE_Y:
            _compose(map_, codes[index], amounts[index])
            is_moved = True
    return is_moved


@_inner
def _move(pixels: Bytes, made: Bytes, width: int, features: int, map_: Floats) -> None:
    """Fill a picture with the nearest pixels of another."""
    height = len(pixels) // (width * features)
    middle_y, middle_x = np.float32((height - 1) / 2), np.float32((width - 1) / 2)
    half, at = np.float32(0.5), 0
    for row in range(height):
        y = np.float32(row) - middle_y
        for column in range(width):
            x = np.float32(column) - middle_x
            from_x = np.floor(map_[0] * x + map_[1] * y + map_[2] + middle_x + half)
            from_y = np.floor(map_[3] * x + map_[4] * y + map_[5] + middle_y + half)
            start = _inside(int(from_y), height) * width + _inside(int(from_x), width)
            for feature in range(features):
                put(made, at, get(pixels, start * features + feature))
                at += 1


@_inner
def _shift(
    pixels: Bytes, made: Bytes, width: int, features: int, down: int, right: int, flipped: int
) -> None:
    """Fill a picture with another, moved by whole pixels and mirrored."""
    height, at = len(pixels) // (width * features), 0
    for row in range(height):
        line = _inside(row - down, height) * width
        for column in range(width):
            wanted = width - 1 - column if flipped else column
            start = (line + _inside(wanted - right, width)) * features
            for feature in range(features):
                put(made, at, get(pixels, start + feature))
                at += 1


@_inner
def _cut(made: Bytes, width: int, features: int, box: Integers) -> None:
    for row in range(box[0], box[1]):
        start = row * width
        for at in range((start + box[2]) * features, (start + box[3]) * features):
            put(made, at, np.uint8(MIDDLE))


@_outer
def change(
    pictures: Bytes,
    made: Bytes,
    width: int,
    features: int,
    shifts: Integers,
    codes: Integers,
    amounts: Floats,
    boxes: Integers,
) -> None:
    """Write every picture, changed, to ``made``: its operations, then mirroring and shift, then the box cut out of it.

    Colours change in the order of the operations; movements are composed, in their order, into one, which takes the nearest
    pixel, so that a picture is sampled once. Beyond its edges a picture is reflected.

    Args:
        pictures: ``(pictures, height, width, features)`` as ``(pictures, bytes)``.
        made: Likewise; not the same memory.
        width: Of a picture.
        features: 1 or 3.
        shifts: ``(pictures, 3)``: pixels down and to the right, and whether it is mirrored.
        codes: ``(pictures, operations)``, the operations' numbers.
        amounts: Likewise, how much: radians, shares, pixels, a factor, bits or a threshold.
        boxes: ``(pictures, 4)``: the first and last rows and columns, the last excluded.
    """
    size = pictures.shape[1]
    painted, spare = np.empty(size, np.uint8), np.empty(size, np.uint8)
    counts, table = np.empty(LEVELS, np.int64), np.empty(LEVELS, np.uint8)
    map_ = np.empty(6, np.float32)
    for number in range(len(pictures)):
        source, target = pictures[number], made[number]
        code, amount = codes[number], amounts[number]
        if _paint(source, painted, spare, width, features, code, amount, counts, table):
            source = painted
        down, right, flipped = shifts[number, 0], shifts[number, 1], shifts[number, 2]
        if _compose_all(map_, code, amount):
            _compose(map_, TRANSLATE_X, -right)
            _compose(map_, TRANSLATE_Y, -down)
            if flipped:
                map_[0], map_[3] = -map_[0], -map_[3]
            _move(source, target, width, features, map_)
        else:
            _shift(source, target, width, features, down, right, flipped)
        _cut(target, width, features, boxes[number])
