"""What `coeval fit` reaches on images: Fashion-MNIST in 15 minutes, CIFAR-10 in an hour against ResNet-20.

    python -m benchmarks.images [--only fashion_mnist] [--seconds 900] [--seeds 1] [--report]    75 + 60 minutes a seed

Two workers, the official test images as the test split, networks below 300,000 parameters. Aim: 93.0 % on Fashion-MNIST; on
CIFAR-10 more than ResNet-20 (He et al. 2016, arXiv:1512.03385, section 4.2) trained by the same code, with both cores, for the
same wall clock: for as many epochs as fit, at one cycle of SGD, pictures flipped and shifted as in the paper. Finished
runs are kept in runs/images.jsonl and not repeated; other lengths than the usual are kept apart.
"""

import argparse
import io
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import runs
from benchmarks.runs import DATA, kept, publish, table
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.grid import GLOBAL_AVERAGE_POOL
from coeval.component.head import CLASS_HEAD
from coeval.space.motifs_grid import basic_block, chain, conv_bn
from coeval.space.recipe import Recipe
from coeval.task.task import Problem
from coeval.train.data import Examples, TrainingData
from coeval.train.device import configure
from coeval.train.fit import fit
from coeval.train.predict import predict

IMAGES = DATA.parent / "images"
KEPT = Path(__file__).parents[1] / "runs" / "images.jsonl"
COMMAND = "python -m benchmarks.images"
SECONDS = {"fashion_mnist": 900, "cifar10": 3600}
MOST = 300_000
WIDTHS, DEPTH = (16, 32, 64), 3
RESNET_RECIPE = Recipe(
    optimizer="sgd",
    lr=0.1,
    schedule="one_cycle",
    weight_decay=5e-3,  # decoupled; coupled 5e-4, which momentum applies ten times
    batch_size=128,
    flip=True,
    crop=0.125,
)
TRIED = 5 * 128 * 8
"""Images that tell how long an epoch takes."""
PLANNED = 0.97

Arrays = dict[str, np.ndarray]


@cache
def arrays(name: str) -> Arrays:
    """Return training and test images ``(rows, height, width, features)`` as bytes, and their classes."""
    if name == "fashion_mnist":
        held = np.load(IMAGES / "fashion_mnist.npz")
        return {key: held[key] for key in ("x_train", "y_train", "x_test", "y_test")}
    held = np.load(IMAGES / "cifar10_jpeg.npz")
    found = {}
    for part in ("train", "test"):
        jpeg, offset = held[f"jpeg_{part}"], held[f"offset_{part}"]
        found[f"x_{part}"] = np.stack(
            [
                np.asarray(Image.open(io.BytesIO(jpeg[start:end].tobytes())))
                for start, end in itertools.pairwise(offset)
            ]
        )
        found[f"y_{part}"] = held[f"y_{part}"]
    return found


def resnet20(side: int, features: int, classes: int = 10) -> Architecture:
    """Return ResNet-20: three stages of three blocks with 16, 32 and 64 features, the later ones at half the side."""
    blocks, width = [conv_bn(WIDTHS[0])], WIDTHS[0]
    for stage, wider in enumerate(WIDTHS):
        for number in range(DEPTH):
            stride = 2 if stage and not number else 1
            blocks.append(basic_block(width, wider, stride=stride))
            width = wider
    body = chain(*blocks)
    pooled = step(GLOBAL_AVERAGE_POOL, body.output)
    head = step(CLASS_HEAD, 1 + len(body.steps), classes=classes)
    whole = Region(1, (*body.steps, pooled, head), 2 + len(body.steps))
    return Architecture((Grid(side, side, features),), whole)


def searched(name: str, seconds: float, seed: int) -> dict:
    """Run the command as a user does; return what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / f"{name}.npz"
        np.savez(data, **arrays(name))
        options = ("--budget", f"{seconds:g}s", "--seed", str(seed), "--workers", "2")
        options = (*options, "--max-parameters", str(MOST), "--metric", "accuracy")
        found = runs.fit(data, None, Path(folder) / "run", *options)
        return {"seconds": found.seconds, "result": found.result}


def resnet(name: str, seconds: float, seed: int) -> dict:
    """Train ResNet-20 on all training images for so long; return its score on the test images."""
    configure(2)
    held = arrays(name)
    pictures = held["x_train"].reshape(len(held["x_train"]), *held["x_train"].shape[1:3], -1)
    target = held["y_train"].astype(np.int64)
    architecture = resnet20(pictures.shape[1], pictures.shape[3])

    def train(rows: int, epochs: int, stop: Callable[[], bool] | None = None) -> tuple:
        network = tensor_network(architecture, seed=seed)
        data = TrainingData(Problem.MULTICLASS, Examples((pictures[:rows],), target[:rows]))
        began = time.monotonic()
        recipe = RESNET_RECIPE
        fitted = fit(network, data, recipe, seed=seed, schedule_epochs=epochs, should_stop=stop)
        return network, fitted, time.monotonic() - began

    began = time.monotonic()
    train(TRIED, 1)  # loads and compiles
    each = train(TRIED, 1)[2] * len(pictures) / TRIED
    left = seconds - (time.monotonic() - began)
    epochs = max(1, int(PLANNED * left / each))
    network, fitted, _ = train(len(pictures), epochs, lambda: time.monotonic() - began >= seconds)
    test = held["x_test"].reshape(len(held["x_test"]), *pictures.shape[1:])
    predicted = predict(network, (test,), Problem.MULTICLASS)
    return {
        "seconds": time.monotonic() - began,
        "accuracy": float((predicted.argmax(axis=1) == held["y_test"]).mean()),
        "epochs": fitted.epochs,
        "planned": epochs,
        "parameters": infer(architecture).cost.parameters,
        "macs": infer(architecture).cost.macs,
    }


ARMS = {"coeval": searched, "ResNet-20": resnet}
PLANS = (("fashion_mnist", "coeval"), ("cifar10", "ResNet-20"), ("cifar10", "coeval"))


def measure(only: str | None, seconds: float | None, seeds: int) -> None:
    """Make the runs that are missing."""
    known = {(one["data"], one["arm"], one["budget"], one["seed"]) for one in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.open("a") as file:
        for seed in range(seeds):
            for name, arm in PLANS:
                budget = seconds or SECONDS[name]
                if only not in (None, name) or (name, arm, budget, seed) in known:
                    continue
                found = ARMS[arm](name, budget, seed)
                line = {"data": name, "arm": arm, "budget": budget, "seed": seed, **found}
                print(json.dumps(line), file=file, flush=True)


def figures(one: dict) -> tuple[float, int, float, str]:
    """Return a run's accuracy on the test images, parameters, multiply-accumulates in millions, and how it was trained."""
    if one["arm"] != "coeval":
        return one["accuracy"], one["parameters"], one["macs"] / 1e6, f"{one['epochs']} epochs"
    result = one["result"]
    final = result["final"]
    return (
        final["test"]["value"],
        final["parameters"],
        final["macs"] / 1e6,
        f"{result['trials']} trials, {final['epochs']} epochs",
    )


def report() -> str:
    """Return the table of all kept runs."""
    rows = []
    for one in sorted(kept(KEPT), key=lambda o: (o["data"], -o["budget"], o["arm"], o["seed"])):
        accuracy, parameters, macs, how = figures(one)
        rows.append(
            [
                one["data"],
                one["arm"],
                f"{one['budget'] / 60:g} min",
                f"{100 * accuracy:.2f} %",
                f"{parameters:,}",
                f"{macs:.1f}",
                how,
                f"{one['seconds']:.0f} s",
                str(one["seed"]),
            ]
        )
    header = ["data", "who", "time", "test accuracy", "parameters", "MACs, millions"]
    return table([*header, "training", "took", "seed"], rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=tuple(SECONDS))
    parser.add_argument("--seconds", type=float, help="instead of 900 and 3600")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="only publish what is kept")
    given = parser.parse_args()
    if not given.report:
        measure(given.only, given.seconds, given.seeds)
    if kept(KEPT):
        publish("Images", COMMAND, report())


if __name__ == "__main__":
    main()
