"""Zero-cost scores as an extra signal: what the true one saves, and what one that lies costs.

    python -m benchmarks.signals [--seeds 100] [--jobs 2] [--report]

NAS-Bench-201, CIFAR-10, 200 epochs; the signal is synflow (Tanaka et al. 2020, arXiv:2006.05467) as NAS-Bench-Suite-Zero
measured it, noise in its place, or its negative. Counted are evaluations until a search is within 0.25 of the best.
"""

import argparse
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.runs import keep_missing, kept, publish, table
from coeval.evaluate.table_catalogue import load_benchmark
from coeval.run.bench import Contest, Entrant, contest_truth, run_search
from coeval.run.bench_summary import first_within
from coeval.seed import generator
from coeval.space.nasbench201 import index
from coeval.strategy.portfolio import default_portfolio
from coeval.strategy.surrogate import SurrogateSearch

PROXIES = Path(__file__).parents[2] / "shared" / "data" / "nas" / "nb201_zero_cost_proxies.parquet"
KEPT = Path(__file__).parents[1] / "runs" / "signals.jsonl"
EVALUATIONS = 100
STRATEGIES: Mapping[str, Callable] = {
    "portfolio": default_portfolio,
    "gaussian-process": SurrogateSearch,
}
SIGNALS = ("none", "synflow", "noise", "sign flipped")


@cache
def synflow() -> Mapping[int, float]:
    """Return the score by row of the table; degenerate cells have none."""
    frame = pd.read_parquet(PROXIES)
    return dict(zip(frame["idx"].astype(int), frame["c10_synflow"], strict=True))


def signal(kind: str, seed: int, candidate) -> float | None:
    """Return what a cell's score is said to be."""
    row = index(candidate.part("cell"))
    score = synflow().get(row)
    if kind == "noise" and score is not None:
        return float(generator(seed, "noise", row).random())
    return -score if kind == "sign flipped" and score is not None else score


def measure(name: str, kind: str, seed: int) -> dict:
    """Run one search; return after how many evaluations it is near the best, and its regret."""
    given = None if kind == "none" else {"synflow": partial(signal, kind, seed)}
    contest = Contest(partial(load_benchmark, "nasbench201"), EVALUATIONS)

    def make(space, objectives, number):
        return STRATEGIES[name](space, objectives, number, signals=given)

    found = run_search(contest, Entrant(name, make), seed)
    near = min(first_within(found.regret, contest_truth(contest).within), EVALUATIONS + 1)
    line = {"strategy": name, "signal": kind, "seed": seed, "near": near}
    return {**line, "regret": found.regret[-1]}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    wanted = [
        (name, kind, seed) for seed in range(given.seeds) for name in STRATEGIES for kind in SIGNALS
    ]
    known = {(one["strategy"], one["signal"], one["seed"]): one for one in kept(KEPT)}
    if not given.report:
        keep_missing(KEPT, measure, wanted, known, jobs=given.jobs)
    publish("Zero-cost scores as a signal", "python -m benchmarks.signals", report(kept(KEPT)))


def report(lines: list[dict]) -> str:
    """Return the table: medians, and their ratio to the same strategy without a signal."""
    rows = []
    for name in STRATEGIES:
        plain = None
        for kind in SIGNALS:
            runs = [one for one in lines if (one["strategy"], one["signal"]) == (name, kind)]
            if not runs:
                continue
            median = float(np.median([one["near"] for one in runs]))
            plain = plain or median
            regret = np.mean([one["regret"] for one in runs])
            row = [name, kind, f"{median:g}", f"{median / plain:.2f}", f"{regret:.3f}"]
            rows.append([*row, str(len(runs))])
    header = ["strategy", "signal", "median evaluations to 0.25", "ratio", "regret", "seeds"]
    return table(header, rows)


if __name__ == "__main__":
    main()
