"""Losses of one batch and their gradients with respect to the outputs (``train.loss``); of an ensemble, the mean of its members'."""

import numpy as np

from coeval.train.kernels.access import INNER, SUMMING, Floats, Integers, get, put
from coeval.train.kernels.functions import HALF, ONE, TWO, ZERO, F, exp, log, sigmoid
from coeval.train.kernels.layout import COPIES, Y_ERRORS, Y_ROW, Y_WIDTH, Y


@INNER
def lose_one(
    table: Integers, op: int, memory: Floats, target: Floats, weights: Floats, order: Integers, start: int, rows: int,
    smoothing: np.float32, binary: bool,
) -> np.float32:  # fmt: skip
    """Return the mean loss of one output, a logit or a value, and write its gradient."""
    y, errors, stride = get(table, op + Y), get(table, op + Y_ERRORS), get(table, op + Y_ROW)
    copies = get(table, op + COPIES)
    rows *= copies
    share, total = ONE / F(rows), ZERO
    for row in range(rows):
        example, of = get(order, start + row // copies), row * stride
        weight = get(weights, example) if len(weights) else ONE
        one, aim = get(memory, y + of), get(target, example)
        if binary:
            aim = aim * (ONE - smoothing) + HALF * smoothing
            positive = ZERO if one < ZERO else one
            loss = positive - one * aim + log(ONE + exp(-abs(one)))
            error = sigmoid(one) - aim
        else:
            loss, error = (one - aim) * (one - aim), TWO * (one - aim)
        total += loss * weight
        put(memory, errors + of, error * weight * share)
    return total * share


@SUMMING
def lose_classes(
    table: Integers, op: int, memory: Floats, target: Floats, weights: Floats, order: Integers, start: int, rows: int,
    smoothing: np.float32,
) -> np.float32:  # fmt: skip
    """Return the mean cross entropy of logits, a share of the target spread over all classes, and write its gradient."""
    y, errors, stride = get(table, op + Y), get(table, op + Y_ERRORS), get(table, op + Y_ROW)
    classes, copies = get(table, op + Y_WIDTH), get(table, op + COPIES)
    rows *= copies
    share, total = ONE / F(rows), ZERO
    spread, most_of = smoothing / F(classes), ONE - smoothing
    for row in range(rows):
        of, to, example = y + row * stride, errors + row * stride, get(order, start + row // copies)
        weight = get(weights, example) if len(weights) else ONE
        true = np.int64(get(target, example))
        most, every = get(memory, of), ZERO
        for one in range(classes):
            logit = get(memory, of + one)
            most = logit if logit > most else most
            every += logit
        mass = ZERO
        for one in range(classes):
            odds = exp(get(memory, of + one) - most)
            put(memory, to + one, odds)
            mass += odds
        # -(1 - s) log p(true) - s/C sum log p = log mass + most - (1 - s) x(true) - s/C sum x
        loss = log(mass) + most - most_of * get(memory, of + true) - spread * every
        total += loss * weight
        weight *= share
        scale = weight / mass
        for one in range(classes):
            put(memory, to + one, get(memory, to + one) * scale - spread * weight)
        put(memory, to + true, get(memory, to + true) - most_of * weight)
    return total * share
