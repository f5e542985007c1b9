"""How long training on pictures waits for its data: taking batches, changing pictures and mixing them.

    python -m benchmarks.pipeline [--rounds 5]    two minutes on a quiet machine

Measured inside ``EagerEngine``'s own epochs, on one thread, in processor seconds: what passes in the iterator of batches and
in mixing, as a share of the epoch. A tenth of a second of a small network waits in larger shares than one of a large one; the
small one is that of ``benchmarks.convolution``, the large one what reaches 93 % on Fashion-MNIST.
"""

import argparse
import time
from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import torch

from benchmarks.convolution import conv_net
from benchmarks.runs import publish, table
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.channel import RELU
from coeval.component.grid import CONV, GLOBAL_AVERAGE_POOL, MAX_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train import eager
from coeval.train.data import Examples, TrainingData
from coeval.train.device import configure
from coeval.train.fit import fit

COMMAND = "python -m benchmarks.pipeline"
BATCH, BATCHES = 128, 24
SIZES = ((28, 1), (32, 3))
POLICY = (
    ("rotate", 0.7, 0.5), ("equalize", 0.5, 0.5), ("shear_x", 0.7, 0.5), ("sharpness", 0.7, 0.7),
    ("translate_y", 0.5, 0.3), ("autocontrast", 0.5, 0.5),
)  # fmt: skip
RECIPES = {
    "nothing": {},
    "flip, crop": {"flip": True, "crop": 0.125},
    "flip, crop, cutout": {"flip": True, "crop": 0.125, "cutout": 0.5},
    "flip, crop, TrivialAugment": {"flip": True, "crop": 0.125, "augmentation": "trivial"},
    "flip, crop, RandAugment": {
        "flip": True, "crop": 0.125, "augmentation": "rand", "magnitude": 0.3,
    },
    "flip, crop, policy": {
        "flip": True, "crop": 0.125, "augmentation": "policy", "policy": POLICY,
    },
    "flip, crop, mixup": {"flip": True, "crop": 0.125, "mixup": 0.2},
    "flip, crop, CutMix": {"flip": True, "crop": 0.125, "cutmix": 1.0},
}  # fmt: skip


def stages(side: int, features: int) -> Architecture:
    """Return 32, 64, 64, 128, 128 features with pools between: 280,000 parameters."""
    steps = []
    for widths in ((32,), (64, 64), (128, 128)):
        if steps:
            steps.append(step(MAX_POOL, len(steps), kernel=2, stride=2))
        for width in widths:
            steps.append(step(CONV, len(steps), width=width, kernel=3))
            steps.append(step(BATCH_NORM, len(steps)))
            steps.append(step(RELU, len(steps)))
    steps.append(step(GLOBAL_AVERAGE_POOL, len(steps)))
    steps.append(step(CLASS_HEAD, len(steps), classes=10))
    return Architecture((Grid(side, side, features),), sequence(1, steps))


NETWORKS = {"16-32-64": conv_net, "32-64-64-128-128": stages}


class Clock:
    """Adds up the seconds that pass inside what it is put around."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def iterated(self, *given: Any) -> Iterator[Any]:
        """Yield batches, timing the wait for each."""
        batches = BATCH_MAKER(*given)
        while True:
            began = time.thread_time()
            batch = next(batches, None)
            self.seconds += time.thread_time() - began
            if batch is None:
                return
            yield batch

    def mixed(self, *given: Any) -> Any:
        """Return a mixed batch, timing it."""
        began = time.thread_time()
        batch = MIXER(*given)
        self.seconds += time.thread_time() - began
        return batch


BATCH_MAKER, MIXER = eager.epoch_batches, eager.mixed


def measure(architecture: Architecture, recipe: Recipe) -> tuple[float, float]:
    """Return the seconds that a few epochs wait, and that they take."""
    (grid,) = architecture.inputs
    rng = np.random.default_rng(0)
    rows = BATCH * BATCHES
    images = rng.integers(0, 256, (rows, grid.height, grid.width, grid.features), np.uint8)
    data = TrainingData(Problem.MULTICLASS, Examples((images,), rng.integers(0, 10, rows)))
    network, clock = tensor_network(architecture, seed=0), Clock()
    with (
        mock.patch.object(eager, "epoch_batches", clock.iterated),
        mock.patch.object(eager, "mixed", clock.mixed),
    ):
        began = time.thread_time()
        fit(network, data, recipe, seed=0)
        return clock.seconds, time.thread_time() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    configure(1)
    torch.set_num_threads(1)
    rows = []
    for side, features in SIZES:
        for name, build in NETWORKS.items():
            found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in RECIPES}
            for turn in range(given.rounds + 1):
                for kind, change in RECIPES.items():
                    recipe = Recipe(optimizer="sgd", lr=0.05, batch_size=BATCH, epochs=1, **change)
                    one = measure(build(side, features), recipe)
                    if turn:  # the first compiles and warms up
                        found[kind].append(one)
            for kind, seen in found.items():
                waits, takes = np.median(np.array(seen), axis=0)
                rate, each = BATCH * BATCHES / takes, 1e6 * waits / (BATCH * BATCHES)
                rows.append(
                    [
                        f"{side}x{side}x{features}",
                        name,
                        kind,
                        f"{100 * waits / takes:.1f} %",
                        f"{each:.1f}",
                        f"{rate:.0f}",
                    ]
                )
                print(rows[-1], flush=True)
    header = ["images", "network", "changed by", "waits", "µs an image", "images/s"]
    note = "Median of the rounds; waiting includes the copy from bytes to real numbers. Aim: less than 3 %."
    publish("Image input pipeline", COMMAND, table(header, rows) + "\n\n" + note)


if __name__ == "__main__":
    main()
