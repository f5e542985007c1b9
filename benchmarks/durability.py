"""Is a finished trial ever lost? A search is killed again and again, and resumed each time.

python -m benchmarks.durability [--kills 100] [--workers 0]

Real space, strategy, journal and search loop; only the training is pretended, so that kills hit every
step in between often. Each kill is a SIGKILL at a random moment: while Python starts, while the journal is
replayed, or in the middle of trials.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.runs import publish, table
from benchmarks.world import Pretending, world
from coeval.run.budget import Budget
from coeval.run.forkserver import prestart
from coeval.run.processes import ProcessExecutor
from coeval.run.search import search
from coeval.store.journal import SqliteStore, open_reader
from coeval.store.protocol import Note
from coeval.trial import State, Trial

ROOT = Path(__file__).parents[1]
COMMAND = "python -m benchmarks.durability"
STARTING = 0.2  # share of kills while the process starts and replays


@dataclass
class Outcome:
    """What many kills did to one run.

    Attributes:
        lost: Events that were in the journal after a kill and not there later.
        twice: Finished trials that were evaluated again.
        orphans: Kills that left trials running.
        replayed: Trials in the journal at the last resume.
        bodies: The trial events in the end.
    """

    kills: int = 0
    lost: int = 0
    twice: int = 0
    orphans: int = 0
    starting: int = 0
    replayed: int = 0
    bodies: list[Trial] = field(default_factory=list)


def kill_often(
    folder: Path, *, kills: int, trials: int, workers: int = 0, seed: int = 0
) -> Outcome:
    """Kill and resume a search, then let it finish; count what went wrong."""
    outcome, rng = Outcome(), random.Random(seed)
    before: list[Trial] = []
    finished: set[int] = set()
    log = folder / "evaluated.txt"
    for kill in range(kills + 1):
        log.write_text("")
        last = kill == kills
        early = rng.random() < STARTING
        _one_sitting(folder, trials, workers, rng, early=early, killed=not last)
        evaluated = [int(line) for line in log.read_text().split()]
        bodies = trial_events(folder)
        outcome.lost += bodies[: len(before)] != before
        outcome.twice += sum(number in finished for number in evaluated)
        outcome.twice += len(evaluated) - len(set(evaluated))
        finished = {body.number for body in bodies if body.state is not State.RUNNING}
        outcome.orphans += not last and len({body.number for body in bodies}) > len(finished)
        outcome.starting += early and not last
        if not last:
            outcome.replayed = len(finished)
        before = bodies
    outcome.kills, outcome.bodies = kills, before
    return outcome


def uninterrupted(folder: Path, *, trials: int) -> list[Trial]:
    """Return the trial events of the same search, undisturbed."""
    _one_sitting(folder, trials, 0, random.Random(0), early=False, killed=False)
    return trial_events(folder)


def trial_events(folder: Path) -> list[Trial]:
    """Return a journal's trial events without their times; candidates stay JSON."""
    if not (folder / "run.sqlite").exists():
        return []
    reader = open_reader(folder / "run.sqlite")
    bodies = [event.body for event in reader.events() if not isinstance(event.body, Note)]
    reader.close()
    return bodies


def _one_sitting(
    folder: Path, trials: int, workers: int, rng: random.Random, *, early: bool, killed: bool
) -> None:
    command = [sys.executable, "-m", "benchmarks.durability", "--victim", str(folder)]
    process = subprocess.Popen(
        [*command, "--trials", str(trials), "--workers", str(workers)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    if not killed:
        if process.wait() != 0:
            raise RuntimeError(f"the resumed search failed with exit code {process.returncode}")
    elif early:
        time.sleep(rng.uniform(0, 0.8))
    else:
        process.stdout.readline()  # the first new record
        time.sleep(rng.uniform(0, 0.05))
    if killed:
        process.send_signal(signal.SIGKILL)
        if process.wait() not in (0, -signal.SIGKILL):
            raise RuntimeError(f"a search ended by itself with exit code {process.returncode}")
    process.stdout.close()


def victim(folder: Path, trials: int, workers: int) -> None:
    """Search in ``folder`` until killed or done."""
    task, space, strategy = world()
    evaluator = Pretending(str(folder / "evaluated.txt"), most=0.01)
    any_space: Any = space
    store = SqliteStore(folder / "run.sqlite", any_space.to_json, any_space.from_json)
    prestart(workers, preload=("coeval.run.worker", "benchmarks.world"))  # nothing here needs torch
    executor = ProcessExecutor(evaluator, workers) if workers else None

    def announce(record: Trial | Note) -> None:
        os.write(1, b".\n")

    budget = Budget(trials=trials)
    search(
        task, any_space, strategy, evaluator, budget,
        store=store, executor=executor, on_event=announce,
    )  # fmt: skip
    if executor is not None:
        executor.close()
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--trials", type=int, default=800)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--victim", type=Path)
    given = parser.parse_args()
    if given.victim is not None:
        victim(given.victim, given.trials, given.workers)
        return
    rows = []
    for workers in (0, 2):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            found = kill_often(Path(one), kills=given.kills, trials=given.trials, workers=workers)
            equal = "not promised"
            if workers == 0:
                whole = uninterrupted(Path(two), trials=given.trials)
                equal = "yes" if whole == found.bodies else "**no**"
        facts = [found.kills, found.starting, found.orphans, found.replayed, len(found.bodies) // 2]
        name = f"{workers} worker processes" if workers else "serial"
        rows.append([name, *map(str, facts), str(found.lost), str(found.twice), equal])
    header = ["evaluation", "kills", "while starting", "kills that left a trial running"]
    header += ["trials at the last resume", "trials in the end"]
    header += ["events lost", "trials evaluated twice", "log equals an undisturbed run's"]
    publish("Durability", f"{COMMAND} --kills {given.kills}", table(header, rows))


if __name__ == "__main__":
    main()
