"""What `coeval fit` reaches on images: Fashion-MNIST in 15 minutes, CIFAR-10 in an hour against ResNet-20.

    python -m benchmarks.images [--only cifar10] [--arms ResNet-20] [--cores 2] [--seconds 900] [--seeds 1] [--report]

75 + 60 minutes a seed, on two cores; the official test images as the test split. Aim: 93.0 % on Fashion-MNIST with fewer than
300,000 parameters; on CIFAR-10 more than ResNet-20 (He et al. 2016, arXiv:1512.03385, section 4.2) trained by the same code,
with as many cores, for the same wall clock: at one cycle of SGD that follows the clock, pictures flipped and shifted as in
the paper. Finished runs are kept in runs/images.jsonl and not repeated; other lengths and cores than the usual are kept apart. What is to be
known of a run beside its figures may be written there under "said".
"""

import argparse
import io
import itertools
import json
import tempfile
import time
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
LIMITS = {"fashion_mnist": ("--max-parameters", "300000"), "cifar10": ()}
MOST_EPOCHS = 1000
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


def searched(name: str, seconds: float, seed: int, cores: int) -> dict:
    """Run the command as a user does; return what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / f"{name}.npz"
        np.savez(data, **arrays(name))
        options = ("--budget", f"{seconds:g}s", "--seed", str(seed), "--workers", str(cores))
        options = (*options, *LIMITS[name], "--metric", "accuracy")
        found = runs.fit(data, None, Path(folder) / "run", *options)
        return {"seconds": found.seconds, "result": found.result}


def resnet(name: str, seconds: float, seed: int, cores: int) -> dict:
    """Train ResNet-20 on all training images for so long; return its score on the test images."""
    began = time.monotonic()
    configure(cores)
    held = arrays(name)
    pictures = held["x_train"].reshape(len(held["x_train"]), *held["x_train"].shape[1:3], -1)
    architecture = resnet20(pictures.shape[1], pictures.shape[3])
    network = tensor_network(architecture, seed=seed)
    examples = Examples((pictures,), held["y_train"].astype(np.int64))
    fitted = fit(
        network,
        TrainingData(Problem.MULTICLASS, examples),
        RESNET_RECIPE,
        seed=seed,
        schedule_epochs=MOST_EPOCHS,
        until=began + seconds,
    )
    test = held["x_test"].reshape(len(held["x_test"]), *pictures.shape[1:])
    predicted = predict(network, (test,), Problem.MULTICLASS)
    return {
        "seconds": time.monotonic() - began,
        "accuracy": float((predicted.argmax(axis=1) == held["y_test"]).mean()),
        "epochs": fitted.epochs,
        "parameters": infer(architecture).cost.parameters,
        "macs": infer(architecture).cost.macs,
    }


ARMS = {"coeval": searched, "ResNet-20": resnet}
PLANS = (("fashion_mnist", "coeval"), ("cifar10", "ResNet-20"), ("cifar10", "coeval"))


def measure(given: argparse.Namespace) -> None:
    """Make the runs that are missing."""
    known = {(o["data"], o["arm"], o["budget"], o["seed"], o["cores"]) for o in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    for seed in range(given.seeds):
        for name, arm in PLANS:
            budget = given.seconds or SECONDS[name]
            is_asked = given.only in (None, name) and arm in given.arms
            if not is_asked or (name, arm, budget, seed, given.cores) in known:
                continue
            found = ARMS[arm](name, budget, seed, given.cores)
            line = {"data": name, "arm": arm, "budget": budget, "seed": seed, "cores": given.cores}
            with KEPT.open("a") as file:
                print(json.dumps({**line, **found}), file=file)


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
                str(one["cores"]),
                f"{100 * accuracy:.2f} %",
                f"{parameters:,}",
                f"{macs:.1f}",
                how,
                f"{one['seconds']:.0f} s",
                str(one["seed"]),
            ]
        )
    header = ["data", "who", "time", "cores", "test accuracy", "parameters", "MACs, millions"]
    said = [f"{one['arm']} on {one['data']}: {one['said']}." for one in kept(KEPT) if "said" in one]
    return "\n\n".join([table([*header, "training", "took", "seed"], rows), *said])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=tuple(SECONDS))
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--seconds", type=float, help="instead of 900 and 3600")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="only publish what is kept")
    given = parser.parse_args()
    if not given.report:
        measure(given)
    if kept(KEPT):
        publish("Images", COMMAND, report())


if __name__ == "__main__":
    main()
