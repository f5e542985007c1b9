"""How soon is there a usable model, and how much memory does a run take, on a 20,000-row table?

python -m benchmarks.start
"""

import sqlite3
import tempfile
import time
from pathlib import Path

import pandas as pd

from benchmarks.runs import DATA, fit, publish, table


def first_models(journal: Path) -> dict[str, float]:
    """Return the Unix time of the first finished linear model (trial 0), and of the first finished network."""
    with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as database:
        rows = database.execute(
            "SELECT time, number FROM event WHERE kind = 'done' ORDER BY position"
        ).fetchall()
    found: dict[str, float] = {}
    for moment, number in rows:
        found.setdefault("linear" if number == 0 else "network", moment)
    return found


def main() -> None:
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    rows = []
    for name in ("letter", "california_houses"):
        for workers in (1, 2):
            with tempfile.TemporaryDirectory() as folder:
                csv, out = Path(folder) / f"{name}.csv", Path(folder) / "run"
                pd.read_parquet(DATA / f"{name}.parquet").to_csv(csv, index=False)
                started = time.time()
                options = ["--budget", "30s", "--workers", str(workers)]
                one = fit(csv, manifest.target[name], out, *options, memory=True)
                found = first_models(out / "run.sqlite")
            linear, network = (found[kind] - started for kind in ("linear", "network"))
            size = f"{manifest.rows[name]:,} rows"
            rows.append(
                [
                    name,
                    size,
                    str(workers),
                    f"{linear:.1f} s",
                    f"{network:.1f} s",
                    f"{one.megabytes:.0f} MB",
                ]
            )
            print(rows[-1], flush=True)
    head = [
        "table (CSV)",
        "size",
        "workers",
        "first usable model",
        "first searched network",
        "peak memory",
    ]
    note = "Seconds from process start. Memory: largest proportional set size of the whole process tree, sampled four times a second. Targets: 4 s, 8 s; 700 MB with one worker, 1 GB with two."
    publish("Start and memory", "python -m benchmarks.start", table(head, rows) + "\n\n" + note)


if __name__ == "__main__":
    main()
