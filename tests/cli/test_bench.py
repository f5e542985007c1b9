import itertools
import json
import os
from pathlib import Path

import pytest

from coeval.cli import bench
from coeval.run.strategies import STRATEGIES
from tests.cli.commands import Command

QUICK = (
    "--evaluations",
    12,
    "--seeds",
    2,
    "--jobs",
    1,
    "--strategy",
    "local",
    "--strategy",
    "random",
)


@pytest.fixture
def coeval(monkeypatch, capsys, tmp_path) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "140")
    return Command(monkeypatch, capsys)


def test_strategies_are_compared_with_random_search_s_expectation(coeval, tmp_path):
    code, out, _ = coeval("bench", *QUICK)
    assert code == 0
    assert "after 12" in out
    rows = [line.split()[0] for line in out.splitlines() if line.startswith(("local", "random"))]
    assert sorted(rows) == ["local", "random", "random,"]
    folder = Path("runs/bench-nasbench201-cifar10")
    for name in ("regret.svg", "test_regret.svg", "report.html", "result.json"):
        assert str(folder / name) in out
        assert (tmp_path / folder / name).stat().st_size > 1000


def test_json_has_every_curve(coeval, tmp_path):
    code, out, err = coeval("bench", *QUICK, "--json", "--out", "here")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["complete"]
    assert {one["strategy"] for one in found["strategies"]} == {"local", "random"}
    assert all(len(one["regret"]) == 12 for one in (*found["strategies"], found["random"]))
    written = json.loads((tmp_path / "here" / "result.json").read_text())
    assert written["strategies"] == found["strategies"]
    assert found["files"]["regret"] == os.path.join("here", "regret.svg")


def test_copies_may_have_results_of_their_own(coeval):
    code, out, _ = coeval("bench", *QUICK, "--no-cache", "--json")
    assert code == 0
    assert not json.loads(out)["canonical"]


def test_limits_and_several_objectives_are_understood(coeval, tmp_path):
    aims = ("--objective", "accuracy", "--objective", "flops=2e7", "--limit", "parameters<=5e5")
    code, out, _ = coeval("bench", "nasbench201-cifar100", *QUICK, *aims, "--json")
    assert code == 0
    found = json.loads(out)
    assert found["objectives"] == [
        {"name": "accuracy", "maximise": True, "goal": None},
        {"name": "flops", "maximise": False, "goal": 2e7},
    ]
    assert found["limits"] == {"parameters": 5e5}
    assert found["feasible"] < found["members"]
    assert "hypervolume" in found["regret"]


def test_a_comparison_without_test_scores_leaves_no_old_drawing_of_them(coeval, tmp_path):
    coeval("bench", *QUICK, "--out", "here")
    coeval("bench", *QUICK, "--out", "here", "--objective", "flops")
    assert not (tmp_path / "here" / "test_regret.svg").exists()


def test_strategies_of_several_fidelities_run_where_the_table_has_them(coeval):
    code, out, _ = coeval("bench", "--strategy", "asha", "--evaluations", 5, "--seeds", 1, "--json")
    assert code == 0
    (found,) = json.loads(out)["strategies"]
    assert found["trials"] > 5


def test_the_list_names_tables_and_strategies(coeval):
    code, out, _ = coeval("bench", "--list")
    assert code == 0
    assert all(name in out for name in STRATEGIES)
    assert "--data DIR with nasbench_macro_cifar10.csv.gz" in out
    code, out, _ = coeval("bench", "--list", "--json")
    assert json.loads(out)["tables"]["nasbench201-cifar10"]["file"] == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nasbench202"], "no table 'nasbench202'. Did you mean 'nasbench201'"),
        (["--strategy", "evolutoin"], "Did you mean 'evolution'"),
        (["--seeds", 0], "--seeds must be 1 or more, got 0"),
        (["--evaluations", -3], "--evaluations must be 1 or more, got -3"),
        (["--jobs", 0], "--jobs must be 1 or more, got 0"),
        (["--data", "nowhere"], "--data must be a folder with the tables, got nowhere"),
        (["nasbench-macro"], "nasbench_macro_cifar10.csv.gz with --data"),
        (["--limit", "flops=1"], "the least is 7.94387e+06"),
        (["--limit", "flops"], "--limit must read NAME=NUMBER"),
        (["--limit", "flops=nan"], "--limit must read NAME=NUMBER"),
        (["--limit", "flop=1e8"], "Did you mean 'flops'"),
        (["--limit", "accuracy>=90"], "--limit must read NAME=NUMBER"),
        (["--objective", "latency"], "come with --data DIR"),
        (["--objective", "flops", "--objective", "flops"], "names must differ"),
        (
            ["nasbench201-cifar10-12epochs", "--strategy", "hyperband"],
            "hyperband cannot search nasbench201-cifar10-12epochs: it trains at several fidelities",
        ),
    ],
)
def test_bad_input_is_one_clear_error(coeval, words, said):
    code, out, err = coeval("bench", "--seeds", 1, "--evaluations", 2, *words)
    assert code == 2
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_an_error_before_anything_runs(coeval, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, err = coeval("bench", "--out", "file", "--seeds", 1000)
    assert code == 2
    assert "Cannot write to file" in err


@pytest.mark.parametrize("finished", [0, 3])
def test_an_interrupted_comparison_keeps_what_is_finished(coeval, monkeypatch, tmp_path, finished):
    whole = bench.run_searches

    def interrupted(*arguments):
        yield from itertools.islice(whole(*arguments), finished)
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "run_searches", interrupted)
    code, out, err = coeval("bench", *QUICK, "--json")
    assert code == 130
    assert f"interrupted after {finished} of 4 searches; these are kept" in err
    found = json.loads(out)
    assert not found["complete"]
    assert sum(one["searches"] for one in found["strategies"]) == finished
    page = tmp_path / "runs/bench-nasbench201-cifar10/report.html"
    assert page.exists() == (finished > 0)
    assert finished == 0 or "Interrupted: some searches are missing" in page.read_text()


def test_an_interrupted_comparison_prints_how_many_seeds_each_strategy_has(coeval, monkeypatch):
    whole = bench.run_searches

    def interrupted(*arguments):
        yield from itertools.islice(whole(*arguments), 3)
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "run_searches", interrupted)
    _, out, _ = coeval("bench", *QUICK)
    assert "local (2 seeds)" in out
    assert "random (1 seed)" in out
