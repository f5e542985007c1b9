"""Evolution under rungs against plain evolution, on real tables at equal processor time.

    python -m benchmarks.rungs [--seconds 20] [--seeds 3] [--jobs 1] [--report]

Every arm is told the same seeds, which are trained whole, and has the same seconds of one core. Compared is what a search
would hand on: the best trial on validation, its score there and that of its own weights on the test rows. Trials go on
from their checkpoints, whose writing and reading counts.
"""

import argparse
import json
import math
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.runs import DATA, kept, publish, table
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import predictions
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.space.tabular import space_for
from coeval.store.artifacts import FileArtifacts
from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.protocol import Strategy
from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded
from coeval.task.read import read
from coeval.trial import Objective

KEPT = Path(__file__).parents[1] / "runs" / "rungs.jsonl"
TABLES = ("phoneme", "wine_quality", "credit_g", "satimage")
THREE = (1 / 9, 1 / 3, 1.0)
Make = Callable[[Strategy, Objective], Strategy]


def _asha(fidelities, **options) -> Make:
    return lambda inner, objective: AsynchronousHalving(
        inner, objective, fidelities=fidelities, **options
    )


ARMS: Mapping[str, Make] = {
    "plain": lambda inner, objective: inner,
    "asha, a model a rung": _asha(THREE, enough=4),
    "random": lambda inner, objective: inner,
    "asha, random": _asha(THREE),
}


def measure(arm: str, name: str, seed: int, seconds: float) -> dict:
    """Run one search; return what it found and what it spent."""
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    task = read(DATA / f"{name}.parquet", target=manifest.loc[name, "target"], seed=seed)
    objective = Objective(task.metric.name, task.metric.maximise)
    with tempfile.TemporaryDirectory() as folder:
        space = space_for(task, effort=max(seconds / 60, 0.3))
        artifacts = FileArtifacts(Path(folder))
        inner = (
            RandomSearch(space, seed)
            if "random" in arm
            else RegularisedEvolution(
                space, objective, seed, population=16, sample_size=6, warm_up=0
            )
        )
        strategy = Seeded(ARMS[arm](inner, objective), space.seeds())
        began = time.process_time()
        run = search(
            task,
            space,
            strategy,
            TrainingEvaluator(
                task,
                space,
                seed=seed,
                artifacts=artifacts,
                limits=Limits(seconds=max(3.0, seconds / 5)),
            ),
            Budget(trials=100_000),
            objective=objective,
            stop=lambda: time.process_time() - began >= seconds,
            seed=seed,
        )
        best = choose_finalists(run.trials, space, objective, 1)
        now = Resources(source=task, seed=seed, deadline=time.monotonic())
        model = make_final(best, now, artifacts).model
        found = predictions(model, task, task.splits.test)
    truth = task.target.values[task.splits.test]
    done = [one for one in run.trials if one.measurement is not None]
    return {
        "arm": arm,
        "table": name,
        "seed": seed,
        "seconds": seconds,
        "validation": best[0].validation,
        "test": float(task.metric.score(truth, found, None)),
        "maximise": task.metric.maximise,
        "trials": len(done),
        "whole": sum(one.is_comparable for one in done),
        "epochs": sum(one.measurement.cost.get("epochs", 0.0) for one in done),
        "best": run.best.number,
        "origin": run.best.proposal.origin,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--arms", nargs="*", default=list(ARMS))
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    wanted = [
        (arm, name, seed, given.seconds)
        for seed in range(given.seeds)
        for name in given.tables
        for arm in given.arms
    ]
    names = ("arm", "table", "seed", "seconds")
    known = {tuple(one[name] for name in names) for one in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    if not given.report:
        with ProcessPoolExecutor(given.jobs) as pool, KEPT.open("a") as file:
            running = [pool.submit(measure, *one) for one in wanted if one not in known]
            for done in as_completed(running):
                print(json.dumps(done.result()), file=file, flush=True)
    lines = [one for one in kept(KEPT) if one["seconds"] == given.seconds]
    publish("Evolution under rungs", "python -m benchmarks.rungs", report(lines))


def report(lines: list[dict]) -> str:
    """Return the table: ratios of error to plain evolution's on the same table and seed, their geometric mean."""
    plain = {(one["table"], one["seed"]): one for one in lines if one["arm"] == "plain"}
    rows = []
    for arm in ARMS:
        runs = [one for one in lines if one["arm"] == arm and (one["table"], one["seed"]) in plain]
        if not runs:
            continue
        pairs = [(one, plain[one["table"], one["seed"]]) for one in runs]
        ratios = [
            math.exp(np.mean([math.log(_error(a, name) / _error(b, name)) for a, b in pairs]))
            for name in ("validation", "test")
        ]
        better = sum(_error(a, "test") < _error(b, "test") for a, b in pairs)
        trials, whole = (np.median([one[key] for one in runs]) for key in ("trials", "whole"))
        row = [arm, *(f"{one:.3f}" for one in ratios), f"{better} of {len(pairs)}"]
        rows.append([*row, f"{trials:g}", f"{whole:g}"])
    header = ["arm", "validation", "test", "better on test", "trials", "whole"]
    said = (
        "Geometric means of the loss (or 1 - score) over plain evolution's; below 1 is better.\n\n"
    )
    return said + table(header, rows)


def _error(line: dict, name: str) -> float:
    return 1 - line[name] if line["maximise"] else line[name]


if __name__ == "__main__":
    main()
