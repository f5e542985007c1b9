"""A network's numbers in the memory of the compiled loop, and its rows as the loop reads them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from coeval.build.tape import Tape
from coeval.train.compiled_plan import plan_of
from coeval.train.data import Inputs
from coeval.train.engine import State
from coeval.train.kernels import layout
from coeval.train.kernels.loop import loop

PREDICTED_ROWS = 128
"""At once: what so many take fits the cache of a core."""
LINE = 64
"""Bytes of a line of the cache, at which the memory begins: a vector across two lines takes two loads."""

Doubles = npt.NDArray[np.float64]
SILENCE = np.zeros(0, np.uint8)
_NOTHING = np.zeros(0, np.float32)


class LoopRows(NamedTuple):
    """Prepared rows one after the other, their targets and weights (empty: all 1)."""

    numeric: npt.NDArray[np.float32]
    codes: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int64]
    target: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]


def rows_of(
    inputs: Inputs, target: torch.Tensor | None = None, weights: torch.Tensor | None = None
) -> LoopRows:
    """Return tensors on the CPU as the loop reads them, copied only where they are not contiguous."""
    numeric, codes, tokens = (one.contiguous().numpy().reshape(-1) for one in inputs)
    return LoopRows(
        numeric,
        codes,
        tokens,
        _NOTHING if target is None else target.float().numpy(),
        _NOTHING if weights is None else weights.numpy(),
    )


class Held:
    """A network's weights and moments, and the values of a batch, in one stretch of memory.

    Args:
        network: Of whose parameters all learn; on the CPU.
        tape: Of its architecture.
        batch_rows: Rows of a batch at most.
    """

    def __init__(self, network: nn.Module, tape: Tape, batch_rows: int) -> None:
        self.capacity = max(batch_rows, PREDICTED_ROWS)
        plan = plan_of(
            tape,
            {name: tuple(one.shape) for name, one in network.named_parameters()},
            self.capacity,
        )
        self.dropped = plan.dropped
        self._tables = plan.table, plan.matrices, plan.stretches
        self._memory = _aligned(plan.size)
        self._network = network
        self._width = tape.widths[tape.output]
        self._predicting = np.array([0, 0, 0, len(tape.operations)])
        self._nothing = np.zeros(3)
        named = {**plan.parameters, **plan.buffers}
        held = network.state_dict()
        self._weights = [
            (held[name].numpy(), place.of(self._memory)) for name, place in named.items()
        ]
        self._moments = {
            kind: {
                name: place.of(self._memory[turn * plan.part :])
                for name, place in plan.parameters.items()
            }
            for turn, kind in ((2, "first"), (3, "second"))
        }
        self._take()

    def run(
        self,
        rows: LoopRows,
        noise: npt.NDArray[np.uint8],
        order: npt.NDArray[np.int64],
        ends: npt.NDArray[np.int64],
        batches: tuple[int, int],
        rates: Doubles,
        choices: npt.NDArray[np.int64],
        shares: Doubles,
        clock: Doubles,
        results: npt.NDArray[np.float32] = _NOTHING,
    ) -> None:
        """Call the loop: for its arguments see there."""
        loop()(
            *self._tables, self._memory, *rows, noise, order, ends, *batches, rates, choices, shares, clock, results
        )  # fmt: skip

    def outputs(self, inputs: Inputs) -> torch.Tensor:
        """Return the outputs in evaluation mode, ``(rows, outputs)``."""
        rows = len(inputs[0])
        results = np.empty((rows, self._width), np.float32)
        ends = np.array([*range(0, rows, self.capacity), rows])
        self.run(
            rows_of(inputs), SILENCE, np.arange(rows), ends, (0, len(ends) - 1), self._nothing, self._predicting,
            self._nothing, self._nothing, results.reshape(-1),
        )  # fmt: skip
        return torch.from_numpy(results)

    def give(self) -> None:
        """Copy the weights to the network."""
        for of, here in self._weights:
            of[...] = here

    def state(self, clock: Doubles, optimizer: str) -> State:
        """Return weights and moments, named as by ``EagerEngine``."""
        found = {
            f"weights/{name}": value.detach().numpy().copy()
            for name, value in self._network.state_dict().items()
        }
        for name, first in self._moments["first"].items():
            found[f"optimizer/first/{name}"] = first.copy()
            if optimizer != "sgd":
                found[f"optimizer/second/{name}"] = self._moments["second"][name].copy()
                found[f"optimizer/steps/{name}"] = np.array(clock[layout.STEPS], np.float32)
            if optimizer == "nadamw":
                found[f"optimizer/products/{name}"] = np.array(clock[layout.MOMENTA], np.float32)
        return found

    def load(self, state: Mapping[str, np.ndarray]) -> tuple[float, float]:
        """Take weights and moments; return the steps made and NAdam's product."""
        with torch.no_grad():
            for name, value in self._network.state_dict().items():
                value.copy_(torch.from_numpy(np.array(state[f"weights/{name}"])))
        self._take()
        steps, momenta = 0.0, 1.0
        for name, first in self._moments["first"].items():
            first[...] = state[f"optimizer/first/{name}"]
            if f"optimizer/second/{name}" in state:
                self._moments["second"][name][...] = state[f"optimizer/second/{name}"]
                steps = float(state[f"optimizer/steps/{name}"])
            momenta = float(state.get(f"optimizer/products/{name}", 1.0))
        return steps, momenta

    def _take(self) -> None:
        for of, here in self._weights:
            here[...] = of


def _aligned(size: int) -> npt.NDArray[np.float32]:
    raw = np.zeros(size + LINE // 4, np.float32)
    skipped = -raw.ctypes.data % LINE // 4
    return raw[skipped : skipped + size]
