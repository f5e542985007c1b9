"""The recurrent policy of Zoph & Le 2016 (section 3, arXiv:1611.01578): an LSTM over a space's decisions, in NumPy.

The option taken last goes in, the logits of the options now on offer come out; only those enter the softmax. With 35 units
and a batch of one, NumPy with the gradient written by hand takes under a millisecond a trial, a tenth of what
torch's dispatch takes, and the strategy starts without importing it. The tests compare the gradient
with finite differences.

Options are known by name, wherever they are on offer: the recurrent state says where. Their vectors begin at draws
addressed by the name, so that the order in which a search meets them does not matter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.seed import generator
from coeval.strategy.policy import (
    Choice,
    Decisions,
    Floats,
    Path,
    Slot,
    choice_loss,
    drawn,
    softmax,
)
from coeval.strategy.policy_adam import Adam

LAYERS = 2
UNITS = 35
"""Layers and units of the paper's controller (section 4.1)."""
SPAN = 0.08
"""Weights begin uniformly within plus and minus this (section 4.1)."""
START = ""
"""Goes in before the first decision."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """One layer at one step, as its gradient needs it: input beside state, gates, and cells before and after."""

    joined: Floats
    gates: Floats
    before: Floats
    after: Floats


class RecurrentPolicy:
    """Probabilities of options, given all options taken before.

    Args:
        decisions: Of the space.
        seed: Below which every weight has its address.
        lr: Step size of Adam.
        units: Of each layer.
    """

    def __init__(self, decisions: Decisions, seed: int, lr: float, units: int = UNITS) -> None:
        self.units = units
        self._decisions = decisions
        self._seed = seed
        self._adam: Adam[str] = Adam(lr)
        self._rows: dict[str, int] = {}
        self._known: dict[tuple[Slot, tuple[str, ...]], Floats] = {}
        self._states: dict[tuple[str, ...], list[tuple[Floats, Floats]]] = {}
        self._offers: dict[tuple[str, ...], list[int]] = {}
        self.weights: dict[str, Floats] = {
            f"layer{layer}": self._begin(f"layer{layer}", 4 * units, 2 * units + 1)
            for layer in range(LAYERS)
        }
        self.weights |= {"embedding": np.empty((0, units)), "output": np.empty((0, units + 1))}
        self._row(START)

    def draw(self, rng: np.random.Generator) -> Path:
        """Return a complete path drawn from the policy."""
        taken: tuple[str, ...] = ()

        def choose(slot: Slot) -> int:
            nonlocal taken
            index = drawn(self._chances(slot, taken), rng)
            taken = (*taken, slot.options[index])
            return index

        return self._decisions.walk(choose)

    def learn(self, choices: Sequence[Choice], advantage: float, entropy: float) -> None:
        """Make choices likelier, as far as the advantage is positive, and options more even."""
        if choices:
            self.learn_all([(choices, advantage)], entropy)

    def learn_all(self, lessons: Sequence[tuple[Sequence[Choice], float]], entropy: float) -> None:
        """Follow the mean gradient of several lessons, each with its advantage, by one step."""
        for choices, _ in lessons:  # all rows, before tables get gradients
            for one in choices:
                self._rows_of(one.slot)
        found = [self.gradients(choices, advantage, entropy)[1] for choices, advantage in lessons]
        mean = {name: np.mean([one[name] for one in found], axis=0) for name in self.weights}
        self._adam.step(self.weights, mean)
        self._known.clear()
        self._states.clear()

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return all that the next draw and the next step depend on."""
        names = "\n".join(self._rows).encode()
        state: dict[str, npt.NDArray[Any]] = {"options": np.frombuffer(names, np.uint8)}
        state |= {f"weight/{name}": array.copy() for name, array in self.weights.items()}
        for name, (count, first, second) in self._adam.state().items():
            state |= {f"steps/{name}": np.array(count), f"first/{name}": first}
            state[f"second/{name}"] = second
        return state

    def load(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go on from what ``state`` returned."""
        names = np.asarray(state["options"], np.uint8).tobytes().decode().split("\n")
        self._rows = {name: row for row, name in enumerate(names)}
        self.weights = {name: np.array(state[f"weight/{name}"]) for name in self.weights}
        known = [name for name in self.weights if f"steps/{name}" in state]
        self._adam.load(
            {
                name: (
                    int(state[f"steps/{name}"]),
                    np.array(state[f"first/{name}"]),
                    np.array(state[f"second/{name}"]),
                )
                for name in known
            }
        )
        self._offers.clear()
        self._known.clear()
        self._states.clear()

    def gradients(
        self, choices: Sequence[Choice], advantage: float, entropy: float
    ) -> tuple[float, dict[str, Floats]]:
        """Return ``-advantage * log P(choices) - entropy * (sum of the slots' entropies)`` and its gradients."""
        places = [
            self._rows_of(one.slot) for one in choices
        ]  # all rows, before tables get gradients
        grads = {name: np.zeros_like(array) for name, array in self.weights.items()}
        loss, state, last = 0.0, self._blank(), START
        steps: list[tuple[int, list[_Cell], Floats]] = []
        for one, rows in zip(choices, places, strict=True):
            row = self._row(last)
            state, cells = self._forward(last, state)
            logits = self._logits(one.slot, state[-1][0])
            value, slope = choice_loss(logits, one.index, advantage, entropy)
            loss += value
            out = self.weights["output"][rows]
            np.add.at(grads["output"], rows, np.outer(slope, np.append(state[-1][0], 1.0)))
            steps.append((row, cells, slope @ out[:, :-1]))
            last = one.option
        self._backward(steps, grads)
        return loss, grads

    def _backward(
        self, steps: Sequence[tuple[int, list[_Cell], Floats]], grads: dict[str, Floats]
    ) -> None:
        """Add the gradients of layers and embedding, from the last step to the first."""
        units = self.units
        states = [np.zeros(units) for _ in range(LAYERS)]
        cells = [np.zeros(units) for _ in range(LAYERS)]
        for row, layers, outward in reversed(steps):
            below = outward
            for layer in reversed(range(LAYERS)):
                name = f"layer{layer}"
                raw, cells[layer] = _through(layers[layer], states[layer] + below, cells[layer])
                grads[name] += np.outer(raw, layers[layer].joined)
                inward = raw @ self.weights[name]
                below, states[layer] = inward[:units], inward[units:-1]
            grads["embedding"][row] += below

    def _chances(self, slot: Slot, taken: tuple[str, ...]) -> Floats:
        """Return the probabilities of the options on offer after those taken; a narrow policy asks them often."""
        if (slot, taken) not in self._known:
            before = self._states[taken[:-1]] if taken else self._blank()
            state, _ = self._forward(taken[-1] if taken else START, before)
            self._states[taken] = state
            self._known[slot, taken] = softmax(self._logits(slot, state[-1][0]))
        return self._known[slot, taken]

    def _forward(
        self, last: str, state: list[tuple[Floats, Floats]]
    ) -> tuple[list[tuple[Floats, Floats]], list[_Cell]]:
        """Return the layers' states after one more option, and what the gradient needs of them."""
        given = self.weights["embedding"][self._row(last)]
        after: list[tuple[Floats, Floats]] = []
        cells: list[_Cell] = []
        for layer, (hidden, cell) in enumerate(state):
            joined = np.concatenate([given, hidden, [1.0]])
            raw = (self.weights[f"layer{layer}"] @ joined).reshape(4, self.units)
            gates = np.empty_like(raw)
            gates[:3] = (1 + np.tanh(raw[:3] / 2)) / 2  # the logistic function, without overflow
            gates[3] = np.tanh(raw[3])
            now = gates[1] * cell + gates[0] * gates[3]
            given = gates[2] * np.tanh(now)
            after.append((given, now))
            cells.append(_Cell(joined, gates, cell, now))
        return after, cells

    def _logits(self, slot: Slot, hidden: Floats) -> Floats:
        rows = self._rows_of(slot)
        out = self.weights["output"][rows]
        logits: Floats = out[:, :-1] @ hidden + out[:, -1]
        return logits

    def _rows_of(self, slot: Slot) -> list[int]:
        """Return the rows of the options on offer, in order."""
        if slot.options not in self._offers:
            self._offers[slot.options] = [self._row(option) for option in slot.options]
        return self._offers[slot.options]

    def _blank(self) -> list[tuple[Floats, Floats]]:
        return [(np.zeros(self.units), np.zeros(self.units)) for _ in range(LAYERS)]

    def _row(self, option: str) -> int:
        """Return the option's row in the tables; a new option gets one."""
        if option not in self._rows:
            self._rows[option] = len(self._rows)
            for name in ("embedding", "output"):
                table = self.weights[name]
                row = self._begin(f"{name}/{option}", 1, table.shape[1])
                self.weights[name] = np.concatenate([table, row])
        return self._rows[option]

    def _begin(self, name: str, rows: int, columns: int) -> Floats:
        return generator(self._seed, "reinforce", "weights", name).uniform(
            -SPAN, SPAN, (rows, columns)
        )


def _through(cell: _Cell, hidden: Floats, later: Floats) -> tuple[Floats, Floats]:
    """Return the slopes by a layer's gates before squashing, and by the cell before it.

    Args:
        cell: The layer's values at this step.
        hidden: ``(units,)`` slope by its output.
        later: ``(units,)`` slope by its cell, from the step after.
    """
    enter, keep, show, fresh = cell.gates
    squashed = np.tanh(cell.after)
    slope = later + hidden * show * (1 - squashed**2)
    raw = np.concatenate(
        [
            slope * fresh * enter * (1 - enter),
            slope * cell.before * keep * (1 - keep),
            hidden * squashed * show * (1 - show),
            slope * enter * (1 - fresh**2),
        ]
    )
    return raw, slope * keep
