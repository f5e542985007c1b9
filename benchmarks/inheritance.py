"""Children with inherited weights: what each exact move keeps, and how many epochs it saves.

    python -m benchmarks.inheritance [--seeds 5] [--jobs 2] [--report]

A parent is trained from scratch; its child once from scratch with the same recipe and once as an heir (a quarter of the epochs, as
``evaluate.inherit`` has it), on 2,000 training rows of each table. Counted are the epochs until a training is as good on
validation as the child from scratch at its best, within the spread of that child over seeds. Both are trained by PyTorch, so
that seconds compare epochs and not engines (the compiled loop is not loaded for trainings as short as these heirs).
"""

import argparse
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.runs import DATA, keep_missing, kept, publish, table
from coeval.architecture.retype import retyped
from coeval.architecture.step import Architecture, Step, sequence, step
from coeval.build.network import Network
from coeval.build.transfer import transfer
from coeval.build.weights import arrays, load
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY
from coeval.component.merge import CONCATENATE
from coeval.component.region import REPEAT, RESIDUAL
from coeval.evaluate.folds import prepare_fold
from coeval.evaluate.inherit import heir_recipe
from coeval.seed import entropy
from coeval.space.recipe import Recipe
from coeval.space.tabular import head_for
from coeval.task.read import read
from coeval.train.data import TrainingData, examples_of, target_scale
from coeval.train.device import configure
from coeval.train.fit import fit
from coeval.train.predict import predict

TABLES = {"abalone": "rings", "phoneme": "target", "satimage": "target"}
ROWS = 2000
RECIPE = Recipe(epochs=24, batch_size=128)
KEPT = Path(__file__).parents[1] / "runs" / "inheritance.jsonl"


def linear(value: int, width: int = 64) -> Step:
    return step(LINEAR, value, width=width)


def block(*, tied: bool) -> tuple[Step, ...]:
    """Return a projection and a residual block that is applied three times."""
    body = sequence(1, [linear(0), step(RELU, 1), linear(2)])
    inside = sequence(1, [step(RESIDUAL, 0, body)])
    return linear(1), step(REPEAT, 2, inside, times=3, tied=tied), step(RELU, 3)


PLAIN = (linear(1), step(RELU, 2), linear(3), step(RELU, 4))
MOVES: Mapping[str, tuple[tuple[Step, ...], tuple[Step, ...]]] = {
    "residual block put in": (
        PLAIN,
        (*PLAIN, step(RESIDUAL, 5, sequence(1, [linear(0), step(RELU, 1), linear(2)]))),
    ),
    "deeper by an identity": (PLAIN, (*PLAIN, linear(5), step(RELU, 6))),
    "wider, 64 to 128": (PLAIN, (linear(1, 128), step(RELU, 2), linear(3, 128), step(RELU, 4))),
    "untied": (block(tied=True), block(tied=False)),
    "branch put beside": (
        PLAIN,
        (*PLAIN, linear(1), step(RELU, 6), step(CONCATENATE, (5, 7))),
    ),
}
"""The trunk before and after; value 1 is what the entries give."""


@cache
def world(name: str):
    """Return a table's task, its first fold prepared, and the fold's examples."""
    configure(1)
    task = read(DATA / f"{name}.parquet", target=TABLES[name])
    share = min(1.0, ROWS / len(task.folds[0][0]))
    fold = prepare_fold(task, (), 0, share=share)
    train = examples_of(task, fold.train, fold.train_index)
    data = TrainingData(task.problem, train, examples_of(task, fold.judged, fold.judged_index))
    return task, fold, data


def network_of(name: str, trunk: tuple[Step, ...]) -> Architecture:
    """Return the architecture of a trunk over a table's columns."""
    task, fold, _ = world(name)
    columns = fold.preparation.columns
    entries = [
        step(one, 0)
        for one, here in ((NUMERIC_ENTRY, columns.numeric), (CATEGORY_ENTRY, columns.categories))
        if here
    ]
    front = [*entries, step(CONCATENATE, range(1, len(entries) + 1))]
    moved = [
        Step(
            one.component, one.settings, tuple(n + len(front) - 1 for n in one.inputs), one.regions
        )
        for one in trunk
    ]
    head, settings = head_for(task)
    last = Step(head, settings, (len(front) + len(moved),))
    return Architecture((columns,), sequence(1, [*front, *moved, last]))


def train(name: str, architecture: Architecture, seed: int, weights=None) -> dict:
    """Train from scratch or from given weights; return costs (lower is better) by epoch and the weights."""
    task, fold, data = world(name)
    sign = -1 if task.metric.maximise else 1
    network = Network(retyped(architecture, fold.preparation.columns), seed=seed)
    network.fit_entries(fold.train)
    start = None
    recipe = RECIPE
    if weights is not None:
        load(network, weights)
        recipe = heir_recipe(RECIPE)
        scale = target_scale(task.problem, data.train)
        guessed = predict(network.eval(), fold.judged, task.problem, scale)
        start = sign * float(task.metric.score(data.validation.target, guessed, None))
    fitted = fit(network, data, recipe, seed=seed, metric=task.metric, engine="eager")
    return {
        "score": sign * fitted.score,
        "start": start,
        "curve": [sign * one for one in fitted.curve[task.metric.name]],
        "seconds": fitted.seconds,
        "weights": arrays(network),
    }


def measure(name: str, move: str, seed: int) -> dict:
    """Train a parent, its child from scratch and its heir; return the line that is kept."""
    before, after = (network_of(name, trunk) for trunk in MOVES[move])
    parent = train(name, before, entropy(seed, "parent") % 2**31)
    number = entropy(seed, move) % 2**31
    fresh = Network(after, seed=number)
    fresh.fit_entries(world(name)[1].train)
    found = transfer(before, parent["weights"], after, arrays(fresh))
    runs = {
        "scratch": train(name, after, number),
        "heir": train(name, after, number, found.weights),
    }
    line = {"table": name, "move": move, "seed": seed, "exact": found.exact, "share": found.share}
    line["parent"] = parent["score"]
    for kind, run in runs.items():
        del run["weights"]
        line[kind] = run
    return line


def epochs_until(run: dict, score: float) -> int:
    """Return after how many epochs a training was at least as good; one more than it had if it never was."""
    values = [np.inf if run["start"] is None else run["start"], *run["curve"]]
    return next((n for n, one in enumerate(values) if one <= score), len(values))


def report(lines: list[dict]) -> str:
    """Return the table: medians over seeds."""
    rows = []
    for move in MOVES:
        for name in TABLES:
            runs = [one for one in lines if (one["move"], one["table"]) == (move, name)]
            if not runs:
                continue
            scratch = np.array([one["scratch"]["score"] for one in runs])
            bar = float(np.median(scratch) + np.std(scratch))
            heir = np.array([one["heir"]["score"] for one in runs])
            kept_score = max(abs(one["heir"]["start"] - one["parent"]) for one in runs)
            epochs = [
                np.median([epochs_until(one[k], bar) for one in runs]) for k in ("scratch", "heir")
            ]
            spent = [np.sum([one[k]["seconds"] for one in runs]) for k in ("scratch", "heir")]
            rows.append(
                [
                    move,
                    name,
                    f"{np.median([one['parent'] for one in runs]):.4f}",
                    f"{kept_score:.0e}",
                    f"{np.median(scratch):.4f}",
                    f"{np.median(heir):.4f}",
                    f"{epochs[0]:g}",
                    f"{epochs[1]:g}",
                    f"{spent[1] / spent[0]:.2f}",
                    str(len(runs)),
                ]
            )
    header = [
        "move", "table", "parent", "start of the heir, off by", "child from scratch", "heir",
        "epochs from scratch", "epochs of the heir", "seconds, heir / scratch", "seeds",
    ]  # fmt: skip
    return table(header, rows)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    wanted = [
        (name, move, seed) for seed in range(given.seeds) for name in TABLES for move in MOVES
    ]
    known = {(one["table"], one["move"], one["seed"]) for one in kept(KEPT)}
    if not given.report:
        keep_missing(KEPT, measure, wanted, known, jobs=given.jobs)
    publish("Inherited weights", "python -m benchmarks.inheritance", report(kept(KEPT)))


if __name__ == "__main__":
    main()
