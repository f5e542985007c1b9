"""Affine maps and gates, forward and backward: linear (heads too), glu_gate, scale (``build.modules.channel``)."""

from coeval.train.kernels.access import INNER, Floats, Integers, get, put
from coeval.train.kernels.functions import ONE, sigmoid
from coeval.train.kernels.layout import (
    BIAS,
    BIAS_SLOPE,
    HAS_BIAS,
    SCRATCH,
    SCRATCH_ROW,
    THIRD,
    TURNED,
    TURNED_ROW,
    WANTED,
    WEIGHT,
    WEIGHT_ROW,
    WEIGHT_SLOPE,
    X_ERRORS,
    X_ROW,
    X_WIDTH,
    Y_ERRORS,
    Y_ROW,
    Y_WIDTH,
    X,
    Y,
)  # fmt: skip
from coeval.train.kernels.product import product


@INNER
def linear(
    table: Integers, op: int, memory: Floats, rows: int, y: int, y_row: int, width: int
) -> None:
    """Compute ``y = x W + b``."""
    product(memory, y, y_row, get(table, op + X), get(table, op + X_ROW), 1,
            get(table, op + TURNED), get(table, op + TURNED_ROW), get(table, op + BIAS), 0,
            rows, width, get(table, op + X_WIDTH))  # fmt: skip


@INNER
def learn_linear(
    table: Integers, op: int, memory: Floats, rows: int, errors: int, stride: int, width: int
) -> None:
    """Add the gradients of ``y = x W + b``; ``errors`` is where the gradient of y is."""
    x, x_row, features = get(table, op + X), get(table, op + X_ROW), get(table, op + X_WIDTH)
    slope, weight_row = get(table, op + WEIGHT_SLOPE), get(table, op + WEIGHT_ROW)
    product(
        memory,
        slope,
        weight_row,
        errors,
        1,
        stride,
        x,
        x_row,
        slope,
        weight_row,
        width,
        features,
        rows,
    )
    if get(table, op + HAS_BIAS):
        sum_rows(memory, errors, stride, rows, width, get(table, op + BIAS_SLOPE))
    if get(table, op + WANTED):
        back = get(table, op + X_ERRORS)
        product(memory, back, x_row, errors, stride, 1, get(table, op + WEIGHT), weight_row,
                back, x_row, rows, features, width)  # fmt: skip


@INNER
def sum_rows(memory: Floats, of: int, stride: int, rows: int, width: int, to: int) -> None:
    """Add the sum over the rows of a matrix to a vector: a bias's gradient."""
    for row in range(rows):
        here = of + row * stride
        for column in range(width):
            put(memory, to + column, get(memory, to + column) + get(memory, here + column))


@INNER
def glu(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Compute value · sigmoid(gate), both halves of one affine map."""
    both, both_row, width = (
        get(table, op + SCRATCH),
        get(table, op + SCRATCH_ROW),
        get(table, op + Y_WIDTH),
    )
    y, y_row = get(table, op + Y), get(table, op + Y_ROW)
    linear(table, op, memory, rows, both, both_row, 2 * width)
    for row in range(rows):
        of, to = both + row * both_row, y + row * y_row
        for feature in range(width):
            gate = sigmoid(get(memory, of + width + feature))
            put(memory, to + feature, get(memory, of + feature) * gate)


@INNER
def learn_glu(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Add the gradients of both halves, then those of the map."""
    both, both_row, width = (
        get(table, op + SCRATCH),
        get(table, op + SCRATCH_ROW),
        get(table, op + Y_WIDTH),
    )
    y_errors, y_row, errors = (
        get(table, op + Y_ERRORS),
        get(table, op + Y_ROW),
        get(table, op + THIRD),
    )
    for row in range(rows):
        of, here, to = y_errors + row * y_row, both + row * both_row, errors + row * both_row
        for feature in range(width):
            error, value = get(memory, of + feature), get(memory, here + feature)
            gate = sigmoid(get(memory, here + width + feature))
            put(memory, to + feature, error * gate)
            put(memory, to + width + feature, error * value * gate * (ONE - gate))
    learn_linear(table, op, memory, rows, errors, both_row, 2 * width)


@INNER
def scale(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Compute a factor times each feature."""
    x, y, stride = get(table, op + X), get(table, op + Y), get(table, op + Y_ROW)
    factor, width = get(table, op + WEIGHT), get(table, op + Y_WIDTH)
    for row in range(rows):
        of, to = x + row * stride, y + row * stride
        for feature in range(width):
            put(memory, to + feature, get(memory, of + feature) * get(memory, factor + feature))


@INNER
def learn_scale(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Add the gradients of the factors and of the input."""
    x, stride, width = get(table, op + X), get(table, op + Y_ROW), get(table, op + Y_WIDTH)
    x_errors, y_errors = get(table, op + X_ERRORS), get(table, op + Y_ERRORS)
    factor, slope = get(table, op + WEIGHT), get(table, op + WEIGHT_SLOPE)
    for row in range(rows):
        of, to, back = x + row * stride, y_errors + row * stride, x_errors + row * stride
        for feature in range(width):
            error = get(memory, to + feature)
            known = get(memory, slope + feature)
            put(memory, slope + feature, known + error * get(memory, of + feature))
            known = get(memory, back + feature)
            put(memory, back + feature, known + error * get(memory, factor + feature))
