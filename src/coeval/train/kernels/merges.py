"""Merges, forward and backward: add, multiply, concatenate (``build.modules.merge``)."""

from coeval.train.kernels.access import INNER, Floats, Integers, get, put
from coeval.train.kernels.functions import ONE
from coeval.train.kernels.layout import (
    ADD,
    CONCATENATE,
    COUNT,
    KIND,
    LINK,
    LINK_ERRORS,
    LINK_FIELDS,
    LINK_ROW,
    LINK_WIDTH,
    LINKS,
    Y_ERRORS,
    Y_ROW,
    Y,
)  # fmt: skip


@INNER
def merge(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Compute the merge of all inputs."""
    kind, y, stride = get(table, op + KIND), get(table, op + Y), get(table, op + Y_ROW)
    count, beside = rows * stride, 0
    for turn in range(get(table, op + COUNT)):
        link = get(table, op + LINKS) + turn * LINK_FIELDS
        x, width = get(table, link + LINK), get(table, link + LINK_WIDTH)
        if kind == CONCATENATE:
            x_row = get(table, link + LINK_ROW)
            for row in range(rows):
                of, to = x + row * x_row, y + row * stride + beside
                for feature in range(width):
                    put(memory, to + feature, get(memory, of + feature))
            beside += width
        elif turn == 0:
            for place in range(count):
                put(memory, y + place, get(memory, x + place))
        elif kind == ADD:
            for place in range(count):
                put(memory, y + place, get(memory, y + place) + get(memory, x + place))
        else:
            for place in range(count):
                put(memory, y + place, get(memory, y + place) * get(memory, x + place))


@INNER
def learn_merge(table: Integers, op: int, memory: Floats, rows: int) -> None:
    """Add the merge's gradient to those of its inputs."""
    kind, y_errors, stride = (
        get(table, op + KIND),
        get(table, op + Y_ERRORS),
        get(table, op + Y_ROW),
    )
    count, beside = rows * stride, 0
    for turn in range(get(table, op + COUNT)):
        link = get(table, op + LINKS) + turn * LINK_FIELDS
        x_errors, width = get(table, link + LINK_ERRORS), get(table, link + LINK_WIDTH)
        if kind == CONCATENATE:
            x_row = get(table, link + LINK_ROW)
            for row in range(rows):
                back, of = x_errors + row * x_row, y_errors + row * stride + beside
                for feature in range(width):
                    put(
                        memory,
                        back + feature,
                        get(memory, back + feature) + get(memory, of + feature),
                    )
            beside += width
        elif kind == ADD:
            for place in range(count):
                put(
                    memory,
                    x_errors + place,
                    get(memory, x_errors + place) + get(memory, y_errors + place),
                )
        else:
            _learn_factor(table, op, turn, memory, count, x_errors, y_errors)


@INNER
def _learn_factor(
    table: Integers, op: int, turn: int, memory: Floats, count: int, x_errors: int, y_errors: int
) -> None:
    """Add the gradient of one factor: that of the product times the others (dividing would fail at zero)."""
    links, factors = get(table, op + LINKS), get(table, op + COUNT)
    for place in range(count):
        others = ONE
        for other in range(factors):
            if other != turn:
                others *= get(memory, get(table, links + other * LINK_FIELDS + LINK) + place)
        error = get(memory, y_errors + place) * others
        put(memory, x_errors + place, get(memory, x_errors + place) + error)
