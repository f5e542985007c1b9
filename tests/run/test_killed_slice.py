"""SIGKILL in the middle of real trainings: each goes on from its last slice, to the very numbers of one undisturbed."""

import os
import signal
import statistics
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from tests.cli.test_killed import events

ROOT = Path(__file__).parents[2]
TRIALS, KILLS = 16, 4


@pytest.mark.slow
def test_killed_trainings_go_on_from_their_last_slices(tmp_path):
    whole, killed = both(tmp_path)
    finish(whole)
    resumed = kill_again_and_again(killed)
    assert resumed >= 2
    finish(killed)
    assert not list((killed / "running").iterdir())
    assert events(killed) == events(whole)


@pytest.mark.slow
def test_killed_batches_go_on_from_their_last_slices(tmp_path):
    whole, killed = both(tmp_path)
    finish(whole, "batched")
    resumed = kill_again_and_again(killed, "batched")
    assert resumed >= 2
    finish(killed, "batched")
    assert not list((killed / "running").iterdir())
    # A kill between two members' slices leaves them at different epochs, so that they train in other company: equal to
    # rounding, which early stopping may turn into another epoch.
    ours, theirs = scores(killed), scores(whole)
    assert ours.keys() == theirs.keys()
    assert any(batch for batch, _ in theirs.values())
    assert statistics.median(abs(ours[one][1] - theirs[one][1]) for one in ours) < 1e-4


def both(tmp_path):
    folders = [tmp_path / "whole", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
    return folders


def kill_again_and_again(folder, *how):
    """Return how often a killed training went on from the very next epoch."""
    resumed = 0
    for _ in range(KILLS):
        number, reached = kill_one(folder, *how)
        if number is None:
            break
        process = start(folder, *how)
        again = next(epoch for trial, epoch in told(process) if trial == number)
        assert again == reached + 1
        resumed += 1
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    return resumed


def scores(folder):
    """Return whether each finished trial trained in a batch, and its score."""
    found = [
        (number, body["measurement"]) for kind, number, body in events(folder) if kind == "done"
    ]
    return {
        number: (len(one["data"].get("batch", ())) > 1, one["values"]["log_loss"])
        for number, one in found
    }


def start(folder, *how):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.run.victim", str(folder), str(TRIALS), *how],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def finish(folder, *how):
    process = start(folder, *how)
    process.communicate()
    assert process.returncode == 0


def told(process):
    """Yield trial and epoch of each line."""
    for line in process.stdout:
        yield tuple(map(int, line.split()))


def kill_one(folder, *how):
    """Kill a search in a training that has written a slice; return its number and the epochs of the slice."""
    process = start(folder, *how)
    for number, _ in told(process):
        slice_ = folder / "running" / f"{number}-0.safetensors"
        if slice_.exists():
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            return number, int(load_file(slice_)["epochs"])
    process.communicate()
    return None, 0
