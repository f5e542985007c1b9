"""How many candidates find their place in a minute of one core: everything cheap against plain training.

    python -m benchmarks.ranked [--seconds 20] [--seeds 5] [--jobs 1] [--report]

Every arm draws the same candidates from the same space of networks up to 128 wide. Plain training takes one after the other,
whole, in PyTorch with fused Adam on one thread, and stops early on validation; the levers are the compiled loop, and with it rungs.
A candidate is ranked when it was trained whole or left behind on a rung. Compared besides: the score on the test rows of the
best candidate's own weights, chosen on validation. Seconds are the process's own, so that a neighbour costs nothing.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.runs import keep_missing, kept, publish, table
from benchmarks.searches import objective_of, searched, task_of
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import predictions
from coeval.run.strategies import ENOUGH, RUNGS
from coeval.space.tabular import space_for
from coeval.space.vocabulary import LADDER
from coeval.store.artifacts import FileArtifacts
from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.random import RandomSearch

KEPT = Path(__file__).parents[1] / "runs" / "ranked.jsonl"
TABLES = (
    "credit_g",
    "abalone",
    "phoneme",
    "satimage",
    "wine_quality",
    "cpu_act",
    "magic",
    "letter",
)
ARMS = ("plain", "compiled", "compiled, rungs")
WIDEST = 128
LONGEST = 60.0
"""Seconds a trial; every arm's."""


def measure(arm: str, name: str, seed: int, seconds: float) -> dict:
    """Run one search; return how many candidates it ranked, and what the best was worth."""
    task = task_of(name, seed)
    objective = objective_of(task)
    with tempfile.TemporaryDirectory() as folder:
        space = space_for(
            task, models="neural", ladder=tuple(one for one in LADDER if one <= WIDEST)
        )
        artifacts = FileArtifacts(Path(folder))
        strategy = RandomSearch(space, seed)
        if "rungs" in arm:
            strategy = AsynchronousHalving(strategy, objective, fidelities=RUNGS, enough=ENOUGH)
        evaluator = TrainingEvaluator(
            task,
            space,
            seed=seed,
            artifacts=artifacts,
            signals=arm != "plain",
            engine="eager" if arm == "plain" else "auto",
            limits=Limits(seconds=LONGEST),
        )
        began = time.process_time()
        run = searched(
            task, space, strategy, evaluator, seconds=seconds, clock=time.process_time, seed=seed
        )
        spent = time.process_time() - began
        best = choose_finalists(run.trials, space, objective, 1)
        now = Resources(source=task, seed=seed, deadline=time.monotonic())
        model = make_final(best, now, artifacts).model
        found = predictions(model, task, task.splits.test)
    truth = task.target.values[task.splits.test]
    placed = [one for one in run.trials if objective.cost(one) < np.inf]
    return {
        "arm": arm,
        "table": name,
        "seed": seed,
        "asked": seconds,
        "seconds": spent,
        "ranked": len({one.proposal.candidate for one in placed}),
        "whole": sum(one.is_comparable for one in placed),
        "validation": best[0].validation,
        "test": float(task.metric.score(truth, found, None)),
        "maximise": task.metric.maximise,
        "metric": task.metric.name,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    names = ("arm", "table", "seed", "asked")
    known = {tuple(one[name] for name in names) for one in kept(KEPT)}
    wanted = [
        (arm, name, seed, given.seconds)
        for seed, name, arm in itertools.product(range(given.seeds), given.tables, ARMS)
    ]
    if not given.report:
        keep_missing(KEPT, measure, wanted, known, jobs=given.jobs, fresh=True)
    lines = [one for one in kept(KEPT) if one["asked"] == given.seconds]
    command = f"python -m benchmarks.ranked --seconds {given.seconds:g} --seeds {given.seeds}"
    publish("Candidates ranked a minute", command, report(lines))


def report(lines: list[dict]) -> str:
    """Return the table of medians over seeds: candidates a minute, times plain, and test scores."""
    rows, times, better = [], {arm: [] for arm in ARMS[1:]}, dict.fromkeys(ARMS[1:], 0)
    for name in dict.fromkeys(one["table"] for one in lines):
        of = {
            arm: [one for one in lines if (one["table"], one["arm"]) == (name, arm)] for arm in ARMS
        }
        pace = {
            arm: statistics.median(60 * one["ranked"] / one["seconds"] for one in runs)
            for arm, runs in of.items()
        }
        test = {arm: statistics.median(one["test"] for one in runs) for arm, runs in of.items()}
        up = of["plain"][0]["maximise"]
        for arm in ARMS[1:]:
            times[arm].append(pace[arm] / pace["plain"])
            better[arm] += test[arm] >= test["plain"] if up else test[arm] <= test["plain"]
        paces = [f"{pace[arm]:.1f}" for arm in ARMS]
        faster = [f"{found[-1]:.1f}" for found in times.values()]
        scores = [f"{test[arm]:.4g}" for arm in ARMS]
        rows.append([name, *paces, *faster, of["plain"][0]["metric"], *scores])
    header = ["table", *(f"{arm}, a minute" for arm in ARMS), *(f"{arm}, times" for arm in times)]
    header += ["metric", *(f"test, {arm}" for arm in ARMS)]
    said = [
        f"{arm}: {statistics.median(found):.1f} times plain in the median, {min(found):.1f} to {max(found):.1f}; "
        f"test score at least as good on {better[arm]} of {len(rows)}."
        for arm, found in times.items()
    ]
    return f"{table(header, rows)}\n\n" + "\n".join(said)


if __name__ == "__main__":
    main()
