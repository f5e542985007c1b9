"""Plain entries, forward and backward: numbers, embeddings, texts (``build.modules.entry``)."""

import numpy as np

from coeval.train.kernels.access import INNER, Floats, Integers, get, put
from coeval.train.kernels.functions import ONE, ZERO, F
from coeval.train.kernels.layout import (
    COLUMNS,
    COUNT,
    FOURTH,
    LINKS,
    THIRD,
    WEIGHT,
    WEIGHT_ROW,
    WEIGHT_SLOPE,
    Y_ERRORS,
    Y_ROW,
    Y,
)  # fmt: skip


@INNER
def copy_numbers(
    table: Integers,
    op: int,
    memory: Floats,
    numeric: Floats,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    """Compute a numeric entry for rows ``order[start : start + rows]``."""
    y, stride, columns = get(table, op + Y), get(table, op + Y_ROW), get(table, op + COLUMNS)
    for row in range(rows):
        of, to = get(order, start + row) * columns, y + row * stride
        for column in range(columns):
            put(memory, to + column, get(numeric, of + column))


@INNER
def look_up(
    table: Integers,
    op: int,
    memory: Floats,
    codes: Integers,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    """Compute the embeddings of the columns that share a table of weights."""
    y, stride, columns = get(table, op + Y), get(table, op + Y_ROW), get(table, op + COLUMNS)
    weight, width = get(table, op + WEIGHT), get(table, op + WEIGHT_ROW)
    listed, count = get(table, op + LINKS), get(table, op + COUNT)
    for row in range(rows):
        here, to = get(order, start + row) * columns, y + row * stride
        for place in range(count):
            code = get(codes, here + get(table, listed + place)) + get(
                table, listed + count + place
            )
            of = weight + code * width
            for feature in range(width):
                put(memory, to + feature, get(memory, of + feature))
            to += width


@INNER
def learn_look_up(
    table: Integers,
    op: int,
    memory: Floats,
    codes: Integers,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    """Add the gradients of the embeddings that were looked up."""
    errors, stride, columns = (
        get(table, op + Y_ERRORS),
        get(table, op + Y_ROW),
        get(table, op + COLUMNS),
    )
    slope, width = get(table, op + WEIGHT_SLOPE), get(table, op + WEIGHT_ROW)
    listed, count = get(table, op + LINKS), get(table, op + COUNT)
    for row in range(rows):
        here, of = get(order, start + row) * columns, errors + row * stride
        for place in range(count):
            code = get(codes, here + get(table, listed + place)) + get(
                table, listed + count + place
            )
            to = slope + code * width
            for feature in range(width):
                put(memory, to + feature, get(memory, to + feature) + get(memory, of + feature))
            of += width


@INNER
def average(
    table: Integers,
    op: int,
    memory: Floats,
    tokens: Integers,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    """Compute the mean embedding of a text's tokens, padding left out."""
    y, stride, columns = get(table, op + Y), get(table, op + Y_ROW), get(table, op + COLUMNS)
    weight, width = get(table, op + WEIGHT), get(table, op + WEIGHT_ROW)
    first, length = get(table, op + THIRD), get(table, op + FOURTH)
    for row in range(rows):
        here, to = get(order, start + row) * columns + first, y + row * stride
        for feature in range(width):
            put(memory, to + feature, ZERO)
        share = _share(tokens, here, length)
        for place in range(length):
            token = get(tokens, here + place)
            of = weight + token * width
            for feature in range(width if token else 0):
                put(memory, to + feature, get(memory, to + feature) + get(memory, of + feature))
        for feature in range(width):
            put(memory, to + feature, get(memory, to + feature) * share)


@INNER
def learn_average(
    table: Integers,
    op: int,
    memory: Floats,
    tokens: Integers,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    """Add the gradients of the token embeddings."""
    errors, stride, columns = (
        get(table, op + Y_ERRORS),
        get(table, op + Y_ROW),
        get(table, op + COLUMNS),
    )
    slope, width = get(table, op + WEIGHT_SLOPE), get(table, op + WEIGHT_ROW)
    first, length = get(table, op + THIRD), get(table, op + FOURTH)
    for row in range(rows):
        here, of = get(order, start + row) * columns + first, errors + row * stride
        share = _share(tokens, here, length)
        for place in range(length):
            token = get(tokens, here + place)
            to = slope + token * width
            for feature in range(width if token else 0):
                put(
                    memory,
                    to + feature,
                    get(memory, to + feature) + share * get(memory, of + feature),
                )


@INNER
def _share(tokens: Integers, here: int, length: int) -> np.float32:
    """Return one divided by the number of tokens that are not padding."""
    known = 0
    for place in range(length):
        known += 1 if get(tokens, here + place) else 0
    return ONE / F(known) if known else ONE
