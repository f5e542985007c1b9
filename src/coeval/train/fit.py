"""The one training loop."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import torch
from torch import nn

from coeval.build.network import Network
from coeval.component.solved import follows_no_recipe
from coeval.seed import entropy
from coeval.space.recipe import Recipe
from coeval.task.metric import Metric
from coeval.train.choose import engine_for
from coeval.train.data import Scale, TrainingData, class_weighted, target_scale, to_tensors
from coeval.train.device import resolve
from coeval.train.eager import EagerEngine, ShouldStop
from coeval.train.engine import Engine, State
from coeval.train.judge import Judge
from coeval.train.precision import narrow_type
from coeval.train.schedule import by_the_clock
from coeval.train.trees_walk import ensemble_of

# Share of the schedule's epochs without a better validation score. Measured on 24 trainings (mlp, resnet and
# realmlp seeds on 8 tables): 0.15 found every best epoch that training to the end found, in a fifth to a third
# of its epochs on small tables; 0.1 lost up to 14 % of the score; 0.3 found nothing more.
PATIENCE = 0.15
LEAST_PATIENCE = 5  # epochs; below it a short schedule would never reach its low rates
SLICE_SECONDS = 10.0  # or one epoch, if that is longer: what a kill may cost of a training

OnEpoch = Callable[[int, Mapping[str, float]], bool]
OnSlice = Callable[[State], None]


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
        seconds: Wall clock of this call.
        state: To go on from, where it was asked for and training ended between two epochs.
        precision: What training steps computed in, ``"float32"`` or ``"bfloat16"``.
        engine: What trained: ``"eager"``, ``"compiled"``, or ``"together"`` with others in one tensor.
    """

    epochs: int
    best_epoch: int
    score: float
    curve: Mapping[str, tuple[float, ...]]
    scale: Scale
    schedule_epochs: int
    stopped: Stopped
    seconds: float
    state: State | None = None
    precision: str = "float32"
    engine: str = field(default="eager", compare=False)


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
    until: float | None = None,
    on_slice: OnSlice | None = None,
    start: Mapping[str, np.ndarray] | None = None,
    keep_state: bool = False,
    precision: str = "auto",
    engine: str = "auto",
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
        recipe: Optimiser, learning rate, schedule, weight decay, batch size, epochs, label smoothing, class weights.
        seed: Decides the order of the rows and dropout. Same inputs, seed, device and threads: same weights.
        metric: What early stopping follows; required with validation rows.
        device: A name for ``device.resolve``, or a device.
        schedule_epochs: Length of the schedule; the recipe's epochs by default.
        stop_after: End after this epoch of the schedule (at least 1); its length by default.
        on_epoch: Told each epoch (from 1) and its values; answers whether to go on.
        should_stop: Asked every 0.2 s, also inside an epoch; a true answer ends training, and the
            best so far is kept.
        until: ``time.monotonic()`` seconds at which training ends if it has not come to its last epoch by then; the
            schedule follows that clock (``schedule.by_the_clock``), so it ends at its low rates. Not repeatable.
        on_slice: Told the state every 10 s, between epochs: what a killed training can go on from.
        start: The state of an earlier call for the same network, data, recipe and seed: training goes on from
            there and ends with the very weights of one that was never interrupted.
        keep_state: Return the state at the end too.
        precision: Of training steps: ``"float32"``, ``"bfloat16"``, or ``"auto"``, as ``precision.narrow_type``
            has it. Scores, weights and states are float32 in any case.
        engine: What trains: ``"auto"``, ``"eager"`` or ``"compiled"``, as ``choose.engine_for`` has it.

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
    data = class_weighted(data, recipe.class_weights)
    if isinstance(network, Network) and follows_no_recipe(network.architecture):
        told = (on_epoch or _go_on, should_stop or _never)
        return _without_recipe(network, data, seed, metric, last / length, *told)
    where = resolve(device) if isinstance(device, str) else device
    network.to(where)
    pace = None if until is None else by_the_clock(until)
    asked = should_stop or _never
    scale = target_scale(data.problem, data.train)
    train = to_tensors(data.train, data.problem, scale, where)
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        torch.manual_seed(entropy(seed, "noise") % 2**63)
        narrow = narrow_type(precision, network, recipe.batch_size, where)
        trainer = engine_for(
            network,
            train,
            data.problem,
            recipe,
            length=length,
            seed=seed,
            should_stop=asked if pace is None else lambda: asked() or pace(0.0) >= 1.0,
            engine=engine,
            narrow=narrow,
            pace=pace,
        )
        judge = None
        if data.validation is not None and metric is not None:
            judge = Judge(network, trainer, data, scale, metric, where)
        training = _Training(trainer, judge, length)
        if start is not None:
            training.load(start)
        stopped = training.run(last, on_epoch or _go_on, on_slice)
        state = training.state() if keep_state and training.is_between_epochs else None
    if judge is not None:
        judge.restore()
    network.eval()
    return Fitted(
        epochs=trainer.epochs,
        best_epoch=trainer.epochs if judge is None else judge.best_epoch,
        score=math.nan if judge is None else judge.best_score,
        curve={name: tuple(values) for name, values in training.curve.items()},
        scale=scale,
        schedule_epochs=length,
        stopped=stopped,
        seconds=time.monotonic() - started,
        state=state,
        precision="float32" if narrow is None else "bfloat16",
        engine="eager" if isinstance(trainer, EagerEngine) else "compiled",
    )


def _without_recipe(
    network: Network,
    data: TrainingData,
    seed: int,
    metric: Metric | None,
    share: float,
    on_epoch: OnEpoch,
    should_stop: ShouldStop,
) -> Fitted:
    """Grow trees, or solve for a linear model."""
    grown = ensemble_of(network)
    if grown is not None:
        from coeval.train.trees import grow  # noqa: PLC0415 - it makes a ``Fitted`` too

        return grow(
            *grown,
            data,
            seed=seed,
            metric=metric,
            share=share,
            on_epoch=on_epoch,
            should_stop=should_stop,
        )
    from coeval.train import linear  # noqa: PLC0415 - loads SciPy

    return linear.solve(
        network, data, metric=metric, share=share, on_epoch=on_epoch, should_stop=should_stop
    )


class _Training:
    """Epochs until there is a reason to stop: who trains, who judges, and the curves so far."""

    def __init__(self, engine: Engine, judge: Judge | None, length: int) -> None:
        self.curve: dict[str, list[float]] = {"train_loss": []}
        self.is_between_epochs = True
        self._engine = engine
        self._judge = judge
        self._patience = max(LEAST_PATIENCE, math.ceil(PATIENCE * length))

    def run(self, last: int, on_epoch: OnEpoch, on_slice: OnSlice | None) -> Stopped:
        """Train until epoch ``last``, a stop, or no better score for too long."""
        engine, judge = self._engine, self._judge
        sliced = time.monotonic()
        while engine.epochs < last:
            if self._is_barren():
                return Stopped.PATIENCE
            train_loss = engine.epoch()
            if train_loss is None:
                self.is_between_epochs = False
                if judge is not None and judge.best_epoch == 0 and engine.epochs == 0:
                    # Nothing was scored yet: what the first epoch has learnt so far is the best so far.
                    self._note({judge.metric.name: judge.look(0)})
                return Stopped.ASKED
            values = {"train_loss": train_loss}
            if judge is not None:
                values[judge.metric.name] = judge.look(engine.epochs)
            self._note(values)
            if on_slice is not None and time.monotonic() - sliced >= SLICE_SECONDS:
                on_slice(self.state())
                sliced = time.monotonic()
            if not on_epoch(engine.epochs, values):
                return Stopped.ASKED
        return Stopped.PATIENCE if self._is_barren() else Stopped.EPOCHS

    def state(self) -> State:
        """Return all that the rest of the training depends on."""
        judged = {} if self._judge is None else self._judge.state()
        curves = {f"curve/{name}": np.array(values) for name, values in self.curve.items()}
        return {**self._engine.state(), **judged, **curves}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what ``state`` returned."""
        self._engine.load(state)
        if self._judge is not None:
            self._judge.load(state)
        for name in [one for one in state if one.startswith("curve/")]:
            self.curve[name.removeprefix("curve/")] = [float(value) for value in state[name]]

    def _note(self, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self.curve.setdefault(name, []).append(value)

    def _is_barren(self) -> bool:
        judge = self._judge
        return judge is not None and judge.since_improvement(self._engine.epochs) >= self._patience


def _go_on(epoch: int, values: Mapping[str, float]) -> bool:
    return True


def _never() -> bool:
    return False
