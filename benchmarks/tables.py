"""What ``coeval fit`` reaches on tables with networks alone and with all models, beside gradient boosting as users call it.

    python -m benchmarks.tables [--budget 60s] [--seeds 1] [--workers 2] [--models neural all] [--tables adult letter] [--report]

The boosters are scikit-learn's and LightGBM's (where it is installed) at their defaults, but for early stopping: up to 1,000
rounds, the last 15 % of the rows that are not test rows tell when to stop; categories and missing values natively. All meet the
same test rows. Lines of JSON are kept, so that an interrupted measurement goes on where it stopped.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from benchmarks.quality import TABLES
from benchmarks.runs import DATA, fit, kept, publish, table
from coeval.evaluate.models import _tree_table
from coeval.task.read import read
from coeval.task.task import Problem, Task

KEPT = Path(__file__).parents[1] / "runs" / "tables.jsonl"
MODELS = ("neural", "all")
BOOSTERS = ("HistGradientBoosting", "LightGBM")
ROUNDS, PATIENCE, HELD = 1000, 50, 0.15


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--models", nargs="*", default=[*MODELS, *BOOSTERS])
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument(
        "--label", default="", help="tells measurements of different versions apart"
    )
    parser.add_argument("--keep", type=Path, default=None, help="where the runs' folders stay")
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    KEPT.parent.mkdir(exist_ok=True)
    done = {(one["table"], one["model"], one["seed"], one["label"]) for one in kept(KEPT)}
    for seed in range(given.first_seed, given.first_seed + (0 if given.report else given.seeds)):
        for name in given.tables:
            for model in given.models:
                label = "" if model in BOOSTERS else f"{given.label}{given.budget}x{given.workers}"
                if (name, model, seed, label) in done:
                    continue
                measure = boosted if model in BOOSTERS else searched
                line = {"table": name, "model": model, "seed": seed, "label": label}
                line |= measure(name, model, seed, given)
                with KEPT.open("a") as file:
                    print(json.dumps(line), file=file, flush=True)
                print(line, flush=True)
    if given.report:
        publish("Tables", "python -m benchmarks.tables", report(kept(KEPT)))


def searched(name: str, models: str, seed: int, given: argparse.Namespace) -> dict:
    """Run ``coeval fit`` and return what it exported reaches on the test rows."""
    target = pd.read_csv(DATA / "manifest.csv").set_index("name").target[name]
    options = ["--budget", given.budget, "--seed", str(seed), "--models", models]
    options += ["--workers", str(given.workers)]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) if given.keep is None else given.keep / given.label
        out = place / f"{name}-{models}-{seed}"
        out.parent.mkdir(parents=True, exist_ok=True)
        one = fit(DATA / f"{name}.parquet", target, out, *options)
        size = (out / "model" / "model.onnx").stat().st_size
    final = one.result["final"]
    keys = ("metric", "validation", "selection", "seconds", "latency_ms", "trial")
    return {
        **{key: final.get(key) for key in keys},
        "maximise": one.result["metric"]["maximise"],
        "test": final["test"]["value"],
        "members": [(one["trial"], one["weight"]) for one in final.get("members") or []],
        "temperature": final.get("temperature"),
        "baselines": {b["name"]: b["test"] for b in final["baselines"]},
        "trials": one.result["trials"],
        "wall": round(one.seconds, 2),
        "bytes": size,
    }


def boosted(name: str, library: str, seed: int, given: argparse.Namespace) -> dict:
    """Fit a booster on all rows but the test rows and return what it reaches on these."""
    del given
    target = pd.read_csv(DATA / "manifest.csv").set_index("name").target[name]
    task = read(DATA / f"{name}.parquet", target=target, seed=seed)
    splits = task.splits
    known = np.concatenate([splits.train, splits.validation, splits.selection])
    np.random.default_rng(seed).shuffle(known)
    found, categorical = _tree_table(task, known)
    began = time.monotonic()
    with threadpool_limits(1):
        grow = sklearns if library == BOOSTERS[0] else lightgbms
        predicted = grow(task, known, found, list(map(bool, categorical)), seed)
    score = float(task.metric.score(task.target.values[splits.test], predicted, None))
    return {
        "metric": task.metric.name,
        "maximise": task.metric.maximise,
        "test": score,
        "wall": round(time.monotonic() - began, 2),
    }


def sklearns(task: Task, known, table_, categorical: list[bool], seed: int) -> np.ndarray:
    """Return what scikit-learn's booster predicts for the test rows."""
    is_regression = task.problem is Problem.REGRESSION
    model = (HistGradientBoostingRegressor if is_regression else HistGradientBoostingClassifier)(
        max_iter=ROUNDS,
        early_stopping=True,
        n_iter_no_change=PATIENCE,
        validation_fraction=HELD,
        categorical_features=categorical,
        random_state=seed,
    ).fit(table_[known], task.target.values[known])
    asked = table_[task.splits.test]
    return model.predict(asked) if is_regression else model.predict_proba(asked)


def lightgbms(task: Task, known, table_, categorical: list[bool], seed: int) -> np.ndarray:
    """Return what LightGBM predicts for the test rows."""
    import lightgbm  # noqa: PLC0415 - an extra

    is_regression = task.problem is Problem.REGRESSION
    held = int(HELD * len(known))
    grown, judged = known[:-held], known[-held:]
    options = {"n_estimators": ROUNDS, "random_state": seed, "n_jobs": 1, "verbosity": -1}
    kind = lightgbm.LGBMRegressor if is_regression else lightgbm.LGBMClassifier
    targets = task.target.values
    model = kind(**options).fit(
        table_[grown],
        targets[grown],
        eval_X=table_[judged],
        eval_y=targets[judged],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        categorical_feature=[place for place, one in enumerate(categorical) if one] or "auto",
    )
    asked = table_[task.splits.test]
    return model.predict(asked) if is_regression else model.predict_proba(asked)


def report(lines: list[dict]) -> str:
    """Return a table of mean test scores: tables down, models across, the seeds that all have."""
    names = list(dict.fromkeys(label_of(one) for one in lines))
    rows = []
    for name in dict.fromkeys(one["table"] for one in lines):
        runs = {(label_of(one), one["seed"]): one for one in lines if one["table"] == name}
        seeds = {label: {seed for at, seed in runs if at == label} for label in names}
        shared = set.intersection(*(found for found in seeds.values() if found))
        cells = [
            f"{np.mean([runs[label, seed]['test'] for seed in shared]):.4g}" if found else "-"
            for label, found in seeds.items()
        ]
        first = next(iter(runs.values()))
        rows.append([name, first["metric"], *cells, str(len(shared))])
    return table(["table", "metric", *names, "seeds"], rows)


def label_of(line: dict) -> str:
    """Return what a column of the table is called."""
    return line["model"] if line["model"] in BOOSTERS else f"{line['model']}, {line['label']}"


if __name__ == "__main__":
    main()
