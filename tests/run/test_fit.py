"""The frame of a sitting: what it hands to the search, when it refuses to begin, and what it says where there is no model."""

import time
from types import SimpleNamespace

import pytest

from coeval.errors import RunError, SpaceError
from coeval.run import fit, fit_search
from coeval.run.budget import Budget
from coeval.run.folder import open_folder
from coeval.run.options import Options
from coeval.run.run import Run
from coeval.store.lock import WriterLock
from coeval.trial import Proposal, Trial
from tests.run.fakes import LOSS, candidate

BUDGET = 300.0


class Silent:
    """A watcher that keeps what it is told."""

    def __init__(self):
        self.notes = []

    def begin(self, site, spent, earlier):
        pass

    def record(self, record):
        self.notes.append(record)


@pytest.fixture
def sites(monkeypatch):
    """Let no sitting do more than begin: it ends where its search would."""
    begun = []

    def ended(site, *rest):
        begun.append(site)
        raise RunError("no further")

    monkeypatch.setattr(fit, "prestart", lambda *given, **named: None)
    monkeypatch.setattr(fit, "_rivals", lambda site: SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(fit, "search_for", ended)
    return begun


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "good.csv"
    rows = "\n".join(f"{i},{i % 7},{'yes' if i % 3 else 'no'}" for i in range(60))
    path.write_text(f"size,day,answer\n{rows}\n")
    return path


@pytest.fixture
def begun(table, sites):
    """A run whose first sitting has begun, and its folder."""
    out = table.parent / "run"
    options = Options(table, "answer", out, budget=f"{BUDGET:g}s", workers=1)
    with pytest.raises(RunError, match="no further"):
        fit.fit(options, Silent())
    return out


def resumed(run, **limits):
    with pytest.raises(RunError) as refused:
        fit.resume(run, Silent(), **limits)
    return str(refused.value)


def test_a_finished_run_is_searched_on_with_more_than_it_spent(begun, monkeypatch):
    monkeypatch.setattr(fit, "notes", lambda events, kind: ["final"])
    monkeypatch.setattr(fit, "active_seconds", lambda events: 280.0)
    assert resumed(begun, budget="100s").endswith("--budget 9m20s")


def test_a_sitting_has_for_its_shares_what_is_left_of_the_budget(begun, sites, monkeypatch):
    monkeypatch.setattr(fit, "active_seconds", lambda events: 280.0)
    resumed(begun, budget="6m")
    first, second = sites
    assert (first.seconds, first.budget.seconds) == (BUDGET, BUDGET)
    assert (second.seconds, second.budget.seconds) == (80.0, 360.0)


def test_a_first_trial_on_a_table_has_a_share_of_what_is_left_even_where_the_export_would_take_it_all(
    monkeypatch,
):
    now = time.monotonic()
    table, images = (SimpleNamespace(is_image=one) for one in (False, True))
    monkeypatch.setattr(fit_search, "export_seconds", lambda task: 14.0)
    first = 12.0 * fit_search.FIRST_SHARE
    for task, left, due in ((table, 12.0, first), (table, 60.0, 46.0), (images, 12.0, -2.0)):
        site = SimpleNamespace(task=task, end=now + left)
        assert fit_search._deadline(site) == pytest.approx(now + due, abs=0.1)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("time", r"took 15\.5 s of 40\.0 s\. Give .* coeval resume run --budget 1m20s"),
        ("interrupted", "Interrupted before the first trial had ended.* coeval resume run"),
    ],
)
def test_where_there_is_no_model_the_cause_is_told_and_a_budget_that_would_do(why, said):
    site = SimpleNamespace(folder=SimpleNamespace(path="run"), budget=Budget(40.0), seconds=40.0)
    run = Run((Trial(0, Proposal(candidate(1.0))),), LOSS, why, 40.0)
    with pytest.raises(RunError, match=said):
        fit._check_any(run, site, 15.5)


def test_a_new_budget_is_kept_once_the_sitting_may_begin(begun, monkeypatch):
    folder = open_folder(begun)
    journal = WriterLock(folder.journal)
    try:
        assert "already being written" in resumed(begun, budget="6m")
    finally:
        journal.release()
    monkeypatch.setattr(fit, "notes", lambda events, kind: ("a final model",))
    monkeypatch.setattr(fit, "active_seconds", lambda events: BUDGET)
    assert "is finished" in resumed(begun, trials=5)
    assert folder.capsule()["budget"] == {"seconds": BUDGET, "trials": None}
    assert "no further" in resumed(begun, budget="6m", trials=5)
    assert folder.capsule()["budget"] == {"seconds": 360.0, "trials": 5}


@pytest.mark.parametrize("data", ["table.csv", "digits.npz"])
def test_other_models_are_refused_before_anything_is_read(data, tmp_path):
    options = Options(data=tmp_path / data, target="y", out=tmp_path / "run", models="nueral")
    with pytest.raises(SpaceError, match=r"models must be one of all, neural, got 'nueral'"):
        fit.fit(options, None)
