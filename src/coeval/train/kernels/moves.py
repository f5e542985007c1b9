"""Compiled loops that move the pixels of a picture of bytes: any map that keeps lines straight, or whole pixels and mirroring.

Arrays are flat; a picture is rows of pixels with the features last, reflected beyond its edges. A pixel of three features may
be copied as four bytes: the fourth is overwritten by the next, and behind the last there must be room.
"""

import numpy as np
import numpy.typing as npt

from coeval.train.kernels.access import INNER, get, get_word, put, put_word
from coeval.train.kernels.colours import (
    IDENTITY,
    ROTATE,
    SHEAR_X,
    SHEAR_Y,
    TRANSLATE_X,
    TRANSLATE_Y,
)

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

ROOM = 1
"""Bytes behind a picture that are read and written as if they were its own."""
BITS = 16
ONE = 1 << BITS


@INNER
def _inside(position: int, size: int) -> int:
    """Return where a position lies once the picture is reflected at its edges."""
    if 0 <= position < size:
        return position
    last = size - 1
    if -size < position < 0:
        return -position
    if size <= position <= 2 * last:
        return 2 * last - position
    period = max(2 * last, 1)
    position = position % period
    return position if position < size else period - position


@INNER
def compose(map_: Floats, code: int, amount: float) -> None:
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


@INNER
def compose_all(map_: Floats, codes: Integers, amounts: Floats) -> bool:
    """Set the map to that of all operations, and return whether any of them moves pixels."""
    map_[:] = np.float32(0.0)
    map_[0] = map_[4] = np.float32(1.0)
    is_moved = False
    for index in range(len(codes)):
        if IDENTITY < codes[index] <= TRANSLATE_Y:
            compose(map_, codes[index], amounts[index])
            is_moved = True
    return is_moved


@INNER
def _fixed(value: float) -> int:
    """Return a number in units of 1 / ONE."""
    return int(np.floor(value * ONE + 0.5))


@INNER
def move(
    pixels: Bytes, made: Bytes, width: int, features: int, map_: Floats, places: Integers
) -> None:
    """Fill a picture with the nearest pixels of another; positions are counted in fixed point.

    ``places`` is room for a row's positions.
    """
    height = len(pixels) // (width * features)
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    right_x, right_y = _fixed(map_[0]), _fixed(map_[3])
    for row in range(height):
        y = row - middle_y
        from_x = _fixed(map_[1] * y + map_[2] + middle_x + 0.5) - _fixed(map_[0] * middle_x)
        from_y = _fixed(map_[4] * y + map_[5] + middle_y + 0.5) - _fixed(map_[3] * middle_x)
        for column in range(width):
            x, y_ = (from_x + column * right_x) >> BITS, (from_y + column * right_y) >> BITS
            put(places, column, (y_ * width + x) * features)
        # What lies inside is one stretch of the row.
        first, last = 0, width
        while first < last:
            x, y_ = (from_x + first * right_x) >> BITS, (from_y + first * right_y) >> BITS
            if 0 <= x < width and 0 <= y_ < height:
                break
            put(places, first, (_inside(y_, height) * width + _inside(x, width)) * features)
            first += 1
        while first < last:
            last -= 1
            x, y_ = (from_x + last * right_x) >> BITS, (from_y + last * right_y) >> BITS
            if 0 <= x < width and 0 <= y_ < height:
                break
            put(places, last, (_inside(y_, height) * width + _inside(x, width)) * features)
        _take(pixels, 0, made, row * width * features, features, places)


@INNER
def shift(
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
        put(places, column, _inside(wanted - right, width) * features)
    for row in range(height):
        _take(pixels, _inside(row - down, height) * line, made, row * line, features, places)


@INNER
def _take(pixels: Bytes, start: int, made: Bytes, at: int, features: int, places: Integers) -> None:
    """Fill a row with pixels of another from their places. Numbers of features are known inside a loop, for speed."""
    if features == 1:
        for column in range(len(places)):
            put(made, at + column, get(pixels, start + get(places, column)))
    elif features == 3:
        for column in range(len(places)):
            put_word(made, at + 3 * column, get_word(pixels, start + get(places, column)))
    else:
        for column in range(len(places)):
            place = start + get(places, column)
            for feature in range(features):
                put(made, at + column * features + feature, get(pixels, place + feature))
