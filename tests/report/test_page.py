import base64
import hashlib
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from coeval.architecture.serial import to_json
from coeval.architecture.step import Architecture
from coeval.errors import RunError
from coeval.report.facts import collect
from coeval.report.page import gather, render, write
from coeval.report.trials import MOST_ROWS
from coeval.report.words import TIMES
from coeval.space.protocol import Candidate
from coeval.store.journal import SqliteStore
from coeval.store.protocol import Note
from coeval.trial import Failure, Measurement, Reason, Trial, finish
from tests.report import examples
from tests.report.test_markup import read

EVIL = "\"><script>alert('x')</script><img src=x onerror=alert(1)>{{script}}"
VOID = {"meta", "input", "br", "hr"}


class Nesting(HTMLParser):
    """Checks that every element is closed where it should be."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def candidate_to_json(candidate: Candidate):
    return {
        name: to_json(part) if isinstance(part, Architecture) else dict(part)
        for name, part in candidate.parts
    }


def folder(path, events=None, capsule=None):
    """Write a run's folder with the real journal."""
    store = SqliteStore(path / "run.sqlite", candidate_to_json, lambda value: value)
    store.append([event.body for event in events or examples.journal(30)])
    store.close()
    (path / "capsule.json").write_text(json.dumps(capsule or examples.capsule()))
    return path


@pytest.fixture(scope="module")
def page():
    return render(examples.run())


def test_the_page_tells_everything_that_was_asked_for(page):
    text = re.sub(r"\s+", " ", read(page).text)
    for part in (
        "The model found ties with the best baseline, gradient boosting (0.8727)",
        "0.8668 to 0.8797",
        "incumbent (best so far)",
        "random search, expected at equal compute",
        f"3.7 {TIMES} 10⁴²",
        "Preparation",
        "Training recipe",
        "Noise floor",
        "Export parity",
        "Test opened once, at 2025-07-08 18:44 UTC.",
        "Every trial",
        "final training and choice",
        "trials: failed",
        "says the same as 'education' in every row",
        "coeval fit adult.csv --target income --budget 5m",
        "coeval predict adult new.csv -o predictions.csv",
        "AMD EPYC 9B14",
        "loss became NaN in epoch 3",
    ):
        assert part in text


def test_the_page_is_well_formed(page):
    nesting = Nesting()
    nesting.feed(page)
    assert nesting.open == []


def test_identifiers_are_unique_and_the_menu_leads_to_them(page):
    found = read(page).attributes
    names = [value for name, value in found if name == "id"]
    assert len(names) == len(set(names))
    links = [value for name, value in found if name == "href"]
    assert links
    assert all(link.removeprefix("#") in names for link in links)


def test_the_page_needs_nothing_from_outside(page):
    found = read(page)
    assert not {"link", "iframe", "img", "object", "base"} & set(found.elements)
    assert not [
        value for name, value in found.attributes if name in {"src", "srcset", "xlink:href"}
    ]
    assert "@import" not in page
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in page


def test_the_only_script_is_the_one_that_the_policy_names(page):
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in page


def test_no_name_of_a_users_becomes_markup():
    column = {"name": EVIL, "kind": EVIL, "reason": EVIL}
    facts = examples.run(
        20,
        name=EVIL,
        target=EVIL,
        classes=[EVIL, "b"],
        columns=[column],
        notes=[EVIL],
        problem=EVIL,
        metric={"name": "accuracy", "label": EVIL, "maximise": True},
        splits={EVIL: 10},
        fingerprint=EVIL,
    )
    capsule = {
        **facts.capsule,
        "command": EVIL,
        "seed": EVIL,
        "strategy": {"name": EVIL},
        "libraries": {EVIL: EVIL},
        "machine": {"cpu": EVIL},
        "space": {"size": EVIL, "parts": {EVIL: EVIL}},
    }
    baseline = {"name": EVIL, "label": EVIL, "validation": 0.8, "test": 0.8}
    started = facts.trials[0].trial
    evil = replace(started.proposal, origin=EVIL)
    failure = Measurement(failure=Failure(Reason.ERROR, EVIL))
    trials = (
        *facts.trials,
        replace(facts.trials[0], trial=finish(Trial(99, evil), failure)),
        replace(facts.trials[0], trial=Trial(98, evil, started.state, started.measurement)),
    )
    hostile = replace(
        facts,
        capsule=capsule,
        baselines=(baseline,),
        trials=trials,
        name=EVIL,
        stopped={"why": EVIL},
    )
    page = render(hostile)
    found = read(page)
    assert found.elements.count("script") == 1
    assert "img" not in found.elements
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert found.text.count(EVIL) > 12
    nesting = Nesting()
    nesting.feed(page)
    assert nesting.open == []


def test_a_run_of_thousands_of_trials_stays_under_one_and_a_half_megabytes():
    facts = examples.run(200)
    many = tuple(
        replace(one, trial=replace(one.trial, number=200 * copy + one.trial.number))
        for copy in range(20)
        for one in facts.trials
    )
    page = render(replace(facts, trials=many))
    assert len(page.encode()) < 1_500_000
    assert f"{MOST_ROWS:,} of 4,000 trials are listed" in page
    assert page.count('class="state failed"') > 50


def test_an_interrupted_run_has_a_page_that_says_so():
    text = read(render(examples.run(20, finished=False))).text
    assert "This run has no final model yet" in text
    assert "coeval resume adult" in text
    assert "never opened" in text


def test_a_run_whose_trials_all_failed_has_a_page():
    log = examples.Journal()
    for event in examples.journal(5, finished=False):
        body = event.body
        if isinstance(body, Trial):
            if body.measurement is not None:
                body = finish(body, Measurement(failure=Failure(Reason.CRASHED, "killed")))
            log.add(event.time - examples.START, body)
    text = read(render(collect("run", examples.capsule(), log.events))).text
    assert "There is no model yet: all 5 trials failed." in text
    assert "crashed: killed" in text


def test_what_the_components_can_compute_is_said_as_recorded():
    text = read(render(examples.run(5))).text
    assert "Its components: not Turing equivalent: every component halts" in text
    older = examples.capsule()
    older["space"] = {"size": "12"}
    assert "Its components" not in read(render(collect("run", older, []))).text


def test_an_empty_run_has_a_page():
    assert "no trial finished" in read(render(collect("run", {}, []))).text


def test_a_second_opening_of_the_test_split_is_shown():
    events = examples.journal(20)
    log = examples.Journal()
    log.events = list(events)
    log.note(400, "sitting", {"version": "0.1.0", "started": examples.START + 400, "workers": 1})
    log.note(500, "test_opened", {"at": examples.START + 500, "times": 2})
    text = read(render(collect("run", examples.capsule(), log.events))).text
    assert "Test opened 2 times" in text
    assert "This run had 2 sittings" in text


def test_a_column_with_a_very_long_name_is_cut():
    page = render(examples.run(5, columns=[{"name": "n" * 5000, "kind": "text", "reason": ""}]))
    assert "n" * 100 not in page


def test_intervals_of_baselines_and_of_other_metrics_are_shown():
    log = examples.Journal()
    gain = {"value": 0.0006, "low": -0.0021, "high": 0.0034}
    trees = {"test": 0.8727, "low": 0.8661, "high": 0.8790, "gain": gain}
    baseline = {"name": "trees", "label": "gradient boosting"} | trees
    scores = {"roc_auc": {"value": 0.9289, "low": 0.92, "high": 0.93}}
    log.note(0, "final", examples.final(0, baselines=[baseline], scores=scores))
    page = render(collect("run", examples.capsule(), log.events))
    assert page.count('class="interval theirs"') == 1
    assert "0.9289" in page
    assert "which holds zero" in page


def test_a_baseline_without_a_score_is_named_with_its_reason():
    log = examples.Journal()
    log.note(0, "baseline", {"name": "mlp", "label": "default MLP", "detail": "no time left"})
    log.note(1, "final", examples.final(0, baselines=[]))
    page = render(collect("run", examples.capsule(folds=4), log.events))
    assert "Without a score on test: default MLP (no time left)." in page
    assert "over 4 folds" in page


def test_how_the_model_was_chosen_is_said_as_recorded():
    said = "Trial 3, chosen among 4 finalists on the selection rows; trained for 9 epochs."
    log = examples.Journal()
    log.note(0, "finalist", {"trial": 3, "selection": 0.71, "epochs": 9, "failure": "no time left"})
    log.note(1, "final", examples.final(3, provenance=said))
    text = read(render(collect("run", examples.capsule(), log.events))).text
    assert said in text
    assert "no time left" in text


def test_a_page_that_cannot_be_written_says_where_and_leaves_nothing(tmp_path, monkeypatch):
    folder(tmp_path)

    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_text", full)
    with pytest.raises(RunError, match=r"report\.html: No space left on device"):
        write(tmp_path)
    assert not list(tmp_path.glob(".report*"))


def test_a_page_is_written_from_a_runs_folder(tmp_path):
    written = write(folder(tmp_path))
    assert written == tmp_path / "report.html"
    assert "gradient boosting" in written.read_text(encoding="utf-8")
    assert sorted(one.name for one in tmp_path.iterdir() if ".part" in one.name) == []


def test_the_journal_gives_back_candidates_without_their_space(tmp_path):
    events = examples.journal(12)
    facts = gather(folder(tmp_path, events))
    assert [one.trial for one in facts.trials] == [
        one.trial for one in collect("x", {}, events).trials
    ]
    assert facts.final is not None


def test_the_exported_architecture_is_the_one_that_is_drawn(tmp_path):
    folder(tmp_path)
    other = examples.journal(1)[-5].body
    assert isinstance(other, Trial)
    (tmp_path / "model").mkdir()
    wanted = other.proposal.candidate.architecture
    (tmp_path / "model" / "architecture.json").write_text(json.dumps(to_json(wanted)))
    assert gather(tmp_path).architecture == wanted


def test_a_damaged_architecture_file_falls_back_on_the_journals(tmp_path):
    folder(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "architecture.json").write_text("{")
    facts = gather(tmp_path)
    assert facts.winner is not None
    assert facts.architecture == facts.winner.proposal.candidate.architecture


def test_a_folder_without_a_capsule_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"holds capsule\.json, got .* without one"):
        write(tmp_path)


def test_a_folder_without_a_journal_is_refused(tmp_path):
    (tmp_path / "capsule.json").write_text("{}")
    with pytest.raises(RunError, match=r"holds run\.sqlite, got .* without one"):
        write(tmp_path)
    assert not (tmp_path / "run.sqlite").exists()


@pytest.mark.parametrize("text", ["{", "[1]", "\x00"])
def test_a_damaged_capsule_is_refused(tmp_path, text):
    (tmp_path / "capsule.json").write_text(text)
    with pytest.raises(RunError, match=r"capsule\.json"):
        write(tmp_path)


def test_a_journal_with_unknown_components_is_refused_in_words(tmp_path):
    folder(tmp_path)
    with pytest.raises(RunError, match="cannot be read"):
        write(tmp_path, components={})


def test_a_running_search_can_be_reported_beside_its_writer(tmp_path):
    path = folder(tmp_path)
    writer = SqliteStore(path / "run.sqlite", candidate_to_json, lambda value: value)
    try:
        writer.append([Note("tick", {})])
        assert write(path).exists()
    finally:
        writer.close()


def test_the_report_imports_no_heavy_library():
    code = (
        "import sys, coeval.report.page, coeval.report.terminal, coeval.report.summary;"
        "print([m for m in ('torch', 'sklearn', 'pandas', 'onnx', 'onnxruntime') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_run_without_a_test_split_has_a_page_that_claims_none():
    text = re.sub(r"\s+", " ", read(render(examples.untested())).text)
    assert "On validation, which the search optimised, the model's accuracy" in text
    assert "No test split was set aside for this run." in text
    for false in ("locked data", "locked test rows", "never opened", "has not been opened", "ties"):
        assert false not in text


def test_the_menu_is_whole_however_narrow_the_window(page):
    (menu,) = re.findall(r"\nnav \{(.*?)\}", page, re.DOTALL)
    assert "flex-wrap: wrap" in menu
    assert "overflow" not in menu
