"""Which engine trains a network. The choice follows from what is trained alone, never from a clock."""

import torch
from torch import nn

from coeval.build.network import Network
from coeval.build.tape import Tape, tape_of
from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train.batches import count_batches
from coeval.train.data import Tensors
from coeval.train.eager import EagerEngine, Pace, ShouldStop
from coeval.train.engine import Engine
from coeval.train.kernels.status import is_compiled
from coeval.train.loss import loss_for

ENGINES = ("auto", "eager", "compiled")
FEW_STEPS = 100
"""Shorter trainings stay in PyTorch: they take it a tenth of a second, and loading the compiled loop takes longer."""

MUCH_WORK = 4e8
"""Weights times rows of a batch from which on PyTorch's products are as fast: measured 1.3 times its steps at 8e7 (width
512, batch 256), 1.0 to 1.1 at 3e8 (1024, 256), 0.86 at 7e8 (768, 1024)."""


def engine_for(
    network: nn.Module,
    data: Tensors,
    problem: Problem,
    recipe: Recipe,
    *,
    length: int,
    seed: int,
    should_stop: ShouldStop,
    engine: str = "auto",
    narrow: torch.dtype | None = None,
    pace: Pace | None = None,
) -> Engine:
    """Return what trains a network.

    Args:
        network: Trained in place, on the data's device.
        data: The rows to learn from.
        problem: Whose loss is taken.
        recipe: How.
        length: Epochs of the schedule.
        seed: Decides the order of the rows.
        should_stop: Asked every 0.2 s.
        engine: ``"auto"`` takes the compiled loop for networks over rows on the CPU that it knows and that train
            for more than ``FEW_STEPS`` of less than ``MUCH_WORK`` each, but not in the process that found it not yet compiled on
            this machine (``kernels.ready``); ``"eager"`` never takes it; ``"compiled"`` insists on it, and waits.
        narrow: Precision of the steps if not float32, which the compiled loop does not have.
        pace: Of the schedule, as ``EagerEngine`` has it; the compiled loop knows only that of the steps.

    Raises:
        ValueError: ``engine`` is unknown, or the compiled loop was insisted on and cannot train this network.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}.")
    is_out = (
        engine == "eager"
        or narrow is not None
        or pace is not None
        or recipe.changes_pictures
        or recipe.mixes_pictures
    )
    tape = None if is_out else _loop_tape(network, data)
    if engine == "compiled" and tape is None:
        raise ValueError(
            "engine='compiled' trains float32 networks of the tabular components on the CPU, got "
            f"{type(network).__name__} on {data.target.device}. Use engine='auto'."
        )
    steps = length * count_batches(len(data.target), recipe.batch_size)
    weights = sum(one.numel() for one in network.parameters())
    work = weights * min(recipe.batch_size, len(data.target))
    pays = steps > FEW_STEPS and work < MUCH_WORK
    if tape is not None and (engine == "compiled" or (pays and is_compiled())):
        # Not before it is needed: the loop takes 70 MB and a quarter of a second to load.
        from coeval.train.compiled import CompiledEngine  # noqa: PLC0415

        return CompiledEngine(
            network, tape, data, problem, recipe, length=length, seed=seed, should_stop=should_stop
        )
    return EagerEngine(
        network,
        data,
        recipe,
        loss=loss_for(problem, recipe.label_smoothing),
        length=length,
        seed=seed,
        should_stop=should_stop,
        narrow=narrow,
        pace=pace,
    )


def _loop_tape(network: nn.Module, data: Tensors) -> Tape | None:
    """Return the network's tape if the compiled loop can train it."""
    held = [data.target, *network.parameters()]
    if not isinstance(network, Network) or any(one.device.type != "cpu" for one in held):
        return None
    learning = all(one.requires_grad and one.dtype == torch.float32 for one in network.parameters())
    return tape_of(network.architecture) if learning else None
