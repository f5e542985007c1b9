"""What a step of a supernet costs beside what it runs: mixed operations, and sampled paths.

    python -m benchmarks.supernet [--rounds 15] [--report]

The cells of NAS-Bench-201, one a stage, on 14 x 14 images in batches of 64, without and with bfloat16. One thread; processor
seconds, of which the median of interleaved rounds counts. A step is forward, backward and the optimiser.

- mixed: against the sum of the operations that it runs, each run forward and backward alone on tensors of its own shape, and of
  the fixed parts and the optimiser. To be at most 1.3.
- one path: against the same architecture as a network of its own. To be at most 1.15.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from benchmarks.runs import kept, publish, table
from coeval.architecture.types import Grid
from coeval.build.modules.choice import Choice
from coeval.build.network import tensor_network
from coeval.component.head import CLASS_HEAD
from coeval.oneshot.supernet import Supernet
from coeval.seed import generator
from coeval.space.image_frame import ImageFrame
from coeval.space.nasbench201 import cell_space, stacked
from coeval.space.open import OpenSpace, cut, open_space
from coeval.space.product import ProductSpace
from coeval.train.device import configure
from coeval.train.optimizer import Optimizer

KEPT = Path(__file__).parents[1] / "runs" / "supernet.jsonl"
COMMAND = "python -m benchmarks.supernet"
SIDE, FEATURES, CLASSES = 14, 1, 10
CELLS, WIDTH, BATCH = 1, 16, 64
PATHS = 6
KINDS = {"float32": None, "bfloat16": torch.bfloat16}
Timed = Callable[[], None]


def space() -> OpenSpace:
    """Return the cells of NAS-Bench-201 in a stack for small grey images, all open."""
    settings = CLASS_HEAD.complete({"classes": CLASSES})
    frame = ImageFrame(Grid(SIDE, SIDE, FEATURES), CLASS_HEAD, settings)
    typing = partial(_network, frame)
    return open_space(ProductSpace({"cell": cell_space()}, typing=typing))


def _network(frame: ImageFrame, candidate):
    return stacked(candidate.part("cell"), frame, CELLS, WIDTH)


def precision(kind: str) -> AbstractContextManager:
    """Return what operations compute in."""
    return nullcontext() if KINDS[kind] is None else torch.autocast("cpu", KINDS[kind])


def training(network: nn.Module, kind: str, *more: torch.Tensor, **path) -> Timed:
    """Return a step that trains a network on one batch; gradients of ``more`` are computed too."""
    optimizer = Optimizer("sgd", network, weight_decay=3e-4)
    images, target = torch.randn(BATCH, SIDE, SIDE, FEATURES), torch.randint(CLASSES, (BATCH,))

    def step() -> None:
        with precision(kind):
            outputs = network(images, **path)
        loss = nn.functional.cross_entropy(outputs.float(), target)
        wanted = [*optimizer.parameters, *more]
        gradients = torch.autograd.grad(loss, wanted, allow_unused=True)
        optimizer.step(gradients[: len(optimizer.parameters)], 1e-4)

    return step


def alone(module: nn.Module, x: torch.Tensor, kind: str) -> Timed:
    """Return a forward and a backward pass of an operation; its input has a gradient too, as inside a network."""
    x = x.detach().requires_grad_()
    with precision(kind), torch.no_grad():
        g = torch.randn_like(module(x))
    wanted = [x, *(one for one in module.parameters() if one.requires_grad)]

    def run() -> None:
        with precision(kind):
            y = module(x)
        torch.autograd.grad(y, wanted, g, allow_unused=True)

    return run


def operations(net: Supernet, kind: str) -> Counter:
    """Return every option that a mixed step runs with its input, and how often: one entry for each kind and shape."""
    inputs: dict[nn.Module, torch.Tensor] = {}
    choices = [one for one in net.modules() if isinstance(one, Choice)]
    hooks = [
        one.register_forward_pre_hook(lambda module, args: inputs.update({module: args[0]}))
        for one in choices
    ]
    with precision(kind), torch.no_grad():
        net(torch.randn(BATCH, SIDE, SIDE, FEATURES), picks=[3] * len(net.sizes))
    for one in hooks:
        one.remove()
    found: dict[tuple, tuple[Timed, int]] = {}
    for choice in choices:
        for number, option in enumerate(choice):
            if number in choice.zeros or not list(option.children()):
                continue
            key = (number, inputs[choice].shape)
            timed, count = found.get(key) or (alone(option, inputs[choice], kind), 0)
            found[key] = (timed, count + 1)
    return Counter(dict(found.values()))


def seconds(steps: list[Timed], rounds: int) -> list[float]:
    """Return the median processor seconds of each, measured in turns."""
    found: list[list[float]] = [[] for _ in steps]
    for number in range(rounds + 2):
        for one, times in zip(steps, found, strict=True):
            began = time.thread_time()
            one()
            if number >= 2:
                times.append(time.thread_time() - began)
    return [float(np.median(one)) for one in found]


def mixed(kind: str, rounds: int) -> dict:
    """Measure a mixed step against the sum of its operations."""
    opened = space()
    net = Supernet(opened.architecture, seed=0, affine=False)
    weights = [torch.full((size,), 1 / size, requires_grad=True) for size in net.sizes]
    counted = operations(net, kind)
    # Skips alone: the fixed parts, and the steps of parameters that no operation has.
    fixed = training(tensor_network(cut(opened.architecture, [1] * 6), seed=0), kind)
    everything = Optimizer("sgd", net, weight_decay=3e-4)
    gradients = [torch.zeros_like(one) for one in everything.parameters]
    times = seconds(
        [
            training(net, kind, *weights, weights=weights),
            fixed,
            lambda: everything.step(gradients, 1e-4),
            *counted,
        ],
        rounds,
    )
    operated = sum(t * count for t, count in zip(times[3:], counted.values(), strict=True))
    total = sum(times[1:3]) + operated
    return {"what": "mixed", "kind": kind, "step": times[0], "sum": total}


def one_path(kind: str, rounds: int) -> dict:
    """Measure steps of sampled paths against the same architectures alone."""
    opened = space()
    net = Supernet(opened.architecture, seed=0)
    shared, own = [], []
    for number in range(PATHS):
        rng = generator(0, "path", number)
        picks = tuple(rng.integers(1, net.sizes).tolist())
        member = tensor_network(cut(opened.architecture, picks), seed=0)
        times = seconds([training(net, kind, picks=picks), training(member, kind)], rounds)
        shared.append(times[0])
        own.append(times[1])
    return {"what": "one path", "kind": kind, "step": sum(shared), "sum": sum(own)}


MEASURED = {"mixed": (mixed, 1.3), "one path": (one_path, 1.15)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    configure(1)
    KEPT.parent.mkdir(exist_ok=True)
    if not given.report:
        with KEPT.open("a") as file:
            for measure, _ in MEASURED.values():
                for kind in KINDS:
                    print(json.dumps(measure(kind, given.rounds)), file=file, flush=True)
    publish("Supernet", COMMAND, report(kept(KEPT)))


def report(lines: list[dict]) -> str:
    """Return the table: medians over all measurements kept."""
    rows = []
    for what, (_, most) in MEASURED.items():
        for kind in KINDS:
            runs = [one for one in lines if (one["what"], one["kind"]) == (what, kind)]
            if runs:
                step, total = (
                    1e3 * float(np.median([one[n] for one in runs])) for n in ("step", "sum")
                )
                ratio = float(np.median([one["step"] / one["sum"] for one in runs]))
                rows.append(
                    [
                        what,
                        kind,
                        f"{step:.1f}",
                        f"{total:.1f}",
                        f"{ratio:.2f}",
                        f"{most:g}",
                        str(len(runs)),
                    ]
                )
    header = ["step", "precision", "ms", "ms of what it runs", "ratio", "at most", "measurements"]
    return table(header, rows)


if __name__ == "__main__":
    main()
