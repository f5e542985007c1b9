"""What predicting together brings: the ensemble and the calibrated model against the contest's single winner, on the same test rows.

    python -m benchmarks.ensembles [--seconds 30] [--seeds 3] [--models neural] [--tables adult letter] [--report]

One search of so many seconds and one contest for both, in one process. The end of the run takes the time that it takes: four finalists
under two seeds, the winner's refit on all rows but the test rows, and that of the ensemble's other members, whose seconds are said.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from benchmarks.runs import kept, publish, table
from benchmarks.searches import objective_of, searched, task_of
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export.ensemble_final import with_ensemble
from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists, finalists_for
from coeval.export.retrain import predictions
from coeval.export.seeds import with_seeds
from coeval.run.strategies import rungs_of, strategy_for
from coeval.space.tabular import space_for
from coeval.store.artifacts import MemoryArtifacts
from coeval.task.metrics import all_metrics

KEPT = Path(__file__).parents[1] / "runs" / "ensembles.jsonl"
TABLES = ("pima_diabetes", "credit_g", "abalone", "phoneme", "satimage", "cpu_act")
TRIAL_SHARE = 0.2


def measure(name: str, seed: int, seconds: float, models: str) -> dict:
    """Run one search and its end; return the test scores of the single winner and of what is exported."""
    task = task_of(name, seed)
    objective = objective_of(task)
    space = space_for(task, models=models)
    artifacts = MemoryArtifacts()
    strategy = strategy_for(
        "evolution", space, objective, seed, rungs_of=rungs_of(task), seconds=seconds
    )
    evaluator = TrainingEvaluator(
        task, space, seed=seed, artifacts=artifacts, limits=Limits(seconds=TRIAL_SHARE * seconds)
    )
    run = searched(
        task, space, strategy, evaluator, seconds=seconds, clock=time.monotonic, seed=seed
    )
    finalists = choose_finalists(run.trials, space, objective, finalists_for(task))
    resources = Resources(source=task, seed=seed)
    final = make_final(finalists, resources)
    whole = with_ensemble(final, finalists, resources, artifacts=artifacts)
    whole = with_seeds(whole, finalists, resources)
    rows = task.splits.test
    known = task.target.values[rows]
    scores = {
        label: {
            key: float(one.score(known, predictions(model, task, rows), None))
            for key, one in all_metrics(task).items()
        }
        for label, model in (("single", final.model), ("whole", whole.whole))
    }
    return {
        "table": name,
        "seed": seed,
        "seconds": seconds,
        "models": models,
        **scores,
        "metric": task.metric.name,
        "maximise": task.metric.maximise,
        "trials": len(run.trials),
        "trainings": len(final.trained),
        "selection_rows": len(task.splits.selection),
        "single_rows": final.rows.name,
        "members": [(one.trial, one.weight, one.rows.name) for one in whole.members],
        "temperature": whole.ensemble.temperature if whole.ensemble else 1.0,
        "final_seconds": final.seconds,
        "extra_seconds": whole.seconds - final.seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", default="neural", choices=("neural", "all"))
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    done = {(one["table"], one["seed"], one["seconds"], one["models"]) for one in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    if not given.report:
        for seed in range(given.seeds):
            for name in given.tables:
                job = (name, seed, given.seconds, given.models)
                if job in done:
                    continue
                with KEPT.open("a") as file:
                    print(json.dumps(measure(*job)), file=file, flush=True)
    publish("Ensembles and calibration", "python -m benchmarks.ensembles", report(kept(KEPT)))


def report(lines: list[dict]) -> str:
    """Return the table: the mean change of the metric and of log loss in percent, wins and losses."""
    rows = []
    for models in dict.fromkeys(one["models"] for one in lines):
        for name in dict.fromkeys(one["table"] for one in lines):
            runs = [one for one in lines if (one["table"], one["models"]) == (name, models)]
            if not runs:
                continue
            gains = [gain(one) for one in runs]
            members = np.mean([max(1, len(one["members"])) for one in runs])
            single, whole = (
                np.mean([one[key][one["metric"]] for one in runs]) for key in ("single", "whole")
            )
            rows.append(
                [
                    name,
                    models,
                    runs[0]["metric"],
                    f"{single:.4g}",
                    f"{whole:.4g}",
                    f"{100 * np.mean(gains):+.2f} %",
                    f"{sum(one > 0 for one in gains)} / {sum(one < 0 for one in gains)}",
                    f"{members:.1f}",
                    f"{sum(one['temperature'] != 1 for one in runs)}",
                    str(len(runs)),
                ]
            )
    header = "table, models, metric, single winner, exported, mean gain, better / worse, members, calibrated, runs"
    return table(header.split(", "), rows)


def gain(one: dict) -> float:
    """Return by which share of the single winner's score the exported model is better; below 0, worse."""
    single, whole = one["single"][one["metric"]], one["whole"][one["metric"]]
    change = whole - single if one["maximise"] else single - whole
    return change / max(abs(single), 1e-12)


if __name__ == "__main__":
    main()
