"""The interpreter: forward, loss, backward and update of every step, without Python in between.

It is compiled once a machine for all architectures, since what it runs is data: numba keeps the machine code beside
this file, or in the user's cache where that folder cannot be written.
"""

import functools
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from coeval.train.kernels.access import FAST, INLINE, INNER, Floats, Integers, get, kept, put
from coeval.train.kernels.dense import glu, learn_glu, learn_linear, learn_scale, linear, scale
from coeval.train.kernels.encodings import encode, learn_encoding
from coeval.train.kernels.entries import (
    average,
    copy_numbers,
    learn_average,
    learn_look_up,
    look_up,
)
from coeval.train.kernels.functions import ZERO
from coeval.train.kernels.layout import (
    ADD,
    BATCH_NORM,
    BINARY,
    CLASSES,
    COPIES,
    COSINES,
    DECAY,
    DROPOUT,
    EMBEDDING,
    FIELDS,
    FOURTH,
    GELU,
    GLU,
    KIND,
    LINEAR,
    LOSS,
    NUMERIC,
    OPERATIONS,
    OPTIMIZER,
    OWN,
    PROBLEM,
    RELU,
    SCALE,
    SMOOTHING,
    SPREAD,
    TEXT,
    THIRD,
    TRAINING,
    Y_ERRORS,
    Y_ROW,
    Y_WIDTH,
    Y,
)  # fmt: skip
from coeval.train.kernels.losses import lose_classes, lose_one
from coeval.train.kernels.members import learn_own, learn_spread, own, spread, vote
from coeval.train.kernels.merges import learn_merge, merge
from coeval.train.kernels.norms import (
    learn_columns,
    learn_rows,
    measure,
    normalise_columns,
    normalise_rows,
    remember,
)  # fmt: skip
from coeval.train.kernels.pointwise import (
    Bytes,
    bend,
    curve,
    drop,
    learn_bend,
    learn_curve,
    learn_drop,
)
from coeval.train.kernels.product import transpose
from coeval.train.kernels.updates import Doubles, update


@INLINE
def _enter(
    table: Integers, op: int, memory: Floats, numeric: Floats, codes: Integers, tokens: Integers, order: Integers,
    start: int, rows: int,
) -> None:  # fmt: skip
    kind = get(table, op + KIND)
    if kind == NUMERIC:
        copy_numbers(table, op, memory, numeric, order, start, rows)
    elif kind <= COSINES:
        encode(table, op, memory, numeric, order, start, rows)
    elif kind == EMBEDDING:
        look_up(table, op, memory, codes, order, start, rows)
    else:
        average(table, op, memory, tokens, order, start, rows)


@INLINE
def _learn_entry(
    table: Integers, op: int, memory: Floats, numeric: Floats, codes: Integers, tokens: Integers, order: Integers,
    start: int, rows: int,
) -> None:  # fmt: skip
    kind = get(table, op + KIND)
    if kind == EMBEDDING:
        learn_look_up(table, op, memory, codes, order, start, rows)
    elif kind == TEXT:
        learn_average(table, op, memory, tokens, order, start, rows)
    elif kind != NUMERIC:
        learn_encoding(table, op, memory, numeric, order, start, rows)


@INLINE
def _normalise(table: Integers, op: int, memory: Floats, rows: int, training: int) -> None:
    if get(table, op + KIND) != BATCH_NORM:
        normalise_rows(table, op, memory, rows)
    else:
        if training:
            measure(table, op, memory, rows)
        else:
            remember(table, op, memory)
        normalise_columns(table, op, memory, rows)


@INLINE
def _learn_norm(table: Integers, op: int, memory: Floats, rows: int) -> None:
    if get(table, op + KIND) == BATCH_NORM:
        learn_columns(table, op, memory, rows)
    else:
        learn_rows(table, op, memory, rows)


@INLINE
def _join(table: Integers, op: int, memory: Floats, rows: int) -> None:
    kind = get(table, op + KIND)
    if kind < SPREAD:
        merge(table, op, memory, rows * get(table, op + COPIES))
    elif kind == SPREAD:
        spread(table, op, memory, rows)
    elif kind == OWN:
        own(table, op, memory, rows)
    else:
        vote(table, op, memory, rows)


@INLINE
def _learn_joined(table: Integers, op: int, memory: Floats, rows: int) -> None:
    kind = get(table, op + KIND)
    if kind < SPREAD:
        learn_merge(table, op, memory, rows * get(table, op + COPIES))
    elif kind == SPREAD:
        learn_spread(table, op, memory, rows)
    else:
        learn_own(table, op, memory, rows)


@INLINE
def _forward(
    table: Integers, operations: int, memory: Floats, numeric: Floats, codes: Integers, tokens: Integers,
    noise: Bytes, order: Integers, start: int, rows: int, training: int,
) -> None:  # fmt: skip
    for number in range(operations):
        op = number * FIELDS
        kind = get(table, op + KIND)
        many = rows * get(table, op + COPIES)
        if kind == LINEAR:
            linear(
                table,
                op,
                memory,
                many,
                get(table, op + Y),
                get(table, op + Y_ROW),
                get(table, op + Y_WIDTH),
            )
        elif kind <= TEXT:
            _enter(table, op, memory, numeric, codes, tokens, order, start, rows)
        elif kind >= ADD:
            _join(table, op, memory, rows)
        elif kind >= BATCH_NORM:
            _normalise(table, op, memory, many, training)
        elif kind >= GELU:
            curve(table, op, memory, many)
        elif kind >= RELU:
            bend(table, op, memory, many)
        elif kind == GLU:
            glu(table, op, memory, many)
        elif kind == SCALE:
            scale(table, op, memory, many)
        else:
            drop(table, op, memory, noise, many, get(table, op + THIRD) * training)


@INLINE
def _backward(
    table: Integers, operations: int, memory: Floats, numeric: Floats, codes: Integers, tokens: Integers,
    noise: Bytes, order: Integers, start: int, rows: int,
) -> None:  # fmt: skip
    for number in range(operations - 1, -1, -1):
        op = number * FIELDS
        kind = get(table, op + KIND)
        many = rows * get(table, op + COPIES)
        if kind == LINEAR:
            of, stride, width = (
                get(table, op + Y_ERRORS),
                get(table, op + Y_ROW),
                get(table, op + Y_WIDTH),
            )
            learn_linear(table, op, memory, many, of, stride, width)
        elif kind <= TEXT:
            _learn_entry(table, op, memory, numeric, codes, tokens, order, start, rows)
        elif kind >= ADD:
            _learn_joined(table, op, memory, rows)
        elif kind >= BATCH_NORM:
            _learn_norm(table, op, memory, many)
        elif kind >= GELU:
            learn_curve(table, op, memory, many)
        elif kind >= RELU:
            learn_bend(table, op, memory, many)
        elif kind == GLU:
            learn_glu(table, op, memory, many)
        elif kind == SCALE:
            learn_scale(table, op, memory, many)
        else:
            learn_drop(table, op, memory, noise, many)


@INNER
def _prepare(table: Integers, operations: int, memory: Floats, rows: int, drawn: int) -> int:
    """Set the gradients of all values to zero, and say where each dropout's random bytes begin; return their end.

    Every use of a value adds to its gradient. Each dropout draws whole words of eight bytes, as the module does.
    """
    for number in range(operations):
        op = number * FIELDS
        errors, many = get(table, op + Y_ERRORS), rows * get(table, op + COPIES)
        for place in range(many * get(table, op + Y_ROW)):
            put(memory, errors + place, ZERO)
        if get(table, op + KIND) == DROPOUT:
            put(table, op + FOURTH, drawn)
            drawn += (many * get(table, op + Y_WIDTH) + 7) // 8 * 8
    return drawn


@functools.cache
def loop() -> Any:
    """Return the compiled loop: from disk in a fraction of a second, or compiled once.

    numba looks whether the file of the function that it keeps has changed, but not at those that it calls. So a
    digest of all files here is part of what is kept.

    Returns:
        ``run(table, matrices, stretches, memory, numeric, codes, tokens, target, weights, noise, order, ends, first,
        last, rates, choices, shares, clock, results)``. It trains batches ``first`` to ``last`` of an epoch, batch i
        being rows ``order[ends[i] : ends[i + 1]]``; or, without ``TRAINING``, writes the outputs of these batches to
        ``results``. For the tables see ``train.compiled_plan``, for choices, shares and clock ``layout``.
    """
    version = version_of_files()

    def run(
        table: Integers, matrices: Integers, stretches: Integers, memory: Floats, numeric: Floats, codes: Integers,
        tokens: Integers, target: Floats, weights: Floats, noise: Bytes, order: Integers, ends: Integers, first: int,
        last: int, rates: Doubles, choices: Integers, shares: Doubles, clock: Doubles, results: Floats,
    ) -> int:  # fmt: skip
        problem, operations, training = choices[PROBLEM], choices[OPERATIONS], choices[TRAINING]
        smoothing, end = np.float32(shares[SMOOTHING]), (operations - 1) * FIELDS
        drawn = 0
        for step in range(first, last):
            start, rows = ends[step], ends[step + 1] - ends[step]
            if training or step == first:
                transpose(matrices, memory)
            if training:
                drawn = _prepare(table, operations, memory, rows, drawn)
            _forward(
                table,
                operations,
                memory,
                numeric,
                codes,
                tokens,
                noise,
                order,
                start,
                rows,
                training,
            )
            if not training:
                _copy_outputs(table, end, memory, results, start, rows)
                continue
            if problem == CLASSES:
                loss = lose_classes(
                    table, end, memory, target, weights, order, start, rows, smoothing
                )
            else:
                binary = problem == BINARY
                loss = lose_one(
                    table, end, memory, target, weights, order, start, rows, smoothing, binary
                )
            clock[LOSS] += loss
            _backward(table, operations, memory, numeric, codes, tokens, noise, order, start, rows)
            update(choices[OPTIMIZER], rates[step], shares[DECAY], clock, stretches, memory)
        return version

    return kept(nogil=True, error_model="numpy", fastmath=FAST)(run)


@INNER
def _copy_outputs(
    table: Integers, op: int, memory: Floats, results: Floats, start: int, rows: int
) -> None:
    y, stride, width = get(table, op + Y), get(table, op + Y_ROW), get(table, op + Y_WIDTH)
    for row in range(rows):
        of, to = y + row * stride, (start + row) * width
        for feature in range(width):
            put(results, to + feature, get(memory, of + feature))


def version_of_files() -> int:
    """Return a number of what stands in the files of this folder."""
    found = hashlib.blake2b(digest_size=7)
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return int.from_bytes(found.digest(), "big")
