"""Half a million rows in two minutes and 6 GB: wall clock, peak memory of all processes, the score on rows held out.

    python -m benchmarks.large [--rows 500000] [--tables pixels adult sleep] [--budget 2m] [--workers 1] [--seeds 1]

"pixels" has that many real rows: a pixel of Fashion-MNIST, predicted from those above and to its left, its place and the garment's
name; the test is on other images. Of the smaller tables a fifth of the rows is held out for the test; the others are drawn with
replacement until there are as many as asked for, numbers blurred by a tenth of their spread, so that no row is a copy. coeval has
the budget in all and 6 GB; gradient boosting (200 rounds at most) and a linear model have as much time as they want, on all rows
and one core. Lines of JSON are kept.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.runs import DATA, fit, kept, publish, table
from coeval.evaluate.baselines import GRADIENT_BOOSTING, LINEAR_MODEL, baseline_test_predictions
from coeval.evaluate.scoring import scores
from coeval.task.read import read

KEPT = Path(__file__).parents[1] / "runs" / "large.jsonl"
TABLES = ("pixels", "adult", "sleep")
"""Values, two classes and five; numbers, categories and missing values."""
GARMENTS = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "boot",
)
NEIGHBOURS = tuple(
    (row, column) for row in (-2, -1, 0) for column in (-2, -1, 0, 1, 2) if (row, column) < (0, 0)
)
"""Of a pixel: those that come before it, down two rows."""
TEST_ROWS = 50_000
MEMORY = "6GB"
HELD_OUT = 0.2
BLUR = 0.1
UNHURRIED = 1e5
"""Seconds: no row and no round of a baseline is given up."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--budget", default="2m")
    parser.add_argument("--models", nargs="*", default=("neural", "all"))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    wanted = [(name, seed) for seed in range(given.seeds) for name in given.tables]
    KEPT.parent.mkdir(exist_ok=True)
    for name, seed in () if given.report else wanted:
        for models in (*given.models, "baselines"):
            key = {
                "table": name, "seed": seed, "rows": given.rows, "models": models,
                "budget": given.budget, "workers": given.workers,
            }  # fmt: skip
            known = [{one: line[one] for one in key} for line in kept(KEPT)]
            if key in known:
                continue
            found = measure(**key)
            with KEPT.open("a") as file:
                print(json.dumps({**key, **found}), file=file, flush=True)
            print({**key, **found}, flush=True)
    lines = [
        one for one in kept(KEPT) if (one["rows"], one["budget"]) == (given.rows, given.budget)
    ]
    command = f"python -m benchmarks.large --rows {given.rows} --budget {given.budget}"
    publish("Large tables", command, report(lines))


def measure(
    table: str, seed: int, rows: int, models: str, budget: str, workers: int
) -> dict[str, object]:
    """Return what one fit of coeval, or of the baselines, took and reached."""
    target = "grey" if table == "pixels" else _target(table)
    with tempfile.TemporaryDirectory() as folder:
        learnt, held_out = write(table, target, rows, Path(folder), seed)
        if models == "baselines":
            return unhurried(learnt, held_out, target, seed)
        found = fit(
            learnt, target, Path(folder) / "run",
            "--test", str(held_out), "--budget", budget, "--workers", str(workers),
            "--models", models, "--seed", str(seed), "--memory", MEMORY, memory=True,
        )  # fmt: skip
    final = found.result["final"]
    hurried = {one["name"]: one["test"] for one in final["baselines"]}
    return {
        "metric": final["metric"],
        "test": final["test"]["value"],
        "seconds": round(found.seconds, 1),
        "megabytes": round(found.megabytes),
        "trials": found.result["trials"],
        "hurried": hurried,
    }


def unhurried(learnt: Path, held_out: Path, target: str, seed: int) -> dict[str, object]:
    """Return what the baselines reach that have all the time they want."""
    task = read(learnt, target=target, test=held_out, seed=seed)
    reached = {}
    for name in (LINEAR_MODEL, GRADIENT_BOOSTING):
        found = baseline_test_predictions(name, task, seed=seed, max_seconds=UNHURRIED)
        reached[name] = scores(task, task.splits.test, found)[task.metric.name]
    return {"metric": task.metric.name, **reached}


def _target(table: str) -> str:
    return pd.read_csv(DATA / "manifest.csv").set_index("name").target[table]


def write(name: str, target: str, rows: int, folder: Path, seed: int) -> tuple[Path, Path]:
    """Write the enlarged table and the rows held out as CSV; return both paths."""
    learnt, held_out = folder / f"{name}.csv", folder / f"{name}_test.csv"
    if name == "pixels":
        pixels("train", rows, seed).to_csv(learnt, index=False)
        pixels("test", TEST_ROWS, seed).to_csv(held_out, index=False)
        return learnt, held_out
    frame = pd.read_parquet(DATA / f"{name}.parquet")
    order = np.random.default_rng(seed).permutation(len(frame))
    cut = round(HELD_OUT * len(frame))
    frame.iloc[order[:cut]].to_csv(held_out, index=False)
    enlarged(frame.iloc[order[cut:]], target, rows, seed).to_csv(learnt, index=False)
    return learnt, held_out


def enlarged(frame: pd.DataFrame, target: str, rows: int, seed: int) -> pd.DataFrame:
    """Return as many rows as asked for, drawn from a table, the numbers among the features blurred."""
    rng = np.random.default_rng(seed)
    found = frame.iloc[rng.integers(0, len(frame), rows)].reset_index(drop=True)
    for name in frame.columns.drop(target):
        values = frame[name]
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            continue
        blurred = found[name] + rng.normal(0, BLUR * float(values.std()), rows)
        is_whole = (values.dropna() % 1 == 0).all()
        found[name] = blurred.round().astype("Int64") if is_whole else blurred.round(5)
    return found


def pixels(split: str, rows: int, seed: int) -> pd.DataFrame:
    """Return pixels drawn without replacement from the images of a split, with what comes before each."""
    with np.load(DATA.parent / "images" / "fashion_mnist.npz") as file:
        images, garments = file[f"x_{split}"], file[f"y_{split}"]
    count, side = len(images), images.shape[1]
    places = np.random.default_rng(seed).choice(count * side * side, rows, replace=False)
    image, row, column = np.unravel_index(places, (count, side, side))
    padded = np.pad(images, ((0, 0), (2, 0), (2, 2)))
    found = {
        f"{-above}_above_{across:+d}": padded[image, row + 2 + above, column + 2 + across]
        for above, across in NEIGHBOURS
    }
    names = np.array(GARMENTS, dtype=object)[garments[image]]
    return pd.DataFrame(
        {
            **found,
            "row": row,
            "column": column,
            "garment": names,
            "grey": images[image, row, column],
        }
    )


def report(lines: list[dict]) -> str:
    """Return the table: for each fit its costs, and its score beside the baselines'."""
    rows = []
    for one in lines:
        if one["models"] == "baselines":
            continue
        others = [
            other for other in lines
            if other["models"] == "baselines" and all(other[key] == one[key] for key in ("table", "seed"))
        ]  # fmt: skip
        beside = [
            f"{others[0][name]:.4f}" if others else "-"
            for name in (GRADIENT_BOOSTING, LINEAR_MODEL)
        ]
        rows.append(
            [
                one["table"], str(one["seed"]), one["models"], f"{one['seconds']:.0f} s",
                f"{one['megabytes'] / 1e3:.2f} GB", str(one["trials"]), one["metric"],
                f"{one['test']:.4f}", *beside,
            ]
        )  # fmt: skip
    header = ["table", "seed", "models", "wall clock", "peak memory", "trials", "metric", "coeval"]
    return table([*header, "gradient boosting, unhurried", "linear model, unhurried"], rows)


if __name__ == "__main__":
    main()
