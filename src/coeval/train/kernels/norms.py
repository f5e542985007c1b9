"""Normalisations, forward and backward (``build.modules.norm``)."""

import numpy as np

from coeval.train.kernels.access import SUMMING, Floats, Integers, get, put
from coeval.train.kernels.functions import ONE, ZERO, F
from coeval.train.kernels.layout import (
    BIAS,
    BIAS_SLOPE,
    FOURTH,
    KIND,
    LAYER_NORM,
    SCRATCH,
    SCRATCH_ROW,
    THIRD,
    WEIGHT,
    WEIGHT_SLOPE,
    X_ERRORS,
    Y_ERRORS,
    Y_ROW,
    Y_WIDTH,
    X,
    Y,
)  # fmt: skip

_EPSILON = F(1e-5)
_NEW, _OLD = F(0.1), F(0.9)  # shares of running statistics


@SUMMING
def normalise_rows(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Normalise each row; keep its mean (0 for the root mean square) and inverse deviation."""
    x, y, stride, width = (
        get(table, op + X),
        get(table, op + Y),
        get(table, op + Y_ROW),
        get(table, op + Y_WIDTH),
    )
    factor, shift, kept = get(table, op + WEIGHT), get(table, op + BIAS), get(table, op + SCRATCH)
    is_layer, share = get(table, op + KIND) == LAYER_NORM, ONE / F(width)
    for row in range(rows):
        of, to = x + row * stride, y + row * stride
        mean, square = ZERO, ZERO
        if is_layer:
            for feature in range(width):
                mean += get(memory, of + feature)
            mean *= share
        for feature in range(width):
            one = get(memory, of + feature) - mean
            square += one * one
        inverse = ONE / np.sqrt(square * share + _EPSILON)
        put(memory, kept + 2 * row, mean)
        put(memory, kept + 2 * row + 1, inverse)
        for feature in range(width):
            one = (get(memory, of + feature) - mean) * inverse * get(memory, factor + feature)
            put(memory, to + feature, one + get(memory, shift + feature))


@SUMMING
def learn_rows(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Add the gradients of a norm of rows."""
    x, back, of, stride = (
        get(table, op + X),
        get(table, op + X_ERRORS),
        get(table, op + Y_ERRORS),
        get(table, op + Y_ROW),
    )
    factor, kept, width = (
        get(table, op + WEIGHT),
        get(table, op + SCRATCH),
        get(table, op + Y_WIDTH),
    )
    slope, shift = get(table, op + WEIGHT_SLOPE), get(table, op + BIAS_SLOPE)
    is_layer, share = get(table, op + KIND) == LAYER_NORM, ONE / F(width)
    for row in range(rows):
        mean, inverse = get(memory, kept + 2 * row), get(memory, kept + 2 * row + 1)
        total, moment = ZERO, ZERO
        for feature in range(width):
            one = (get(memory, x + feature) - mean) * inverse
            error = get(memory, of + feature)
            put(memory, slope + feature, get(memory, slope + feature) + error * one)
            scaled = error * get(memory, factor + feature)
            total += scaled
            moment += scaled * one
        moment *= share
        total = total * share if is_layer else ZERO
        if is_layer:
            for feature in range(width):
                put(
                    memory,
                    shift + feature,
                    get(memory, shift + feature) + get(memory, of + feature),
                )
        for feature in range(width):
            one = (get(memory, x + feature) - mean) * inverse
            scaled = get(memory, of + feature) * get(memory, factor + feature)
            error = (scaled - total - one * moment) * inverse
            put(memory, back + feature, get(memory, back + feature) + error)
        x, back, of = x + stride, back + stride, of + stride


@SUMMING
def measure(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Take a batch's mean and inverse deviation a feature, and let the running statistics follow."""
    x, stride, width = get(table, op + X), get(table, op + Y_ROW), get(table, op + Y_WIDTH)
    mean, inverse = (
        get(table, op + SCRATCH),
        get(table, op + SCRATCH) + get(table, op + SCRATCH_ROW),
    )
    share, unbiased = ONE / F(rows), ONE / F(rows - 1)
    for feature in range(width):
        put(memory, mean + feature, ZERO)
        put(memory, inverse + feature, ZERO)
    for row in range(rows):
        of = x + row * stride
        for feature in range(width):
            put(memory, mean + feature, get(memory, mean + feature) + get(memory, of + feature))
    for feature in range(width):
        put(memory, mean + feature, get(memory, mean + feature) * share)
    for row in range(rows):
        of = x + row * stride
        for feature in range(width):
            one = get(memory, of + feature) - get(memory, mean + feature)
            put(memory, inverse + feature, get(memory, inverse + feature) + one * one)
    long_mean, long_variance = get(table, op + THIRD), get(table, op + FOURTH)
    for feature in range(width):
        found, square = get(memory, mean + feature), get(memory, inverse + feature)
        known = get(memory, long_mean + feature)
        put(memory, long_mean + feature, _OLD * known + _NEW * found)
        known = get(memory, long_variance + feature)
        put(memory, long_variance + feature, _OLD * known + _NEW * square * unbiased)
        put(memory, inverse + feature, ONE / np.sqrt(square * share + _EPSILON))


@SUMMING
def remember(table: Integers, op: int, memory: Floats) -> None:
    """Use the running statistics instead of a batch's."""
    mean, inverse = (
        get(table, op + SCRATCH),
        get(table, op + SCRATCH) + get(table, op + SCRATCH_ROW),
    )
    long_mean, long_variance = get(table, op + THIRD), get(table, op + FOURTH)
    for feature in range(get(table, op + Y_WIDTH)):
        put(memory, mean + feature, get(memory, long_mean + feature))
        deviation = np.sqrt(get(memory, long_variance + feature) + _EPSILON)
        put(memory, inverse + feature, ONE / deviation)


@SUMMING
def normalise_columns(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Normalise each feature with the statistics at hand."""
    x, y, stride, width = (
        get(table, op + X),
        get(table, op + Y),
        get(table, op + Y_ROW),
        get(table, op + Y_WIDTH),
    )
    mean, inverse = (
        get(table, op + SCRATCH),
        get(table, op + SCRATCH) + get(table, op + SCRATCH_ROW),
    )
    factor, shift = get(table, op + WEIGHT), get(table, op + BIAS)
    for row in range(rows):
        of, to = x + row * stride, y + row * stride
        for feature in range(width):
            one = (get(memory, of + feature) - get(memory, mean + feature)) * get(
                memory, inverse + feature
            )
            put(
                memory,
                to + feature,
                one * get(memory, factor + feature) + get(memory, shift + feature),
            )


@SUMMING
def learn_columns(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Add the gradients of a norm over the batch.

    Sums go into rows of their own first: a tied norm's slopes already hold another use's.
    """
    x, x_errors, y_errors = get(table, op + X), get(table, op + X_ERRORS), get(table, op + Y_ERRORS)
    stride, width, part = (
        get(table, op + Y_ROW),
        get(table, op + Y_WIDTH),
        get(table, op + SCRATCH_ROW),
    )
    mean = get(table, op + SCRATCH)
    inverse, total, moment = mean + part, mean + 2 * part, mean + 3 * part
    factor, slope, shift = (
        get(table, op + WEIGHT),
        get(table, op + WEIGHT_SLOPE),
        get(table, op + BIAS_SLOPE),
    )
    share = ONE / F(rows)
    for feature in range(width):
        put(memory, total + feature, ZERO)
        put(memory, moment + feature, ZERO)
    for row in range(rows):
        here, of = x + row * stride, y_errors + row * stride
        for feature in range(width):
            one = (get(memory, here + feature) - get(memory, mean + feature)) * get(
                memory, inverse + feature
            )
            error = get(memory, of + feature)
            put(memory, total + feature, get(memory, total + feature) + error)
            put(memory, moment + feature, get(memory, moment + feature) + error * one)
    for row in range(rows):
        here, of, back = x + row * stride, y_errors + row * stride, x_errors + row * stride
        for feature in range(width):
            one = (get(memory, here + feature) - get(memory, mean + feature)) * get(
                memory, inverse + feature
            )
            error = get(memory, total + feature) + one * get(memory, moment + feature)
            error = (get(memory, of + feature) - error * share) * get(memory, inverse + feature)
            put(
                memory,
                back + feature,
                get(memory, back + feature) + error * get(memory, factor + feature),
            )
    for feature in range(width):
        put(memory, slope + feature, get(memory, slope + feature) + get(memory, moment + feature))
        put(memory, shift + feature, get(memory, shift + feature) + get(memory, total + feature))
