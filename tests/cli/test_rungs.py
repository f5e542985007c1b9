"""``coeval fit`` with strategies of several fidelities, on real training."""

import subprocess
from pathlib import Path

import pytest
from sklearn.datasets import load_wine

from coeval.run.strategies import RUNGS
from tests.cli.test_killed import COEVAL, events


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["evolution", "asha", "halving", "hyperband", "bohb"])
def test_candidates_climb_rungs_and_go_on_from_their_checkpoints(strategy: str, tmp_path: Path):
    load_wine(as_frame=True).frame.to_csv(tmp_path / "wine.csv", index=False)
    run = tmp_path / "run"
    words = ["--trials", "24", "--budget", "20m", "--workers", "1", "--strategy", strategy]
    done = subprocess.run(
        [COEVAL, "fit", "wine.csv", "--target", "target", "--out", "run", "--json", *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    bodies = events(run)
    asked = {number: body for _, number, body in bodies if "candidate" in body}
    measured = {number: body["measurement"] for _, number, body in bodies if "measurement" in body}
    shares = [body.get("fidelity", [1.0])[0] for body in asked.values()]
    assert set(shares) <= set(RUNGS)
    assert shares.count(RUNGS[0]) >= 3 or strategy == "hyperband"
    climbed = [number for number, body in asked.items() if body.get("continues") is not None]
    assert climbed
    for number in climbed:
        found = measured[number]
        if found.get("cached_from") is None and not found.get("failure"):
            assert found["data"]["continued_from"] == asked[number]["continues"]
            assert found["cost"]["epochs"] < sum(found["data"]["fold_epochs"])
