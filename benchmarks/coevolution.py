"""Cooperative coevolution against one genome, as engines of the same search: equal time, ten tables, paired.

    python -m benchmarks.coevolution [--budget 60s] [--seconds 15] [--seeds 5] [--engines NAME ...] [--tables NAME ...]
        [--parts fit search] [--minutes 8] [--report]

Two measurements, each with nothing changed but ``--strategy``: ``evolution`` takes a candidate as one genome, ``cooperative`` as a
team of species, ``random`` (if asked for) is the control. ``fit`` is the whole command with one worker and ``--budget`` of wall
clock: what the exported model reaches. ``search`` leaves out what all engines share: of each table and seed the named
seeds are trained once, then each engine goes on from them for ``--seconds`` of one core; compared is the best trial on validation,
with its own weights on the test rows. So a second tells more: most of a run of a minute on one core is spent
on the seeds, on start, contest and export.

Engines take turns, pair by pair; lines are kept as they come, so that an interrupted measurement goes on where it stopped,
and ``--minutes`` begins no new pair after so long.
"""

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.coevolution_report import report
from benchmarks.quality import TABLES as DEVELOPED
from benchmarks.runs import DATA, fit, kept, publish
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import predictions
from coeval.run.budget import Budget
from coeval.run.fit_search import TRIAL_SHARE
from coeval.run.levers import Levers
from coeval.run.search import search
from coeval.run.strategies import strategy_for
from coeval.space.tabular import space_for
from coeval.store.artifacts import FileArtifacts
from coeval.store.memory import MemoryStore
from coeval.store.protocol import Note
from coeval.strategy.protocol import Strategy
from coeval.strategy.random import RandomSearch
from coeval.strategy.seeded import Seeded
from coeval.task.read import read
from coeval.trial import Objective

KEPT = Path(__file__).parents[1] / "runs" / "coevolution.jsonl"
TABLES = (*DEVELOPED, "abalone", "pima_diabetes")
ENGINES = ("evolution", "cooperative")
PARTS = ("fit", "search")
EFFORT = 0.3
"""Trainings of the part ``search`` are as short as in a run of 18 s, so that each engine proposes tens of candidates: as many as in
a run of minutes on several cores, whose trainings are longer."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One table under one seed, on which all engines are measured: a part, and its budget as text."""

    part: str
    budget: str
    table: str
    seed: int

    def key(self, engine: str) -> tuple[str, str, str, int, str]:
        """Return what a kept line is known by."""
        return self.part, self.budget, self.table, self.seed, engine


def fitted(pair: Pair, engines: Sequence[str]) -> Iterator[dict]:
    """Yield a line for each engine: the whole command."""
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder:
            given = {
                "--budget": pair.budget,
                "--seed": str(pair.seed),
                "--workers": "1",
                "--strategy": engine,
            }
            options = [word for one in given.items() for word in one]
            found = fit(
                DATA / f"{pair.table}.parquet", _target(pair.table), Path(folder) / "run", *options
            )
        final = found.result["final"]
        yield {
            "validation": final["validation"],
            "test": final["test"]["value"],
            "maximise": found.result["metric"]["maximise"],
            "trials": found.result["trials"],
            "seconds": round(found.seconds, 1),
        }


def searched(pair: Pair, engines: Sequence[str]) -> Iterator[dict]:
    """Yield a line for each engine: the search alone, from the same trained seeds."""
    seconds = float(pair.budget.removesuffix("s"))
    task = read(DATA / f"{pair.table}.parquet", target=_target(pair.table), seed=pair.seed)
    space = space_for(task, models="neural", effort=EFFORT)
    objective = Objective(task.metric.name, task.metric.maximise)
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "seeds"

        def go_on(strategy: Strategy, weights: Path, store: MemoryStore, until: Budget, stop):
            evaluator = TrainingEvaluator(
                task,
                space,
                seed=pair.seed,
                artifacts=FileArtifacts(weights),
                limits=Limits(seconds=max(3.0, TRIAL_SHARE * seconds)),
            )
            return search(
                task, space, strategy, evaluator, until,
                objective=objective, store=store, seed=pair.seed, stop=stop,
            )  # fmt: skip

        seeds = space.seeds()
        begun = MemoryStore()
        only = Seeded(RandomSearch(space, pair.seed), seeds)
        go_on(only, first, begun, Budget(trials=len(seeds)), None)
        records = [one.body for one in begun.events() if not isinstance(one.body, Note)]
        for engine in engines:
            store, weights = MemoryStore(), Path(folder) / engine
            store.append(records)
            shutil.copytree(first, weights)
            strategy = strategy_for(engine, space, objective, pair.seed, Levers())
            began = time.process_time()
            run = go_on(
                strategy, weights, store, Budget(trials=100_000),
                lambda began=began: time.process_time() - began >= seconds,
            )  # fmt: skip
            best = choose_finalists(run.trials, space, objective, 1)
            now = Resources(source=task, seed=pair.seed, deadline=time.monotonic())
            model = make_final(best, now, FileArtifacts(weights)).model
            found = predictions(model, task, task.splits.test)
            truth = task.target.values[task.splits.test]
            mine = [one for one in run.trials[len(seeds) :] if one.measurement is not None]
            yield {
                "validation": best[0].validation,
                "test": float(task.metric.score(truth, found, None)),
                "maximise": task.metric.maximise,
                "trials": len(mine),
                "whole": sum(one.is_comparable for one in mine),
                "origin": run.best.proposal.origin,
                "seconds": round(time.process_time() - began, 1),
            }


MEASURES = {"fit": fitted, "search": searched}


def _target(table: str) -> str:
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    return str(manifest.loc[table, "target"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--engines", nargs="*", default=ENGINES)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--parts", nargs="*", default=PARTS, choices=PARTS)
    parser.add_argument("--minutes", type=float, default=np.inf)
    parser.add_argument("--results", type=Path, default=KEPT)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    budgets = {"fit": given.budget, "search": f"{given.seconds:g}s"}
    pairs = [
        Pair(part, budgets[part], table, seed)
        for part in given.parts
        for seed in range(given.seeds)
        for table in given.tables
    ]
    given.results.parent.mkdir(exist_ok=True)
    ends = time.monotonic() + 60 * given.minutes
    known = {tuple(one["key"]) for one in kept(given.results)}
    for number, pair in enumerate(pairs):
        missing = [one for one in given.engines if pair.key(one) not in known]
        if given.report or not missing or time.monotonic() >= ends:
            continue
        turn = (number + pair.seed) % len(missing)  # so that each goes first on each table
        order = [*missing[turn:], *missing[:turn]]
        found = zip(order, MEASURES[pair.part](pair, order), strict=True)
        lines = [{"key": pair.key(engine), **line} for engine, line in found]
        with given.results.open("a") as file:  # a pair is whole or not there
            file.writelines(json.dumps(one) + "\n" for one in lines)
        print(*lines, sep="\n", flush=True)
    command = f"python -m benchmarks.coevolution --budget {given.budget} --seconds {given.seconds:g} --seeds {given.seeds}"
    publish("Coevolution against one genome", command, report(kept(given.results)))


if __name__ == "__main__":
    main()
