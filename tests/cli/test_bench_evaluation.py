import json

import pytest

from coeval.cli.bench_evaluation import row
from coeval.run import bench_evaluation
from coeval.run.bench_evaluation import ALL, PLAIN, Measured, Setup
from coeval.run.levers import OFF
from coeval.run.strategies import PULLED
from coeval.trial import Objective
from tests.cli.commands import Command

LOSS = Objective("log_loss")


@pytest.fixture
def coeval(monkeypatch, capsys, tmp_path) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    return Command(monkeypatch, capsys)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--target", "y"), "got only --target"),
        (("--data", "table.csv"), "got only --data"),
        (("--seeds", 0), "--seeds must be 1 or more"),
        (("--budget", "soon"), "budget"),
        (("--data", "missing.csv", "--target", "y"), "missing.csv"),
        (("--out", "file/inside"), "Cannot write to file/inside"),
        (("--strategy", "random"), "--strategy can be said of a table of published results only"),
        (("--evaluations", 9, "--no-cache"), "--evaluations and --no-cache can be said"),
    ],
)
def test_bad_options_are_refused_before_anything_is_trained(coeval, tmp_path, options, said):
    (tmp_path / "file").touch()
    code, _, err = coeval("bench", "evaluation", *options)
    assert code == 2
    assert said in err


def test_a_row_compares_with_the_plain_run_of_the_same_seed():
    def run(setup, seed, test, *climb):
        return Measured(setup, seed, LOSS, test, climb, 60, 12, 30.0, "time")

    found = [
        run(PLAIN, 0, 0.30, (2.0, 0.9), (20.0, 0.4)),
        run(PLAIN, 1, 0.32, (2.0, 0.9), (24.0, 0.5)),
        run(ALL, 0, 0.28, (5.0, 0.4)),
        run(ALL, 1, 0.30, (1.0, 0.6), (6.0, 0.2)),
        run("rungs", 0, 0.40, (1.0, 0.8)),
    ]
    assert row(ALL, found) == ["all", "0.29", "0.3", "120.0", "12", "5.5", "4.0"]
    assert row(PLAIN, found)[-2:] == ["22.0", "1.0"]
    assert row("rungs", found)[-2:] == ["never", ""]


@pytest.mark.slow
def test_setups_are_trained_for_real_and_what_is_finished_is_kept(coeval, tmp_path, monkeypatch):
    chosen = (Setup(PLAIN, OFF), Setup(ALL, PULLED))
    monkeypatch.setattr("coeval.cli.bench_evaluation.setups", lambda: chosen)
    code, out, _ = coeval("bench", "evaluation", "--budget", "15s", "--jobs", 1)
    assert code == 0
    assert "digits: log_loss, less is better" in out
    kept = json.loads((tmp_path / "runs" / "bench-evaluation" / "result.json").read_text())
    assert kept["complete"]
    assert [one["setup"] for one in kept["runs"]] == [PLAIN, ALL]
    assert all(one["ranked"] >= one["whole"] > 0 and 0 < one["test"] < 2.5 for one in kept["runs"])
    assert bench_evaluation.PLAIN in out
