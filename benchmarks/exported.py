"""How large an exported file is, and how quickly it answers in ONNX Runtime: 24 tables, one network, ensembles, and trees beside networks.

    python -m benchmarks.exported [--budget 15s] [--tables adult letter] [--kinds single ensemble all] [--workers 1] [--report]

One thread, raw columns in, the preparation included; the median of 50 calls with one row and with a hundred. Lines of JSON are kept.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.runs import DATA, fit, kept, publish, table
from coeval.export.folder import ONNX, read_manifest
from coeval.export.manifest import description
from coeval.export.session import Session
from coeval.task.read import read_rows

KEPT = Path(__file__).parents[1] / "runs" / "exported.jsonl"
KINDS = {
    "single": ("--models", "neural", "--no-ensemble"),
    "ensemble": ("--models", "neural"),
    "all": (),
}
"""By name, the options of ``coeval fit``."""
BOUNDS = {"megabytes": 10.0, "one": 1.0}
"""What medians over the tables must not exceed: of the file, and of milliseconds for one row."""


def main() -> None:
    manifest = pd.read_csv(DATA / "manifest.csv").set_index("name")
    parser = argparse.ArgumentParser()
    parser.add_argument("--budget", default="15s")
    parser.add_argument("--tables", nargs="*", default=list(manifest.index))
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="only write the table")
    given = parser.parse_args()
    KEPT.parent.mkdir(exist_ok=True)
    wanted = [(name, kind) for name in given.tables for kind in given.kinds]
    for name, kind in () if given.report else wanted:
        known = {(one["table"], one["kind"], one["budget"]) for one in kept(KEPT)}
        if (name, kind, given.budget) in known:
            continue
        try:
            line = measure(name, manifest.target[name], kind, given.budget, given.workers)
        except RuntimeError as error:  # a busy machine leaves so short a budget without a trial
            print(error, flush=True)
            continue
        with KEPT.open("a") as file:
            print(json.dumps(line), file=file, flush=True)
        print(line, flush=True)
    lines = [one for one in kept(KEPT) if one["budget"] == given.budget]
    command = f"python -m benchmarks.exported --budget {given.budget}"
    publish(f"Exported files after {given.budget}", command, report(lines))


def measure(name: str, target: str, kind: str, budget: str, workers: int) -> dict:
    """Return the size and the speed of what one run exports."""
    path = DATA / f"{name}.parquet"
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        options = ("--budget", budget, "--workers", str(workers), *KINDS[kind])
        found = fit(path, target, out, *options)
        content = (out / "model" / ONNX).read_bytes()
        about = description(read_manifest(out / "model"))
    session = Session(content, about)
    rows = read_rows(path, about.schema)
    final = found.result["final"]
    return {
        "table": name,
        "kind": kind,
        "budget": budget,
        "megabytes": round(len(content) / 1e6, 4),
        "one": round(session.milliseconds(rows.take(np.arange(1))), 4),
        "hundred": round(session.milliseconds(rows.take(np.arange(100))), 4),
        "members": max(1, len(final.get("members", ()))),
        "parameters": final["parameters"],
        "metric": final["metric"],
        "test": final["test"]["value"],
    }


def report(lines: list[dict]) -> str:
    """Return the table: each export's size and speed, and their medians."""
    rows = []
    for kind in KINDS:
        found = {one["table"]: one for one in lines if one["kind"] == kind}
        rows += [_row(one["table"], kind, [one]) for one in found.values()]
    medians = [
        _row(f"**median of {len(found)}**", kind, found)
        for kind in KINDS
        if (found := [one for one in lines if one["kind"] == kind])
    ]
    header = ["table", "kind", "megabytes", "ms, one row", "ms, 100 rows", "members", "parameters"]
    return table(header, [*medians, *rows]) + "\n\n" + _verdict(lines)


def _row(name: str, kind: str, found: list[dict]) -> list[str]:
    keys = ("megabytes", "one", "hundred", "members", "parameters")
    middle = [float(np.median([one[key] for one in found])) for key in keys]
    return [name, kind, *(f"{one:.3f}" for one in middle[:3]), *(f"{one:g}" for one in middle[3:])]


def _verdict(lines: list[dict]) -> str:
    said = []
    for kind in KINDS:
        found = [one for one in lines if one["kind"] == kind]
        over = [
            one["table"] for one in found if any(one[key] > most for key, most in BOUNDS.items())
        ]
        if found:
            names = f": {', '.join(over)}" if over else ""
            said.append(f"{kind}: {len(over)} of {len(found)} tables above 10 MB or 1 ms{names}.")
    return " ".join(said)


if __name__ == "__main__":
    main()
