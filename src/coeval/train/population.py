"""Training many networks of one structure together: what ``train.fit`` does, for all of them at once.

Each member is trained as it would be alone: the same rows in the same order, the same masks of dropout, its own
rates, schedule, early stopping and best epoch. Results differ from a training alone by rounding only. Who stops
leaves the batch; who diverges fails alone.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from coeval.task.metric import Metric
from coeval.train.data import TrainingData, class_weighted, target_scale, to_inputs, to_tensors
from coeval.train.device import resolve
from coeval.train.eager import POLL_SECONDS
from coeval.train.engine import State
from coeval.train.errors import Diverged
from coeval.train.fit import LEAST_PATIENCE, PATIENCE, SLICE_SECONDS, Fitted, Stopped
from coeval.train.population_engine import Member, PopulationEngine
from coeval.train.predict import predictions_of

OnMemberEpoch = Callable[[int, int, Mapping[str, float]], bool]
OnMemberSlice = Callable[[int, State], None]

_UNSAVED = 1.0
"""Seconds of training that are not worth a file when a member ends."""


def train_population(
    members: Sequence[Member],
    data: TrainingData,
    *,
    metric: Metric | None = None,
    device: str | torch.device = "cpu",
    stop_after: Sequence[int] | None = None,
    on_epoch: OnMemberEpoch | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_slice: OnMemberSlice | None = None,
    start: Sequence[Mapping[str, np.ndarray]] | None = None,
    keep_state: bool = False,
) -> list[Fitted | Diverged]:
    """Train networks in place; leave each in evaluation mode with the weights of its best epoch.

    Args:
        members: Of one structure, batch size and optimiser; widths and all else may differ.
        data: The rows of all of them.
        metric: What early stopping follows; required with validation rows.
        device: A name for ``device.resolve``, or a device.
        stop_after: For each member after which epoch it ends; the length of its schedule by default.
        on_epoch: Told a member's place, its epoch (from 1) and its values; answers whether that member goes on.
        should_stop: Asked every 0.2 s, also inside an epoch; a true answer ends the training of all.
        on_slice: Told a member's place and its state: of all every 10 s, between epochs, and of who ends while others
            train on.
        start: Each member's state of an earlier training, by this or by ``fit``, of as many epochs for all.
        keep_state: Return states too.

    Returns:
        For each member what ``fit`` returns, or why it failed.

    Raises:
        ValueError: The members cannot train together, or data, metric and lengths do not fit together.
    """
    if data.validation is not None and metric is None:
        raise ValueError("a metric is needed to stop early on validation rows, got None.")
    weighting = {one.recipe.class_weights for one in members}
    if len(weighting) > 1:
        raise ValueError(
            f"members that train together weigh classes alike, got {sorted(weighting)}. Train them apart."
        )
    data = class_weighted(data, weighting.pop()) if weighting else data
    training = _Training(members, data, metric, device, stop_after, keep_state=keep_state)
    if start is not None:
        training.load(start)
    training.run(on_epoch or _go_on, on_slice, _Polled(should_stop))
    return training.results()


class _Standing:
    """One member: its best so far by the rules of ``train.judge.Judge``, its curves, and how it ended."""

    def __init__(self, member: Member, last: int) -> None:
        self.member, self.last = member, last
        self.patience = max(LEAST_PATIENCE, math.ceil(PATIENCE * member.length))
        self.curve: dict[str, list[float]] = {"train_loss": []}
        self.epochs = self.best_epoch = 0
        self.seconds = 0.0  # its share of what was spent while it was there
        self.best_score = math.nan
        self.result: Fitted | Diverged | None = None
        self._best_cost = math.inf
        self._improved = 0

    def judge(self, epoch: int, score: float, metric: Metric) -> bool:
        """Take a score; return whether its weights are the best, the last of equals."""
        cost = -score if metric.maximise else score
        if math.isnan(cost):
            cost = math.inf
        if cost < self._best_cost or not self._improved:
            self._improved = epoch
        if cost > self._best_cost:
            return False
        self._best_cost, self.best_score, self.best_epoch = cost, score, epoch
        return True

    def note(self, values: Mapping[str, float]) -> None:
        """Add to the curves."""
        for name, value in values.items():
            self.curve.setdefault(name, []).append(value)

    @property
    def is_barren(self) -> bool:
        """Return whether the score has not improved for too long."""
        return self.epochs - self._improved >= self.patience

    def state(self) -> State:
        """Return what ``fit`` keeps of it beside the engine's."""
        known = [self._best_cost, self.best_score, self.best_epoch, self._improved]
        curves = {f"curve/{name}": np.array(values) for name, values in self.curve.items()}
        return {"judged": np.array(known), **curves}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state."""
        self.epochs = int(state["epochs"])
        if "judged" in state:
            self._best_cost, self.best_score = (float(one) for one in state["judged"][:2])
            self.best_epoch, self._improved = (int(one) for one in state["judged"][2:4])
        for name in [one for one in state if one.startswith("curve/")]:
            self.curve[name.removeprefix("curve/")] = [float(value) for value in state[name]]


class _Training:
    """Epochs of all until nobody is left."""

    def __init__(
        self,
        members: Sequence[Member],
        data: TrainingData,
        metric: Metric | None,
        device: str | torch.device,
        stop_after: Sequence[int] | None,
        *,
        keep_state: bool,
    ) -> None:
        where = resolve(device) if isinstance(device, str) else device
        lengths = [one.length for one in members]
        lasts = lengths if stop_after is None else stop_after
        self._all = [
            _Standing(member, min(max(last, 1), member.length))
            for member, last in zip(members, lasts, strict=True)
        ]
        self._began = self._sliced = self._clock = time.monotonic()
        self._data, self._metric, self._keep_state = data, metric, keep_state
        self._scale = target_scale(data.problem, data.train)
        for member in members:
            member.network.to(where)
        train = to_tensors(data.train, data.problem, self._scale, where)
        self._engine = PopulationEngine(members, train, data.problem)
        self._left = list(self._all)  # in the engine's order
        self._validation = (
            None if data.validation is None else to_inputs(data.validation.rows, where)
        )

    def load(self, states: Sequence[Mapping[str, np.ndarray]]) -> None:
        """Go on from each member's state."""
        self._engine.load(states)
        for one, state in zip(self._all, states, strict=True):
            one.load(state)

    def run(
        self,
        on_epoch: OnMemberEpoch,
        on_slice: OnMemberSlice | None,
        should_stop: Callable[[], bool],
    ) -> None:
        """Train until every member has a result."""
        self._leave({one: why for one in self._left if (why := self._why(one)) is not None})
        while self._left:
            losses = self._engine.epoch(should_stop)
            if losses is None:
                self._stop_inside()
                return
            ended = self._told(losses, on_epoch)
            if on_slice is not None:
                self._slice(ended, on_slice)
            self._leave(ended)

    def results(self) -> list[Fitted | Diverged]:
        """Return what became of each member."""
        return [one.result for one in self._all if one.result is not None]

    def _told(
        self, losses: Sequence[float], on_epoch: OnMemberEpoch
    ) -> dict[_Standing, Stopped | Diverged]:
        """Note an epoch of everybody; return who ends, and why."""
        values = [{"train_loss": loss} for loss in losses]
        ended: dict[_Standing, Stopped | Diverged] = {}
        for one, loss in zip(self._left, losses, strict=True):
            one.epochs = self._engine.epochs
            if not math.isfinite(loss):
                ended[one] = _diverged_loss(one)
        ended |= self._judge(self._engine.epochs, values, ended)
        for one, noted in zip(self._left, values, strict=True):
            if one in ended:
                continue
            one.note(noted)
            if not on_epoch(self._all.index(one), one.epochs, noted):
                ended[one] = Stopped.ASKED
            elif (why := self._why(one)) is not None:
                ended[one] = why
        return ended

    def _slice(
        self, ended: Mapping[_Standing, Stopped | Diverged], on_slice: OnMemberSlice
    ) -> None:
        now = time.monotonic()
        is_due = now - self._sliced >= SLICE_SECONDS
        for number, one in enumerate(self._left):
            is_last = one in ended and now - self._began >= _UNSAVED
            if (is_due or is_last) and not isinstance(ended.get(one), Diverged):
                on_slice(self._all.index(one), self._state(number, one))
        self._sliced = now if is_due else self._sliced

    def _why(self, one: _Standing) -> Stopped | None:
        if self._metric is not None and self._validation is not None and one.is_barren:
            return Stopped.PATIENCE
        return Stopped.EPOCHS if one.epochs >= one.last else None

    def _judge(
        self,
        epoch: int,
        values: Sequence[dict[str, float]],
        ended: Mapping[_Standing, object],
    ) -> dict[_Standing, Stopped | Diverged]:
        """Score everybody on validation, and keep the weights of those who are at their best."""
        metric, validation = self._metric, self._data.validation
        if validation is None or metric is None or self._validation is None:
            return {}
        failed: dict[_Standing, Stopped | Diverged] = {}
        improved: list[int] = []
        outputs = self._engine.outputs(self._validation)
        for number, one in enumerate(self._left):
            if one in ended:
                continue
            predicted = predictions_of(outputs[number], self._data.problem, self._scale)
            if not np.isfinite(predicted).all():
                failed[one] = Diverged(
                    f"predictions are not finite after epoch {epoch}. Lower the learning rate."
                )
                continue
            score = float(metric.score(validation.target, predicted, validation.weights))
            values[number][metric.name] = score
            if one.judge(epoch, score, metric):
                improved.append(number)
        if improved:
            self._engine.remember(improved)
        return failed

    def _stop_inside(self) -> None:
        """End everybody inside an epoch; who has no score yet gets one for what it has learnt so far."""
        epochs = self._engine.epochs
        ended: dict[_Standing, Stopped | Diverged] = {}
        if epochs == 0 and self._metric is not None:
            values: list[dict[str, float]] = [{} for _ in self._left]
            ended |= self._judge(0, values, {})
            for one, noted in zip(self._left, values, strict=True):
                one.note(noted)
        self._leave({one: ended.get(one, Stopped.ASKED) for one in self._left}, is_between=False)

    def _leave(
        self, ended: Mapping[_Standing, Stopped | Diverged], *, is_between: bool = True
    ) -> None:
        """Give those who end their results, and go on with the others."""
        now = time.monotonic()
        for one in self._left:
            one.seconds += (now - self._clock) / len(self._left)
        self._clock = now
        if not ended:
            return
        stay: list[int] = []
        for number, one in enumerate(self._left):
            if one not in ended:
                stay.append(number)
                continue
            why = ended[one]
            one.result = (
                why if isinstance(why, Diverged) else self._fitted(number, one, why, is_between)
            )
        self._left = [self._left[number] for number in stay]
        if stay:
            self._engine.keep(stay)

    def _state(self, number: int, one: _Standing) -> State:
        """Return a member's state, as ``fit`` keeps it."""
        state = {**self._engine.state(number), **one.state()}
        if self._validation is not None:
            return state
        return {k: value for k, value in state.items() if k != "judged" and k[:5] != "best/"}

    def _fitted(self, number: int, one: _Standing, why: Stopped, is_between: bool) -> Fitted:
        is_judged = self._validation is not None and self._metric is not None
        state = self._state(number, one) if self._keep_state and is_between else None
        weights = self._engine.best(number) if is_judged else self._engine.weights(number)
        network = one.member.network
        with torch.no_grad():
            for name, value in network.state_dict().items():
                value.copy_(torch.from_numpy(np.ascontiguousarray(weights[name])))
        network.eval()
        return Fitted(
            epochs=one.epochs,
            best_epoch=one.best_epoch if is_judged else one.epochs,
            score=one.best_score if is_judged else math.nan,
            curve={name: tuple(values) for name, values in one.curve.items()},
            scale=self._scale,
            schedule_epochs=one.member.length,
            stopped=why,
            seconds=one.seconds,
            state=state,
            engine="together",
        )


class _Polled:
    """Asks a question at most every 0.2 s."""

    def __init__(self, question: Callable[[], bool] | None) -> None:
        self._question, self._asked = question, time.monotonic()

    def __call__(self) -> bool:
        now = time.monotonic()
        if self._question is None or now - self._asked < POLL_SECONDS:
            return False
        self._asked = now
        return self._question()


def _diverged_loss(one: _Standing) -> Diverged:
    recipe = one.member.recipe
    return Diverged(
        f"the loss is not finite in epoch {one.epochs} ({recipe.optimizer}, lr {recipe.lr:g}). "
        "Lower the learning rate."
    )


def _go_on(member: int, epoch: int, values: Mapping[str, float]) -> bool:
    return True
