"""The frame of a sitting: what it hands to the search, when it refuses to begin, and what it says where there is no model."""

from types import SimpleNamespace

import pytest

from coeval.errors import RunError
from coeval.run import fit
from coeval.run.options import Options

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


def test_a_sitting_has_for_its_shares_what_is_left_of_the_budget(begun, sites, monkeypatch):
    monkeypatch.setattr(fit, "active_seconds", lambda events: 280.0)
    resumed(begun, budget="6m")
    first, second = sites
    assert (first.seconds, first.budget.seconds) == (BUDGET, BUDGET)
    assert (second.seconds, second.budget.seconds) == (80.0, 360.0)
