"""One step of an optimiser over all parameters (``train.optimizer``), which leaves the gradients at zero."""

import math

import numpy as np
import numpy.typing as npt

from coeval.train.kernels.access import INNER, Floats, Integers, get, put
from coeval.train.kernels.functions import ONE, ZERO, F
from coeval.train.kernels.layout import ADAMW, MOMENTA, NADAMW, STEPS

Doubles = npt.NDArray[np.float64]

_MEAN, _SQUARE, _EPSILON = 0.9, 0.999, F(1e-8)
_OLD_MEAN, _NEW_MEAN = F(0.9), F(1 - 0.9)
_OLD_SQUARE, _NEW_SQUARE = F(0.999), F(1 - 0.999)
_MOMENTUM = F(0.9)


@INNER
def update(
    optimizer: int, rate: float, decay: float, clock: Doubles, stretches: Integers, memory: Floats
) -> None:
    """Make one step.

    Args:
        optimizer: Which.
        rate: The learning rate of this step.
        decay: The weight decay.
        clock: Steps so far and NAdam's product of momenta; both are moved on.
        stretches: ``(stretches, 4)`` of parameters: where each begins, its numbers, whether it decays; and how far
            behind a parameter its slope lies, as its first and second moment behind that.
        memory: Of all.
    """
    clock[STEPS] += 1
    step = clock[STEPS]
    mean = 1 - _MEAN**step
    own = rate / mean
    direct = 0.0
    if optimizer == NADAMW:
        now = _MEAN * (1 - 0.5 * 0.96 ** (step * 4e-3))
        then = _MEAN * (1 - 0.5 * 0.96 ** ((step + 1) * 4e-3))
        clock[MOMENTA] = F(clock[MOMENTA] * now)  # as PyTorch keeps it: a state holds float32
        own, direct = (
            rate * then / (1 - clock[MOMENTA] * then),
            rate * (1 - now) / (1 - clock[MOMENTA]),
        )
    spread = F(1 / math.sqrt(1 - _SQUARE**step))
    for number in range(len(stretches)):
        at, count, behind = stretches[number, 0], stretches[number, 1], stretches[number, 3]
        kept = F(1 - rate * decay) if stretches[number, 2] else ONE
        if optimizer == ADAMW:
            _adamw(at, count, behind, F(own), spread, kept, memory)
        elif optimizer == NADAMW:
            _nadamw(at, count, behind, F(own), F(direct), spread, kept, memory)
        else:
            _sgd(at, count, behind, F(rate), kept, memory)


@INNER
def _adamw(
    at: int,
    count: int,
    behind: int,
    own: np.float32,
    spread: np.float32,
    kept: np.float32,
    memory: Floats,
) -> None:
    slopes, firsts, seconds = at + behind, at + 2 * behind, at + 3 * behind
    for place in range(count):
        slope = get(memory, slopes + place)
        first = get(memory, firsts + place)
        first += _NEW_MEAN * (slope - first)
        second = _OLD_SQUARE * get(memory, seconds + place) + _NEW_SQUARE * slope * slope
        put(memory, firsts + place, first)
        put(memory, seconds + place, second)
        put(memory, slopes + place, ZERO)
        change = own * first / (np.sqrt(second) * spread + _EPSILON)
        put(memory, at + place, get(memory, at + place) * kept - change)


@INNER
def _nadamw(
    at: int,
    count: int,
    behind: int,
    own: np.float32,
    direct: np.float32,
    spread: np.float32,
    kept: np.float32,
    memory: Floats,
) -> None:
    slopes, firsts, seconds = at + behind, at + 2 * behind, at + 3 * behind
    for place in range(count):
        slope = get(memory, slopes + place)
        first = get(memory, firsts + place)
        first += _NEW_MEAN * (slope - first)
        second = _OLD_SQUARE * get(memory, seconds + place) + _NEW_SQUARE * slope * slope
        put(memory, firsts + place, first)
        put(memory, seconds + place, second)
        put(memory, slopes + place, ZERO)
        change = (own * first + direct * slope) / (np.sqrt(second) * spread + _EPSILON)
        put(memory, at + place, get(memory, at + place) * kept - change)


@INNER
def _sgd(
    at: int, count: int, behind: int, rate: np.float32, kept: np.float32, memory: Floats
) -> None:
    """Nesterov momentum."""
    slopes, firsts = at + behind, at + 2 * behind
    for place in range(count):
        slope = get(memory, slopes + place)
        first = _MOMENTUM * get(memory, firsts + place) + slope
        put(memory, firsts + place, first)
        put(memory, slopes + place, ZERO)
        change = rate * (slope + _MOMENTUM * first)
        put(memory, at + place, get(memory, at + place) * kept - change)
