"""Worker processes: how soon they start, how long they idle between trials, and what a second one brings.

    python -m benchmarks.workers [--rounds 3] [--trials 24]

A real table, the real space, evaluator, journal and loop. One and two workers take turns on the same trials (random
candidates, the same in every round). Wall clock says what a user gets; beside it stand processor seconds, which other
work on the machine disturbs less: two workers can be no faster than their trials are when both run.
"""

import argparse
import itertools
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.runs import DATA, publish, table
from coeval.evaluate.protocol import Report
from coeval.evaluate.training import TrainingEvaluator
from coeval.run.budget import Budget
from coeval.run.forkserver import prestart
from coeval.run.handle import Launcher
from coeval.run.processes import ProcessExecutor
from coeval.run.search import search
from coeval.space.tabular import space_for
from coeval.store.artifacts import FileArtifacts
from coeval.store.journal import SqliteStore
from coeval.strategy.random import RandomSearch
from coeval.task import memory
from coeval.task.read import read
from coeval.trial import Measurement, Proposal, State, Trial

TABLE = "satimage"
EFFORT = 0.1  # trials of a fifth of a second: the shorter, the more an idle worker would show
STARTS = 20


@dataclass
class Timed:
    """Notes in each measurement which process made it, from when to when, and its processor seconds."""

    inner: Any

    def bucket(self, proposal: Proposal) -> str:
        """Return the inner evaluator's answer."""
        return self.inner.bucket(proposal)

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield the inner evaluator's measurements."""
        began, processor = time.monotonic(), time.process_time()
        for number, found in self.inner.evaluate(trials, report):
            ended = time.monotonic()
            spent = {"pid": os.getpid(), "began": began, "ended": ended}
            spent["processor"] = time.process_time() - processor
            yield number, replace(found, data={**found.data, "timed": spent})
            began, processor = time.monotonic(), time.process_time()


@dataclass(frozen=True)
class Spent:
    """One search.

    Attributes:
        seconds: From its first trial's begin to its last one's end, in the workers.
        processor: Processor seconds of its trials.
        idle: Seconds between the end of a trial and the begin of the next in the same worker.
        busy: Wall seconds inside trials, over all workers.
    """

    seconds: float
    processor: float
    idle: tuple[float, ...]
    busy: float


def run(folder: Path, workers: int, trials: int) -> Spent:
    """Search with fresh workers that are warm before the clock starts."""
    task = memory.load(folder)
    space: Any = space_for(task, models="neural", source=folder, effort=EFFORT)
    with tempfile.TemporaryDirectory() as out:
        store = SqliteStore(Path(out) / "run.sqlite", space.to_json, space.from_json)
        artifacts = FileArtifacts(Path(out) / "weights")
        evaluator = Timed(TrainingEvaluator(folder, space, artifacts=artifacts))
        executor = ProcessExecutor(evaluator, workers, look_ahead=True)
        try:
            found = search(
                task, space, RandomSearch(space), evaluator, Budget(trials=trials),
                store=store, executor=executor,
            )  # fmt: skip
        finally:
            executor.close()
            store.close()
    return spent([one for one in found.trials if one.state is State.DONE], workers)


def spent(trials: Sequence[Trial], workers: int) -> Spent:
    """Return what a search spent; each worker's first trial, which loads the task, does not count."""
    timed = [one.measurement.data["timed"] for one in trials if one.measurement]
    by_worker: dict[int, list[dict]] = {}
    for one in sorted(timed, key=lambda one: one["began"]):
        by_worker.setdefault(one["pid"], []).append(one)
    counted = [one for own in by_worker.values() for one in own[1:]]
    idle = [
        later["began"] - one["ended"]
        for own in by_worker.values()
        for one, later in itertools.pairwise(own)
    ]
    first = min(own[0]["ended"] for own in by_worker.values())
    return Spent(
        seconds=max(one["ended"] for one in counted) - first,
        processor=sum(one["processor"] for one in counted),
        idle=tuple(idle),
        busy=sum(one["ended"] - one["began"] for one in counted),
    )


def starts(folder: Path) -> list[float]:
    """Return the seconds from launching a worker to its READY, with the server warm."""
    task = memory.load(folder)
    payload = pickle.dumps(
        TrainingEvaluator(folder, space_for(task, models="neural", source=folder))
    )
    launcher = Launcher(payload, 1)
    seconds = []
    for number in range(STARTS + 1):
        began = time.monotonic()
        handle = launcher.launch()
        launcher.wake.recv()
        wait([handle.connection])
        handle.connection.recv()
        if number:  # the first waits for the server to import torch
            seconds.append(time.monotonic() - began)
        handle.kill()
        handle.bury()
    launcher.close()
    return seconds


def _starts_elsewhere(folder: Path) -> list[float]:
    """Return what ``starts`` measures in a process whose main module is small: workers import it."""
    code = "import json, sys; from pathlib import Path; from benchmarks.workers import starts; "
    code += "print(json.dumps(starts(Path(sys.argv[1]))))"
    made = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    found: list[float] = json.loads(made.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=24)
    given = parser.parse_args()
    prestart(2)
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        memory.save(read(DATA / f"{TABLE}.parquet", target=manifest.target[TABLE]), folder)
        began = _starts_elsewhere(folder)
        found = {1: [], 2: []}
        for _ in range(given.rounds):
            for workers, runs in found.items():
                runs.append(run(folder, workers, given.trials))
                print(workers, runs[-1], flush=True)
    publish("Worker processes", "python -m benchmarks.workers", report(began, found))


def report(began: Sequence[float], found: dict[int, list[Spent]]) -> str:
    """Return the table: medians over rounds."""
    one, two = found[1], found[2]

    def milliseconds(values: Sequence[float]) -> list[str]:
        tenth, ninetieth = statistics.quantiles(values, n=10)[::8]
        return [f"{1e3 * x:.1f} ms" for x in (statistics.median(values), tenth, ninetieth)]

    share = partial(shares, one, two)
    rows = [
        ["start of a worker, launched to ready", *milliseconds(began), "< 50 ms"],
        ["idle between two trials, 1 worker", *milliseconds(idle(one)), "< 2 ms"],
        ["idle between two trials, 2 workers", *milliseconds(idle(two)), "< 2 ms"],
        ["2 workers against 1, trials a second", *share(lambda run: run.seconds), "1.8"],
        ["the same by processor seconds a trial", *share(lambda run: run.processor / 2), "1.8"],
    ]
    header = ["", "median", "10 %", "90 %", "aim"]
    note = (
        f"{TABLE}, random candidates, one numeric thread a worker. For the ratios the columns are median, least and "
        "greatest over rounds. By processor seconds: twice what a trial costs alone over what it costs beside another."
    )
    return table(header, rows) + "\n\n" + note


def idle(runs: Sequence[Spent]) -> list[float]:
    return [one for run in runs for one in run.idle]


def shares(one: Sequence[Spent], two: Sequence[Spent], value) -> list[str]:
    """Return median, least and greatest ratio of one worker to two, round by round."""
    ratios = [value(a) / value(b) for a, b in zip(one, two, strict=True)]
    return [f"{x:.2f}" for x in (statistics.median(ratios), min(ratios), max(ratios))]


if __name__ == "__main__":
    main()
