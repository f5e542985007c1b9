"""Limits and the front from the command line, on a real table: searched, verified, reported, exported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from sklearn.datasets import load_wine

from coeval.architecture.inference import infer
from coeval.architecture.serial import from_json
from coeval.component.library import TABULAR
from coeval.report.page import gather

COEVAL = str(Path(sys.executable).with_name("coeval"))
pytestmark = pytest.mark.slow


def command(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COEVAL, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "XDG_CACHE_HOME": str(cwd / "user")},
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("front")
    load_wine(as_frame=True).frame.to_csv(folder / "wine.csv", index=False)
    done = command(
        "fit", "wine.csv", "--target", "target", "--trials", "12", "--budget", "90s", "--workers", "1", "--out", "run",
        "--objective", "score,latency,parameters", "--max-parameters", "3k", "--max-latency", "2ms", cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout)
    return folder


def test_no_trial_was_trained_over_the_limit(place: Path):
    trained = [one.trial.measurement for one in gather(place / "run").done]
    assert all(one.cost["parameters"] <= 3000 for one in trained if one.values)
    assert all(one.cost["latency_ms"] <= 2 for one in trained if one.values)
    assert any(one.values for one in trained)


def test_the_model_keeps_the_limits_as_measured(place: Path):
    held = gather(place / "run").final["constraints"]
    assert held["limits"] == {"latency_ms": 2.0, "parameters": 3000}
    assert held["excess"] == {}
    assert 0 < held["measured"]["latency_ms"] <= 2
    assert held["predicted_ms"] > 0
    model = json.loads((place / "run/model/architecture.json").read_text())
    cost = infer(from_json(model["architecture"], TABULAR)).cost
    assert held["measured"]["parameters"] == cost.parameters <= 3000


def test_terminal_and_report_show_limits_front_and_prediction(place: Path):
    said, page = (place / "said.txt").read_text(), (place / "run/report.html").read_text()
    assert "within the limit of 3,000" in said
    assert "The front: no trial is better" in said
    assert "measured end to end" in page
    assert "against latency (lower is better)" in page


def test_every_point_of_the_front_is_exported_as_it_was_scored(place: Path):
    facts = gather(place / "run")
    points = facts.front["points"]
    for one in points:
        assert one["low"] <= one["score"] <= one["high"]
    smallest = min(points, key=lambda one: one["costs"]["parameters"])
    done = command(
        "export", "run", "--point", str(smallest["trial"]), "-o", "small.onnx", cwd=place
    )
    assert done.returncode == 0, done.stderr
    session = onnxruntime.InferenceSession(place / "small.onnx")
    frame = load_wine(as_frame=True).frame
    feeds = {one.name: frame[one.name].to_numpy(float)[:, None] for one in session.get_inputs()}
    label = session.run(["label"], feeds)[0]
    assert (label == frame.target.to_numpy()).mean() > 0.6
    assert np.isfinite(session.run(["probabilities"], feeds)[0]).all()
    manifest = json.loads((place / f"run/points/{smallest['trial']}/architecture.json").read_text())
    cost = infer(from_json(manifest["architecture"], TABULAR)).cost
    assert cost.parameters == smallest["costs"]["parameters"]


def test_a_point_that_is_none_is_named_with_the_ones_there_are(place: Path):
    done = command("export", "run", "--point", "999", cwd=place)
    assert done.returncode == 2
    assert "999 is none of this run. The front's points are" in done.stderr


def test_a_latency_below_the_smallest_member_says_what_is_reachable(place: Path):
    done = command(
        "fit", "wine.csv", "--target", "target", "--max-latency", "1us", "--out", "none", "--budget", "60s", cwd=place
    )  # fmt: skip
    assert done.returncode == 2
    assert "--max-latency must be at least 0." in done.stderr
    assert "got 0.001 ms. Raise it." in done.stderr
    again = command(
        "fit", "wine.csv", "--target", "target", "--max-latency", "1us", "--out", "none", "--budget", "60s", cwd=place
    )  # fmt: skip
    assert "--max-latency must be at least" in again.stderr  # the folder is as good as empty
