"""Compiled loops over pictures of bytes in training: chosen, changed each by its own operations, and written as numbers.

A picture goes through all of it before the next, in memory that stays in the nearest cache. Arrays are flat; a picture is rows of
pixels with the features last.
"""

import numpy as np
import numpy.typing as npt

from coeval.train.augment import MIDDLE
from coeval.train.kernels.access import FAST, INNER, get, kept, put
from coeval.train.kernels.colours import LEVELS, TRANSLATE_X, TRANSLATE_Y, paint
from coeval.train.kernels.moves import ROOM, compose, compose_all, move, shift

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


_outer = kept(error_model="numpy", fastmath=FAST)
_ONE = np.float32(1.0)
# 1 / 127.5 in two numbers: a byte times the first is exact, so that their sum is rounded as a division rounds.
_LARGE = np.float32(np.round(2.0**22 / 127.5) * 2.0**-22)
_SMALL = np.float32(1 / 127.5 - float(_LARGE))


@INNER
def _write(pixels: Bytes, made: Floats) -> None:
    """Write bytes as numbers from -1 to 1, bit for bit those of ``data.numbers``."""
    for at in range(len(pixels)):
        level = np.float32(get(pixels, at))
        put(made, at, (level * _LARGE + level * _SMALL) - _ONE)


@INNER
def _cut(made: Bytes, width: int, features: int, box: Integers) -> None:
    for row in range(box[0], box[1]):
        start = row * width
        for at in range((start + box[2]) * features, (start + box[3]) * features):
            put(made, at, np.uint8(MIDDLE))


@_outer
def reals(pictures: Bytes, chosen: Integers, made: Floats) -> None:
    """Write the chosen pictures as numbers.

    Args:
        pictures: ``(pictures, bytes)``.
        chosen: ``(batch,)`` which of them.
        made: ``(batch, bytes)``; numbers from -1 to 1, bit for bit those of ``data.numbers``.
    """
    for number in range(len(chosen)):
        _write(pictures[chosen[number]], made[number])


@_outer
def changed_reals(
    pictures: Bytes,
    chosen: Integers,
    made: Floats,
    width: int,
    features: int,
    shifts: Integers,
    codes: Integers,
    amounts: Floats,
    boxes: Integers,
) -> None:
    """Write the chosen pictures as numbers, each changed: its operations, then mirroring and shift, then the box cut out of it.

    Colours change in the order of the operations; movements are composed, in their order, into one, which takes the nearest
    pixel, so that a picture is sampled once. Beyond its edges a picture is reflected.

    Args:
        pictures: ``(pictures, height, width, features)`` as ``(pictures, bytes)``.
        chosen: ``(batch,)`` which of them.
        made: ``(batch, bytes)``; numbers as those of ``reals``.
        width: Of a picture.
        features: Of a pixel.
        shifts: ``(batch, 3)``: pixels down and to the right, and whether it is mirrored.
        codes: ``(batch, operations)``, the operations' numbers.
        amounts: Likewise, how much: radians, shares, pixels, a factor, bits or a threshold.
        boxes: ``(batch, 4)``: the first and last rows and columns, the last excluded.
    """
    size = pictures.shape[1]
    painted, target = np.empty(size + ROOM, np.uint8)[:size], np.empty(size + ROOM, np.uint8)[:size]
    spare, sums = np.empty(size, np.uint8), np.empty(size, np.float32)
    counts, table = np.empty(2 * LEVELS, np.int32), np.empty(LEVELS, np.uint8)
    map_, places = np.empty(6, np.float32), np.empty(width, np.int64)
    for number in range(len(chosen)):
        source, code, amount = pictures[chosen[number]], codes[number], amounts[number]
        for at in range(size):
            put(painted, at, get(source, at))
        paint(painted, spare, sums, width, features, code, amount, counts, table)
        down, right, flipped = shifts[number, 0], shifts[number, 1], shifts[number, 2]
        if compose_all(map_, code, amount):
            compose(map_, TRANSLATE_X, -right)
            compose(map_, TRANSLATE_Y, -down)
            if flipped:
                map_[0], map_[3] = -map_[0], -map_[3]
            move(painted, target, width, features, map_, places)
        else:
            shift(painted, target, width, features, down, right, flipped, places)
        _cut(target, width, features, boxes[number])
        _write(target, made[number])


@_outer
def mix(made: Floats, share: float) -> None:
    """Make each picture the weighted mean of itself, in so large a share, and of the one opposite.

    Args:
        made: ``(batch, numbers)``, changed in place.
        share: Of a picture's own numbers.
    """
    other = np.float32(1.0 - share)
    own = np.float32(share)
    for number in range(len(made) // 2):
        one, two = made[number], made[len(made) - 1 - number]
        for at in range(len(one)):
            a, b = get(one, at), get(two, at)
            put(one, at, own * a + other * b)
            put(two, at, own * b + other * a)


@_outer
def swap(made: Floats, width: int, features: int, box: Integers) -> None:
    """Let pictures change a box with the one opposite.

    Args:
        made: ``(batch, numbers)``, changed in place.
        width: Of a picture.
        features: Of a pixel.
        box: ``(4,)`` the first and last rows and columns, the last excluded.
    """
    for number in range(len(made) // 2):
        one, two = made[number], made[len(made) - 1 - number]
        for row in range(box[0], box[1]):
            start = row * width
            for at in range((start + box[2]) * features, (start + box[3]) * features):
                a, b = get(one, at), get(two, at)
                put(one, at, b)
                put(two, at, a)
