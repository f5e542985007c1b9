"""The main job from the command line, on a real table: every command on one run."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_wine

COEVAL = str(Path(sys.executable).with_name("coeval"))


def command(*words: str, cwd: Path) -> str:
    done = subprocess.run(
        [COEVAL, *words], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("job")
    frame = load_wine(as_frame=True).frame
    frame["colour"] = np.where(frame.color_intensity > 5, "dark", "light")
    frame.to_csv(folder / "wine.csv", index=False)
    said = command(
        "fit", "wine.csv", "--target", "target", "--trials", "8", "--budget", "60s", "--workers", "2", "--out", "run", "--json", cwd=folder
    )  # fmt: skip
    (folder / "said.json").write_text(said)
    return folder


def test_json_holds_the_honest_score_beside_the_baselines(place: Path):
    result = json.loads((place / "said.json").read_text())
    final = result["final"]
    assert result["trials"] == 8
    assert final["test"]["low"] <= final["test"]["value"] <= final["test"]["high"]
    assert final["scores"]["accuracy"] > 0.8
    names = {one["name"] for one in final["baselines"]}
    assert names == {"constant", "linear_model", "gradient_boosting", "default_mlp"}
    assert final["parity"]["onnx"] < 1e-4
    assert final["parity"]["source"] < 1e-4


def test_the_folder_holds_what_the_guide_says(place: Path):
    run = place / "run"
    for name in ("report.html", "capsule.json", "run.sqlite", "model/model.onnx", "model/network.py", "model/weights.safetensors", "model/card.md"):  # fmt: skip
        assert (run / name).stat().st_size > 0


def test_the_test_split_was_opened_once_and_recorded(place: Path):
    with sqlite3.connect(place / "run/run.sqlite") as journal:
        kinds = [row[0] for row in journal.execute("SELECT kind FROM event ORDER BY position")]
    assert kinds.count("test_opened") == 1
    assert kinds.index("stopped") < kinds.index("test_opened") < kinds.index("final")


def test_predict_takes_reordered_columns_and_missing_values(place: Path):
    frame = pd.read_csv(place / "wine.csv").drop(columns="target")
    frame.loc[0, "ash"] = np.nan
    frame.loc[1, "colour"] = "never seen"
    frame[frame.columns[::-1]].to_csv(place / "new.csv", index=False)
    command("predict", "run", "new.csv", "-o", "out.csv", cwd=place)
    found = pd.read_csv(place / "out.csv")
    assert len(found) == len(frame)
    assert set(found.prediction) <= {0, 1, 2}
    assert np.allclose(found.filter(like="probability").sum(axis=1), 1, atol=1e-5)


def test_predict_names_a_missing_column(place: Path):
    pd.read_csv(place / "wine.csv").drop(columns="ash").to_csv(place / "less.csv", index=False)
    done = subprocess.run(
        [COEVAL, "predict", "run", "less.csv"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "ash" in done.stderr


def test_show_and_export_and_report_work(place: Path):
    assert "head" in command("show", "run", "--svg", "drawing.svg", cwd=place)
    assert (place / "drawing.svg").read_text().startswith("<svg")
    assert "seed:linear" in command("show", "run", "--trial", "0", cwd=place)
    command("export", "run", "--format", "torch", "-o", "taken", cwd=place)
    assert (place / "taken/network.py").exists()
    assert command("report", "run", cwd=place).strip().endswith("report.html")


def test_what_each_column_is_worth_and_how_the_model_was_found_are_told(place: Path):
    recorded = json.loads((place / "said.json").read_text())["final"]["importance"]
    assert len(recorded["columns"]) == 14
    assert json.loads(command("show", "run", "--columns", "--json", cwd=place)) == recorded
    first = recorded["columns"][0]["name"]
    assert first in command("show", "run", "--columns", cwd=place)
    assert f"| {first} |" in (place / "run/model/card.md").read_text()
    assert "What each column is worth" in (place / "run/report.html").read_text()
    assert "(log loss on validation):" in command("show", "run", cwd=place)


def test_a_cut_model_file_is_noticed(place: Path):
    whole = place / "run/model/model.onnx"
    content = whole.read_bytes()
    try:
        whole.write_bytes(content[:-100])
        done = subprocess.run(
            [COEVAL, "predict", "run", "wine.csv"],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        whole.write_bytes(content)
    assert done.returncode == 2
    assert "model.onnx" in done.stderr


def test_a_finished_run_searches_on_with_more_trials_and_says_so(place: Path):
    done = subprocess.run(
        [COEVAL, "resume", "run"], cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "--budget" in done.stderr
    again = json.loads(
        command("resume", "run", "--trials", "10", "--budget", "120s", "--json", cwd=place)
    )
    assert again["trials"] == 10
    with sqlite3.connect(place / "run/run.sqlite") as journal:
        kinds = [row[0] for row in journal.execute("SELECT kind FROM event")]
    assert kinds.count("test_opened") == 2


def test_ctrl_c_leaves_a_usable_model(place: Path):
    process = subprocess.Popen(
        [COEVAL, "fit", "wine.csv", "--target", "target", "--budget", "10m", "--out", "stopped", "--workers", "1"],
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    journal = place / "stopped/run.sqlite"
    end = time.monotonic() + 60
    while time.monotonic() < end and not _finished_one(journal):
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    said, complaint = process.communicate(timeout=90)
    assert process.returncode == 0, complaint
    assert (place / "stopped/model/model.onnx").exists()
    assert "coeval resume" in said


def _finished_one(journal: Path) -> bool:
    if not journal.exists():
        return False
    try:
        with sqlite3.connect(f"file:{journal}?mode=ro", uri=True) as database:
            return bool(database.execute("SELECT 1 FROM event WHERE kind = 'done'").fetchone())
    except sqlite3.Error:
        return False
