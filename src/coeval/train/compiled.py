"""Training by compiled loops: no Python and no PyTorch between the steps of an epoch."""

import math
import time
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from coeval.build.tape import Tape
from coeval.seed import entropy
from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train.batches import count_batches
from coeval.train.compiled_memory import SILENCE, Held, rows_of
from coeval.train.data import Inputs, Tensors
from coeval.train.engine import State, rng_state, set_rng_state
from coeval.train.errors import Diverged
from coeval.train.kernels import layout
from coeval.train.schedule import factor

POLL_SECONDS = 0.1
"""How long the loops may run before ``should_stop`` is asked; a first block of steps tells how many that are."""
FIRST_STEPS = 16
NOISE_BYTES = 4 * 2**20
"""Random bytes drawn at once."""

PROBLEMS = {
    Problem.BINARY: layout.BINARY,
    Problem.MULTICLASS: layout.CLASSES,
    Problem.REGRESSION: layout.REGRESSION,
}
OPTIMIZERS = {"adamw": layout.ADAMW, "nadamw": layout.NADAMW, "sgd": layout.SGD}

ShouldStop = Callable[[], bool]


class CompiledEngine:
    """An ``Engine`` that runs a network's tape in compiled loops, on one core.

    It computes what ``EagerEngine`` does, from the same random numbers; sums are taken in another order, so that
    results agree to rounding. The weights lie in one stretch of memory while an epoch runs and are copied back to
    the network after it.

    The first use on a machine compiles the loops once (about ten seconds) and keeps them beside the installed
    package, or in the user's cache where that folder cannot be written (``NUMBA_CACHE_DIR`` says elsewhere).

    Args:
        network: Trained in place, on the CPU.
        tape: Of the network's architecture.
        data: The rows to learn from.
        problem: Whose loss is taken.
        recipe: Optimiser, learning rate, schedule, weight decay, batch size, label smoothing.
        length: Epochs of the schedule.
        seed: Decides the order of the rows.
        should_stop: Asked every 0.2 s.
    """

    def __init__(
        self,
        network: nn.Module,
        tape: Tape,
        data: Tensors,
        problem: Problem,
        recipe: Recipe,
        *,
        length: int,
        seed: int,
        should_stop: ShouldStop,
    ) -> None:
        self.epochs = 0
        self._recipe = recipe
        self._length = length
        self._should_stop = should_stop
        self._order = torch.Generator().manual_seed(entropy(seed, "order") % 2**63)
        rows = len(data.target)
        batches = count_batches(rows, recipe.batch_size)
        self._ends = np.array([rows * number // batches for number in range(batches + 1)])
        self._held = Held(network, tape, -(-rows // batches))
        self._rows = rows_of(data.inputs, data.target, data.weights)
        smoothing = recipe.label_smoothing if problem is not Problem.REGRESSION else 0.0
        learning = len(tape.operations) - tape.votes  # an ensemble votes at prediction only
        self._choices = np.array([PROBLEMS[problem], OPTIMIZERS[recipe.optimizer], 1, learning])
        self._shares = np.array([smoothing, recipe.weight_decay])
        self._clock = np.array([0.0, 1.0, 0.0])
        self._block = FIRST_STEPS
        self._polled = time.monotonic()

    def epoch(self) -> float | None:
        """Train one epoch and return its mean loss; ``None`` if it was asked to stop inside."""
        batches = len(self._ends) - 1
        order = torch.randperm(int(self._ends[-1]), generator=self._order).numpy()
        rates = self._rates(batches)
        self._clock[layout.LOSS] = 0.0
        step = 0
        while step < batches:
            began = time.perf_counter()
            last, noise = self._draw(step, min(step + self._block, batches))
            self._held.run(
                self._rows,
                noise,
                order,
                self._ends,
                (step, last),
                rates,
                self._choices,
                self._shares,
                self._clock,
            )
            taken = (time.perf_counter() - began) / (last - step)
            self._block = max(1, int(POLL_SECONDS / max(taken, 1e-6)))
            step = last
            if self._is_time_to_poll():
                self._check()
                if self._should_stop():
                    self._held.give()
                    return None
        self._held.give()
        self._check()
        self.epochs += 1
        return float(self._clock[layout.LOSS]) / batches

    def outputs(self, inputs: Inputs) -> torch.Tensor:
        """Return the network's outputs in evaluation mode, ``(rows, outputs)``."""
        return self._held.outputs(inputs)

    def state(self) -> State:
        """Return all that the next epoch depends on."""
        return {
            **self._held.state(self._clock, self._recipe.optimizer),
            "epochs": np.array(self.epochs),
            "order": rng_state(self._order),
            "noise": rng_state(torch.default_generator),
        }

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what ``state`` returned, here or in another engine."""
        self._clock[:2] = self._held.load(state)
        self.epochs = int(state["epochs"])
        set_rng_state(self._order, state["order"])
        set_rng_state(torch.default_generator, state["noise"])

    def _rates(self, batches: int) -> npt.NDArray[np.float64]:
        done, steps = self.epochs * batches, self._length * batches
        schedule, lr = self._recipe.schedule, self._recipe.lr
        return np.array([lr * factor(schedule, (done + n + 0.5) / steps) for n in range(batches)])

    def _draw(self, step: int, last: int) -> tuple[int, npt.NDArray[np.uint8]]:
        """Return where a block of steps ends, and the random bytes of its dropouts.

        A generator gives the same words at once as in as many calls as there are dropouts.
        """
        if not self._held.dropped:
            return last, SILENCE
        rows = np.diff(self._ends[step : last + 1])
        words = (-(-rows[:, None] * np.array(self._held.dropped) // 8)).sum(axis=1)
        many = np.cumsum(words) * 8 > NOISE_BYTES
        if many.any():
            last = step + max(1, int(many.argmax()))
        total = int(words[: last - step].sum())
        drawn = torch.empty(total, dtype=torch.int64).random_(-(2**63), None)
        return last, drawn.view(torch.uint8).numpy()

    def _is_time_to_poll(self) -> bool:
        now = time.monotonic()
        if now - self._polled < 2 * POLL_SECONDS:
            return False
        self._polled = now
        return True

    def _check(self) -> None:
        if not math.isfinite(self._clock[layout.LOSS]):
            raise Diverged(
                f"the loss is not finite in epoch {self.epochs + 1} ({self._recipe.optimizer}, "
                f"lr {self._recipe.lr:g}). Lower the learning rate."
            )
