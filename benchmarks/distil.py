"""What one network learns from an ensemble: the contest's winner, the same network taught, and the ensemble itself, on the same test rows.

    python -m benchmarks.distil [--seconds 15] [--seeds 2] [--tables pima_diabetes abalone] [--report]

No limits are set, but no ensemble is allowed either, as where all break a limit. The winner is shown with and without its lesson, whether
or not the selection rows accept it; "kept" is what a user would get. All are refitted on all rows but the test rows but the ensemble.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.runs import DATA, kept, publish, table
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export import distil
from coeval.export.ensemble_final import with_ensemble
from coeval.export.final import FinalModel, Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import predictions
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.run.strategies import strategy_for
from coeval.space.tabular import space_for
from coeval.store.artifacts import MemoryArtifacts
from coeval.task.read import read
from coeval.trial import Objective

KEPT = Path(__file__).parents[1] / "runs" / "distil.jsonl"
TABLES = ("pima_diabetes", "credit_g", "abalone", "phoneme", "wine_quality", "cpu_act")
TRIAL_SHARE = 0.2


def measure(name: str, seed: int, seconds: float) -> dict:
    """Run one search and its end; return the test scores of the winner, of the winner taught, and of the ensemble."""
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    task = read(DATA / f"{name}.parquet", target=manifest.target[name], seed=seed)
    objective = Objective(task.metric.name, task.metric.maximise)
    space, artifacts = space_for(task, models="neural"), MemoryArtifacts()
    began = time.monotonic()
    run = search(
        task,
        space,
        strategy_for("evolution", space, objective, seed, seconds=seconds),
        TrainingEvaluator(
            task,
            space,
            seed=seed,
            artifacts=artifacts,
            limits=Limits(seconds=TRIAL_SHARE * seconds),
        ),
        Budget(trials=100_000),
        objective=objective,
        stop=lambda: time.monotonic() - began >= seconds,
        seed=seed,
    )
    finalists = choose_finalists(run.trials, space, objective)
    resources = Resources(source=task, seed=seed)
    final = make_final(finalists, resources)
    free = with_ensemble(final, finalists, resources, artifacts=artifacts)
    asked = (final, finalists, resources, artifacts)
    student = distil.with_student(*asked)
    taught = student if student is not final else _in_any_case(*asked)

    def score(one: FinalModel) -> float:
        rows = task.splits.test
        found = predictions(one.whole, task, rows)
        return float(task.metric.score(task.target.values[rows], found, None))

    return {
        "table": name,
        "seed": seed,
        "seconds": seconds,
        "metric": task.metric.name,
        "maximise": task.metric.maximise,
        "trials": len(run.trials),
        "members": max(1, len(free.members)),
        "accepted": student is not final,
        "winner": score(final),
        "taught": score(taught),
        "ensemble": score(free),
    }


def _in_any_case(*asked: object) -> FinalModel:
    """Return the student though the selection rows do not accept it."""
    judge = distil._is_better
    distil._is_better = lambda *given: True
    try:
        return distil.with_student(*asked)
    finally:
        distil._is_better = judge


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    KEPT.parent.mkdir(exist_ok=True)
    for seed in range(0 if given.report else given.seeds):
        for name in given.tables:
            if (name, seed) in {(one["table"], one["seed"]) for one in kept(KEPT)}:
                continue
            line = measure(name, seed, given.seconds)
            with KEPT.open("a") as file:
                print(json.dumps(line), file=file, flush=True)
            print(line, flush=True)
    publish("Distillation", "python -m benchmarks.distil", report(kept(KEPT)))


def report(lines: list[dict]) -> str:
    """Return the table: costs relative to the winner's, so that less is better."""
    rows, changes = [], {"taught": [], "kept": [], "ensemble": []}
    for one in lines:
        if one["members"] < 2:
            continue
        one["kept"] = one["taught"] if one["accepted"] else one["winner"]
        sign = -1 if one["maximise"] else 1
        each = [sign * (one[key] - one["winner"]) / abs(one["winner"]) for key in changes]
        for key, change in zip(changes, each, strict=True):
            changes[key].append(change)
        said = "yes" if one["accepted"] else "no"
        shown = [f"{change:+.2%}" for change in each]
        rows.append([one["table"], str(one["seed"]), f"{one['winner']:.4f}", *shown, said])
    if not rows:
        return "No run had an ensemble to learn from."
    means = [f"**{np.mean(changes[key]):+.2%}**" for key in changes]
    rows.append(
        ["**mean**", "", "", *means, f"{sum(row[-1] == 'yes' for row in rows)} of {len(rows)}"]
    )
    header = ["table", "seed", "winner", "taught", "kept", "ensemble", "accepted"]
    alone = sum(one["members"] < 2 for one in lines)
    return (
        table(header, rows)
        + f"\n\nIn {alone} of {len(lines)} runs no ensemble was better than the winner."
    )


if __name__ == "__main__":
    main()
