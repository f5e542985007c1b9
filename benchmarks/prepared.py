"""What a solved linear model and a target encoding are worth, beside scikit-learn's linear models.

    python -m benchmarks.prepared [--seeds 3] [--tables titanic nyc_taxis] [--report]

Each candidate is measured as a search measures it and then trained on train and validation rows, as finalists are; scored are
the selection and test rows, which nothing has seen. scikit-learn's models are fitted on the same train and validation rows,
prepared as by default, categories one-hot; ``CV`` chooses the penalty by cross-validation inside them. Results are kept as
lines of JSON, so that an interrupted measurement goes on where it stopped.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge, RidgeCV

from benchmarks.runs import DATA, kept, publish, table
from coeval.evaluate.models import _features
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.export.finalists import choose_finalists
from coeval.export.fitting import predict_table, train
from coeval.export.retrain import Job, Rows, row_indices
from coeval.space.protocol import Candidate
from coeval.space.tabular import space_for
from coeval.task import preparation
from coeval.task.read import read
from coeval.task.task import Problem, Task
from coeval.trial import Objective, Proposal, Trial, finish

KEPT = Path(__file__).parents[1] / "runs" / "prepared.jsonl"
LINEAR = ("pima_diabetes", "credit_g", "auto_mpg", "abalone", "titanic", "splice", "nyc_taxis")
MANY = ("titanic", "auto_mpg", "nyc_taxis", "adult")
"""The tables with columns of many levels."""
MODELS = {
    "linear network": ("linear", "none"),
    "linear model": ("linear_model", "none"),
    "linear model, encoded": ("linear_model", "many"),
    "trees": ("trees", "none"),
    "trees, encoded": ("trees", "many"),
    "network": ("mlp", "none"),
    "network, encoded": ("mlp", "many"),
}
PEERS = ("scikit-learn", "scikit-learn CV")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--tables", nargs="*", default=[*dict.fromkeys((*LINEAR, *MANY))])
    parser.add_argument("--report", action="store_true", help="only write the tables")
    given = parser.parse_args()
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    done = {(one["table"], one["model"], one["seed"]) for one in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    for seed in range(0 if given.report else given.seeds):
        for name in given.tables:
            left = [one for one in wanted(name) if (name, one, seed) not in done]
            if not left:
                continue
            row = manifest.loc[name]
            task = read(DATA / row["file"], target=row["target"], seed=seed)
            for model in left:
                line = {"table": name, "model": model, "seed": seed, **measure(task, model, seed)}
                with KEPT.open("a") as file:
                    print(json.dumps(line), file=file, flush=True)
                print(line, flush=True)
    publish("Linear models and target encoding", "python -m benchmarks.prepared", report())


def wanted(name: str) -> list[str]:
    """Return what is measured on a table."""
    plain = ["linear network", "linear model", *PEERS] if name in LINEAR else []
    encoded = [one for one in MODELS if one != "linear network"] if name in MANY else []
    return [*dict.fromkeys((*plain, *encoded))]


def measure(task: Task, model: str, seed: int) -> dict:
    """Train one model; return its score on the rows that it never saw, and the seconds of one core."""
    began = time.process_time()
    asked = np.concatenate([task.splits.selection, task.splits.test])
    predict = theirs if model in PEERS else ours
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = predict(task, model, asked, seed)
    score = task.metric.score(task.target.values[asked], found, None)
    return {
        "metric": task.metric.name,
        "score": float(score),
        "seconds": round(time.process_time() - began, 2),
    }


def ours(task: Task, model: str, asked: np.ndarray, seed: int) -> np.ndarray:
    """Return predictions of a seed of the space, as a search and its end would come to them."""
    name, encoding = MODELS[model]
    space = space_for(task, models="all")
    candidate = space.seeds()[name]
    prepared = tuple(
        (one, encoding if one == "target_encoding" else value)
        for one, value in candidate.settings("preparation").items()
    )
    parts = [(part, prepared if part == "preparation" else one) for part, one in candidate.parts]
    trial = Trial(0, Proposal(Candidate(tuple(parts))))
    evaluator = TrainingEvaluator(task, space, seed=seed, signals=False)
    ((_, found),) = evaluator.evaluate([trial], never_stop)
    if found.failure is not None:
        raise RuntimeError(f"{task.name}, {model}: {found.failure}")
    objective = Objective(task.metric.name, maximise=task.metric.maximise)
    (finalist,) = choose_finalists([finish(trial, found)], space, objective)
    made, _ = train(task, Job(task, finalist, Rows.KNOWN, seed))
    return predict_table(made, task.table.take(asked))


def theirs(task: Task, model: str, asked: np.ndarray, seed: int) -> np.ndarray:
    """Return predictions of scikit-learn's linear models."""
    known = row_indices(task, Rows.KNOWN)
    prepared = preparation.fit({}, task.table, known).transform(task.table)
    given, other = _features(prepared, known, asked)
    target = task.target.values[known]
    is_cv = model.endswith("CV")
    if task.problem is Problem.REGRESSION:
        ridge = RidgeCV(alphas=np.logspace(-3, 3, 13)) if is_cv else Ridge(alpha=1.0)
        return np.asarray(ridge.fit(given, target).predict(other))
    logistic = (
        LogisticRegressionCV(Cs=8, cv=5, max_iter=300, scoring="neg_log_loss", random_state=seed)
        if is_cv
        else LogisticRegression(max_iter=300)
    )
    return np.asarray(logistic.fit(given, target).predict_proba(other))


def report() -> str:
    """Return both tables: mean score of the seeds, and its standard deviation over them."""
    lines = kept(KEPT)
    linear = ("linear network", "linear model", *PEERS)
    encoded = tuple(one for one in MODELS if one != "linear network")
    return (
        "Linear models: mean score of unseen rows over the seeds ± their standard deviation, and seconds on one core.\n\n"
        f"{_table(lines, LINEAR, linear)}\n\n"
        "Columns of more than 10 levels encoded by the target, out of fold, beside their codes, or not:\n\n"
        f"{_table(lines, MANY, encoded)}"
    )


def _table(lines: list[dict], names: tuple[str, ...], models: tuple[str, ...]) -> str:
    rows = []
    for name in names:
        row = [name, next((one["metric"] for one in lines if one["table"] == name), "")]
        for model in models:
            runs = [one for one in lines if (one["table"], one["model"]) == (name, model)]
            scores = [one["score"] for one in runs]
            seconds = [one["seconds"] for one in runs]
            row.append(
                f"{np.mean(scores):.4g} ± {np.std(scores):.2g}, {np.median(seconds):.1f} s"
                if runs
                else "-"
            )
        rows.append(row)
    return table(["table", "metric", *models], rows)


if __name__ == "__main__":
    main()
