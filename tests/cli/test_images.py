"""The main job on images, from a folder of files: fit, predict, show, report; killed and resumed."""

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
from PIL import Image
from typer.main import get_command

from coeval.cli.app import app
from coeval.space.images import PRESETS
from tests.task.pictures import CLASSES, pictures

COEVAL = str(Path(sys.executable).with_name("coeval"))


def command(*words: str, cwd: Path) -> str:
    done = subprocess.run(
        [COEVAL, *words], cwd=cwd, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def write_shapes(folder: Path, rows: int = 300, seed: int = 0) -> Path:
    pixels, target = pictures(rows, seed=seed)
    for number, (one, label) in enumerate(zip(pixels, target, strict=True)):
        place = folder / CLASSES[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(one[..., 0]).save(place / f"{number:03}.png")
    return folder


def test_the_help_names_every_preset():
    (option,) = [one for one in get_command(app).commands["fit"].params if one.name == "preset"]
    said = option.help.partition("networks:")[2].rstrip(".").replace(" or ", ", ").split(", ")
    assert {one.strip() for one in said} == set(PRESETS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    write_shapes(folder / "shapes")
    said = command("fit", "shapes", "--budget", "40s", "--out", "run", "--json", cwd=folder)
    (folder / "said.json").write_text(said)
    return folder


@pytest.mark.slow
def test_a_model_stands_beside_its_baselines(place: Path):
    final = json.loads((place / "said.json").read_text())["final"]
    names = {one["name"] for one in final["baselines"]}
    assert {"constant", "linear_model"} <= names <= {"constant", "linear_model", "default_resnet"}
    assert final["scores"]["accuracy"] > 0.9
    assert final["parity"]["onnx"] < 1e-4
    assert final["seconds"]["total"] < 50


@pytest.mark.slow
def test_a_folder_of_new_images_is_predicted(place: Path):
    write_shapes(place / "new", 30, seed=1)
    command("predict", "run", "new", "-o", "found.csv", cwd=place)
    found = pd.read_csv(place / "found.csv")
    assert found.columns.tolist() == ["image", "prediction", *(f"probability_{one}" for one in CLASSES)]  # fmt: skip
    truth = [Path(one).parent.name for one in found.image]
    assert (found.prediction == truth).mean() > 0.8
    np.save(place / "new.npy", pictures(30, seed=1)[0])
    same = command("predict", "run", "new.npy", cwd=place).splitlines()
    assert len(same) == 31


@pytest.mark.slow
def test_show_report_and_export_work(place: Path):
    assert "Grid(8, 8, 1)" in command("show", "run", cwd=place)
    assert "conv2d" in command("show", "run", "--trial", "0", cwd=place)
    command("report", "run", cwd=place)
    assert "8 \N{MULTIPLICATION SIGN} 8 pixels, grey" in (place / "run/report.html").read_text()
    command("export", "run", "--format", "source", "-o", "taken", cwd=place)
    assert (
        "def predict(network: Network, images: torch.Tensor)"
        in (place / "taken/network.py").read_text()
    )


def finished(run: Path) -> list[tuple[int, str]]:
    question = "SELECT number, body FROM event WHERE kind = 'done' ORDER BY position"
    try:
        with sqlite3.connect(f"file:{run / 'run.sqlite'}?mode=ro", uri=True) as journal:
            return journal.execute(question).fetchall()
    except sqlite3.OperationalError:  # not there yet, or without its tables
        return []


@pytest.mark.slow
def test_a_killed_run_keeps_its_trials_and_ends_in_a_model(tmp_path: Path):
    write_shapes(tmp_path / "shapes")
    words = [COEVAL, "fit", "shapes", "--budget", "90s", "--out", "run", "--workers", "1", "--json"]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.DEVNULL)
    while not finished(tmp_path / "run") and process.poll() is None:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = finished(tmp_path / "run")
    assert kept
    result = json.loads(command("resume", "run", "--budget", "150s", "--json", cwd=tmp_path))
    assert finished(tmp_path / "run")[: len(kept)] == kept
    assert result["final"]["test"]["value"] > 0


@pytest.mark.slow
def test_one_worker_trains_a_one_shot_methods_find_alone_within_a_minute(tmp_path):
    pixels, target = pictures(300, seed=2)
    np.savez(tmp_path / "few.npz", x=pixels, y=target)
    asked = ["--strategy", "elastic", "--budget", "60s", "--workers", "1", "--out", "run"]
    said = json.loads(command("fit", "few.npz", *asked, "--json", cwd=tmp_path))
    with sqlite3.connect(tmp_path / "run" / "run.sqlite") as journal:
        rows = journal.execute("select body from event where kind = 'running'").fetchall()
        (note,) = journal.execute("select body from event where kind = 'one_shot'").fetchone()
    alone = [one for (one,) in rows if json.loads(one).get("origin") == "elastic"]
    assert alone, rows
    assert "was trained alone: the budget" not in note
    assert said["final"]["seconds"]["total"] < 65
