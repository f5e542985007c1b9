"""What a run says of its winner, on a function that is known: are its columns told right, and does the budget hold?

    python -m benchmarks.explanations [--seeds 5] [--seconds 100] [--report]

Friedman 1991 (doi:10.1214/aos/1176347963, section 4.3): 4,000 rows of ten uniform columns, of which five make the target,
and noise of standard deviation 1. The whole command is measured from outside; seeds that were done are kept.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.runs import fit, kept, publish, table
from coeval.report.ablation import worths
from coeval.report.lineage import ancestors
from coeval.report.page import gather

KEPT = Path(__file__).parents[1] / "runs" / "explanations.jsonl"
ROWS, COLUMNS = 4000, 10
TRUE = {f"x{number}" for number in range(5)}


def friedman(seed: int) -> pd.DataFrame:
    """Return the table."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(size=(ROWS, COLUMNS))
    made = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2
    made += 10 * x[:, 3] + 5 * x[:, 4]
    frame = pd.DataFrame(x, columns=[f"x{number}" for number in range(COLUMNS)])
    return frame.assign(y=made + rng.normal(size=ROWS))


def measure(seed: int, seconds: float) -> dict:
    """Fit once; return what the run says of its columns and of its winner's decisions."""
    with tempfile.TemporaryDirectory() as place:
        data, run = Path(place) / "friedman.parquet", Path(place) / "run"
        friedman(seed).to_parquet(data)
        options = ["--budget", f"{seconds:g}s", "--seed", str(seed)]
        found = fit(data, "y", run, *options)
        facts = gather(run)
    columns = found.result["final"]["importance"]["columns"]
    decisions = worths(facts)
    return {
        "seed": seed,
        "budget": seconds,
        "seconds": found.seconds,
        "first": len({one["name"] for one in columns[: len(TRUE)]} & TRUE),
        "told_from_zero": sum(one["low"] > 0 for one in columns if one["name"] in TRUE),
        "idle_hold_zero": sum(
            one["low"] <= 0 <= one["high"] for one in columns if one["name"] not in TRUE
        ),
        "repeats": min(one["repeats"] for one in columns),
        "steps": len(ancestors(facts)) - 1,
        "decisions": len(decisions),
        "trainings": len(facts.ablated),
        "within_noise": sum(one.verdict == "within noise" for one in decisions),
        "worse": sum(one.verdict.startswith("worse") for one in decisions),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=100.0)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    done = {(one["seed"], one["budget"]) for one in kept(KEPT)}
    KEPT.parent.mkdir(exist_ok=True)
    for seed in () if given.report else range(given.seeds):
        if (seed, given.seconds) not in done:
            line = measure(seed, given.seconds)
            with KEPT.open("a") as file:
                print(json.dumps(line), file=file, flush=True)
    publish("Explanations", "python -m benchmarks.explanations", report(kept(KEPT)))


def report(lines: list[dict]) -> str:
    """Return the table."""
    rows = [
        [
            f"{one['budget']:g} s, seed {one['seed']}",
            f"{one['seconds']:.1f} s",
            f"{one['first']} of {len(TRUE)}",
            f"{one['told_from_zero']} of {len(TRUE)}",
            f"{one['idle_hold_zero']} of {COLUMNS - len(TRUE)}",
            str(one["steps"]),
            f"{one['decisions']} in {one['trainings']} trainings",
            f"{one['worse']} worse, {one['within_noise']} within noise",
        ]
        for one in sorted(lines, key=lambda one: (one["budget"], one["seed"]))
    ]
    head = [
        "run",
        "took",
        "true columns among the first five",
        "told from zero",
        "idle columns whose interval holds zero",
        "steps of the lineage",
        "decisions taken back",
        "verdicts",
    ]
    return table(head, rows)


if __name__ == "__main__":
    main()
