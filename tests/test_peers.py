"""The comparison with other tools: what it counts, and that a peer's failure is a result."""

import importlib.util
import json
import math
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from benchmarks.peers import measure as measuring
from benchmarks.peers import report as reporting
from benchmarks.peers import rows as splitting
from benchmarks.peers.diagram import diagram
from benchmarks.peers.ranks import (
    Block,
    alike,
    critical_difference,
    normalised,
    over_tables,
    ranks,
)
from benchmarks.peers.tools import BY_NAME, TOOLS
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss, root_mean_squared_error

SCORES = st.lists(st.floats(0.01, 10) | st.just(math.nan), min_size=2, max_size=8)


def block(scores: list[float], constant: float = 1.0, table: str = "one") -> Block:
    return Block(table, constant, {str(place): score for place, score in enumerate(scores)})


@given(SCORES)
def test_ranks_sum_to_those_of_an_order_and_failures_share_the_last(scores: list[float]):
    found = ranks(block(scores), [str(place) for place in range(len(scores))])
    assert found.sum() == pytest.approx(len(scores) * (len(scores) + 1) / 2)
    failed = np.isnan(scores)
    if failed.any() and not failed.all():
        assert found[failed].min() > found[~failed].max()


@given(SCORES, st.floats(0.01, 10))
def test_a_share_of_the_best_gain_is_1_for_the_best_and_falls_with_the_score(
    scores: list[float], constant: float
):
    found = normalised(block(scores, constant), [str(place) for place in range(len(scores))])
    assert ((found >= 0) & (found <= 1)).all()
    known = [
        (score, share) for score, share in zip(scores, found, strict=True) if not math.isnan(score)
    ]
    assert all(share == 0 for score, share in zip(scores, found, strict=True) if math.isnan(score))
    if known:
        assert found[np.nanargmin(scores)] == 1
        assert all(b[1] <= a[1] for a in known for b in known if a[0] <= b[0])


def test_seeds_are_averaged_within_a_table_before_tables_count():
    blocks = [block([1, 2]), block([1, 2]), block([2, 1], table="two")]
    found = over_tables(blocks, [ranks(one, ["0", "1"]) for one in blocks])
    assert found.tolist() == [[1.0, 2.0], [2.0, 1.0]]


def test_the_critical_difference_is_demsars():
    assert critical_difference(4, 14) == pytest.approx(1.25, abs=0.01)  # his section 3.2.2
    assert critical_difference(10, 30) == pytest.approx(3.164 * math.sqrt(110 / 180), abs=0.01)


def test_bars_join_tools_that_are_no_further_apart_and_none_lies_inside_another():
    assert alike([1.0, 1.2, 1.4, 3.0], 0.5) == [(1.0, 1.4)]
    assert alike([1.0, 3.0], 0.5) == []


def test_the_diagram_is_well_formed_and_names_every_tool():
    text = diagram({"a & b": 1.5, "c": 2.0, "d": 2.5}, 1.1, "Ranks")
    words = " ".join(ElementTree.fromstring(text).itertext())
    assert all(one in words for one in ("a & b (1.50)", "c (2.00)", "d (2.50)", "1.10"))


def test_scores_equal_scikit_learns():
    rng = np.random.default_rng(0)
    target, shares = rng.integers(0, 3, 40), rng.dirichlet(np.ones(3), 40)
    assert measuring.score(shares, target, 3) == pytest.approx(log_loss(target, shares))
    values = rng.normal(size=40)
    found = measuring.score(values, target.astype(float), 0)
    assert found == pytest.approx(root_mean_squared_error(target, values))


def test_probabilities_of_other_classes_have_no_score():
    assert math.isnan(measuring.score(np.ones((4, 2)) / 2, np.zeros(4, np.int64), 3))


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> splitting.Rows:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"x": np.arange(400.0), "kind": rng.choice(["rare", "often"], 400, p=[0.05, 0.95])}
    )
    frame.to_parquet(tmp_path / "one.parquet")
    (tmp_path / "manifest.csv").write_text("name,task,target,classes\none,binary,kind,2\n")
    monkeypatch.setattr(splitting, "DATA", tmp_path)
    return splitting.rows("one", 0, tmp_path / "rows")


def test_a_quarter_of_the_rows_is_for_testing_with_its_share_of_each_class(table: splitting.Rows):
    train, test = pd.read_parquet(table.train), pd.read_parquet(table.test)
    assert sorted([*train["x"], *test["x"]]) == list(range(400))
    assert len(test) == pytest.approx(100, abs=1)
    assert test["kind"].eq(1).sum() == pytest.approx(train["kind"].eq(1).sum() / 3, abs=1)


def test_the_rows_are_written_once(table: splitting.Rows):
    before = table.test.stat().st_mtime_ns
    assert splitting.rows("one", 0, table.folder.parent) == table
    assert table.test.stat().st_mtime_ns == before


ANSWER = """
import json, sys
import numpy as np
asked = json.load(sys.stdin)
np.save(asked["folder"] + "/predictions.npy", np.full((100, 2), 0.5))
print(json.dumps({"seconds": 1.5, "bytes": 7, "row": 0.25, "found": "halves"}))
"""


def peer(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "flaml_worker.py").write_text(script)
    monkeypatch.setattr(measuring, "WORKERS", tmp_path)
    monkeypatch.setattr(measuring, "python", lambda _: sys.executable)
    return BY_NAME["flaml"]


def test_a_peers_answer_is_judged_here(table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    line = measuring.measure(peer(ANSWER, tmp_path, monkeypatch), table, 5.0)
    assert (line.state, line.seconds, line.bytes, line.said) == ("done", 1.5, 7, "halves")
    assert line.score == pytest.approx(math.log(2))
    assert line.constant < line.score
    assert json.loads(measuring.as_json(line))["onnx"] is None


BUSY = """
import time
while time.process_time() < 0.3: pass
"""


def test_the_processor_seconds_of_what_a_peer_left_behind_are_counted(
    table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "busy.py").write_text(BUSY)
    start = f"import subprocess, time, sys\nsubprocess.Popen([sys.executable, {str(tmp_path / 'busy.py')!r}])\n"
    idle = measuring.measure(peer(ANSWER, tmp_path, monkeypatch), table, 5.0)
    tool = peer(start + "time.sleep(0.6)\n" + ANSWER, tmp_path, monkeypatch)
    busy = measuring.measure(tool, table, 5.0)
    assert busy.state == idle.state == "done"
    assert busy.cpu - idle.cpu > 0.2


def test_a_peer_that_fails_is_a_line_with_its_reason(
    table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tool = peer("raise SystemExit('no such thing')", tmp_path, monkeypatch)
    line = measuring.measure(tool, table, 5.0)
    assert (line.state, line.said) == ("failed", "no such thing")
    assert math.isnan(line.score)


def test_a_peer_that_does_not_end_is_stopped(
    table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(measuring, "GRACE", 0.0)
    tool = peer("import time; time.sleep(60)", tmp_path, monkeypatch)
    line = measuring.measure(tool, table, 0.2)
    assert line.state == "timeout"


def test_ranks_are_of_the_tables_on_which_all_tools_of_a_group_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(reporting, "DOCS", tmp_path)
    monkeypatch.setattr(reporting, "names", lambda: ["a", "b", "c", "d"])
    known = {
        "seed": 0,
        "budget": 60.0,
        "cores": 1,
        "state": "done",
        "constant": 1.0,
        "seconds": 1.0,
        "cpu": 1.0,
    }
    known |= {"bytes": 1, "row": 1.0, "onnx": None, "said": ""}
    lines = [
        {**known, "table": name, "tool": tool, "score": score}
        for name, scores in {"a": (0.1, 0.2, 0.3), "b": (0.1, 0.2, 0.3), "c": (0.1, 0.2)}.items()
        for tool, score in zip(("coeval", "realmlp", "tabm"), scores, strict=False)
    ]
    text = reporting.report(lines)
    networks = text.split("**Networks only.** ")[1].split("**All models.**")[0]
    assert networks.startswith("2 tables;")
    assert "| coeval, networks | 1.00 | 1.000 | 1.000 | 2 of 2 | 2 |" in networks
    assert "| b | 1 | **0.1** | 0.2 | 0.3 | 1 |" in text
    assert "| c | 1 | **0.1** | 0.2 | not run | 1 |" in text
    assert "3 of 4 tables, seed 0. Not run at all: d." in text
    assert "TabM ran on 2 of the 3." in text
    assert (tmp_path / "peers_networks_60s.svg").exists()


def test_every_tool_has_a_worker_or_is_ours():
    folder = Path(measuring.__file__).parent / "workers"
    assert all((folder / f"{tool.worker}_worker.py").exists() for tool in TOOLS if tool.worker)
    assert {tool.name for tool in TOOLS if not tool.worker} == {"coeval", "coeval_all"}


def test_tidy_columns_keep_what_they_learnt():
    path = Path(measuring.__file__).parent / "workers" / "common.py"
    spec = importlib.util.spec_from_file_location("peers_common", path)
    common = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = common
    spec.loader.exec_module(common)
    frame = pd.DataFrame(
        {
            "kind": ["a", "b", None] * 100,
            "text": [f"row {number}" for number in range(300)],
            "flag": [True, False, True] * 100,
            "when": pd.date_range("1970-01-01", periods=300, freq="h"),
            "whole": np.arange(300),
        }
    )
    tidy = common.Tidy(frame)
    assert tidy.names == ["kind", "flag"]
    found = tidy(frame.assign(kind=["c", "a", None] * 100).iloc[:3])
    assert list(found) == ["kind", "flag", "when seconds", "when hour", "when weekday", "whole"]
    assert found["kind"].isna().tolist() == [True, False, True]
    assert found["when seconds"].tolist() == [0.0, 3600.0, 7200.0]
    assert found["whole"].dtype == np.float64
