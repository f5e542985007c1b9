"""Many networks of one structure, trained an epoch at a time: every layer is one batched product.

The backward pass is written by hand: autograd's bookkeeping costs more than small products do. Members share the
rows, the batch size and the optimiser; each has its own order of the rows, noise, rates, schedule and smoothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from coeval.build.network import Network
from coeval.build.tape import Tape, tape_of
from coeval.seed import entropy
from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train.batches import count_batches
from coeval.train.data import Inputs, Tensors
from coeval.train.engine import State, rng_state, set_rng_state
from coeval.train.memory import ACCELERATOR_FACTOR, PREDICTED_ROWS
from coeval.train.population_arena import Arena, Block, blocks_of
from coeval.train.population_batches import Gathered, gathered, steps_of
from coeval.train.population_loss import loss_and_gradient
from coeval.train.population_noise import Noise
from coeval.train.population_operations import backward, executed, forward
from coeval.train.population_optimizer import PopulationOptimizer
from coeval.train.population_run import Executed, Run
from coeval.train.population_values import axes_of, structure
from coeval.train.schedule import factor

LEAST_ROWS = 128  # predicted at once: below it the dispatch of operations costs more than they do


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One of those that train together.

    Attributes:
        network: Trained in place.
        recipe: How; batch size and optimiser are the same for all.
        seed: Decides the order of its rows and its dropout.
        length: Epochs of its schedule.
    """

    network: Network
    recipe: Recipe
    seed: int
    length: int


def tape_for(network: Network) -> Tape | None:
    """Return the tape of a network that can be a member; ``None`` if it is trained alone.

    A step that no result needs has weights that only decay: rare, and left to the other engines.
    """
    tape = tape_of(network.architecture)
    if tape is None:
        return None
    used = {tensor.name for one in tape.operations for tensor in one.tensors}
    return tape if used == set(network.state_dict()) else None


class PopulationEngine:
    """Trains members of one structure together.

    Attributes:
        epochs: Trained to their end.

    Args:
        members: At least one.
        data: The rows, on the device where training happens.
        problem: Decides the loss.

    Raises:
        ValueError: The members cannot train together; the message says why.
    """

    def __init__(self, members: Sequence[Member], data: Tensors, problem: Problem) -> None:
        self.epochs = 0
        self._members, self._data, self._problem = tuple(members), data, problem
        self._device = data.target.device
        self._tapes = _tapes(members)
        self._orders = [
            torch.Generator().manual_seed(entropy(one.seed, "order") % 2**63) for one in members
        ]
        self._noises = [
            torch.Generator(self._device).manual_seed(entropy(one.seed, "noise") % 2**63)
            for one in members
        ]
        self._build()
        arrays = [_arrays(one.network) for one in members]
        with torch.inference_mode():
            for arena in (self._run.arena, self._run.kept):
                arena.put(arena.views, arrays)

    @torch.inference_mode()
    def epoch(self, should_stop: Callable[[], bool]) -> list[float] | None:
        """Train one epoch and return each member's mean loss, maybe not finite; ``None`` if it was asked to stop inside."""
        run, recipe = self._run, self._members[0].recipe
        run.is_training = True
        total = torch.zeros(run.members, device=self._device)
        for block in gathered(self._data, recipe.batch_size, self._orders, self._noise.bytes_a_row):
            self._noise.draw(block.sizes)
            rates, decays = self._rates(block)
            for step in steps_of(block, self._noise.use):
                number = step.first - block.first
                total += self._step(step)
                self._optimizer.step(rates[number], decays[number])
                if should_stop():
                    return None
        self.epochs += 1
        return [one / self._batches for one in total.tolist()]

    @torch.inference_mode()
    def outputs(self, inputs: Inputs) -> torch.Tensor:
        """Return every member's outputs in evaluation mode, ``(members, rows, outputs)`` on the CPU."""
        run = self._run
        run.is_training = False
        most = PREDICTED_ROWS * (1 if self._device.type == "cpu" else ACCELERATOR_FACTOR)
        rows, chunk = len(inputs[0]), max(LEAST_ROWS, most // run.members)
        parts = []
        for start in range(0, max(rows, 1), chunk):
            numeric, codes, tokens = (
                part[start : start + chunk].unsqueeze(0).expand(run.members, -1, -1)
                for part in inputs
            )
            run.inputs = (numeric, codes, tokens)
            parts.append(forward(run, self._operations))
        return torch.cat(parts, dim=1).cpu()

    @torch.inference_mode()
    def remember(self, members: Sequence[int]) -> None:
        """Keep the present weights of some members as their best."""
        index = torch.tensor(members, device=self._device)
        for arena, kept in self._best:
            for name, view in arena.views.items():
                kept[name].index_copy_(0, index, view.index_select(0, index))

    @torch.inference_mode()
    def best(self, member: int) -> dict[str, np.ndarray]:
        """Return a member's best weights and buffers by name."""
        return {
            name: value
            for arena, kept in self._best
            for name, value in arena.get(kept, member).items()
        }

    @torch.inference_mode()
    def weights(self, member: int) -> dict[str, np.ndarray]:
        """Return a member's present weights and buffers by name."""
        run = self._run
        return {
            **run.arena.get(run.arena.views, member),
            **run.kept.get(run.kept.views, member),
        }

    @torch.inference_mode()
    def state(self, member: int) -> State:
        """Return all that a member's next epoch depends on, as every ``Engine`` does."""
        moments = {f"optimizer/{k}": v for k, v in self._optimizer.state(member).items()}
        return {
            **{f"weights/{name}": value for name, value in self.weights(member).items()},
            **moments,
            **{f"best/{name}": value for name, value in self.best(member).items()},
            "epochs": np.array(self.epochs),
            "order": rng_state(self._orders[member]),
            "noise": rng_state(self._noises[member]),
        }

    @torch.inference_mode()
    def load(self, states: Sequence[Mapping[str, np.ndarray]]) -> None:
        """Go on from each member's state.

        Raises:
            ValueError: They have not trained equally long.
        """
        epochs = {int(state["epochs"]) for state in states}
        if len(epochs) > 1:
            raise ValueError(
                f"members must have trained equally long, got {sorted(epochs)} epochs. Train them apart."
            )
        self.epochs = epochs.pop()
        for arena, kept in self._best:
            arena.put(arena.views, [_below(state, "weights/") for state in states])
            if all("judged" in state for state in states):
                arena.put(kept, [_below(state, "best/") for state in states])
        self._optimizer.load([_below(state, "optimizer/") for state in states])
        for member, state in enumerate(states):
            set_rng_state(self._orders[member], state["order"])
            set_rng_state(self._noises[member], state["noise"])

    @torch.inference_mode()
    def keep(self, members: Sequence[int]) -> None:
        """Go on with some of the members; the others leave the batch, and its padding shrinks to the widest left."""
        before = self._vectors()
        self._members = tuple(self._members[one] for one in members)
        self._tapes = [self._tapes[one] for one in members]
        self._orders = [self._orders[one] for one in members]
        self._noises = [self._noises[one] for one in members]
        steps, product = self._optimizer.steps, self._optimizer.product
        self._build()
        self._optimizer.go_on(steps, product)
        index = torch.tensor(members, device=self._device)
        for (old, source), (new, target) in zip(before, self._vectors(), strict=True):
            for known, block in zip(old.blocks, new.blocks, strict=True):
                chosen = source[block.name].index_select(0, index)
                if known.take(members) == block:
                    target[block.name].copy_(chosen)
                else:
                    target[block.name].copy_(_repacked(chosen, known.take(members), block))

    def _build(self) -> None:
        axes = axes_of(self._tapes)
        blocks = blocks_of(self._tapes, axes)
        count = len(self._members)
        recipe = self._members[0].recipe
        with torch.inference_mode():
            self._run = run = Run(self._tapes[0], axes, blocks, count, self._device)
            self._operations: list[Executed] = executed(run)
            self._noise = Noise(run, self._tapes, self._noises)
            self._optimizer = PopulationOptimizer(recipe.optimizer, run)
            self._best = [(one, one.vector()[1]) for one in (run.arena, run.kept)]
            smoothing = [one.recipe.label_smoothing for one in self._members]
            self._smoothing = torch.tensor(smoothing, device=self._device).view(-1, 1)
        self._batches = count_batches(len(self._data.target), recipe.batch_size)

    def _step(self, step: Gathered) -> torch.Tensor:
        """Compute the gradients of one batch and return each member's loss."""
        run = self._run
        run.inputs = step.inputs
        outputs = forward(run, self._operations)
        losses, gradient = loss_and_gradient(
            self._problem, outputs, step.target, step.weights, self._smoothing
        )
        backward(run, self._operations, gradient)
        return losses

    def _rates(self, block: Gathered) -> tuple[torch.Tensor, torch.Tensor]:
        """Return learning rates and decays of a block's steps, ``(steps, members)`` each."""
        curves: dict[tuple[str, int], list[float]] = {}
        done = self.epochs * self._batches + block.first
        for one in self._members:
            schedule, steps = one.recipe.schedule, one.length * self._batches
            if (schedule, steps) not in curves:
                curves[schedule, steps] = [
                    factor(schedule, (done + number + 0.5) / steps)
                    for number in range(len(block.sizes))
                ]
        rates = np.array(
            [
                [
                    one.recipe.lr * rate
                    for rate in curves[one.recipe.schedule, one.length * self._batches]
                ]
                for one in self._members
            ]
        ).T
        decays = 1 - rates * np.array([one.recipe.weight_decay for one in self._members])
        both = np.stack([rates, decays]).astype(np.float32)
        return tuple(torch.from_numpy(both).to(self._device))

    def _vectors(self) -> list[tuple[Arena, Mapping[str, torch.Tensor]]]:
        run, optimizer = self._run, self._optimizer
        return [
            (run.arena, run.arena.views),
            (run.kept, run.kept.views),
            *self._best,
            (run.arena, optimizer.first_views),
            (run.arena, optimizer.second_views),
        ]


def _tapes(members: Sequence[Member]) -> list[Tape]:
    """Return the members' tapes.

    Raises:
        ValueError: They differ in what a population must have in common.
    """
    tapes: list[Tape] = []
    for number, one in enumerate(members):
        tape = tape_for(one.network)
        if tape is None:
            raise ValueError(f"member {number} has no tape, or weights beside it. Train it alone.")
        tapes.append(tape)
    common = {
        (structure(tape), one.recipe.batch_size, one.recipe.optimizer)
        for tape, one in zip(tapes, members, strict=True)
    }
    if len(common) != 1:
        raise ValueError(
            "members must have one structure, batch size and optimizer, got "
            f"{len(common)} different ones of {len(members)} members. Train each kind by itself."
        )
    return tapes


def _repacked(chosen: torch.Tensor, old: Block, new: Block) -> torch.Tensor:
    """Move each member's own entries to their places in a block of another size."""
    source = chosen.cpu().numpy()
    padded = np.zeros((len(source), *new.shape), dtype=source.dtype)
    for member in range(len(source)):
        padded[member][new.place(member)] = source[member][old.place(member)]
    return torch.from_numpy(padded)


def _arrays(network: Network) -> dict[str, np.ndarray]:
    return {name: value.cpu().numpy() for name, value in network.state_dict().items()}


def _below(state: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {
        name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)
    }
