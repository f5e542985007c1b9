"""Does the search beat the default network, and random search, at equal budget? Real tables, several seeds.

    python -m benchmarks.quality --budget 60s --seeds 5

The default network is trained, selected and refitted under the same protocol inside each run; random search is a second
run with the same budget and splits. Every run opens its own test split once. Results are kept as lines of JSON, so that an
interrupted measurement goes on where it stopped.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.runs import DATA, fit, kept, publish, table

TABLES = [
    "adult",
    "credit_g",
    "titanic",
    "phoneme",
    "letter",
    "california_houses",
    "diamonds",
    "wine_quality",
]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--random-seeds", type=int, default=None)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--results", type=Path, default=Path("runs/quality.jsonl"))
    given = parser.parse_args()
    given.results.parent.mkdir(parents=True, exist_ok=True)
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    done = _read(given.results)
    for seed in range(given.seeds):
        for name in given.tables:
            for strategy in ("evolution", "random"):
                if (
                    strategy == "random"
                    and given.random_seeds is not None
                    and seed >= given.random_seeds
                ):
                    continue
                if (name, strategy, seed, given.budget) in done:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    options = [
                        "--budget",
                        given.budget,
                        "--seed",
                        str(seed),
                        "--strategy",
                        strategy,
                    ]
                    one = fit(
                        DATA / f"{name}.parquet",
                        manifest.target[name],
                        Path(folder) / "run",
                        *options,
                    )
                row = _row(name, strategy, seed, given.budget, one)
                done[name, strategy, seed, given.budget] = row
                with given.results.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                print(row, flush=True)
    command = f"python -m benchmarks.quality --budget {given.budget} --seeds {given.seeds}"
    publish(
        f"Search quality at {given.budget}",
        command,
        _table([r for r in done.values() if r["budget"] == given.budget]),
    )


def _read(path: Path) -> dict:
    return {(r["table"], r["strategy"], r["seed"], r["budget"]): r for r in kept(path)}


def _row(name: str, strategy: str, seed: int, budget: str, one) -> dict:
    final = one.result["final"]
    baselines = {b["name"]: b["test"] for b in final["baselines"]}
    return {
        "table": name,
        "strategy": strategy,
        "seed": seed,
        "budget": budget,
        "seconds": round(one.seconds, 2),
        "metric": final["metric"],
        "maximise": one.result["metric"]["maximise"],
        "test": final["test"]["value"],
        "baselines": baselines,
        "trials": one.result["trials"],
    }


def _table(rows: list[dict]) -> str:
    lines = []
    wins = losses = 0
    for name in dict.fromkeys(row["table"] for row in rows):
        mine = [r for r in rows if r["table"] == name and r["strategy"] == "evolution"]
        other = {r["seed"]: r for r in rows if r["table"] == name and r["strategy"] == "random"}
        sign = 1 if mine[0]["maximise"] else -1
        score = np.array([r["test"] for r in mine])
        default = np.array([r["baselines"]["default_mlp"] for r in mine])
        gain = sign * (score - default)
        error = gain.std(ddof=1) / len(gain) ** 0.5 if len(gain) > 1 else float("nan")
        wins += gain.mean() > 0
        losses += gain.mean() < -error
        trees = np.array([r["baselines"].get("gradient_boosting", np.nan) for r in mine])
        against = [
            sign * (r["test"] - other[r["seed"]]["test"]) for r in mine if r["seed"] in other
        ]
        lines.append(
            [
                name,
                mine[0]["metric"],
                f"{score.mean():.4f}",
                f"{default.mean():.4f}",
                f"{gain.mean():+.4f} ± {error:.4f}",
                f"{np.mean(against):+.4f} ({len(against)})" if against else "-",
                f"{trees.mean():.4f}",
                f"{np.median([r['trials'] for r in mine]):.0f}",
                str(len(mine)),
            ]
        )
    head = [
        "table",
        "metric",
        "coeval",
        "default MLP",
        "gain over default MLP ± s.e.",
        "gain over random search (seeds)",
    ]
    note = (
        f"Better than the default MLP on {wins} of {len(lines)} tables; worse by more than one standard error on {losses}. "
        "Gains are signed so that more is better; means over seeds, standard error of the paired difference."
    )
    return table([*head, "gradient boosting", "trials", "seeds"], lines) + "\n\n" + note


if __name__ == "__main__":
    main()
