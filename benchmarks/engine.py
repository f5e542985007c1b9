"""The compiled loop against PyTorch an operation at a time: steps a second by width, then whole trials.

    python -m benchmarks.engine [--repeats 7] [--candidates 20] [--report]

Two hidden layers of a width, 10 classes, AdamW, one core; the ways take turns and the best of the repeats counts, in
processor time. "Careful" is a hand-written PyTorch loop with fused AdamW, "eager" ``EagerEngine``. "Share" is of what
the core reaches in products of 512 x 512 in the same turns. Then candidates as a search draws them are trained whole, by
either engine in turn: preparation, training with early stopping, prediction. Three minutes on a quiet machine.
"""

import argparse
import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import nn

from benchmarks.runs import DATA, kept, publish, table
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.network import Network
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import CLASS_HEAD
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.seed import generator
from coeval.space.recipe import Recipe
from coeval.space.tabular import space_for
from coeval.task.read import read
from coeval.task.task import Problem
from coeval.train.choose import engine_for
from coeval.train.data import Tensors
from coeval.train.device import configure
from coeval.trial import Proposal, Trial

KEPT = Path(__file__).parents[1] / "runs" / "engine.jsonl"
SHAPES = (
    (16, 16, 64),
    (64, 32, 128),
    (64, 64, 128),
    (64, 128, 128),
    (64, 256, 256),
    (64, 512, 256),
)
"""Columns, width, batch size."""
AIMS = {16: 14.0, 32: 5.0, 128: 1.4, 256: 0.95, 512: 0.95}
CLASSES, ROWS = 10, 4096
LONG = 100_000  # epochs of the schedule: never reached
TABLES = {"phoneme": "target", "wine_quality": "quality", "credit_g": "class"}
EFFORT = 0.5


def rows_of(columns: int) -> Tensors:
    """Return random rows: the time of a step does not depend on what is learnt."""
    rng = np.random.default_rng(0)
    none = torch.zeros((ROWS, 0), dtype=torch.int64)
    numeric = torch.tensor(rng.normal(size=(ROWS, columns)).astype(np.float32))
    return Tensors((numeric, none, none), torch.tensor(rng.integers(0, CLASSES, ROWS)), None)


def careful(columns: int, width: int, batch: int, data: Tensors) -> Callable[[], None]:
    """Return an epoch of what a careful person writes in PyTorch."""
    layers = [nn.Linear(columns, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(width, CLASSES))
    optimizer = torch.optim.AdamW(network.parameters(), fused=True)

    def epoch() -> None:
        order = torch.randperm(ROWS)
        for begin in range(0, ROWS, batch):
            chosen = order[begin : begin + batch]
            outputs = network(data.inputs[0][chosen])
            loss = nn.functional.cross_entropy(outputs, data.target[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

    return epoch


def ours(engine: str, columns: int, width: int, batch: int, data: Tensors) -> Callable[[], object]:
    """Return an epoch of one of our engines."""
    steps = [
        step(NUMERIC_ENTRY, 0),
        step(LINEAR, 1, width=width),
        step(RELU, 2),
        step(LINEAR, 3, width=width),
        step(RELU, 4),
        step(CLASS_HEAD, 5, classes=CLASSES),
    ]
    network = Network(Architecture((Columns(columns),), sequence(1, steps)), seed=0)
    recipe = Recipe(batch_size=batch, schedule="constant")
    return engine_for(
        network, data, Problem.MULTICLASS, recipe, length=LONG, seed=0, should_stop=lambda: False, engine=engine
    ).epoch  # fmt: skip


def product() -> Callable[[], None]:
    """Return the product that tells a core's rate."""
    one, other = torch.randn(512, 512), torch.randn(512, 512)

    def multiply() -> None:
        for _ in range(4):
            torch.mm(one, other)

    return multiply


def measure_width(columns: int, width: int, batch: int, repeats: int) -> dict:
    """Return the best seconds of an epoch of each way, and of the product, as a line."""
    data = rows_of(columns)
    ways: dict[str, Callable[[], object]] = {
        "careful": careful(columns, width, batch, data),
        "eager": ours("eager", columns, width, batch, data),
        "compiled": ours("compiled", columns, width, batch, data),
        "product": product(),
    }
    best = dict.fromkeys(ways, float("inf"))
    for turn in range(repeats + 1):
        for name, run in ways.items():
            for _ in range(1 if name in {"careful", "eager"} else 10):
                began = time.process_time()
                run()
                if turn:  # the first turn warms up
                    best[name] = min(best[name], time.process_time() - began)
    return {"columns": columns, "width": width, "batch": batch, **best}


def measure_trials(name: str, count: int) -> dict:
    """Return the processor seconds and scores of candidates of a table, by engine, as a line."""
    task = read(DATA / f"{name}.parquet", target=TABLES[name])
    space = space_for(task, models="neural", effort=EFFORT)
    candidates = [space.sample(generator(0, "engine", name, number)) for number in range(count)]
    seconds: dict[str, list[float]] = {"eager": [], "compiled": []}
    scores: dict[str, list[float | None]] = {"eager": [], "compiled": []}
    evaluators = {
        "eager": TrainingEvaluator(task, space, engine="eager", signals=False),
        "compiled": TrainingEvaluator(task, space, signals=False),
    }
    for number, candidate in enumerate(candidates):
        for engine, evaluator in evaluators.items():
            began = time.process_time()
            ((_, found),) = evaluator.evaluate([Trial(number, Proposal(candidate))], never_stop)
            seconds[engine].append(time.process_time() - began)
            scores[engine].append(found.values.get(task.metric.name))
    return {"table": name, "seconds": seconds, "scores": scores}


def floating_operations(line: dict) -> float:
    """Return the multiplications and additions of an epoch's products."""
    sizes = (line["columns"], line["width"], line["width"], CLASSES)
    products = sum(one * other for one, other in pairwise(sizes))
    return ROWS * (6.0 * products - 2.0 * sizes[0] * sizes[1])


def width_rows(lines: list[dict]) -> list[list[str]]:
    """Return a row a width."""
    rows = []
    for one in lines:
        steps = ROWS / one["batch"]
        rate = floating_operations(one) / one["compiled"] / 1e9
        core = 4 * 2 * 512**3 / one["product"] / 1e9
        rows.append(
            [
                f"{one['columns']}-{one['width']}-{one['width']}-{CLASSES}, {one['batch']}",
                *(f"{steps / one[way]:,.0f}" for way in ("careful", "eager", "compiled")),
                f"{one['careful'] / one['compiled']:.1f}x",
                f"{AIMS[one['width']]:g}x" if one["width"] in AIMS else "",
                f"{rate:.0f}",
                f"{100 * rate / core:.0f} %",
            ]
        )
    return rows


def trial_rows(lines: list[dict]) -> list[list[str]]:
    """Return a row a table."""
    rows = []
    for one in lines:
        slow, fast = one["seconds"]["eager"], one["seconds"]["compiled"]
        ratios = [first / second for first, second in zip(slow, fast, strict=True)]
        pairs = zip(one["scores"]["eager"], one["scores"]["compiled"], strict=True)
        gaps = [abs(a - b) for a, b in pairs if a is not None and b is not None]
        rows.append(
            [
                one["table"],
                f"{len(slow)}",
                f"{sum(slow):.1f}",
                f"{sum(fast):.1f}",
                f"{sum(slow) / sum(fast):.1f}x",
                f"{median(ratios):.1f}x ({min(ratios):.1f} to {max(ratios):.1f})",
                f"{median(gaps):.4f}",
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--candidates", type=int, default=20)
    parser.add_argument("--report", action="store_true", help="only write the tables")
    given = parser.parse_args()
    if not given.report:
        configure(1)
        KEPT.parent.mkdir(exist_ok=True)
        with KEPT.open("w") as file:
            for shape in SHAPES:
                file.write(json.dumps(measure_width(*shape, given.repeats)) + "\n")
            for name in TABLES:
                file.write(json.dumps(measure_trials(name, given.candidates)) + "\n")
                file.flush()
    lines = kept(KEPT)
    widths = table(
        ["columns-widths-classes, batch", "careful, steps/s", "eager", "compiled", "to careful", "aim", "GFLOP/s", "share"],
        width_rows([one for one in lines if "width" in one]),
    )  # fmt: skip
    trials = table(
        ["table", "candidates", "eager, s", "compiled, s", "in all", "median (range)", "median gap of the scores"],
        trial_rows([one for one in lines if "table" in one]),
    )  # fmt: skip
    publish("The compiled loop", "python -m benchmarks.engine", f"{widths}\n\n{trials}")


if __name__ == "__main__":
    main()
