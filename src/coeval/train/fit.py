"""The one training loop."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import nn

from coeval.seed import entropy
from coeval.space.recipe import Recipe
from coeval.task.metric import Metric
from coeval.train.batches import count_batches, epoch_batches
from coeval.train.data import Scale, Tensors, TrainingData, target_scale, to_tensors
from coeval.train.device import resolve
from coeval.train.errors import Diverged
from coeval.train.judge import Judge
from coeval.train.loss import Loss, loss_for
from coeval.train.optimizer import Optimizer
from coeval.train.schedule import factor

# Share of the schedule's epochs without a better validation score. Measured on 24 trainings (mlp, resnet and
# realmlp seeds on 8 tables): 0.15 found every best epoch that training to the end found, in a fifth to a third
# of its epochs on small tables; 0.1 lost up to 14 % of the score; 0.3 found nothing more.
PATIENCE = 0.15
LEAST_PATIENCE = 5  # epochs; below it a short schedule would never reach its low rates
POLL_SECONDS = 0.2

OnEpoch = Callable[[int, Mapping[str, float]], bool]
ShouldStop = Callable[[], bool]


class Stopped(StrEnum):
    """Why training ended."""

    EPOCHS = "all epochs"
    PATIENCE = "no better for too long"
    ASKED = "asked to stop"


@dataclass(frozen=True, slots=True)
class Fitted:
    """What training found; the network itself holds the weights of ``best_epoch``.

    Attributes:
        epochs: How many epochs were trained to their end.
        best_epoch: The epoch whose weights were kept; the last one without validation, and 0 when
            it was stopped inside its first epoch.
        score: The metric of the kept weights on validation; NaN without validation.
        curve: ``"train_loss"`` and, with validation, the metric by name, one value an epoch.
        scale: The target's, for ``predict``.
        schedule_epochs: The length of the schedule; hand it to a refit with ``stop_after=best_epoch``.
        stopped: Why it ended.
        seconds: Wall clock.
    """

    epochs: int
    best_epoch: int
    score: float
    curve: Mapping[str, tuple[float, ...]]
    scale: Scale
    schedule_epochs: int
    stopped: Stopped
    seconds: float


def fit(
    network: nn.Module,
    data: TrainingData,
    recipe: Recipe,
    *,
    seed: int,
    metric: Metric | None = None,
    device: str | torch.device = "cpu",
    schedule_epochs: int | None = None,
    stop_after: int | None = None,
    on_epoch: OnEpoch | None = None,
    should_stop: ShouldStop | None = None,
) -> Fitted:
    """Train a network in place; leave it in evaluation mode, on the device, with the weights of its best epoch.

    With validation rows and a metric, each epoch is scored, the best one's weights are kept (the last of
    equals) and training ends early when the score has not improved for a share of the schedule.
    Without them it trains to its end: a refit on more rows takes ``schedule_epochs`` and
    ``stop_after=best_epoch`` of the first training, so that the learning rate follows the very curve that
    led to the chosen epoch. (A cosine squeezed into fewer epochs would be another recipe.)

    Args:
        network: Takes ``(numeric, codes, tokens)``, returns ``(rows, outputs)``.
        data: Training rows and, optionally, validation rows.
        recipe: Optimiser, learning rate, schedule, weight decay, batch size, epochs, label smoothing.
        seed: Decides the order of the rows and dropout. Same inputs, seed, device and threads: same weights.
        metric: What early stopping follows; required with validation rows.
        device: A name for ``device.resolve``, or a device.
        schedule_epochs: Length of the schedule; the recipe's epochs by default.
        stop_after: End after this epoch of the schedule (at least 1); its length by default.
        on_epoch: Told each epoch (from 1) and its values; answers whether to go on.
        should_stop: Asked every 0.2 s, also inside an epoch; a true answer ends training, and the
            best so far is kept.

    Raises:
        Diverged: The loss or a prediction is no longer finite.
        ValueError: Data, metric and lengths do not fit together.
    """
    started = time.monotonic()
    length = schedule_epochs or recipe.epochs
    # A best epoch of 0 (stopped inside the first) is refitted for one epoch, never for all.
    last = length if stop_after is None else min(max(stop_after, 1), length)
    if data.validation is not None and metric is None:
        raise ValueError("a metric is needed to stop early on validation rows, got None.")
    where = resolve(device) if isinstance(device, str) else device
    network.to(where)
    scale = target_scale(data.problem, data.train)
    train = to_tensors(data.train, data.problem, scale, where)
    judge = None
    if data.validation is not None and metric is not None:
        judge = Judge(network, data, scale, metric, where)
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        torch.manual_seed(entropy(seed, "noise") % 2**63)
        order = torch.Generator().manual_seed(entropy(seed, "order") % 2**63)
        loop = _Loop(
            network=network,
            data=train,
            recipe=recipe,
            loss=loss_for(data.problem, recipe.label_smoothing),
            length=length,
            order=order,
            should_stop=should_stop or _never,
        )
        curve: dict[str, list[float]] = {"train_loss": []}
        stopped = _run(loop, judge, last, curve, on_epoch or _go_on)
    if judge is not None:
        judge.restore()
    network.eval()
    epochs = loop.epochs
    return Fitted(
        epochs=epochs,
        best_epoch=epochs if judge is None else judge.best_epoch,
        score=math.nan if judge is None else judge.best_score,
        curve={name: tuple(values) for name, values in curve.items()},
        scale=scale,
        schedule_epochs=length,
        stopped=stopped,
        seconds=time.monotonic() - started,
    )


class _Loop:
    """A training in progress, an epoch at a time."""

    def __init__(
        self,
        *,
        network: nn.Module,
        data: Tensors,
        recipe: Recipe,
        loss: Loss,
        length: int,
        order: torch.Generator,
        should_stop: ShouldStop,
    ) -> None:
        self.epochs = 0
        self.length = length
        self._network = network
        self._data = data
        self._recipe = recipe
        self._loss = loss
        self._order = order
        self._should_stop = should_stop
        self._optimizer = Optimizer(recipe.optimizer, network, weight_decay=recipe.weight_decay)
        self._batches = count_batches(len(data.target), recipe.batch_size)
        self._steps = length * self._batches
        self._polled = time.monotonic()

    def epoch(self) -> float | None:
        """Train one epoch and return its mean loss; ``None`` if it was asked to stop inside.

        Raises:
            Diverged: The loss is not finite.
        """
        self._network.train()
        parameters = self._optimizer.parameters
        # Summed on the device: reading a loss at every step would wait for the device every time.
        total = torch.zeros((), device=self._data.target.device)
        done = self.epochs * self._batches
        for number, (inputs, target, weights) in enumerate(
            epoch_batches(self._data, self._recipe.batch_size, self._order)
        ):
            loss = self._loss(self._network(*inputs), target, weights)
            gradients = torch.autograd.grad(loss, parameters, materialize_grads=True)
            rate = factor(self._recipe.schedule, (done + number + 0.5) / self._steps)
            self._optimizer.step(gradients, self._recipe.lr * rate)
            total += loss.detach()
            if self._is_time_to_poll():
                self._check(total)
                if self._should_stop():
                    return None
        self._check(total)
        self.epochs += 1
        return float(total) / self._batches

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


def _run(
    loop: _Loop,
    judge: Judge | None,
    last: int,
    curve: dict[str, list[float]],
    on_epoch: OnEpoch,
) -> Stopped:
    patience = max(LEAST_PATIENCE, math.ceil(PATIENCE * loop.length))
    while loop.epochs < last:
        train_loss = loop.epoch()
        if train_loss is None:
            if judge is not None and judge.best_epoch == 0 and loop.epochs == 0:
                # Nothing was scored yet: what the first epoch has learnt so far is the best so far.
                curve.setdefault(judge.metric.name, []).append(judge.look(0))
            return Stopped.ASKED
        values = {"train_loss": train_loss}
        if judge is not None:
            values[judge.metric.name] = judge.look(loop.epochs)
        for name, value in values.items():
            curve.setdefault(name, []).append(value)
        if not on_epoch(loop.epochs, values):
            return Stopped.ASKED
        if judge is not None and judge.since_improvement(loop.epochs) >= patience:
            return Stopped.PATIENCE
    return Stopped.EPOCHS


def _go_on(epoch: int, values: Mapping[str, float]) -> bool:
    return True


def _never() -> bool:
    return False
