"""Training in PyTorch, an operation at a time: takes every network, on every device."""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import numpy as np
import torch
from torch import nn

from coeval.seed import entropy
from coeval.space.recipe import Recipe
from coeval.train.augment import augmenter
from coeval.train.batches import count_batches, epoch_batches
from coeval.train.data import Inputs, Tensors
from coeval.train.engine import State, noise_generator, rng_state, set_rng_state
from coeval.train.errors import Diverged
from coeval.train.kernels.status import are_pictures_ready
from coeval.train.loss import Loss
from coeval.train.mixing import mixed, mixing_generator
from coeval.train.optimizer import Optimizer
from coeval.train.precision import convolves_much
from coeval.train.predict import outputs_of
from coeval.train.schedule import factor

POLL_SECONDS = 0.2

ShouldStop = Callable[[], bool]
Pace = Callable[[float], float]


class EagerEngine:
    """An ``Engine`` of PyTorch's own operations.

    Dropout and augmentation draw from torch's global generator, which the caller forks and seeds.

    Args:
        network: Trained in place, on the data's device.
        data: The rows to learn from.
        recipe: Optimiser, learning rate, schedule, weight decay, batch size.
        loss: From outputs, target and weights to a scalar.
        length: Epochs of the schedule.
        seed: Decides the order of the rows.
        should_stop: Asked every 0.2 s.
        narrow: What operations may compute in instead of float32, or ``None``.
        pace: From the share of the steps to the schedule's progress; that share itself by default.
    """

    def __init__(
        self,
        network: nn.Module,
        data: Tensors,
        recipe: Recipe,
        *,
        loss: Loss,
        length: int,
        seed: int,
        should_stop: ShouldStop,
        narrow: torch.dtype | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.epochs = 0
        self._network = network
        self._data = data
        self._recipe = recipe
        self._loss = loss
        self._order = torch.Generator().manual_seed(entropy(seed, "order") % 2**63)
        self._should_stop = should_stop
        self._pace = pace
        self._optimizer = Optimizer(recipe.optimizer, network, weight_decay=recipe.weight_decay)
        self._batches = count_batches(len(data.target), recipe.batch_size)
        self._steps = length * self._batches
        self._polled = time.monotonic()
        self._noise = noise_generator(data.target.device)
        self._augment = augmenter(recipe, data.inputs, self._noise)
        self._precision = (
            nullcontext() if narrow is None else torch.autocast(data.target.device.type, narrow)
        )
        self._joined: Callable[[], AbstractContextManager[None]] = nullcontext
        on_cpu = data.target.device.type == "cpu"
        if on_cpu and convolves_much(network, recipe.batch_size) and are_pictures_ready():
            from coeval.train.grid_norm import joined  # noqa: PLC0415 - loads the compiler, for images only

            self._joined = partial(joined, network)

    def epoch(self) -> float | None:
        """Train one epoch and return its mean loss; ``None`` if it was asked to stop inside."""
        with self._joined():
            return self._epoch()

    def _epoch(self) -> float | None:
        self._network.train()
        parameters = self._optimizer.parameters
        # Summed on the device: reading a loss at every step would wait for the device every time.
        total = torch.zeros((), device=self._data.target.device)
        done = self.epochs * self._batches
        mixing = mixing_generator(self._recipe, self._noise)
        for number, (inputs, target, weights) in enumerate(
            epoch_batches(self._data, self._recipe.batch_size, self._order, self._augment)
        ):
            batch = mixed(self._recipe, inputs, mixing)
            with self._precision:
                outputs = self._network(*batch.inputs)
            loss = batch.loss(self._loss, outputs.float(), target, weights)
            gradients = torch.autograd.grad(loss, parameters, materialize_grads=True)
            share = (done + number + 0.5) / self._steps
            progress = share if self._pace is None else self._pace(share)
            rate = factor(self._recipe.schedule, progress)
            self._optimizer.step(gradients, self._recipe.lr * rate)
            total += loss.detach()
            if self._is_time_to_poll():
                self._check(total)
                if self._should_stop():
                    return None
        self._check(total)
        self.epochs += 1
        return float(total) / self._batches

    def outputs(self, inputs: Inputs) -> torch.Tensor:
        """Return the network's outputs in evaluation mode, on the CPU."""
        return outputs_of(self._network, inputs)

    def state(self) -> State:
        """Return all that the next epoch depends on."""
        weights = {
            f"weights/{name}": value.detach().cpu().numpy().copy()
            for name, value in self._network.state_dict().items()
        }
        moments = {f"optimizer/{name}": value for name, value in self._optimizer.state().items()}
        return {
            **weights,
            **moments,
            "epochs": np.array(self.epochs),
            "order": rng_state(self._order),
            "noise": rng_state(self._noise),
        }

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what ``state`` returned."""
        with torch.no_grad():
            for name, value in self._network.state_dict().items():
                value.copy_(torch.from_numpy(np.array(state[f"weights/{name}"])))
        prefix = "optimizer/"
        self._optimizer.load(
            {k.removeprefix(prefix): state[k] for k in state if k.startswith(prefix)}
        )
        self.epochs = int(state["epochs"])
        set_rng_state(self._order, state["order"])
        set_rng_state(self._noise, state["noise"])

    def _is_time_to_poll(self) -> bool:
        now = time.monotonic()
        if now - self._polled < POLL_SECONDS:
            return False
        self._polled = now
        return True

    def _check(self, total: torch.Tensor) -> None:
        if not math.isfinite(float(total)):
            raise Diverged(
                f"the loss is not finite in epoch {self.epochs + 1} ({self._recipe.optimizer}, "
                f"lr {self._recipe.lr:g}). Lower the learning rate."
            )
