"""The real main job, killed with SIGKILL at random moments and resumed: nothing finished is lost or done twice."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sklearn.datasets import load_wine

COEVAL = str(Path(sys.executable).with_name("coeval"))
FIT = ["fit", "wine.csv", "--target", "target", "--trials", "14", "--budget", "30m", "--workers", "1"]  # fmt: skip
KILLS = 6


def events(run: Path) -> list[tuple[str, int, dict]]:
    with sqlite3.connect(f"file:{run / 'run.sqlite'}?mode=ro", uri=True) as journal:
        rows = journal.execute(
            "SELECT kind, number, body FROM event WHERE number IS NOT NULL ORDER BY position"
        )
        return [(kind, number, _timeless(json.loads(body))) for kind, number, body in rows]


def _timeless(body: dict) -> dict:
    measurement = body.get("measurement")
    if measurement is not None:
        measurement.get("cost", {}).pop("seconds", None)
        for name in ("fold_seconds", "spent_seconds", "memory_growth", "busy"):
            measurement.get("data", {}).pop(name, None)
    return body


@pytest.mark.slow
def test_a_run_killed_again_and_again_equals_an_undisturbed_one(tmp_path: Path):
    load_wine(as_frame=True).frame.to_csv(tmp_path / "wine.csv", index=False)
    subprocess.run([COEVAL, *FIT, "--out", "whole", "--json"], cwd=tmp_path, check=True, capture_output=True)  # fmt: skip
    draw = random.Random(0)
    words = [*FIT, "--out", "killed", "--json"]
    seen: list[tuple[str, int, dict]] = []
    for _ in range(KILLS):
        process = subprocess.Popen(
            [COEVAL, *words], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        journal = tmp_path / "killed/run.sqlite"
        while not journal.exists() and process.poll() is None:
            time.sleep(0.02)
        time.sleep(draw.uniform(0.2, 3.0))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        found = events(tmp_path / "killed")
        assert found[: len(seen)] == seen
        seen = found
        words = ["resume", "killed", "--json"]
    subprocess.run([COEVAL, *words], cwd=tmp_path, check=True, capture_output=True)
    assert events(tmp_path / "killed") == events(tmp_path / "whole")
