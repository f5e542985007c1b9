"""``coeval fit --memory``: all processes together stay below it."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmarks.runs import tree_megabytes
from sklearn import datasets

COEVAL = str(Path(sys.executable).with_name("coeval"))
LIMIT = 950


@pytest.mark.slow
def test_a_whole_run_stays_below_its_limit_and_ends_with_a_model(tmp_path: Path):
    frame = datasets.load_breast_cancer(as_frame=True).frame
    frame.to_csv(tmp_path / "cancer.csv", index=False)
    process = subprocess.Popen(
        [COEVAL, "fit", "cancer.csv", "--target", "target", "--budget", "60s", "--trials", "12",
         "--workers", "8", "--memory", f"{LIMIT}MB", "--out", "run", "--json"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, tree_megabytes(process.pid))
        time.sleep(0.2)
    printed, complaint = process.communicate()
    assert process.returncode == 0, complaint
    result = json.loads(printed)
    assert result["trials"] == 12
    assert result["final"]["test"]["value"] < 0.5
    assert 300 < peak < LIMIT
    command = json.loads((tmp_path / "run" / "capsule.json").read_text())["command"]
    assert f"--memory {LIMIT}MB" in command
    text = (tmp_path / "run" / "report.html").read_text()
    assert f"{LIMIT}MB" in text
