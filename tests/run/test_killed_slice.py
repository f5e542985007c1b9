"""SIGKILL in the middle of real trainings: each goes on from its last slice, to the very numbers of one undisturbed."""

import os
import signal
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
    folders = [tmp_path / "whole", tmp_path / "killed"]
    for folder in folders:
        folder.mkdir()
    whole, killed = folders
    finish(whole)
    resumed = 0
    for _ in range(KILLS):
        number, reached = kill_one(killed)
        if number is None:
            break
        process = start(killed)
        again = next(epoch for trial, epoch in told(process) if trial == number)
        assert again == reached + 1
        resumed += 1
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert resumed >= 2
    finish(killed)
    assert not list((killed / "running").iterdir())
    assert events(killed) == events(whole)


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.run.victim", str(folder), str(TRIALS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def finish(folder):
    process = start(folder)
    process.communicate()
    assert process.returncode == 0


def told(process):
    """Yield trial and epoch of each line."""
    for line in process.stdout:
        yield tuple(map(int, line.split()))


def kill_one(folder):
    """Kill a search in a training that has written a slice; return its number and the epochs of the slice."""
    process = start(folder)
    for number, _ in told(process):
        slice_ = folder / "running" / f"{number}-0.safetensors"
        if slice_.exists():
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
            return number, int(load_file(slice_)["epochs"])
    process.communicate()
    return None, 0
