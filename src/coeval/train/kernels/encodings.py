"""Encoded numeric columns, forward and backward: bins or cosines, then a linear map of its own for each column."""

from coeval.train.kernels.access import INNER, Floats, Integers, get, put
from coeval.train.kernels.dense import sum_rows
from coeval.train.kernels.functions import F, cosine, sine, turn
from coeval.train.kernels.layout import (
    BIAS,
    BIAS_SLOPE,
    BINS,
    COLUMNS,
    FIFTH,
    FOURTH,
    FOURTH_SLOPE,
    INSIDE,
    KIND,
    OUTSIDE,
    SCRATCH,
    SCRATCH_ROW,
    SIXTH,
    THIRD,
    THIRD_SLOPE,
    TURNED,
    TURNED_ROW,
    WEIGHT,
    WEIGHT_ROW,
    WEIGHT_SLOPE,
    Y_ERRORS,
    Y_ROW,
    Y_WIDTH,
    ZEROS,
    Y,
)  # fmt: skip
from coeval.train.kernels.product import product

_TWO_PI = F(6.283185307179586)


@INNER
def encode(
    table: Integers,
    op: int,
    memory: Floats,
    numeric: Floats,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    """Compute each column's features: a small product of its codes with its weights.

    Products write whole vectors, beyond a column's features. Columns come in order, so that each overwrites what
    the one before it wrote too much; the last one's excess are zeros in the padding.
    """
    columns, inside, outside = (
        get(table, op + COLUMNS),
        get(table, op + INSIDE),
        get(table, op + OUTSIDE),
    )
    y, stride, width = (
        get(table, op + Y),
        get(table, op + Y_ROW),
        get(table, op + Y_WIDTH) // columns,
    )
    codes_row, turned_row = get(table, op + WEIGHT_ROW), get(table, op + TURNED_ROW)
    lead = width - outside  # 1 for cosines: the number itself comes first
    for column in range(columns):
        codes = get(table, op + SCRATCH) + column * get(table, op + SCRATCH_ROW)
        if get(table, op + KIND) == BINS:
            _bins(table, op, column, memory, numeric, order, start, rows)
        else:
            _cosines(table, op, column, memory, numeric, order, start, rows)
        turned = get(table, op + TURNED) + column * codes_row * turned_row
        bias = get(table, op + BIAS) + column * turned_row
        product(memory, y + column * width + lead, stride, codes, codes_row, 1, turned, turned_row,
                bias, 0, rows, outside, inside)  # fmt: skip
        for row in range(rows * lead):
            here = get(order, start + row) * columns + column
            put(memory, y + row * stride + column * width, get(numeric, here))


@INNER
def learn_encoding(
    table: Integers,
    op: int,
    memory: Floats,
    numeric: Floats,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    """Add the gradients of each column's weights, and of its frequencies and phases."""
    columns, inside, outside = (
        get(table, op + COLUMNS),
        get(table, op + INSIDE),
        get(table, op + OUTSIDE),
    )
    stride, width = get(table, op + Y_ROW), get(table, op + Y_WIDTH) // columns
    codes_row, turned_row = get(table, op + WEIGHT_ROW), get(table, op + TURNED_ROW)
    for column in range(columns):
        codes = get(table, op + SCRATCH) + column * get(table, op + SCRATCH_ROW)
        skipped = column * outside * codes_row
        slope, weight = get(table, op + WEIGHT_SLOPE) + skipped, get(table, op + WEIGHT) + skipped
        errors = get(table, op + Y_ERRORS) + column * width + width - outside
        product(
            memory,
            slope,
            codes_row,
            errors,
            1,
            stride,
            codes,
            codes_row,
            slope,
            codes_row,
            outside,
            inside,
            rows,
        )
        sum_rows(
            memory, errors, stride, rows, outside, get(table, op + BIAS_SLOPE) + column * turned_row
        )
        if get(table, op + KIND) != BINS:
            product(memory, get(table, op + SIXTH), codes_row, errors, stride, 1, weight, codes_row,
                    get(table, op + ZEROS), 0, rows, inside, outside)  # fmt: skip
            _learn_cosines(table, op, column, memory, numeric, order, start, rows)


@INNER
def _bins(
    table: Integers,
    op: int,
    column: int,
    memory: Floats,
    numeric: Floats,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    columns, inside, stride = (
        get(table, op + COLUMNS),
        get(table, op + INSIDE),
        get(table, op + WEIGHT_ROW),
    )
    to = get(table, op + SCRATCH) + column * get(table, op + SCRATCH_ROW)
    begin, slope = (
        get(table, op + THIRD) + column * stride,
        get(table, op + FOURTH) + column * stride,
    )
    least, most = get(table, op + FIFTH) + column * stride, get(table, op + SIXTH) + column * stride
    for row in range(rows):
        x = get(numeric, get(order, start + row) * columns + column)
        for place in range(inside):
            share = (x - get(memory, begin + place)) * get(memory, slope + place)
            low, high = get(memory, least + place), get(memory, most + place)
            share = low if share < low else share
            put(memory, to + place, high if share > high else share)
        to += stride


@INNER
def _cosines(
    table: Integers,
    op: int,
    column: int,
    memory: Floats,
    numeric: Floats,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    """Keep the sines too, for the backward pass."""
    columns, inside, stride = (
        get(table, op + COLUMNS),
        get(table, op + INSIDE),
        get(table, op + WEIGHT_ROW),
    )
    to = get(table, op + SCRATCH) + column * get(table, op + SCRATCH_ROW)
    beside = get(table, op + FIFTH) + column * get(table, op + SCRATCH_ROW)
    frequency, phase = (
        get(table, op + THIRD) + column * stride,
        get(table, op + FOURTH) + column * stride,
    )
    for row in range(rows):
        x = get(numeric, get(order, start + row) * columns + column)
        for place in range(inside):
            turns = turn(_TWO_PI * get(memory, frequency + place) * x + get(memory, phase + place))
            put(memory, to + place, cosine(turns))
            put(memory, beside + place, sine(turns))
        to, beside = to + stride, beside + stride


@INNER
def _learn_cosines(
    table: Integers,
    op: int,
    column: int,
    memory: Floats,
    numeric: Floats,
    order: Integers,
    start: int,
    rows: int,
) -> None:
    columns, inside, stride = (
        get(table, op + COLUMNS),
        get(table, op + INSIDE),
        get(table, op + WEIGHT_ROW),
    )
    sines = get(table, op + FIFTH) + column * get(table, op + SCRATCH_ROW)
    frequency, phase = (
        get(table, op + THIRD_SLOPE) + column * stride,
        get(table, op + FOURTH_SLOPE) + column * stride,
    )
    of = get(table, op + SIXTH)
    for row in range(rows):
        x = _TWO_PI * get(numeric, get(order, start + row) * columns + column)
        for place in range(inside):
            slope = -get(memory, of + place) * get(memory, sines + place)
            put(memory, phase + place, get(memory, phase + place) + slope)
            put(memory, frequency + place, get(memory, frequency + place) + slope * x)
        of, sines = of + stride, sines + stride
