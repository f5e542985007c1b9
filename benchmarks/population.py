"""Many small networks: one after the other in PyTorch, in a compiled loop, and all together in one tensor.

    python -m benchmarks.population [--repeats 5] [--report]

Two hidden layers of a width, 10 classes, AdamW; one core; CPU time of training epochs, the three ways in turns and
the best of the repeats counted. "Mixed" are 8 widths from an eighth of the width up, as the ways see them: those of a
bucket (widths within a factor of 2) train together. "Share" is of what the core reaches in products of 512 x 512.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch

from benchmarks.runs import kept, publish, table
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.network import Network
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import CLASS_HEAD
from coeval.space.recipe import Recipe
from coeval.task.table import Rows
from coeval.task.task import Problem
from coeval.train.compiled import CompiledEngine
from coeval.train.data import UNSCALED, Examples, Tensors, to_tensors
from coeval.train.device import configure
from coeval.train.eager import EagerEngine
from coeval.train.loss import loss_for
from coeval.train.population_engine import Member, PopulationEngine, tape_for

KEPT = Path(__file__).parents[1] / "runs" / "population.jsonl"
SHAPES = ((16, 16, 64), (64, 32, 128), (64, 64, 128), (64, 128, 128), (64, 256, 256))
"""Columns, width, batch size."""
AIMS = {
    (16, "one"): 14.0,
    (32, "one"): 5.0,
    (128, "one"): 1.4,
    (16, "mixed"): 10.0,
    (32, "mixed"): 4.0,
}
AIMS[128, "mixed"] = 1.0
MEMBERS = (16, 64)
STEPS = 8
CLASSES = 10
EPOCHS = 10_000  # of the schedule: never reached


def rows_of(columns: int, rows: int) -> Tensors:
    """Return random rows: the time of a step does not depend on what is learnt."""
    rng = np.random.default_rng(0)
    none = np.zeros((rows, 0), np.int64)
    numeric = rng.normal(size=(rows, columns)).astype(np.float32)
    examples = Examples(Rows(numeric, none, none), rng.integers(0, CLASSES, rows))
    return to_tensors(examples, Problem.MULTICLASS, UNSCALED, torch.device("cpu"))


def network(columns: int, width: int, seed: int) -> Network:
    steps = [
        step(NUMERIC_ENTRY, 0),
        step(LINEAR, 1, width=width),
        step(RELU, 2),
        step(LINEAR, 3, width=width),
        step(RELU, 4),
        step(CLASS_HEAD, 5, classes=CLASSES),
    ]
    return Network(Architecture((Columns(columns),), sequence(1, steps)), seed=seed)


def widths_of(width: int, kind: str, members: int) -> list[int]:
    """Return the members' widths, widest first."""
    if kind == "one":
        return [width] * members
    return sorted((width * (1 + number % 8) // 8 for number in range(members)), reverse=True)


def flops(columns: int, width: int, batch: int) -> int:
    """Return the operations of one step: a product forward and two backward, but none into the rows."""
    layers = ((columns, width), (width, width), (width, CLASSES))
    return batch * (6 * sum(a * b for a, b in layers) - 2 * columns * width)


def never() -> bool:
    return False


def eager(members: Sequence[Member], data: Tensors) -> list[Callable[[], object]]:
    """Return one epoch of each member in PyTorch."""
    loss = loss_for(Problem.MULTICLASS)
    return [
        EagerEngine(
            one.network,
            data,
            one.recipe,
            loss=loss,
            length=EPOCHS,
            seed=one.seed,
            should_stop=never,
        ).epoch
        for one in members
    ]


def compiled(members: Sequence[Member], data: Tensors) -> list[Callable[[], object]]:
    """Return one epoch of each member in a compiled loop."""
    found: list[Callable[[], object]] = []
    for one in members:
        tape = tape_for(one.network)
        assert tape is not None
        engine = CompiledEngine(
            one.network,
            tape,
            data,
            Problem.MULTICLASS,
            one.recipe,
            length=EPOCHS,
            seed=one.seed,
            should_stop=never,
        )
        found.append(engine.epoch)
    return found


def together(members: Sequence[Member], data: Tensors) -> list[Callable[[], object]]:
    """Return one epoch of each bucket."""
    hidden = [one.network.architecture.body.steps[1].setting("width") for one in members]
    order = [(int(width) - 1).bit_length() for width in hidden]
    found: list[Callable[[], object]] = []
    for _, group in groupby(zip(order, members, strict=True), key=lambda pair: pair[0]):
        engine = PopulationEngine([one for _, one in group], data, Problem.MULTICLASS)
        found.append(lambda engine=engine: engine.epoch(never))
    return found


def seconds(epochs: Sequence[Callable[[], object]]) -> float:
    started = time.process_time()
    for epoch in epochs:
        epoch()
    return time.process_time() - started


def product_rate() -> float:
    """Return the core's operations a second in products of matrices."""
    a = torch.randn(512, 512)
    best = float("inf")
    for _ in range(20):
        started = time.process_time()
        for _ in range(4):
            torch.mm(a, a)
        best = min(best, (time.process_time() - started) / 4)
    return 2 * 512**3 / best


def measure(columns: int, width: int, batch: int, kind: str, count: int, repeats: int) -> dict:
    """Return network steps a second the three ways; of PyTorch only some members are trained, one of each width."""
    recipe = Recipe(batch_size=batch, epochs=EPOCHS)
    data = rows_of(columns, STEPS * batch)
    widths = widths_of(width, kind, count)

    def made(few: Sequence[int]) -> list[Member]:
        return [
            Member(network(columns, one, number), recipe, number, EPOCHS)
            for number, one in enumerate(few)
        ]

    few = widths[:: count // 8]
    ways = {
        "eager": (eager(made(few), data), len(few)),
        "compiled": (compiled(made(few), data), len(few)),
        "together": (together(made(widths), data), count),
    }
    best = dict.fromkeys(ways, float("inf"))
    for turn in range(repeats + 1):
        for name, (epochs, _) in ways.items():
            taken = seconds(epochs)
            best[name] = best[name] if turn == 0 else min(best[name], taken)
    rates = {name: ways[name][1] * STEPS / best[name] for name in ways}
    work = float(np.mean([flops(columns, one, batch) for one in few]))
    shares = {name: rate * work / product_rate() for name, rate in rates.items()}
    line = {"columns": columns, "width": width, "batch": batch, "kind": kind, "members": count}
    return {**line, "rates": rates, "shares": shares}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    configure(1)
    KEPT.parent.mkdir(exist_ok=True)
    if not given.report:
        with KEPT.open("w") as file:
            for columns, width, batch in SHAPES:
                for kind in ("one", "mixed"):
                    for count in MEMBERS:
                        line = measure(columns, width, batch, kind, count, given.repeats)
                        print(json.dumps(line), file=file, flush=True)
    title = "Population in one tensor"
    publish(title, "python -m benchmarks.population", report(kept(KEPT)))


def report(lines: list[dict]) -> str:
    """Return the table: steps of one network a second, ratios to PyTorch, shares of the core's rate."""
    rows = []
    for one in lines:
        rates, shares = one["rates"], one["shares"]
        aim = AIMS.get((one["width"], one["kind"]))
        ratios = {name: rates[name] / rates["eager"] for name in ("compiled", "together")}
        rows.append(
            [
                f"{one['columns']}-{one['width']}-{one['width']}-{CLASSES}, batch {one['batch']}",
                one["kind"],
                str(one["members"]),
                f"{rates['eager']:.0f}",
                f"{ratios['compiled']:.1f} ({100 * shares['compiled']:.0f} %)",
                f"{ratios['together']:.1f} ({100 * shares['together']:.0f} %)",
                "" if aim is None else f"{aim:g}",
            ]
        )
    header = ["shape", "widths", "networks", "PyTorch, steps/s"]
    return table([*header, "compiled (share)", "together (share)", "aim"], rows)


if __name__ == "__main__":
    main()
