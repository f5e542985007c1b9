"""Training convolutions: channels last and bfloat16 against PyTorch's defaults, in speed and in accuracy.

    python -m benchmarks.convolution [--rounds 5]            speed: a minute on a quiet machine
    python -m benchmarks.convolution --accuracy [--seeds 5]  accuracy too: half an hour; kept in runs/convolution.jsonl

The default is what a newcomer writes: ``nn.Conv2d``, ``nn.BatchNorm2d``, ``nn.ReLU``, ``nn.MaxPool2d`` on float32 images in
PyTorch's layout, with fused Adam. Against it stands ``train.fit.fit``, from bytes to weights, with all it does. One
thread; processor seconds, of which the best of several rounds counts; the forms take turns.
"""

import argparse
import io
import json
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from PIL import Image
from torch import nn

from benchmarks.runs import DATA, kept, publish, table
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.channel import RELU
from coeval.component.grid import CONV, FLATTEN, GLOBAL_AVERAGE_POOL, MAX_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.space import nasbench201
from coeval.space.recipe import Recipe
from coeval.task.metric import Metric
from coeval.task.task import Problem
from coeval.train.data import Examples, TrainingData
from coeval.train.device import configure
from coeval.train.fit import fit
from coeval.train.predict import predict

IMAGES = DATA.parent / "images"
KEPT = Path(__file__).parents[1] / "runs" / "convolution.jsonl"
COMMAND = "python -m benchmarks.convolution"
WIDTHS, BATCH = (16, 32, 64), 128
TIMED = 16 * BATCH  # images a measurement
SIZES = ((28, 1), (32, 3))
CELLS = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|",
    "|nor_conv_1x1~0|+|avg_pool_3x3~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_1x1~2|",
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_3x3~0|skip_connect~1|avg_pool_3x3~2|",
)
ACCURACY = Metric("accuracy", True, lambda y, p, w: float(np.mean(p.argmax(axis=1) == y)))


def conv_net(side: int, features: int) -> Architecture:
    """Return the network of reference/measurements.md (c): 16-32-64, 3x3, batch norm, ReLU, max-pool."""
    steps = []
    for width in WIDTHS:
        steps.append(step(CONV, len(steps), width=width, kernel=3, bias=False))
        steps.append(step(BATCH_NORM, len(steps)))
        steps.append(step(RELU, len(steps)))
        steps.append(step(MAX_POOL, len(steps), kernel=2, stride=2))
    steps.append(step(FLATTEN, len(steps)))
    steps.append(step(CLASS_HEAD, len(steps), classes=10))
    return Architecture((Grid(side, side, features),), sequence(1, steps))


def default_net(side: int, features: int) -> nn.Module:
    """Return the same network as PyTorch's own modules."""
    layers: list[nn.Module] = []
    for width in WIDTHS:
        layers += [nn.Conv2d(features, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
        features, side = width, side // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(features * side * side, 10))


def by_default(side: int, features: int) -> Callable[[], float]:
    """Return what trains the default for an epoch and says the processor seconds."""
    network = default_net(side, features)
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    images = torch.randn(TIMED, features, side, side)
    target = torch.randint(10, (TIMED,))

    def epoch() -> float:
        began = time.process_time()
        for chosen in torch.randperm(TIMED).split(BATCH):
            optimizer.zero_grad()
            F.cross_entropy(network(images[chosen]), target[chosen]).backward()
            optimizer.step()
        return time.process_time() - began

    return epoch


def by_fit(architecture: Architecture, precision: str, batch: int = BATCH) -> Callable[[], float]:
    """Return what trains a network from scratch for an epoch with ``fit`` and says the processor seconds."""
    (grid,) = architecture.inputs
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (16 * batch, grid.height, grid.width, grid.features), np.uint8)
    data = TrainingData(Problem.MULTICLASS, Examples((images,), rng.integers(0, 10, 16 * batch)))
    recipe = Recipe(epochs=1, batch_size=batch)

    def epoch() -> float:
        network = tensor_network(architecture, seed=0)
        began = time.process_time()
        fit(network, data, recipe, seed=0, precision=precision)
        return time.process_time() - began

    return epoch


def rates(forms: dict[str, Callable[[], float]], images: int, rounds: int) -> dict[str, float]:
    """Return images a processor second of each form, the best of all rounds; they take turns."""
    best = dict.fromkeys(forms, float("inf"))
    for _ in range(rounds + 1):  # the first warms up, and may be the best all the same
        for name, run in forms.items():
            best[name] = min(best[name], run())
    return {name: images / seconds for name, seconds in best.items()}


def speed(rounds: int) -> str:
    """Return the table of the network of the reference."""
    rows = []
    for side, features in SIZES:
        ours = conv_net(side, features)
        found = rates(
            {
                "default": by_default(side, features),
                "float32": by_fit(ours, "float32"),
                "auto": by_fit(ours, "auto"),
            },
            TIMED,
            rounds,
        )
        print(side, found, flush=True)
        rows.append(
            [f"{side}x{side}x{features}", f"{found['default']:.0f}"]
            + [f"{found[k]:.0f} ({found[k] / found['default']:.2f}x)" for k in ("float32", "auto")]
        )
    header = ["images", "default", "fit, float32", "fit, precision auto"]
    return table(header, rows) + "\n\nImages a processor second of training, one thread. Aim: 2.5x."


def plain_net(side: int, width: int) -> Architecture:
    """Return three convolutions of one width with batch norm and ReLU."""
    steps = []
    for _ in range(3):
        steps.append(step(CONV, len(steps), width=width, kernel=3, bias=False))
        steps.append(step(BATCH_NORM, len(steps)))
        steps.append(step(RELU, len(steps)))
    steps.append(step(GLOBAL_AVERAGE_POOL, len(steps)))
    steps.append(step(CLASS_HEAD, len(steps), classes=10))
    return Architecture((Grid(side, side, 3),), sequence(1, steps))


def threshold(rounds: int) -> str:
    """Return the table from which bfloat16's least size was read."""
    rows = []
    for side, width, batch in ((4, 8, 32), (8, 8, 32), (8, 16, 64), (16, 16, 64), (16, 32, 128)):
        one = plain_net(side, width)
        numbers = tensor_network(one).activations * batch
        forms = {kind: by_fit(one, kind, batch) for kind in ("float32", "bfloat16")}
        found = rates(forms, 16 * batch, rounds)
        ratio = found["bfloat16"] / found["float32"]
        rows.append([f"{side}x{side}", str(width), str(batch), f"{numbers:,}", f"{ratio:.2f}"])
    header = ["images", "width", "batch", "activations of a batch", "bfloat16 / float32"]
    return table(header, rows)


@cache
def pictures(name: str, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first training images of a data set as bytes, and their classes."""
    if name == "fashion_mnist":
        held = np.load(IMAGES / "fashion_mnist.npz")
        return held["x_train"][:rows, ..., None], held["y_train"][:rows].astype(np.int64)
    held = np.load(IMAGES / "cifar10_jpeg.npz")
    jpeg, offset = held["jpeg_train"], held["offset_train"]
    found = [
        np.asarray(Image.open(io.BytesIO(jpeg[offset[i] : offset[i + 1]].tobytes())))
        for i in range(rows)
    ]
    return np.stack(found), held["y_train"][:rows].astype(np.int64)


def accuracy(name: str, network: str, seed: int, rows: int, epochs: int) -> dict:
    """Train one network in both precisions from one seed; return accuracy and log loss on 5,000 other images."""
    images, target = pictures(name, rows + 5000)
    if network == "conv net":
        architecture = conv_net(*images.shape[2:])
    else:
        with mock.patch.object(nasbench201, "CELLS", 1):  # one cell a stage of the paper's five
            cell = nasbench201.from_string(network)
            architecture = nasbench201.network(cell, nasbench201.dataset_named("cifar10"))
        if images.shape[-1] == 1:
            images = np.pad(np.repeat(images, 3, axis=3), ((0, 0), (2, 2), (2, 2), (0, 0)))
    data = TrainingData(Problem.MULTICLASS, Examples((images[:rows],), target[:rows]))
    recipe = Recipe(lr=2e-3, batch_size=BATCH, epochs=epochs)
    fresh, truth = images[rows:], target[rows:]
    line = {"data": name, "network": network, "seed": seed, "rows": rows, "epochs": epochs}
    for kind in ("float32", "bfloat16"):
        trained = tensor_network(architecture, seed=seed)
        began = time.process_time()
        fit(trained, data, recipe, seed=seed, precision=kind)
        seconds = time.process_time() - began
        predicted = predict(trained, (fresh,), Problem.MULTICLASS)
        chosen = np.maximum(predicted[np.arange(len(truth)), truth], 1e-12)
        found = [ACCURACY.score(truth, predicted, None), float(-np.log(chosen).mean()), seconds]
        line[kind] = found
    return line


def report(lines: list[dict]) -> str:
    """Return the table of paired differences."""
    rows = []
    for key in dict.fromkeys((one["data"], one["network"]) for one in lines):
        runs = [one for one in lines if (one["data"], one["network"]) == key]
        wide, narrow = (np.array([one[k] for one in runs]) for k in ("float32", "bfloat16"))
        change = narrow - wide
        many = len(runs) > 1
        error = change.std(axis=0, ddof=1) / len(runs) ** 0.5 if many else np.zeros(3)
        rows.append(
            [
                key[0],
                key[1] if key[1] == "conv net" else f"cell {CELLS.index(key[1]) + 1}",
                f"{100 * wide[:, 0].mean():.2f}",
                f"{100 * change[:, 0].mean():+.2f}" + (f" ± {100 * error[0]:.2f}" if many else ""),
                f"{change[:, 1].mean():+.4f}" + (f" ± {error[1]:.4f}" if many else ""),
                f"{wide[:, 2].sum() / narrow[:, 2].sum():.2f}x",
                str(len(runs)),
            ]
        )
    header = ["data", "network", "accuracy %, float32", "bfloat16 less float32", "in log loss"]
    note = (
        "Paired: the same weights, order and images in both precisions; mean and its standard error over seeds. "
        "Scores are measured in float32. Cells: NAS-Bench-201, one a stage."
    )
    return table([*header, "speed", "seeds"], rows) + "\n\n" + note


def measure(seeds: int) -> None:
    """Add the trainings that are missing to the kept ones."""
    plans = [("fashion_mnist", "conv net", 20_000, 4), ("cifar10_jpeg", "conv net", 20_000, 4)]
    plans += [
        (name, cell, 5_000, 3) for cell in CELLS for name in ("fashion_mnist", "cifar10_jpeg")
    ]
    known = {(one["data"], one["network"], one["seed"]) for one in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a") as file:
        for seed in range(seeds):
            for name, network, rows, epochs in plans:
                if (name, network, seed) not in known:
                    line = accuracy(name, network, seed, rows, epochs)
                    print(json.dumps(line), file=file, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--accuracy", action="store_true", help="train in both precisions too")
    parser.add_argument("--seeds", type=int, default=5)
    given = parser.parse_args()
    configure(1)
    if given.accuracy:
        measure(given.seeds)
    sections = [speed(given.rounds), threshold(given.rounds)]
    if kept(KEPT):
        sections.append(report(kept(KEPT)))
    publish("Convolutions", COMMAND, "\n\n".join(sections))


if __name__ == "__main__":
    main()
