"""An ensemble's steps, forward and backward: spread, member_linear, vote (``build.modules.members``).

A value of all members has a row for each member of each example, an example's members one after the other.
"""

import numpy as np

from coeval.train.kernels.access import INNER, Floats, Integers, get, put
from coeval.train.kernels.dense import sum_rows
from coeval.train.kernels.functions import ONE, ZERO, F, exp, log
from coeval.train.kernels.layout import (
    BIAS,
    BIAS_SLOPE,
    COPIES,
    FOURTH,
    INSIDE,
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

LOGIT, CLASSES = 0, 1
"""What is voted on, as ``build.tape_parts.VOTES`` numbers it; else values."""


@INNER
def spread(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Compute the input times each member's factors."""
    x, y, factor = get(table, op + X), get(table, op + Y), get(table, op + WEIGHT)
    x_row, y_row, width = get(table, op + X_ROW), get(table, op + Y_ROW), get(table, op + Y_WIDTH)
    members, to = get(table, op + COPIES), y
    for row in range(rows):
        of = x + row * x_row
        for member in range(members):
            by = factor + member * width
            for feature in range(width):
                put(memory, to + feature, get(memory, of + feature) * get(memory, by + feature))
            to += y_row


@INNER
def learn_spread(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Add the gradients of the factors and of the input."""
    x, back, of = get(table, op + X), get(table, op + X_ERRORS), get(table, op + Y_ERRORS)
    x_row, y_row, width = get(table, op + X_ROW), get(table, op + Y_ROW), get(table, op + Y_WIDTH)
    factor, slope, members = (
        get(table, op + WEIGHT),
        get(table, op + WEIGHT_SLOPE),
        get(table, op + COPIES),
    )
    for _ in range(rows):
        for member in range(members):
            by, to = factor + member * width, slope + member * width
            for feature in range(width):
                error = get(memory, of + feature)
                known = get(memory, to + feature)
                put(memory, to + feature, known + error * get(memory, x + feature))
                known = get(memory, back + feature)
                put(memory, back + feature, known + error * get(memory, by + feature))
            of += y_row
        x, back = x + x_row, back + x_row


@INNER
def own(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Compute each member's own affine map."""
    members, width = get(table, op + COPIES), get(table, op + Y_WIDTH)
    x_row, y_row, features = (
        get(table, op + X_ROW),
        get(table, op + Y_ROW),
        get(table, op + X_WIDTH),
    )
    turned_row = get(table, op + TURNED_ROW)
    for member in range(members):
        y, x = get(table, op + Y) + member * y_row, get(table, op + X) + member * x_row
        turned = get(table, op + TURNED) + member * get(table, op + INSIDE)
        bias = get(table, op + BIAS) + member * get(table, op + THIRD)
        product(memory, y, members * y_row, x, members * x_row, 1, turned, turned_row,
                bias, 0, rows, width, features)  # fmt: skip


@INNER
def learn_own(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Add the gradients of each member's map and of its input."""
    members, width = get(table, op + COPIES), get(table, op + Y_WIDTH)
    weight_row, features = get(table, op + WEIGHT_ROW), get(table, op + X_WIDTH)
    x_row, y_row = members * get(table, op + X_ROW), members * get(table, op + Y_ROW)
    for member in range(members):
        errors = get(table, op + Y_ERRORS) + member * get(table, op + Y_ROW)
        x, skipped = get(table, op + X) + member * get(table, op + X_ROW), member * width
        slope = get(table, op + WEIGHT_SLOPE) + skipped * weight_row
        product(memory, slope, weight_row, errors, 1, y_row, x, x_row, slope, weight_row,
                width, features, rows)  # fmt: skip
        bias = get(table, op + BIAS_SLOPE) + member * get(table, op + THIRD)
        sum_rows(memory, errors, y_row, rows, width, bias)
        if get(table, op + WANTED):
            back = get(table, op + X_ERRORS) + member * get(table, op + X_ROW)
            weight = get(table, op + WEIGHT) + skipped * weight_row
            product(memory, back, x_row, errors, y_row, 1, weight, weight_row,
                    back, x_row, rows, features, width)  # fmt: skip


@INNER
def vote(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Compute what the members say together; the logits of classes become logarithms of probabilities in place."""
    kind, members = get(table, op + THIRD), get(table, op + FOURTH)
    x_row, width = get(table, op + X_ROW), get(table, op + Y_WIDTH)
    for row in range(rows):
        x, y = (
            get(table, op + X) + row * members * x_row,
            get(table, op + Y) + row * get(table, op + Y_ROW),
        )
        if kind == LOGIT:
            yes = _log_sum_of_sigmoids(memory, x, x_row, members, ONE)
            put(memory, y, yes - _log_sum_of_sigmoids(memory, x, x_row, members, -ONE))
        elif kind == CLASSES:
            for member in range(members):
                _to_log_shares(memory, x + member * x_row, width)
            for feature in range(width):
                put(memory, y + feature, _log_sum(memory, x + feature, x_row, members))
        else:
            total = ZERO
            for member in range(members):
                total += get(memory, x + member * x_row)
            put(memory, y, total / F(members))


@INNER
def _to_log_shares(memory: Floats, x: int, width: int) -> None:
    """Turn logits into the logarithms of their softmax."""
    whole = _log_sum(memory, x, 1, width)
    for feature in range(width):
        put(memory, x + feature, get(memory, x + feature) - whole)


@INNER
def _log_sum(memory: Floats, x: int, stride: int, count: int) -> np.float32:
    """Return the logarithm of the sum of exponentials."""
    most, total = get(memory, x), ZERO
    for one in range(count):
        value = get(memory, x + one * stride)
        most = value if value > most else most
    for one in range(count):
        total += exp(get(memory, x + one * stride) - most)
    return most + log(total)


@INNER
def _log_sum_of_sigmoids(
    memory: Floats, x: int, stride: int, count: int, sign: np.float32
) -> np.float32:
    """Return the logarithm of the sum of sigmoid(sign x)."""
    most, total = _log_sigmoid(sign * get(memory, x)), ZERO
    for one in range(count):
        value = _log_sigmoid(sign * get(memory, x + one * stride))
        most = value if value > most else most
    for one in range(count):
        total += exp(_log_sigmoid(sign * get(memory, x + one * stride)) - most)
    return most + log(total)


@INNER
def _log_sigmoid(x: np.float32) -> np.float32:
    least = x if x < ZERO else ZERO
    return least - log(ONE + exp(-abs(x)))
