"""Run one tool on one table and judge its answer; a failure is a result too."""

import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.peers.install import python
from benchmarks.peers.rows import Rows
from benchmarks.peers.tools import Tool
from benchmarks.runs import COEVAL

WORKERS = Path(__file__).parent / "workers"
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "TF_NUM_INTRAOP", "TF_NUM_INTEROP")
METER, CPU = Path(__file__).with_name("meter.py"), "cpu"
GRACE = 30.0
"""Seconds, beyond twice its limit, after which a run is stopped."""
ROWS, PATIENCE = 50, 3.0
"""As in ``workers/common.py``: what times our single row."""


@dataclass(frozen=True, slots=True)
class Line:
    """One run, as it is kept.

    Attributes:
        tool: Its name.
        table: The table's.
        seed: Of split and tool.
        budget: Seconds that it was given.
        cores: That it might use.
        state: done, failed or timeout.
        score: Log loss or RMSE on the test rows; NaN unless done. Less is better.
        constant: The same of the class shares, or the mean, of the training rows.
        seconds: Wall clock of fitting; for ours of the whole command, imports and export included.
        cpu: Processor seconds of the whole process with all below it: imports, fitting, predicting.
        bytes: Size of the saved model.
        row: Median milliseconds of predicting a data frame of one row.
        onnx: Of one call of ONNX Runtime for one row; ours only.
        said: What was found, or why it failed.
    """

    tool: str
    table: str
    seed: int
    budget: float
    cores: int
    state: str
    score: float
    constant: float
    seconds: float = math.nan
    cpu: float = math.nan
    bytes: int = 0
    row: float = math.nan
    onnx: float = math.nan
    said: str = ""


def score(predictions: np.ndarray, target: np.ndarray, classes: int) -> float:
    """Return the log loss of probabilities, or the RMSE of values (no classes); NaN where an answer is unusable."""
    if not classes:
        return float(np.sqrt(np.mean(np.square(predictions.ravel() - target))))
    if predictions.shape != (len(target), classes):
        return math.nan
    shares = predictions / predictions.sum(axis=1, keepdims=True)
    chosen = shares[np.arange(len(target)), target]
    eps = np.finfo(np.float64).eps
    return float(np.mean(0.0 - np.log(np.clip(chosen, eps, 1.0))))  # not -0


def constant(rows: Rows) -> float:
    """Return the score of the same answer for every row."""
    train, test = (pd.read_parquet(one)[rows.target].to_numpy() for one in (rows.train, rows.test))
    if not rows.classes:
        return score(np.full(len(test), train.mean()), test, 0)
    shares = np.bincount(train, minlength=rows.classes) / len(train)
    return score(np.tile(shares, (len(test), 1)), test, rows.classes)


def measure(tool: Tool, rows: Rows, seconds: float, cores: int = 1) -> Line:
    """Run a tool with a time limit on so many cores; one that is not done after twice as long and half a minute is stopped."""
    known = {"tool": tool.name, "table": rows.table, "seed": rows.seed}
    known |= {"budget": seconds, "cores": cores, "constant": constant(rows)}
    target = pd.read_parquet(rows.test)[rows.target].to_numpy()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command, text = (
            _peer(tool, rows, seconds, cores, folder)
            if tool.worker
            else _ours(tool, rows, seconds, cores, folder)
        )
        began = time.monotonic()
        code, printed, complaint = _run(command, text, 2 * seconds + GRACE, cores, folder)
        spent = {"seconds": time.monotonic() - began}
        if code is None:
            return Line(
                **known,
                state="timeout",
                score=math.nan,
                said=f"stopped after {spent['seconds']:.0f} s",
            )
        spent["cpu"] = float((folder / CPU).read_text())
        if code:
            return Line(
                **known, **spent, state="failed", score=math.nan, said=complaint.strip()[-400:]
            )
        if tool.worker:
            facts = json.loads(printed.splitlines()[-1])
            facts["said"] = facts.pop("found")
            predictions = np.load(folder / "predictions.npy")
        else:
            predictions, facts = _our_answer(folder / "run", rows)
            facts["onnx"] = json.loads(printed)["final"]["latency_ms"]["one"]
    found = score(predictions, target, rows.classes)
    state = "done" if math.isfinite(found) else "failed"
    return Line(**known, **{**spent, **facts}, state=state, score=found)


def as_json(line: Line) -> str:
    """Return a line with null for what is not known."""
    fields = asdict(line).items()
    return json.dumps({k: None if isinstance(v, float) and math.isnan(v) else v for k, v in fields})


def _peer(
    tool: Tool, rows: Rows, seconds: float, cores: int, folder: Path
) -> tuple[list[str], str]:
    asked = {"train": str(rows.train), "test": str(rows.test), "target": rows.target}
    asked |= {"problem": rows.problem, "classes": rows.classes}
    asked |= {"seconds": seconds, "seed": rows.seed, "cores": cores, "folder": str(folder)}
    worker = WORKERS / f"{tool.worker}_worker.py"
    return [str(python(tool.environment)), str(worker), tool.name], json.dumps(asked)


def _ours(
    tool: Tool, rows: Rows, seconds: float, cores: int, folder: Path
) -> tuple[list[str], str]:
    command = [COEVAL, "fit", str(rows.train), "--target", rows.target, "--test", str(rows.test)]
    command += ["--problem", rows.problem, "--budget", f"{seconds:g}s", "--workers", str(cores)]
    command += ["--seed", str(rows.seed), "--out", str(folder / "run"), "--json", *tool.options]
    return command, ""


def _our_answer(run: Path, rows: Rows) -> tuple[np.ndarray, dict]:
    from coeval.export.predictor import Predictor  # noqa: PLC0415 - the command line starts without ONNX Runtime

    test = pd.read_parquet(rows.test).drop(columns=rows.target)
    predictor = Predictor(run)
    found = predictor.predict(test)
    wanted = [f"probability_{one}" for one in range(rows.classes)] or ["prediction"]
    taken: list[float] = []
    began = time.perf_counter()
    while len(taken) < ROWS + 2 and (len(taken) < 4 or time.perf_counter() - began < PATIENCE):
        row = test.iloc[[len(taken) % len(test)]]
        start = time.perf_counter()
        predictor.predict(row)
        taken.append(time.perf_counter() - start)
    facts = {
        "bytes": (run / "model" / "model.onnx").stat().st_size,
        "row": 1000 * float(np.median(taken[2:])),
    }
    return found[wanted].to_numpy(np.float64), facts


def _run(
    command: list[str], text: str, patience: float, cores: int, folder: Path
) -> tuple[int | None, str, str]:
    """Return exit status (``None``: stopped), output and complaint of a command and all that it starts."""
    threads = {f"{name}_NUM_THREADS": str(cores) for name in THREADS}
    threads["LOKY_MAX_CPU_COUNT"] = str(cores)
    process = subprocess.Popen(
        [sys.executable, str(METER), str(folder / CPU), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, **threads},
        start_new_session=True,
    )
    try:
        printed, complaint = process.communicate(text, timeout=patience)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None, "", ""
    return process.returncode, printed, complaint
