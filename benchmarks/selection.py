"""Which of many candidates to take home: rules of selection compared on the test rows, with no further training.

    python -m benchmarks.selection [--seconds 10] [--seeds 3] [--tables titanic magic@800] [--report]

Each table and seed is searched once, for so many CPU seconds. Of every whole trial are kept what it predicts out of fold, what it
predicts for the selection and test rows trained again without and with the selection rows, and what its folds' networks predict
together; of the best, out-of-fold predictions under other folds and seeds too. ``table@rows`` is so many rows of a large table, with
up to 4,000 others for test: there a test score says more. The rules then choose from the same candidates.
"""

import argparse
import json
import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.runs import DATA, publish, table
from benchmarks.selection_rules import BASE, Searched, load, optimism, rules
from coeval.architecture.retype import retyped
from coeval.build.network import network_for
from coeval.build.weights import load as load_weights
from coeval.evaluate.baselines import BASELINES, _fit_predict
from coeval.evaluate.beginning import WEIGHTS, artifact_name
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export.final import Resources
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import Finalist, Rows, predictions, retrain, row_indices
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.run.strategies import rungs_of, strategy_for
from coeval.seed import generator
from coeval.space.tabular import space_for
from coeval.store.artifacts import MemoryArtifacts
from coeval.task.prepare import prepare
from coeval.task.read import read
from coeval.task.split import Structure, fold, strata
from coeval.task.task import Problem, Task
from coeval.train.data import examples_of, target_scale
from coeval.train.predict import predict
from coeval.trial import Objective, Proposal, Trial

KEPT = Path(__file__).parents[1] / "runs" / "selection"
TABLES = (
    "titanic",
    "credit_g",
    "pima_diabetes",
    "auto_mpg",
    "adult@800",
    "magic@800",
    "phoneme@800",
    "satimage@800",
    "abalone@800",
    "cpu_act@800",
)
TESTED = 4000
AGAIN, SEEDS = 12, 4
MOST_TRIALS = 120
Floats = npt.NDArray[np.float64]


def task_of(name: str, seed: int) -> Task:
    """Return a table of the collection, or some rows of it."""
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    table, _, rows = name.partition("@")
    path, target = DATA / manifest.loc[table, "file"], manifest.loc[table, "target"]
    if not rows:
        return read(path, target=target, seed=seed)
    frame = pd.read_parquet(path)
    drawn = generator(seed, "selection", name).permutation(len(frame))
    with tempfile.TemporaryDirectory() as folder:
        known, test = Path(folder) / f"{table}.parquet", Path(folder) / "test.parquet"
        frame.iloc[drawn[: int(rows)]].to_parquet(known)
        frame.iloc[drawn[int(rows) : int(rows) + TESTED]].to_parquet(test)
        return read(known, target=target, seed=seed, test=test)


@dataclass
class Collected:
    """One search with all that its candidates predict; ``(candidates, rows, outputs)`` each."""

    facts: dict[str, Any]
    arrays: dict[str, Floats]


def collect(name: str, seed: int, seconds: float) -> Collected:
    """Search a table and predict with every candidate."""
    task = task_of(name, seed)
    objective = Objective(task.metric.name, task.metric.maximise)
    space, artifacts = space_for(task, models="neural"), MemoryArtifacts()
    began = time.process_time()
    evaluator = TrainingEvaluator(
        task, space, seed=seed, artifacts=artifacts, limits=Limits(seconds=max(3, 0.2 * seconds))
    )
    strategy = strategy_for(
        "evolution", space, objective, seed, rungs_of=rungs_of(task), seconds=seconds
    )
    run = search(
        task,
        space,
        strategy,
        evaluator,
        Budget(trials=100_000),
        objective=objective,
        stop=lambda: time.process_time() - began >= seconds,
        seed=seed,
    )
    whole = [one for one in run.trials if one.is_comparable and one.measurement.cached_from is None]
    is_folded = len(task.folds) > 1
    most, seeds = (MOST_TRIALS, SEEDS) if is_folded else (AGAIN, 2)
    finalists = choose_finalists(whole, space, objective, most)
    by_number = {one.number: one for one in run.trials}
    searched = time.process_time() - began
    found: dict[str, list[Floats]] = {}
    prepared: dict[Any, Any] = {}
    kept: list[dict] = []
    for finalist in finalists:
        trial = by_number[finalist.trial]
        line = _trained(task, finalist, seed, seeds if len(kept) < AGAIN else 1)
        if line is None:
            continue
        line |= _folds(task, finalist, trial, artifacts, prepared)
        for key, value in line.items():
            found.setdefault(key, []).append(np.asarray(value, np.float32))
        kept.append(_facts(finalist, trial, run.trials, objective))
    again, others = _again(task, space, kept if is_folded else [], by_number, seed)
    arrays = {key: np.stack(value) for key, value in found.items()}
    if again:
        arrays["again"] = np.stack(again)
    rows = task.judged
    arrays |= {
        "rows": rows,
        "y_oof": task.target.values[rows],
        "y_again": task.target.values[others],
        "y_selection": task.target.values[task.splits.selection],
        "y_test": task.target.values[task.splits.test],
        **_baselines(task, seed),
    }
    facts = {
        "table": name,
        "seed": seed,
        "seconds": seconds,
        "searched": searched,
        "all_seconds": time.process_time() - began,
        "trials": len(run.trials),
        "metric": task.metric.name,
        "maximise": task.metric.maximise,
        "problem": str(task.problem),
        "folds": len(task.folds),
        "candidates": kept,
    }
    return Collected(facts, arrays)


def _facts(finalist: Finalist, trial: Trial, trials: Sequence[Trial], objective: Objective) -> dict:
    measurement = trial.measurement
    same = [
        one.measurement.values[objective.name]
        for one in trials
        if one.proposal.repeat
        and one.proposal.candidate == trial.proposal.candidate
        and one.measurement is not None
        and objective.name in one.measurement.values
    ]
    return {
        "trial": finalist.trial,
        "validation": finalist.validation,
        "curve": list(measurement.curve[objective.name]),
        "best_epochs": measurement.data["best_epochs"],
        "fold_scores": measurement.data["fold_scores"],
        "epochs": finalist.epochs,
        "schedule": finalist.schedule_epochs,
        "parameters": measurement.cost["parameters"],
        "macs": measurement.cost["macs"],
        "seconds": measurement.cost["seconds"],
        "origin": trial.proposal.origin,
        "preparation": dict(finalist.preparation),
        "recipe": dict(finalist.recipe),
        "repeats": same,
    }


def _trained(task: Task, finalist: Finalist, seed: int, seeds: int) -> dict[str, Floats] | None:
    """Return what a finalist predicts, trained without and with the selection rows, and the mean of several seeds."""
    resources, found = Resources(task, seed=seed), {}
    share = finalist.train_rows / len(row_indices(task, Rows.ALL))
    steps = replace(finalist, epochs=max(1, round(finalist.epochs * share)))
    for name, rows, how in (
        ("known", Rows.KNOWN, finalist),
        ("all", Rows.ALL, finalist),
        ("steps", Rows.ALL, steps),
    ):
        done = [retrain(resources.job(how, rows, number)) for number in range(seeds)]
        if any(one.model is None for one in done):
            return None
        test = [predictions(one.model, task, task.splits.test) for one in done]
        found |= {f"{name}_test": test[0], f"{name}_seeds_test": np.mean(test, axis=0)}
        if rows is Rows.KNOWN:
            found["known_selection"] = done[0].selection
            found["known_seeds_selection"] = np.mean([one.selection for one in done], axis=0)
    return found


def _folds(task: Task, finalist: Finalist, trial: Trial, artifacts, prepared: dict) -> dict:
    """Return the out-of-fold predictions of a trial, and the mean of its folds' networks on selection and test rows."""
    out, selection, test = [], [], []
    for number, (train, judged) in enumerate(task.folds):
        key = (finalist.preparation, number)
        if key not in prepared:
            made = prepare(dict(finalist.preparation), task, train)
            parts = (judged, task.splits.selection, task.splits.test)
            prepared[key] = (made, [made.transform(task.table.take(one)) for one in parts])
        made, parts = prepared[key]
        network = network_for(retyped(finalist.architecture, *made.inputs))
        load_weights(
            network, artifacts.get(trial.measurement.artifacts[artifact_name(WEIGHTS, number)])
        )
        scale = target_scale(task.problem, examples_of(task, (), train))
        for kept, part in zip((out, selection, test), parts, strict=True):
            kept.append(predict(network, part, task.problem, scale))
    return {
        "oof": np.concatenate(out),
        "folds_selection": np.mean(selection, axis=0),
        "folds_test": np.mean(test, axis=0),
    }


def _again(task: Task, space, kept: list[dict], trials: dict[int, Trial], seed: int):
    """Return the out-of-fold predictions of the best under other folds and seeds, and their rows."""
    layers = strata(task.target, task.problem)
    classes = task.problem is not Problem.REGRESSION
    rng = generator(seed, "again")
    folds = fold(layers, Structure(), task.splits, rng, several=True, classes=classes)
    other = replace(task, folds=folds)
    artifacts = MemoryArtifacts()
    evaluator = TrainingEvaluator(other, space, seed=seed + 1000, artifacts=artifacts)
    found = []
    for one in kept[:AGAIN]:
        proposal = Proposal(trials[one["trial"]].proposal.candidate)
        trial = Trial(one["trial"], proposal)
        _, measurement = next(iter(evaluator.evaluate([trial], never_stop)))
        finished = replace(trial, measurement=measurement)
        if measurement.failure is not None:
            break
        one["again"] = measurement.values[task.metric.name]
        (finalist,) = choose_finalists(
            [replace(finished, state=trials[one["trial"]].state)],
            space,
            Objective(task.metric.name, task.metric.maximise),
            1,
        )
        found.append(_folds(other, finalist, finished, artifacts, {})["oof"].astype(np.float32))
    return found, np.concatenate([judged for _, judged in folds])


def _baselines(task: Task, seed: int) -> dict[str, Floats]:
    """Return what the baselines predict out of fold, and for the selection and test rows."""
    splits, found = task.splits, {}
    known = np.concatenate([splits.train, splits.validation])
    every = np.concatenate([known, splits.selection])

    def of(name: str, train, judged) -> Floats:
        return _fit_predict(name, task, train, judged, seed=seed, max_seconds=5.0, threads=1)[0]

    for name in BASELINES:
        found[f"{name}/oof"] = np.concatenate([of(name, *one) for one in task.folds])
        found[f"{name}/selection"] = of(name, known, splits.selection)
        found[f"{name}/test"] = of(name, every, splits.test)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first", type=int, default=0, help="seed")
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--seconds-in-all", type=float, default=math.inf, help="then stop")
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    KEPT.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    for seed in range(given.first, given.first + given.seeds):
        for name in given.tables:
            target = KEPT / f"{name}-{seed}-{given.seconds:g}s.npz"
            if target.exists() or given.report or time.monotonic() - began > given.seconds_in_all:
                continue
            found = collect(name, seed, given.seconds)
            np.savez_compressed(target, facts=json.dumps(found.facts), **found.arrays)
            print(name, seed, f"{found.facts['all_seconds']:.0f} s", flush=True)
    publish("Selection under noise", "python -m benchmarks.selection", report())


def report() -> str:
    """Return, of tables with folds and of others, the rules' test scores and what the winner's score was believed to be."""
    searches = [load(one) for one in sorted(KEPT.glob("*.npz"))]
    parts = []
    for title, is_folded in (("Scored out of fold", True), ("One validation split", False)):
        own = [one for one in searches if (one.facts["folds"] > 1) is is_folded]
        if own:
            parts += [f"### {title}", _searches(own), _changes(own)]
            parts += ["What the winner's loss was believed to be:", _gaps(own)]
    return "\n\n".join(parts)


def _changes(searches: Sequence[Searched]) -> str:
    """Return the rules with their test scores against the best validation's, the best rule first."""
    changes: dict[str, dict[str, list[float]]] = {}
    for one in searches:
        found = dict(rules(one))
        for name, score in found.items():
            by_table = changes.setdefault(name, {})
            by_table.setdefault(one.facts["table"], []).append(100 * (score / found[BASE] - 1))
    rows = []
    for name, by_table in changes.items():
        means = [float(np.mean(one)) for one in by_table.values()]
        every = np.concatenate([np.array(one) for one in by_table.values()])
        better, worse = int((every < -1e-9).sum()), int((every > 1e-9).sum())
        rows.append(
            [name, f"{np.mean(means):+.2f} %", f"{np.median(means):+.2f} %", f"{better} / {worse}"]
        )
    rows.sort(key=lambda row: float(row[1].split()[0]))
    header = ["rule", "mean change of the loss on test", "median of the tables", "better / worse"]
    return table(header, rows)


def _searches(searches: Sequence[Searched]) -> str:
    tables = len({one.facts["table"] for one in searches})
    counts = [len(one.facts["candidates"]) for one in searches]
    return (
        f"{len(searches)} searches of {tables} tables, {min(counts)} to {max(counts)} candidates each; log loss or RMSE, "
        "tables weigh alike."
    )


def _gaps(searches: Sequence[Searched]) -> str:
    found = [optimism(one) for one in searches]
    rows = []
    for name in found[0]:
        ratios = np.array([one[name] for one in found])
        error = ratios.std(ddof=1) / np.sqrt(len(ratios)) if len(ratios) > 1 else math.nan
        rows.append([name, f"{ratios.mean():.3f}", f"{error:.3f}"])
    return table(["score", "ratio to the test loss of one training", "standard error"], rows)


if __name__ == "__main__":
    main()
