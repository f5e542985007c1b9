"""Activations and dropout, forward and backward (``build.modules.channel``).

Loops run over whole rows, padding too: all but the two sigmoids keep zero, and theirs is cleared.
"""

import numpy as np
import numpy.typing as npt

from coeval.train.kernels.access import INNER, Floats, Integers, get, put
from coeval.train.kernels.functions import HALF, ONE, ZERO, F, erf, exp, sigmoid, tanh
from coeval.train.kernels.layout import (
    FOURTH,
    GELU,
    KIND,
    RELU,
    SILU,
    TANH,
    THIRD,
    X_ERRORS,
    Y_ERRORS,
    Y_ROW,
    Y_WIDTH,
    X,
    Y,
)  # fmt: skip

Bytes = npt.NDArray[np.uint8]

_ROOT_HALF = F(0.7071067811865476)
_DENSITY = F(0.3989422804014327)  # of the normal distribution at 0
_SIXTH, _THREE = F(1 / 6), F(3.0)


@INNER
def bend(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Compute relu or hard_sigmoid."""
    x, y, stride = get(table, op + X), get(table, op + Y), get(table, op + Y_ROW)
    if get(table, op + KIND) == RELU:
        for place in range(rows * stride):
            one = get(memory, x + place)
            put(memory, y + place, ZERO if one <= ZERO else one)
        return
    for place in range(rows * stride):
        one = get(memory, x + place) * _SIXTH + HALF
        one = ZERO if one < ZERO else one
        put(memory, y + place, ONE if one > ONE else one)
    _clear(memory, y, rows, stride, get(table, op + Y_WIDTH))


@INNER
def learn_bend(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Add the gradient of relu or hard_sigmoid to that of its input."""
    x, y, count = get(table, op + X), get(table, op + Y), rows * get(table, op + Y_ROW)
    back, of = get(table, op + X_ERRORS), get(table, op + Y_ERRORS)
    if get(table, op + KIND) == RELU:
        for place in range(count):
            error = get(memory, of + place) if get(memory, y + place) > ZERO else ZERO
            put(memory, back + place, get(memory, back + place) + error)
        return
    for place in range(count):
        slope = _SIXTH if abs(get(memory, x + place)) < _THREE else ZERO
        put(memory, back + place, get(memory, back + place) + get(memory, of + place) * slope)


@INNER
def curve(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Compute a smooth activation."""
    kind, x, y, stride = (
        get(table, op + KIND),
        get(table, op + X),
        get(table, op + Y),
        get(table, op + Y_ROW),
    )
    count = rows * stride
    if kind == GELU:
        for place in range(count):
            one = get(memory, x + place)
            put(memory, y + place, one * HALF * (ONE + erf(one * _ROOT_HALF)))
    elif kind == SILU:
        for place in range(count):
            one = get(memory, x + place)
            put(memory, y + place, one * sigmoid(one))
    elif kind == TANH:
        for place in range(count):
            put(memory, y + place, tanh(get(memory, x + place)))
    else:
        for place in range(count):
            put(memory, y + place, sigmoid(get(memory, x + place)))
        _clear(memory, y, rows, stride, get(table, op + Y_WIDTH))


@INNER
def learn_curve(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Add the gradient of a smooth activation to that of its input."""
    kind, x, y, count = (
        get(table, op + KIND),
        get(table, op + X),
        get(table, op + Y),
        rows * get(table, op + Y_ROW),
    )
    back, of = get(table, op + X_ERRORS), get(table, op + Y_ERRORS)
    if kind == GELU:
        for place in range(count):
            one = get(memory, x + place)
            slope = HALF * (ONE + erf(one * _ROOT_HALF)) + one * _DENSITY * exp(-HALF * one * one)
            put(memory, back + place, get(memory, back + place) + get(memory, of + place) * slope)
    elif kind == SILU:
        for place in range(count):
            one = get(memory, x + place)
            gate = sigmoid(one)
            slope = gate * (ONE + one * (ONE - gate))
            put(memory, back + place, get(memory, back + place) + get(memory, of + place) * slope)
    elif kind == TANH:
        for place in range(count):
            one = get(memory, y + place)
            slope = ONE - one * one
            put(memory, back + place, get(memory, back + place) + get(memory, of + place) * slope)
    else:
        for place in range(count):
            one = get(memory, y + place)
            slope = one * (ONE - one)
            put(memory, back + place, get(memory, back + place) + get(memory, of + place) * slope)


@INNER
def drop(table: Integers, op: int, memory: Floats, noise: Bytes, rows: int, zeroed: int) -> None:
    """Zero numbers whose random byte is below ``zeroed``, and scale up the rest; 0 keeps all."""
    x, y, stride, width = (
        get(table, op + X),
        get(table, op + Y),
        get(table, op + Y_ROW),
        get(table, op + Y_WIDTH),
    )
    if zeroed == 0:
        for place in range(rows * stride):
            put(memory, y + place, get(memory, x + place))
        return
    kept, drawn = F(256 / (256 - zeroed)), get(table, op + FOURTH)
    for row in range(rows):
        of, to, draw = x + row * stride, y + row * stride, drawn + row * width
        for feature in range(width):
            factor = kept if get(noise, draw + feature) >= zeroed else ZERO
            put(memory, to + feature, get(memory, of + feature) * factor)


@INNER
def learn_drop(table: Integers, op: int, memory: Floats, noise: Bytes, rows: int) -> None:
    """Add the gradient of the numbers that were kept."""
    stride, width, zeroed = get(table, op + Y_ROW), get(table, op + Y_WIDTH), get(table, op + THIRD)
    x_errors, y_errors = get(table, op + X_ERRORS), get(table, op + Y_ERRORS)
    kept, drawn = F(256 / (256 - zeroed)), get(table, op + FOURTH)
    for row in range(rows):
        back, of, draw = x_errors + row * stride, y_errors + row * stride, drawn + row * width
        for feature in range(width):
            factor = kept if get(noise, draw + feature) >= zeroed else ZERO
            error = get(memory, of + feature) * factor
            put(memory, back + feature, get(memory, back + feature) + error)


@INNER
def _clear(memory: Floats, y: int, rows: int, stride: int, width: int) -> None:
    for row in range(rows):
        for place in range(width, stride):
            put(memory, y + row * stride + place, ZERO)
