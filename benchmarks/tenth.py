"""Does coeval fit reach in a tenth of the time the test score of random search with plain training?

    python -m benchmarks.tenth --seconds 600 --seeds 5

Random search trains every candidate whole, from scratch, in PyTorch (``run.levers.OFF``); both begin with the same seeds, have
one worker, the same splits, finalists and refit, and open their test split once. Results are kept as lines of JSON.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from benchmarks.runs import DATA, kept, publish, table

TABLES = (
    "abalone",
    "phoneme",
    "california_houses",
    "credit_g",
    "letter",
    "satimage",
    "wine_quality",
    "cpu_act",
    "spambase",
    "adult",
)
RANDOM, DEFAULT = "random search, plain", "coeval fit"
CHILD = """
import json, sys
from pathlib import Path
from coeval.run.bench_evaluation import Silent
from coeval.run.fit import fit
from coeval.run.levers import OFF
from coeval.run.options import Options
from coeval.run.strategies import PULLED

data, target, out, budget, seed, plain = sys.argv[1:]
strategy, levers = ("random", OFF) if plain == "plain" else ("evolution", PULLED)
options = Options(
    Path(data), target, Path(out), budget=budget, seed=int(seed), workers=1, strategy=strategy, models="neural"
)
found = fit(options, Silent(), levers)
best = found.final
print(json.dumps({
    "metric": best["metric"], "maximise": found.run.objective.maximise, "test": best["test"]["value"],
    "validation": best["validation"], "trials": found.run.counts.total,
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600, help="of random search")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--random-seeds", type=int, default=1)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--results", type=Path, default=Path("runs/tenth.jsonl"))
    given = parser.parse_args()
    given.results.parent.mkdir(parents=True, exist_ok=True)
    arms = ((RANDOM, given.seconds, given.random_seeds), (DEFAULT, given.seconds / 10, given.seeds))
    done = {
        (one["table"], one["arm"], one["budget"], one["seed"]): one for one in kept(given.results)
    }
    wanted = [
        (name, arm, budget, seed)
        for arm, budget, seeds in arms
        for seed in range(seeds)
        for name in given.tables
    ]
    with ThreadPoolExecutor(given.jobs) as pool:
        for key, found in pool.map(_run, [one for one in wanted if one not in done]):
            done[key] = found
            with given.results.open("a") as lines:
                lines.write(json.dumps(found) + "\n")
    command = f"python -m benchmarks.tenth --seconds {given.seconds:g} --seeds {given.seeds}"
    publish(
        "Random search's score in a tenth of its time", command, report(done, arms, given.tables)
    )


def _run(key: tuple[str, str, float, int]) -> tuple[tuple[str, str, float, int], dict]:
    name, arm, budget, seed = key
    target = pd.read_csv(DATA / "manifest.csv").set_index("name").loc[name, "target"]
    with tempfile.TemporaryDirectory() as folder:
        plain = "plain" if arm == RANDOM else "levers"
        words = [
            str(DATA / f"{name}.parquet"),
            str(target),
            f"{folder}/run",
            f"{budget:g}s",
            str(seed),
            plain,
        ]
        made = subprocess.run(
            [sys.executable, "-c", CHILD, *words], capture_output=True, text=True, check=False
        )
    if made.returncode:
        raise RuntimeError(f"{name}, {arm}: {made.stderr[-2000:]}")
    found = json.loads(made.stdout.splitlines()[-1])
    return key, {"table": name, "arm": arm, "budget": budget, "seed": seed, **found}


def report(
    done: dict[tuple[str, str, float, int], dict],
    arms: tuple[tuple[str, float, int], ...],
    tables: list[str],
) -> str:
    """Return the table and how often the tenth was enough, on the seeds that both arms have: a seed decides the splits."""
    rows, wins, near = [], 0, 0
    shared = min(seeds for _, _, seeds in arms)
    for name in tables:
        medians, trials = [], []
        for arm, budget, _ in arms:
            runs = [done[name, arm, budget, seed] for seed in range(shared)]
            medians.append(statistics.median(one["test"] for one in runs))
            trials.append(statistics.median(one["trials"] for one in runs))
        up = runs[0]["maximise"]
        gain = (medians[1] - medians[0]) * (1 if up else -1) / abs(medians[0])
        wins += gain >= 0
        near += gain >= -0.01
        rows.append(
            [name, runs[0]["metric"], f"{medians[0]:.5g}", f"{medians[1]:.5g}", f"{gain:+.1%}"]
            + [f"{one:g}" for one in trials]
        )
    header = ["table", "metric", *(f"{arm}, {budget:g} s" for arm, budget, _ in arms), "gain"]
    header += [f"trials, {arm}" for arm, _, _ in arms]
    return (
        f"{table(header, rows)}\n\nAt least as good in a tenth of the time on {wins} of {len(tables)} tables, "
        f"within 1 % or better on {near}. Medians of test scores over {shared} seed(s)."
    )


if __name__ == "__main__":
    main()
