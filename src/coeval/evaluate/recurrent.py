"""Whole populations of small recurrent networks, read over many words at once in NumPy.

Words that begin alike share their work: they are arranged as a tree of prefixes, level by level, and
each level is one matrix product over (candidates, prefixes, units).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Settings
from coeval.space.recurrent import WINDOW, RecurrentSpace
from coeval.task.language import Word

Floats = npt.NDArray[np.float64]
Step = Callable[[Floats, Floats, "Networks"], tuple[Floats, Floats]]
"""From memory and (state, symbol, 1) to the next memory and state, each ``(candidates, prefixes, units)``."""


@dataclass(frozen=True, slots=True)
class Level:
    """The prefixes of one length.

    Attributes:
        parents: ``(prefixes,)`` place of each prefix less its last symbol, one level up.
        symbols: ``(prefixes, channels + 1)`` the last symbol's channels and 1.
        words: Places of the words that end here.
        ends: ``(len(words),)`` places of their prefixes.
    """

    parents: npt.NDArray[np.int64]
    symbols: Floats
    words: tuple[int, ...]
    ends: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Reading:
    """Words arranged for reading.

    Attributes:
        levels: The prefixes by length, shortest first.
        windows: ``(words, WINDOW * channels + 1)`` each word's last symbols, latest first, zeros before its start, and 1.
        last: ``(words, channels + 1)`` its last symbol and 1.
    """

    levels: tuple[Level, ...]
    windows: Floats
    last: Floats


@dataclass(frozen=True, slots=True)
class Networks:
    """The weights of many candidates.

    Attributes:
        gates: By name, ``(candidates, sources, units)``.
        readout: ``(candidates, units + channels + 1)``.
        scale: ``(candidates, 1, 1)``.
    """

    gates: Mapping[str, Floats]
    readout: Floats
    scale: Floats


def networks(space: RecurrentSpace, genotypes: Sequence[Settings]) -> Networks:
    """Return the weights of genotypes as arrays."""
    table = np.array([[value for _, value in one] for one in genotypes], dtype=np.float64)
    candidates = len(genotypes)
    shape = (candidates, len(space.cell.gates), space.units, space.sources)
    inner = shape[1] * shape[2] * shape[3]
    gates = table[:, :inner].reshape(shape)
    scale = table[:, -1] if space.cell.squashes else np.ones(candidates)
    return Networks(
        {
            name: np.ascontiguousarray(gates[:, place].transpose(0, 2, 1))
            for place, name in enumerate(space.cell.gates)
        },
        table[:, inner : space.weights],
        scale[:, None, None],
    )


def arrange(words: Sequence[Word], channels: Sequence[Sequence[float]]) -> Reading:
    """Return words arranged for reading.

    Args:
        words: Not empty, each of at least one symbol.
        channels: ``(symbols, channels)``.
    """
    shown = np.column_stack([np.array(channels, dtype=np.float64), np.ones(len(channels))])
    levels: list[Level] = []
    places: dict[int, int] = dict.fromkeys(range(len(words)), 0)  # word -> its prefix one level up
    length = 0
    while places:
        known: dict[tuple[int, int], int] = {}
        for word, parent in places.items():
            key = (parent, words[word][length])
            places[word] = known.setdefault(key, len(known))
        length += 1
        ended = tuple(word for word in places if len(words[word]) == length)
        ends = np.array([places.pop(word) for word in ended], dtype=np.int64)
        parents = np.array([parent for parent, _ in known], dtype=np.int64)
        levels.append(Level(parents, shown[[symbol for _, symbol in known]], ended, ends))
    last = shown[[word[-1] for word in words]]
    return Reading(tuple(levels), _windows(words, shown[:, :-1]), last)


def answers(space: RecurrentSpace, found: Networks, reading: Reading) -> Floats:
    """Return how each network answers each word: it accepts where the answer is positive.

    Args:
        space: Says what the cell is.
        found: The candidates' weights.
        reading: The words.

    Returns:
        ``(candidates, words)``; not finite where a state overflowed.
    """
    with np.errstate(all="ignore"):
        if not space.cell.iterates:
            hidden = np.maximum(reading.windows @ found.gates["state"], 0.0)
            return _read_out(hidden, reading.last, found.readout)
        step = STEPS[space.cell.name]
        candidates = len(found.readout)
        memory = state = np.zeros((candidates, 1, space.units))
        ends = np.empty((candidates, len(reading.last), space.units))
        for level in reading.levels:
            seen = np.empty((candidates, len(level.parents), space.sources))
            seen[:, :, : space.units] = state[:, level.parents]
            seen[:, :, space.units :] = level.symbols
            memory, state = step(memory[:, level.parents], seen, found)
            ends[:, level.words] = state[:, level.ends]
        return _read_out(ends, reading.last, found.readout)


def _read_out(state: Floats, last: Floats, readout: Floats) -> Floats:
    units = state.shape[2]
    inner: Floats = np.matmul(state, readout[:, :units, None])[:, :, 0]
    outer: Floats = readout[:, units:] @ last.T
    return inner + outer


def _windows(words: Sequence[Word], shown: Floats) -> Floats:
    channels = shown.shape[1]
    windows = np.zeros((len(words), WINDOW * channels + 1))
    windows[:, -1] = 1.0
    for place, word in enumerate(words):
        recent = shown[list(word[: -WINDOW - 1 : -1])].ravel()
        windows[place, : len(recent)] = recent
    return windows


def _linear(memory: Floats, seen: Floats, found: Networks) -> tuple[Floats, Floats]:
    state: Floats = seen @ found.gates["state"]
    return memory, state


def _relu(memory: Floats, seen: Floats, found: Networks) -> tuple[Floats, Floats]:
    return memory, np.maximum(seen @ found.gates["state"], 0.0)


def _saturated(memory: Floats, seen: Floats, found: Networks) -> tuple[Floats, Floats]:
    return memory, np.clip(seen @ found.gates["state"], 0.0, 1.0)


def _tanh(memory: Floats, seen: Floats, found: Networks) -> tuple[Floats, Floats]:
    return memory, np.tanh(found.scale * (seen @ found.gates["state"]))


def _logistic_cell(memory: Floats, seen: Floats, found: Networks) -> tuple[Floats, Floats]:
    return memory, _squash("state", seen, found)


def _gru(memory: Floats, seen: Floats, found: Networks) -> tuple[Floats, Floats]:
    units = memory.shape[2]
    update, reset = _squash("update", seen, found), _squash("reset", seen, found)
    state = seen[:, :, :units].copy()
    seen[:, :, :units] *= reset
    candidate = np.tanh(found.scale * (seen @ found.gates["candidate"]))
    return memory, (1.0 - update) * state + update * candidate


def _lstm(memory: Floats, seen: Floats, found: Networks) -> tuple[Floats, Floats]:
    candidate = np.tanh(found.scale * (seen @ found.gates["candidate"]))
    kept = _squash("forget", seen, found) * memory
    memory = kept + _squash("input", seen, found) * candidate
    return memory, _squash("output", seen, found) * np.tanh(memory)


def _squash(gate: str, seen: Floats, found: Networks) -> Floats:
    """Return a gate's logistic function, written so that it cannot overflow."""
    squashed: Floats = 0.5 + 0.5 * np.tanh(0.5 * found.scale * (seen @ found.gates[gate]))
    return squashed


STEPS: Mapping[str, Step] = {
    "linear": _linear,
    "relu": _relu,
    "saturated linear": _saturated,
    "tanh": _tanh,
    "logistic": _logistic_cell,
    "GRU": _gru,
    "LSTM": _lstm,
}
"""The step of each cell that iterates, by the cell's name."""
