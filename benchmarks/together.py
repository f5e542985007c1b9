"""Who predicts together: rules compared on what the finalists of whole runs predict, with no further training.

    python -m benchmarks.together [--seconds 40] [--seeds 1] [--first 103] [--tables titanic magic@800] [--cores 0 1] [--report]

``coeval fit`` runs until its finalists are trained without the selection rows. Of each is kept what the search predicted with it, and what
its training predicts for the selection and test rows; the rules then weigh the same finalists. ``table@rows`` is so many rows of a table,
with up to 4,000 others for test. Each core works on runs of its own; a run whose search did not keep its predictions is left out.
"""

import argparse
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes

from benchmarks.runs import DATA, publish, table
from coeval.export.confidence_set import confidence_set
from coeval.export.ensemble_choice import greedy
from coeval.export.ensemble_final import FRESH_LEVEL
from coeval.export.final import FinalModel, Resources
from coeval.export.finalists import are_few
from coeval.export.held_out import searched
from coeval.export.judged import Judged
from coeval.export.retrain import Finalist, Rows, predictions
from coeval.run.bench_evaluation import Silent
from coeval.run.fit import fit
from coeval.run.options import Options
from coeval.task.memory import load_task
from coeval.task.metrics import LOG_LOSS, RMSE
from coeval.trial import Artifacts

KEPT = Path(__file__).parents[1] / "runs" / "together"
SKLEARN = {"diabetes": load_diabetes, "breast_cancer": load_breast_cancer}
FEW = (
    *("titanic", "credit_g", "pima_diabetes", "auto_mpg", *SKLEARN),
    *(f"{name}@800" for name in ("adult", "magic", "phoneme", "satimage", "abalone", "cpu_act")),
    *(f"{name}@800" for name in ("spambase", "wine_quality", "california_houses", "house_16h")),
    "splice@800",
)
MANY = (
    *("mammography@3000", "phoneme@4000", "wine_quality@5000", "spambase@3500", "optdigits@4000"),
    *("nursery@3000", "abalone@3000"),
)
TESTED = 4000
BEFORE = "level with the winner on the search's rows (before)"
Floats = npt.NDArray[np.float64]


class CapturedError(Exception):
    """A run has come as far as it is needed."""


def collect(name: str, seed: int, seconds: float) -> bool:
    """Run a table until its finalists are trained, and keep what they predict; return whether there was anything to keep."""
    found: dict[str, Any] = {}

    def capture(
        final: FinalModel,
        finalists: list[Finalist],
        resources: Resources,
        _allowed: object,
        artifacts: Artifacts,
    ) -> FinalModel:
        found.update(_predicted(final, finalists, resources, artifacts))
        raise CapturedError

    with tempfile.TemporaryDirectory() as folder:
        train, test, target = _files(name, seed, Path(folder))
        options = Options(
            train,
            target,
            Path(folder) / "run",
            budget=f"{seconds:g}s",
            test=str(test),
            workers=1,
            seed=seed,
        )
        try:
            with mock.patch("coeval.run.finish.with_ensemble", capture):
                fit(options, Silent(), began=time.monotonic())
        except CapturedError:
            pass
    if found:
        KEPT.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(KEPT / f"{name}-{seed}.npz", **found)
    return bool(found)


def _files(name: str, seed: int, folder: Path) -> tuple[Path, Path, str]:
    """Write a table's rows to learn from and to test on; return where they are, and the target."""
    known, _, rows = name.partition("@")
    if known in SKLEARN:
        frame, target = SKLEARN[known](as_frame=True).frame, "target"
    else:
        line = pd.read_csv(DATA / "manifest.csv").set_index("name").loc[known]
        frame, target = pd.read_parquet(DATA / line["file"]), line["target"]
    order = np.random.default_rng(seed).permutation(len(frame))
    count = int(rows) if rows else len(frame) * 3 // 4
    train, test = folder / "train.parquet", folder / "test.parquet"
    frame.iloc[order[:count]].to_parquet(train)
    frame.iloc[order[count : count + TESTED]].to_parquet(test)
    return train, test, target


def _predicted(
    final: FinalModel, finalists: list[Finalist], resources: Resources, artifacts: Artifacts
) -> dict[str, Any]:
    """Return targets, and what each finalist predicts of them; empty where the search did not keep its part."""
    task, each = load_task(resources.source), []
    for one in finalists:
        own = [
            trained
            for trained in final.trained
            if trained.trial == one.trial
            and trained.is_complete
            and trained.model is not None
            and trained.selection is not None
            and trained.rows is not Rows.ALL
        ]
        first = searched(one.predictions, task, artifacts)
        if own and first is None:
            return {}
        if own:
            test = [predictions(trained.model, task, task.splits.test) for trained in own]
            selection = np.mean([trained.selection for trained in own], axis=0)
            each.append((one.trial, first, selection, np.mean(test, axis=0)))
    trials, first, selection, test = zip(*each, strict=True)
    rows = {"searched": task.judged, "selection": task.splits.selection, "test": task.splits.test}
    return {
        "winner": trials.index(final.trial),
        "metric": task.metric.name,
        "is_few": are_few(task),
        "searched": np.stack(first),
        "selection": np.stack(selection),
        "test": np.stack(test),
        **{f"y_{part}": task.target.values[own] for part, own in rows.items()},
    }


def rules(kept: dict[str, Any]) -> dict[str, float]:
    """Return each rule's loss on the test rows."""
    metric = LOG_LOSS if kept["metric"] == LOG_LOSS.name else RMSE
    by_search = Judged(metric, kept["y_searched"], None)
    fresh = Judged(metric, kept["y_selection"], None)
    both = Judged(metric, np.concatenate([by_search.targets, fresh.targets]), None)
    predicted = np.concatenate([kept["searched"], kept["selection"]], axis=1)
    winner, count = int(kept["winner"]), len(predicted)
    best = int(np.argmin([fresh.cost(one) for one in kept["selection"]]))
    level = confidence_set(kept["searched"], winner, by_search)
    others = confidence_set(kept["selection"], best, fresh, level=FRESH_LEVEL)
    either = sorted({*level, *others})

    def loss(weights: Floats) -> float:
        return float(metric.score(kept["y_test"], np.tensordot(weights, kept["test"], 1), None))

    def even(those: list[int]) -> Floats:
        return np.bincount(those, minlength=count) / len(those)

    def chosen(those: list[int]) -> Floats:
        return greedy(predicted, both, those)

    before = even(level) if kept["is_few"] else chosen(level)
    return {
        BEFORE: loss(before),
        "the winner alone": loss(even([winner])),
        "equal shares of all": loss(even(list(range(count)))),
        "level on either": loss(even(either) if kept["is_few"] else chosen(either)),
        "level on either, greedy": loss(chosen(either)),
        "level on either, half greedy": loss((chosen(either) + even(either)) / 2),
        "the best on test (oracle)": min(loss(even([one])) for one in range(count)),
    }


def report() -> str:
    """Return the rules' test losses against those of the rule before, of few rows and of more."""
    runs: dict[bool, dict[str, list[dict[str, float]]]] = {True: {}, False: {}}
    for path in sorted(KEPT.glob("*.npz")):
        with np.load(path) as file:
            kept = dict(file)
        name = path.stem.rpartition("-")[0]
        runs[bool(kept["is_few"])].setdefault(name, []).append(rules(kept))
    parts = []
    for is_few, title in ((True, "Up to 2,000 rows"), (False, "More rows")):
        if runs[is_few]:
            parts += [f"### {title}", _changes(runs[is_few])]
    return "\n\n".join(parts)


def _changes(tables: dict[str, list[dict[str, float]]]) -> str:
    rows = []
    for rule in next(iter(tables.values()))[0]:
        changes = {
            name: [100 * (one[rule] / one[BEFORE] - 1) for one in own]
            for name, own in tables.items()
        }
        every = np.concatenate(list(changes.values()))
        mean = np.mean([np.mean(one) for one in changes.values()])
        counts = f"{(every < -0.05).sum()} / {(every > 0.05).sum()}"
        rows.append([rule, f"{mean:+.2f} %", counts, f"{every.max():+.1f} %"])
    rows.sort(key=lambda row: float(row[1].split()[0]))
    header = ["rule", "mean change of the loss on test", "better / worse", "worst"]
    runs = sum(map(len, tables.values()))
    said = f"{runs} runs of {len(tables)} tables, which weigh alike; better and worse by more than .05 %."
    return f"{said}\n\n{table(header, rows)}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first", type=int, default=103, help="seed")
    parser.add_argument("--tables", nargs="*", default=[*FEW, *MANY])
    parser.add_argument("--cores", type=int, nargs="*", default=sorted(os.sched_getaffinity(0)))
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    wanted = [
        (name, seed)
        for seed in range(given.first, given.first + given.seeds)
        for name in given.tables
        if not given.report and not (KEPT / f"{name}-{seed}.npz").exists()
    ]
    lanes = [(core, wanted[n :: len(given.cores)]) for n, core in enumerate(given.cores)]
    with ProcessPoolExecutor(len(lanes), get_context("spawn")) as pool:
        list(pool.map(_lane, *zip(*lanes, strict=True), [given.seconds] * len(lanes)))
    publish("Who predicts together", "python -m benchmarks.together", report())


def _lane(core: int, wanted: list[tuple[str, int]], seconds: float) -> None:
    os.sched_setaffinity(0, {core})
    for name, seed in wanted:
        print(name, seed, "kept" if collect(name, seed, seconds) else "nothing kept", flush=True)


if __name__ == "__main__":
    main()
