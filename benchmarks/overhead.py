"""What does a search cost beside training? Ask, record and tell, with the real space, strategy and journal.

python -m benchmarks.overhead
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.runs import publish, table
from benchmarks.world import Pretending, world
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.store.journal import SqliteStore
from coeval.trial import State, Trial

MARKS = (100, 1_000, 10_000)


def measure(folder: Path, trials: int) -> tuple[list[float], float, float]:
    """Return when each trial finished (from the start), the processor time of all, and the time to resume; seconds."""
    task, space, strategy = world()
    any_space: Any = space
    store = SqliteStore(folder / "run.sqlite", any_space.to_json, any_space.from_json)
    finished: list[float] = []
    start, processor = time.perf_counter(), time.process_time()

    def note(record: object) -> None:
        if isinstance(record, Trial) and record.state is not State.RUNNING:
            finished.append(time.perf_counter() - start)

    budget = Budget(trials=trials)
    search(task, any_space, strategy, Pretending(), budget, store=store, on_event=note)
    processor = time.process_time() - processor
    store.close()
    _, _, fresh = world()
    start = time.perf_counter()
    store = SqliteStore(folder / "run.sqlite", any_space.to_json, any_space.from_json)
    search(task, any_space, fresh, Pretending(), budget, store=store)
    replay = time.perf_counter() - start
    store.close()
    return finished, processor, replay


def main() -> None:
    rows = []
    for trials in MARKS:
        with tempfile.TemporaryDirectory() as folder:
            finished, processor, replay = measure(Path(folder), trials)
            size = (Path(folder) / "run.sqlite").stat().st_size / trials
        each = np.diff([0.0, *finished]) * 1e3
        tail = each[-max(trials // 10, 50) :]
        numbers = [
            each.mean(),
            processor / trials * 1e3,
            tail.mean(),
            np.quantile(each, 0.99),
            replay / trials * 1e3,
        ]
        rows.append([f"{trials:,}", *(f"{x:.2f}" for x in numbers), f"{size / 1e3:.1f}"])
    header = [
        "trials",
        "ms a trial",
        "CPU ms a trial",
        "ms of the last tenth",
        "99th percentile",
        "ms a trial to resume",
    ]
    text = table([*header, "kB a trial"], rows)
    publish("Overhead of the search", "python -m benchmarks.overhead", text)
    if any(float(row[3]) > 2 for row in rows):
        sys.exit("more than 2 ms a trial")


if __name__ == "__main__":
    main()
