"""Compiled loops that change the colours of a picture of bytes, each by its own operations.

What operations do follows the Python Imaging Library, which the augmentation policies of the literature call. Arrays are flat; a
picture is rows of pixels with the features last. Reckoned in float32, in which the integers that occur are exact and sixteen bytes
are one vector; only what counts levels goes through a table.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.train.kernels.access import INNER, SUMMING, get, put

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

LEVELS = 256

# Numbers of operations. Those up to TRANSLATE_Y move pixels and are composed into one; the others change their values.
IDENTITY, ROTATE, SHEAR_X, SHEAR_Y, TRANSLATE_X, TRANSLATE_Y = range(6)
BRIGHTNESS, CONTRAST, SHARPNESS, SATURATION, POSTERIZE, SOLARIZE, AUTOCONTRAST, EQUALIZE = range(
    6, 14
)

_TOP = LEVELS - 1
_NONE, _HALF, _MOST = np.float32(0.0), np.float32(0.5), np.float32(_TOP)
# Of a pixel's luma (ITU-R 601), in the Imaging Library's units of 1 / 2^16: sums stay below 2^24.
_RED, _GREEN, _BLUE, _ROUND = (np.float32(x) for x in (19595, 38470, 7471, 0x8000))
_UNIT = np.float32(2.0**-16)
_BLACK, _WHITE = np.uint8(0), np.uint8(_TOP)
_CENTRE, _AREA = np.float32(4.0), np.float32(13.0)


@INNER
def _byte(value: Any) -> Any:
    """Return a float32 cut off below, above and behind the point, as a byte."""
    return np.uint8(np.int32(min(max(value, _NONE), _MOST)))


@INNER
def _luma(pixels: Bytes, at: int) -> Any:
    """Return the grey of a pixel of three features, an integer as float32."""
    red, green = np.float32(get(pixels, at)), np.float32(get(pixels, at + 1))
    blue = np.float32(get(pixels, at + 2))
    return np.float32(np.int32((red * _RED + green * _GREEN + blue * _BLUE + _ROUND) * _UNIT))


@INNER
def _mean_grey(pixels: Bytes, features: int) -> Any:
    total, count = 0, len(pixels) // features
    if features == 3:
        for number in range(count):
            total += int(_luma(pixels, 3 * number))
    else:
        for at in range(0, len(pixels), features):
            total += int(get(pixels, at))
    return np.float32(int(total / count + 0.5))


@INNER
def _fade(pixels: Bytes, base: float, amount: float) -> None:
    """Move all levels away from one."""
    for at in range(len(pixels)):
        put(pixels, at, _byte(base + amount * (np.float32(get(pixels, at)) - base)))


@INNER
def _posterize(pixels: Bytes, bits: int) -> None:
    """Keep so many bits of each level."""
    kept = np.uint8(_TOP - ((1 << max(8 - bits, 0)) - 1))
    for at in range(len(pixels)):
        put(pixels, at, np.uint8(get(pixels, at) & kept))


@INNER
def _solarize(pixels: Bytes, threshold: float) -> None:
    """Turn levels round from a threshold on."""
    if threshold > _MOST:
        return
    first = np.uint8(np.ceil(threshold))
    for at in range(len(pixels)):
        level = get(pixels, at)
        put(pixels, at, level if level < first else np.uint8(level ^ _WHITE))


@INNER
def _saturate(pixels: Bytes, spare: Bytes, amount: float) -> None:
    """Move pixels of three features away from their own grey."""
    for number in range(len(pixels) // 3):
        grey = np.uint8(_luma(pixels, 3 * number))
        put(spare, 3 * number, grey)
        put(spare, 3 * number + 1, grey)
        put(spare, 3 * number + 2, grey)
    for at in range(len(pixels)):
        base = np.float32(get(spare, at))
        put(pixels, at, _byte(base + amount * (np.float32(get(pixels, at)) - base)))


@SUMMING
def _sharpen(
    pixels: Bytes, spare: Bytes, sums: Floats, width: int, features: int, amount: float
) -> None:
    """Move pixels away from the mean of their neighbourhood, in which they count five times; edges stay.

    Over all rows in one loop, as if they were one: what that does to the edges is undone.
    """
    line, size = width * features, len(pixels)
    for at in range(size):
        put(spare, at, get(pixels, at))
    for at in range(line, size - line):
        above, below = np.float32(get(spare, at - line)), np.float32(get(spare, at + line))
        put(sums, at, above + np.float32(get(spare, at)) + below)
    for at in range(line + features, size - line - features):
        own = np.float32(get(spare, at))
        total = get(sums, at - features) + get(sums, at) + get(sums, at + features)
        smooth = np.float32(np.int32((total + _CENTRE * own) / _AREA + _HALF))
        put(pixels, at, _byte(smooth + amount * (own - smooth)))
    for start in range(line, size, line):
        for at in range(start - features, start + features):
            put(pixels, at, get(spare, at))


@INNER
def _stretched(level: int, low: int, factor: float) -> Any:
    return _byte((np.float32(level) - np.float32(low)) * factor)


@INNER
def _factor(low: int, high: int) -> Any:
    """Return by how much levels are told further apart that reach from black to white afterwards."""
    return _MOST / (np.float32(high) - np.float32(low))


@INNER
def _stretch(pixels: Bytes, features: int) -> None:
    """Let the levels of each feature reach from black to white."""
    if features == 3:
        _stretch_three(pixels)
        return
    for feature in range(features):
        low, high = _WHITE, _BLACK
        for at in range(feature, len(pixels), features):
            level = get(pixels, at)
            low, high = min(low, level), max(high, level)
        if high > low:
            factor = _factor(low, high)
            for at in range(feature, len(pixels), features):
                put(pixels, at, _stretched(get(pixels, at), low, factor))


@INNER
def _stretch_three(pixels: Bytes) -> None:
    """Do that to pixels of three features, all at once."""
    red = green = blue = _WHITE
    red_high = green_high = blue_high = _BLACK
    for number in range(len(pixels) // 3):
        a, b = get(pixels, 3 * number), get(pixels, 3 * number + 1)
        c = get(pixels, 3 * number + 2)
        red, green, blue = min(red, a), min(green, b), min(blue, c)
        red_high, green_high, blue_high = max(red_high, a), max(green_high, b), max(blue_high, c)
    # A feature of one level stays as it is.
    one = np.float32(1.0)
    red_by = _factor(red, red_high) if red_high > red else one
    green_by = _factor(green, green_high) if green_high > green else one
    blue_by = _factor(blue, blue_high) if blue_high > blue else one
    red, green = (red if red_high > red else _BLACK), (green if green_high > green else _BLACK)
    blue = blue if blue_high > blue else _BLACK
    for number in range(len(pixels) // 3):
        at = 3 * number
        put(pixels, at, _stretched(get(pixels, at), red, red_by))
        put(pixels, at + 1, _stretched(get(pixels, at + 1), green, green_by))
        put(pixels, at + 2, _stretched(get(pixels, at + 2), blue, blue_by))


@INNER
def _equalize(pixels: Bytes, features: int, feature: int, counts: Counts, table: Bytes) -> None:
    """Let every level of a feature become about as frequent as the others."""
    # Neighbours are often alike: counted apart, one need not wait for the other.
    for level in range(2 * LEVELS):
        put(counts, level, np.int32(0))
    last = len(pixels) - features
    for at in range(feature, last, 2 * features):
        one, two = int(get(pixels, at)), LEVELS + int(get(pixels, at + features))
        put(counts, one, np.int32(get(counts, one) + 1))
        put(counts, two, np.int32(get(counts, two) + 1))
    if len(pixels) // features % 2:
        level = int(get(pixels, last + feature))
        put(counts, level, np.int32(get(counts, level) + 1))
    for level in range(LEVELS):
        put(counts, level, np.int32(get(counts, level) + get(counts, LEVELS + level)))
    _fill(counts, table, len(pixels) // features)
    for at in range(feature, len(pixels), features):
        put(pixels, at, get(table, int(get(pixels, at))))


@INNER
def _fill(counts: Counts, table: Bytes, total: int) -> None:
    """Fill the table that equalizes levels, of so many; their counts become sums."""
    last = LEVELS - 1
    while get(counts, last) == 0:
        last -= 1
    share = (total - int(get(counts, last))) // _TOP
    seen = share // 2
    for level in range(LEVELS):
        own = int(get(counts, level))
        put(counts, level, np.int32(seen))
        seen += own
    # Half an observation more keeps exact multiples from falling short.
    factor = 1.0 / max(share, 1)
    for level in range(LEVELS):
        whole = np.int32((float(get(counts, level)) + 0.5) * factor)
        put(table, level, np.uint8(min(whole, np.int32(_TOP)) if share else level))


@INNER
def paint(
    pixels: Bytes,
    spare: Bytes,
    sums: Floats,
    width: int,
    features: int,
    codes: Integers,
    amounts: Floats,
    counts: Counts,
    table: Bytes,
) -> None:
    """Change the colours of a picture by those of its operations that are about colours.

    Args:
        pixels: The picture, changed in place.
        spare: As long; room.
        sums: As long; room.
        width: Of the picture.
        features: Of a pixel.
        codes: ``(operations,)`` their numbers.
        amounts: Likewise, how much.
        counts: ``(2 * 256,)``; room.
        table: ``(256,)``; room.
    """
    for index in range(len(codes)):
        code, amount = codes[index], amounts[index]
        if BRIGHTNESS <= code <= SATURATION:
            _blend(pixels, spare, sums, width, features, code, amount)
        elif code == POSTERIZE:
            _posterize(pixels, int(amount))
        elif code == SOLARIZE:
            _solarize(pixels, amount)
        elif code == AUTOCONTRAST:
            _stretch(pixels, features)
        elif code == EQUALIZE:
            for feature in range(features):
                _equalize(pixels, features, feature, counts, table)


@INNER
def _blend(
    pixels: Bytes,
    spare: Bytes,
    sums: Floats,
    width: int,
    features: int,
    code: int,
    amount: float,
) -> None:
    """Move pixels away from black, the mean grey, their neighbourhood or their own grey."""
    if code == BRIGHTNESS:
        _fade(pixels, _NONE, amount)
    elif code == CONTRAST:
        _fade(pixels, _mean_grey(pixels, features), amount)
    elif code == SHARPNESS:
        _sharpen(pixels, spare, sums, width, features, amount)
    elif features == 3:  # of others a pixel is its own grey
        _saturate(pixels, spare, amount)
