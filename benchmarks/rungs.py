"""Evolution under rungs against plain evolution: on tables of results, and on real tables at equal processor time.

    python -m benchmarks.rungs [--seconds 20] [--seeds 3] [--searches 20] [--jobs 1] [--report]

On tables of results a training of some epochs is charged as such a share of a whole one. NAS-Bench-201 has 12 and 200
epochs, and the 200 start anew; SpikeNAS-Bench has every epoch. Five samples are trained whole first, as seeds are.

On real tables every arm is told the same seeds, which are trained whole, and has the same seconds of one core. Compared is what a search
would hand on: the best trial on validation, its score there and that of its own weights on the test rows. Trials go on
from their checkpoints, whose writing and reading counts.
"""

import argparse
import itertools
import math
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.runs import keep_missing, kept, publish, table
from benchmarks.searches import objective_of, searched, task_of
from coeval.evaluate.table_catalogue import CATALOGUE, load_benchmark
from coeval.evaluate.table_nasbench201 import DATASETS
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import predictions
from coeval.run.bench import Contest, Entrant, run_search
from coeval.run.strategies import ENOUGH, POPULATION, RUNGS, SAMPLE
from coeval.seed import generator
from coeval.space.tabular import space_for
from coeval.store.artifacts import FileArtifacts
from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.evolution import RegularisedEvolution
from coeval.strategy.protocol import Strategy
from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded

KEPT = Path(__file__).parents[1] / "runs" / "rungs.jsonl"
NAS = Path(__file__).parents[2] / "shared" / "data" / "nas"
TABLES = ("phoneme", "wine_quality", "credit_g", "satimage")
RESULTS = {
    **{f"nasbench201-{one}": ((12 / 200, 1.0), False) for one in DATASETS},
    "spikenasbench": (RUNGS, True),
}
"""Fidelities by table, and whether a longer training goes on from a shorter one."""
ARMS = ("plain", "rungs", "random", "rungs, random")
EVALUATIONS, MARKS = 50, (10, 20, 50)
SEEDS = 5


def strategy_of(arm: str, space, aims, seed: int, fidelities, *, continues: bool) -> Strategy:
    """Return the strategy of an arm."""
    inner: Strategy = RegularisedEvolution(
        space, aims, seed, population=POPULATION, sample_size=SAMPLE, warm_up=0
    )
    if "random" in arm:
        inner = RandomSearch(space, seed)
    if "rungs" not in arm:
        return inner
    return AsynchronousHalving(
        inner, aims, fidelities=fidelities, continues=continues, enough=ENOUGH
    )


def look_up(arm: str, name: str, seed: int) -> dict:
    """Search a table of results; return the regret after some evaluations."""
    fidelities, continues = RESULTS[name]

    def make(space, aims, number):
        rng = generator(number, "seeds")
        seeds = {str(one): space.sample(rng) for one in range(SEEDS)}
        return Seeded(strategy_of(arm, space, aims, number, fidelities, continues=continues), seeds)

    load = partial(load_benchmark, name, NAS if CATALOGUE[name].file else None)
    found = run_search(Contest(load, EVALUATIONS), Entrant(arm, make), seed)
    regret = {str(one): found.regret[one - 1] for one in MARKS}
    return {"arm": arm, "table": name, "seed": seed, "seconds": 0.0, "regret": regret}


def measure(arm: str, name: str, seed: int, seconds: float) -> dict:
    """Run one search; return what it found and what it spent."""
    task = task_of(name, seed)
    objective = objective_of(task)
    with tempfile.TemporaryDirectory() as folder:
        space = space_for(task, models="neural", effort=max(seconds / 60, 0.3))
        artifacts = FileArtifacts(Path(folder))
        inner = strategy_of(arm, space, objective, seed, RUNGS, continues=True)
        strategy = Seeded(inner, space.seeds())
        limits = Limits(seconds=max(3.0, seconds / 5))
        evaluator = TrainingEvaluator(task, space, seed=seed, artifacts=artifacts, limits=limits)
        run = searched(
            task, space, strategy, evaluator, seconds=seconds, clock=time.process_time, seed=seed
        )
        best = choose_finalists(run.trials, space, objective, 1)
        now = Resources(source=task, seed=seed, deadline=time.monotonic())
        model = make_final(best, now, artifacts).model
        found = predictions(model, task, task.splits.test)
    truth = task.target.values[task.splits.test]
    done = [one for one in run.trials if one.measurement is not None]
    return {
        "arm": arm,
        "table": name,
        "seed": seed,
        "seconds": seconds,
        "validation": best[0].validation,
        "test": float(task.metric.score(truth, found, None)),
        "maximise": task.metric.maximise,
        "trials": len(done),
        "whole": sum(one.is_comparable for one in done),
        "epochs": sum(one.measurement.cost.get("epochs", 0.0) for one in done),
        "best": run.best.number,
        "origin": run.best.proposal.origin,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--searches", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--arms", nargs="*", default=ARMS)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    trained = itertools.product(range(given.seeds), given.tables, given.arms)
    looked = itertools.product(range(given.searches), RESULTS, given.arms)
    wanted = [(arm, name, seed, 0.0) for seed, name, arm in looked]
    wanted += [(arm, name, seed, given.seconds) for seed, name, arm in trained]
    names = ("arm", "table", "seed", "seconds")
    known = {tuple(one[name] for name in names) for one in kept(KEPT)}
    if not given.report:
        keep_missing(KEPT, _run, wanted, known, jobs=given.jobs)
    trained_lines = [one for one in kept(KEPT) if one["seconds"] == given.seconds]
    looked_lines = [one for one in kept(KEPT) if "regret" in one]
    text = f"{regrets(looked_lines)}\n\n{report(trained_lines)}"
    publish("Evolution under rungs", "python -m benchmarks.rungs", text)


def _run(arm: str, name: str, seed: int, seconds: float) -> dict:
    return measure(arm, name, seed, seconds) if seconds else look_up(arm, name, seed)


def regrets(lines: list[dict]) -> str:
    """Return the table of mean regrets after so many whole trainings' worth of epochs."""
    rows = []
    for name in RESULTS:
        for arm in ARMS:
            runs = [one["regret"] for one in lines if (one["table"], one["arm"]) == (name, arm)]
            if runs:
                means = [f"{np.mean([one[str(mark)] for one in runs]):.2f}" for mark in MARKS]
                rows.append([name, arm, *means, str(len(runs))])
    return table(["table", "arm", *(f"regret after {one}" for one in MARKS), "searches"], rows)


def report(lines: list[dict]) -> str:
    """Return the table: ratios of error to plain evolution's on the same table and seed, their geometric mean."""
    plain = {(one["table"], one["seed"]): one for one in lines if one["arm"] == "plain"}
    rows = []
    for arm in ARMS:
        runs = [one for one in lines if one["arm"] == arm and (one["table"], one["seed"]) in plain]
        if not runs:
            continue
        pairs = [(one, plain[one["table"], one["seed"]]) for one in runs]
        ratios = [
            math.exp(np.mean([math.log(_error(a, name) / _error(b, name)) for a, b in pairs]))
            for name in ("validation", "test")
        ]
        better = sum(_error(a, "test") < _error(b, "test") for a, b in pairs)
        trials, whole = (np.median([one[key] for one in runs]) for key in ("trials", "whole"))
        row = [arm, *(f"{one:.3f}" for one in ratios), f"{better} of {len(pairs)}"]
        rows.append([*row, f"{trials:g}", f"{whole:g}"])
    header = ["arm", "validation", "test", "better on test", "trials", "whole"]
    said = (
        "Geometric means of the loss (or 1 - score) over plain evolution's; below 1 is better.\n\n"
    )
    return said + table(header, rows)


def _error(line: dict, name: str) -> float:
    return 1 - line[name] if line["maximise"] else line[name]


if __name__ == "__main__":
    main()
