"""A one-shot search in the making: the supernet, its optimiser, the architecture weights, and their steps.

Every draw is addressed by the number of its step, and a step finds its batch by its number, so that a search which
goes on from ``state`` makes the very steps of one that was never interrupted.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from coeval.oneshot.architect import Architect, first_order, second_order
from coeval.oneshot.controller import Controller
from coeval.oneshot.curvature import dominant_eigenvalue
from coeval.oneshot.elastic import ElasticNet, sandwich
from coeval.oneshot.joins import joined_slots
from coeval.oneshot.members import Members, Picks
from coeval.oneshot.method import (
    CONTROLLER_EVERY,
    Method,
    Paths,
    Relaxation,
    architecture_lr,
    frozen_steps,
)
from coeval.oneshot.mixture import Mixture, mixture, penalty_of
from coeval.oneshot.paths import fair_paths
from coeval.oneshot.relaxation import binary_path, hold_others
from coeval.oneshot.rows import SearchRows
from coeval.oneshot.shared import shared_network
from coeval.seed import entropy, generator
from coeval.task.task import Problem
from coeval.train.batches import Batch
from coeval.train.errors import Diverged
from coeval.train.loss import loss_for
from coeval.train.optimizer import Optimizer
from coeval.train.precision import convolves_much, narrow_type

BATCH = 64
LR, LEAST_LR, MOMENTUM, DECAY, CLIP = 0.025, 0.001, 0.9, 3e-4, 5.0
"""Of the shared weights: SGD with a cosine, as in DARTS (Liu et al. 2019, section 3.1)."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """What a search is about.

    Attributes:
        method: Its parts.
        members: Of the opened space.
        rows: What it learns from.
        problem: Decides the loss.
        seed: Below which every draw has its address.
        total: Steps of the shared weights in the whole search.
        costs: ``(options,)`` for each slot, for the penalty on latency.
    """

    method: Method
    members: Members
    rows: SearchRows
    problem: Problem
    seed: int
    total: int
    costs: tuple[torch.Tensor, ...] = ()


class Search:
    """The state of a search, and its steps.

    Attributes:
        done: Steps of the shared weights so far.
        supernet: Holds the shared weights.
        architect: Holds the architecture weights, where the method learns any.
        controller: Draws paths, where the method has one.
    """

    def __init__(self, setting: Setting) -> None:
        method, seed = setting.method, setting.seed
        self.setting = setting
        self.done = 0
        architecture = setting.members.open.architecture
        self.supernet = shared_network(
            setting.members.open,
            seed=entropy(seed, "weights"),
            affine=not method.learns_weights,
            partial=method.partial,
        )
        self._groups = joined_slots(architecture) if method.partial > 1 else ()
        self.architect = Architect(
            setting.members.sizes,
            [len(one) for one in self._groups],
            seed=seed,
            momentum=method.momentum,
            decay=method.decay,
        )
        self.controller: Controller | None = None
        if method.paths is Paths.CONTROLLER:
            rate = architecture_lr(method, setting.total)
            self.controller = Controller(setting.members, seed, rate)
        self._optimizer = Optimizer("sgd", self.supernet, weight_decay=DECAY)
        self._loss = loss_for(setting.problem)
        self._narrow = narrow_type("auto", self.supernet, BATCH, torch.device("cpu"))
        self._frozen = frozen_steps(method, setting.total)
        self._lr = architecture_lr(method, setting.total)
        self.losses: list[float] = []

    def run(self, last: int, should_stop: Callable[[], bool]) -> None:
        """Make the steps up to number ``last``, unless told to stop between two of them.

        Raises:
            Diverged: The loss is not finite.
        """
        with torch.random.fork_rng(devices=[]), self._loops():
            while self.done < last and not should_stop():
                self._step(self.done)
                self.done += 1

    def _loops(self) -> AbstractContextManager[None]:
        """Let a large network train through compiled loops, as ``train.eager`` does; no step takes second derivatives."""
        if not convolves_much(self.supernet, BATCH):
            return nullcontext()
        from coeval.train.grid_norm import joined  # noqa: PLC0415 - loads the compiler

        return joined(self.supernet)

    def eigenvalue(self) -> float:
        """Return the dominant eigenvalue of the loss's Hessian in the architecture weights, on one batch."""
        batch = self.setting.rows.architecture.at(0)  # always the same, so that values compare
        with torch.random.fork_rng(devices=[]):
            self.supernet.train()
            return dominant_eigenvalue(
                self.architect.theta, partial(self._architecture_loss, batch, self.done, wide=True)
            )

    def tune(self, first: int, steps: int, logits: Sequence[torch.Tensor]) -> None:
        """Train the shared weights of a fixed mixture: the fine-tuning between two slots of a choice by perturbation.

        Args:
            first: Number of the first step, for its batch.
            steps: How many.
            logits: ``(options,)`` for each slot; minus infinity removes an option.
        """
        weights = [one.softmax(0) for one in logits]
        with torch.random.fork_rng(devices=[]):
            for step in range(first, first + steps):
                self._seeded(step)
                batch = self.setting.rows.shared.at(step)
                self._descend(batch, Mixture(tuple(weights)), LEAST_LR)

    def state(self) -> dict[str, np.ndarray]:
        """Return all that the next step depends on."""
        weights = {k: v.numpy().copy() for k, v in self.supernet.state_dict().items()}
        kinds: dict[str, Mapping[str, np.ndarray]] = {
            "weights": weights,
            "optimizer": self._optimizer.state(),
            "architect": self.architect.state(),
        }
        if self.controller is not None:
            kinds["controller"] = self.controller.state()
        arrays = {f"{kind}/{name}": a for kind, own in kinds.items() for name, a in own.items()}
        return {**arrays, "done": np.array(self.done)}

    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what ``state`` returned."""
        with torch.no_grad():
            for name, value in self.supernet.state_dict().items():
                value.copy_(torch.from_numpy(np.array(state[f"weights/{name}"])))
        self._optimizer.load(_under(state, "optimizer/"))
        self.architect.load(_under(state, "architect/"))
        if self.controller is not None:
            self.controller.load(_under(state, "controller/"))
        self.done = int(state["done"])

    @property
    def logits(self) -> tuple[torch.Tensor, ...]:
        """Return the architecture weights by slot."""
        return self.architect.logits(self.architect.theta)

    @property
    def scales(self) -> tuple[torch.Tensor | None, ...] | None:
        """Return the edge weights of each slot as they are, where the method has some."""
        return self._scales(self.architect.theta)

    def _step(self, step: int) -> None:
        """Make one step of the architecture, if it is its turn, and one of the shared weights."""
        method = self.setting.method
        self._seeded(step)
        self.supernet.train()
        batch = self.setting.rows.shared.at(step)
        is_turn = step >= self._frozen and step % method.every == 0
        if method.learns_weights and is_turn:
            self._learn(step, batch)
        if self.controller is not None and step % CONTROLLER_EVERY == CONTROLLER_EVERY - 1:
            self.controller.learn(self._reward, generator(self.setting.seed, "controller", step))
        self._train(step, batch)

    def _learn(self, step: int, batch: Batch) -> None:
        """Make one step of the architecture weights."""
        method, architect = self.setting.method, self.architect
        own = self.setting.rows.architecture.at(step)
        loss = partial(self._architecture_loss, own, step, wide=method.order > 1)
        if method.order == 1:
            gradient = first_order(architect.theta, loss)
        else:
            gradient = second_order(
                architect.theta,
                loss,
                partial(self._mixed_loss, batch, step, wide=True),
                self._optimizer.parameters,
                self._optimizer.momenta,
                lr=self._rate(step),
                momentum=MOMENTUM,
                decay=DECAY,
            )
        before = architect.theta.clone()
        architect.step(gradient, self._lr)
        if method.relaxation is Relaxation.BINARY:
            active = self._mixture(before, step, is_learning=True).active or ()
            pairs = zip(architect.logits(before), self.logits, active, strict=True)
            for old, new, pair in pairs:
                if len(pair) == 2:
                    hold_others(old, new, (pair[0], pair[1]))

    def _train(self, step: int, batch: Batch) -> None:
        """Make one step of the shared weights."""
        method, rng = self.setting.method, generator(self.setting.seed, "paths", step)
        rate = self._rate(step)
        match method.paths:
            case Paths.RELAXED:
                theta = self.architect.theta
                if method.relaxation is Relaxation.BINARY:
                    draws = self._draws(step, is_learning=False)
                    picks = [tuple([binary_path(one, draws) for one in self.logits])]
                    self._descend_paths(batch, picks, rate)
                else:
                    mixed = self._mixture(theta, step, is_learning=False)
                    self._descend(batch, mixed, rate)
            case Paths.FAIR:
                paths = fair_paths(self.setting.members.sizes, rng)
                self._descend_paths(batch, paths, rate)
            case Paths.UNIFORM:
                self._descend_paths(batch, [self.setting.members.sample(rng)], rate)
            case Paths.CONTROLLER:
                assert self.controller is not None
                self._descend_paths(batch, [self.controller.draw(rng)], rate)
            case Paths.SANDWICH:
                self._descend_sandwich(batch, rng, rate)

    def _descend(self, batch: Batch, mixed: Mixture, rate: float) -> None:
        parameters = self._optimizer.parameters
        loss = self._loss_of(batch, mixed)
        self._move(torch.autograd.grad(loss, parameters, allow_unused=True), loss.item(), rate)

    def _descend_paths(self, batch: Batch, paths: Sequence[Picks], rate: float) -> None:
        """Make one step along the sum of the paths' gradients."""
        total: list[torch.Tensor | None] = [None] * len(self._optimizer.parameters)
        loss = torch.zeros(())
        for picks in paths:
            loss = self._loss_of(batch, picks)
            slopes = torch.autograd.grad(loss, self._optimizer.parameters, allow_unused=True)
            total = [_sum(one, other) for one, other in zip(total, slopes, strict=True)]
        self._move(total, loss.item(), rate)

    def _descend_sandwich(self, batch: Batch, rng: np.random.Generator, rate: float) -> None:
        """Make one step of an elastic network."""
        assert isinstance(self.supernet, ElasticNet)  # ``check_suits`` refused all others
        inputs, target, weights = batch
        with self._precision(wide=False):
            loss, slopes = sandwich(
                self.supernet,
                inputs[0],
                target,
                weights,
                loss=self._loss,
                problem=self.setting.problem,
                parameters=self._optimizer.parameters,
                rng=rng,
            )
        self._move(slopes, loss.item(), rate)

    def _move(self, slopes: Sequence[torch.Tensor | None], loss: float, rate: float) -> None:
        if not math.isfinite(loss):
            raise Diverged(
                f"the supernet's loss is not finite in step {self.done + 1} of {self.setting.total}."
            )
        self.losses.append(loss)
        known = [one for one in slopes if one is not None]
        length = float(torch.stack([one.square().sum() for one in known]).sum().sqrt())
        if length > CLIP:
            for one in known:
                one.mul_(CLIP / length)
        self._optimizer.step(slopes, rate)

    def _architecture_loss(
        self, batch: Batch, step: int, theta: torch.Tensor, *, wide: bool
    ) -> torch.Tensor:
        """Return the task's loss and the method's penalty."""
        loss = self._mixed_loss(batch, step, theta, wide=wide)
        if self.setting.method.penalty is None:
            return loss
        share = step / max(self.setting.total, 1)
        logits = self.architect.logits(theta)
        return loss + penalty_of(self.setting.method, logits, self.setting.costs, share)

    def _mixed_loss(
        self, batch: Batch, step: int, theta: torch.Tensor, *, wide: bool
    ) -> torch.Tensor:
        mixed = self._mixture(theta, step, is_learning=True)
        return self._loss_of(batch, mixed, wide=wide)

    def _loss_of(self, batch: Batch, what: Mixture | Picks, *, wide: bool = False) -> torch.Tensor:
        """Return the loss of a mixture or of a path; ``wide`` in float32, for differences of gradients."""
        inputs, target, weights = batch
        with self._precision(wide=wide):
            if isinstance(what, Mixture):
                outputs = self.supernet(
                    inputs[0], weights=what.weights, active=what.active, scales=what.scales
                )
            else:
                outputs = self.supernet(inputs[0], picks=what)
        return self._loss(outputs.float(), target, weights)

    def _precision(self, *, wide: bool) -> AbstractContextManager[object]:
        if wide or self._narrow is None:
            return nullcontext()
        return torch.autocast("cpu", self._narrow)

    def _mixture(self, theta: torch.Tensor, step: int, *, is_learning: bool) -> Mixture:
        """Return the weights of all options at a step; the same draws at every call."""
        self._seeded(step)
        found = mixture(
            self.setting.method,
            self.architect.logits(theta),
            share=step / max(self.setting.total, 1),
            rng=self._draws(step, is_learning=is_learning),
            is_learning=is_learning,
        )
        return Mixture(found.weights, found.active, self._scales(theta))

    def _scales(self, theta: torch.Tensor) -> tuple[torch.Tensor | None, ...] | None:
        if not self._groups:
            return None
        found: list[torch.Tensor | None] = [None] * len(self.setting.members.sizes)
        for group, edges in zip(self._groups, self.architect.edges(theta), strict=True):
            for slot, weight in zip(group, edges.softmax(0), strict=True):
                found[slot] = weight
        return tuple(found)

    def _reward(self, picks: Picks, draw: int) -> float:
        """Return how well a path does on one batch of the architecture's rows: accuracy, or minus the loss."""
        inputs, target, weights = self.setting.rows.architecture.at(self.done + draw)
        with torch.no_grad(), self._precision(wide=False):
            outputs = self.supernet(inputs[0], picks=picks).float()
        if self.setting.problem is Problem.MULTICLASS:
            return float((outputs.argmax(1) == target).float().mean())
        if self.setting.problem is Problem.BINARY:
            return float(((outputs[:, 0] > 0) == (target > 0.5)).float().mean())
        return -float(self._loss(outputs, target, weights))

    def _rate(self, step: int) -> float:
        share = step / max(self.setting.total, 1)
        return LEAST_LR + (LR - LEAST_LR) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))

    def _seeded(self, step: int) -> None:
        torch.manual_seed(entropy(self.setting.seed, "step", step) % 2**63)

    def _draws(self, step: int, *, is_learning: bool) -> torch.Generator:
        purpose = "architecture" if is_learning else "weights"
        address = entropy(self.setting.seed, "draws", purpose, step)
        return torch.Generator().manual_seed(address % 2**63)


def _sum(one: torch.Tensor | None, other: torch.Tensor | None) -> torch.Tensor | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _under(state: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
