"""Compiled loops that change pictures of bytes, each by its own operations: a picture's new pixels in one pass or a few.

What operations do to colours follows the Python Imaging Library, which the augmentation policies of the literature call.
Arrays are flat; a picture is rows of pixels with the features last.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from coeval.train.kernels.access import FAST, get, kept, put

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

LEVELS = 256
BITS = 16
ONE = 1 << BITS
MIDDLE = 128  # what is cut out becomes 0 where bytes are read as -1 to 1

# Numbers of operations. Those up to TRANSLATE_Y move pixels and are composed into one; the others change their values.
IDENTITY, ROTATE, SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y = range(6)
BRIGHTNESS, CONTRAST, SHARPNESS, SATURATION, POSTERIZE, SOLARIZE, AUTOCONTRAST, EQUALIZE = range(
    6, 14
)

_njit: Any = njit  # its types leave options out
_inner = _njit(error_model="numpy", fastmath=FAST, no_cpython_wrapper=True, no_cfunc_wrapper=True)
_outer = kept(error_model="numpy", fastmath=FAST)
_plain = kept(error_model="numpy")  # rounds as PyTorch does
_HALF, _ONE = np.float32(127.5), np.float32(1.0)


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
def _saturate(pixels: Bytes, features: int, amount: float) -> None:
    """Move pixels away from their own grey."""
    factor = int(amount * ONE)
    for start in range(0, len(pixels), features):
        base = _grey(pixels, start, features)
        for at in range(start, start + features):
            value = base + ((factor * (int(get(pixels, at)) - base)) >> BITS)
            put(pixels, at, np.uint8(min(max(value, 0), LEVELS - 1)))


@_inner
def _mean_grey(pixels: Bytes, features: int) -> float:
    total = 0
    for start in range(0, len(pixels), features):
        total += _grey(pixels, start, features)
    return float(int(total * features / len(pixels) + 0.5))


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
        level = int(get(pixels, at))
        put(counts, level, get(counts, level) + 1)


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
def _fill(table: Bytes, code: int, amount: float, base: float) -> None:
    """Fill the table of an operation that asks for nothing but a level."""
    step = 1 << max(8 - int(amount), 0)
    for level in range(LEVELS):
        if code == POSTERIZE:
            table[level] = level // step * step
        elif code == SOLARIZE:
            table[level] = level if level < amount else LEVELS - 1 - level
        else:  # away from black or from the mean grey
            table[level] = _byte(base + amount * (level - base))


@_inner
def _map_levels(
    pixels: Bytes, features: int, code: int, amount: float, counts: Integers, table: Bytes
) -> None:
    """Replace levels by others."""
    if code < AUTOCONTRAST:
        base = _mean_grey(pixels, features) if code == CONTRAST else 0.0
        _fill(table, code, amount, base)
        for at in range(len(pixels)):
            put(pixels, at, get(table, int(get(pixels, at))))
        return
    for feature in range(features):
        _count_levels(pixels, features, feature, counts)
        if code == EQUALIZE:
            _equalized(counts, table)
        else:
            _stretched(counts, table)
        for at in range(feature, len(pixels), features):
            put(pixels, at, get(table, int(get(pixels, at))))


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
        elif code == SATURATION:
            _saturate(painted, features, amount)
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
def _fixed(value: float) -> int:
    """Return a number in units of 1 / ONE."""
    return int(np.floor(value * ONE + 0.5))


@_inner
def _move(pixels: Bytes, made: Bytes, width: int, features: int, map_: Floats) -> None:
    """Fill a picture with the nearest pixels of another; positions are counted in fixed point."""
    height = len(pixels) // (width * features)
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    right_x, right_y = _fixed(map_[0]), _fixed(map_[3])
    at = 0
    for row in range(height):
        y = row - middle_y
        from_x = _fixed(map_[1] * y + map_[2] + middle_x + 0.5) - _fixed(map_[0] * middle_x)
        from_y = _fixed(map_[4] * y + map_[5] + middle_y + 0.5) - _fixed(map_[3] * middle_x)
        for _ in range(width):
            x, y_ = from_x >> BITS, from_y >> BITS
            if not (0 <= x < width and 0 <= y_ < height):
                x, y_ = _inside(x, width), _inside(y_, height)
            start = (y_ * width + x) * features
            put(made, at, get(pixels, start))
            for feature in range(1, features):
                put(made, at + feature, get(pixels, start + feature))
            at += features
            from_x, from_y = from_x + right_x, from_y + right_y


@_inner
def _shift(
    pixels: Bytes,
    made: Bytes,
    width: int,
    features: int,
    down: int,
    right: int,
    flipped: int,
    places: Integers,
) -> None:
    """Fill a picture with another, moved by whole pixels and mirrored; ``places`` is room for a row's positions."""
    line = width * features
    height = len(pixels) // line
    for column in range(width):
        wanted = width - 1 - column if flipped else column
        start = _inside(wanted - right, width) * features
        for feature in range(features):
            put(places, column * features + feature, start + feature)
    for row in range(height):
        start, at = _inside(row - down, height) * line, row * line
        for place in range(line):
            put(made, at + place, get(pixels, start + get(places, place)))


@_inner
def _cut(made: Bytes, width: int, features: int, box: Integers) -> None:
    for row in range(box[0], box[1]):
        start = row * width
        for at in range((start + box[2]) * features, (start + box[3]) * features):
            put(made, at, np.uint8(MIDDLE))


@_plain
def reals(pixels: Bytes, made: Floats) -> None:
    """Write bytes as numbers from -1 to 1, bit for bit those of ``data.numbers``, which goes over memory three times."""
    for at in range(len(pixels)):
        put(made, at, np.float32(get(pixels, at)) / _HALF - _ONE)


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
    map_, places = np.empty(6, np.float32), np.empty(width * features, np.int64)
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
            _shift(source, target, width, features, down, right, flipped, places)
        _cut(target, width, features, boxes[number])
