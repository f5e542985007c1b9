"""Start ``coeval fit`` as a user does, and measure it from outside: wall clock, memory, events."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import psutil

DATA = Path(__file__).parents[2] / "shared" / "data" / "tabular"
COEVAL = str(Path(sys.executable).with_name("coeval"))


@dataclass(frozen=True, slots=True)
class Fit:
    """One finished command.

    Attributes:
        result: What ``--json`` printed.
        seconds: Wall clock from process start to exit.
        megabytes: Largest proportional memory of the whole process tree; 0 when not asked for.
    """

    result: dict
    seconds: float
    megabytes: float


def fit(data: Path, target: str | None, out: Path, *options: str, memory: bool = False) -> Fit:
    """Run ``coeval fit`` on a file (without a target: of images); raises with its message when it fails."""
    command = [COEVAL, "fit", str(data), "--out", str(out), "--overwrite"]
    command += [] if target is None else ["--target", target]
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "--json", *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    peak = 0.0
    while memory and process.poll() is None:
        peak = max(peak, tree_megabytes(process.pid))
        time.sleep(0.25)
    printed, complaint = process.communicate()
    seconds = time.monotonic() - started
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} exited {process.returncode}: {complaint[-2000:]}")
    return Fit(json.loads(printed), seconds, peak)


def kept(path: Path) -> list[dict]:
    """Return the lines of JSON that a measurement kept; none where it has not begun."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def keep_missing(
    path: Path,
    measure: Callable[..., dict],
    wanted: Iterable[tuple],
    known: Container[tuple],
    *,
    jobs: int,
    fresh: bool = False,
) -> None:
    """Measure what is not known yet, so many at a time, and keep each result as a line of JSON when it is there.

    Args:
        path: Of the lines.
        measure: Called in another process with each tuple of ``wanted``.
        wanted: What is to be measured.
        known: What is kept already.
        jobs: Processes.
        fresh: Give each measurement a process of its own: what one compiled or read does not spare the next.
    """
    path.parent.mkdir(exist_ok=True)
    alone = 1 if fresh else None
    with ProcessPoolExecutor(jobs, max_tasks_per_child=alone) as pool, path.open("a") as file:
        running = [pool.submit(measure, *one) for one in wanted if one not in known]
        for done in as_completed(running):
            print(json.dumps(done.result()), file=file, flush=True)


def tree_megabytes(pid: int) -> float:
    """Return the proportional set size of a process and all below it, in megabytes."""
    total = 0
    try:
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
    except psutil.Error:
        return 0.0
    return total / 1e6


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def publish(section: str, command: str, text: str) -> None:
    """Print a section and put it into docs/benchmarks.md, in place of the one with the same title."""
    body = f"\n\nMade by `{command}` on {time.strftime('%Y-%m-%d')}.\n\n{text}\n"
    print(f"## {section}{body}", flush=True)
    page = Path(__file__).parents[1] / "docs" / "benchmarks.md"
    head, *sections = page.read_text().split("\n## ") if page.exists() else ["# Benchmarks\n"]
    kept = {one.split("\n", 1)[0]: one.split("\n", 1)[1] for one in sections}
    kept[section] = body[1:]
    page.write_text(
        head.rstrip() + "\n" + "".join(f"\n## {t}\n{b.rstrip()}\n" for t, b in kept.items())
    )
