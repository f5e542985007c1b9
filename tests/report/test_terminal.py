import io
from pathlib import Path

import pytest
from rich.console import Console

from coeval.report.facts import collect
from coeval.report.progress import Progress, Tracker
from coeval.report.summary import plain, summary
from coeval.report.terminal import LiveDisplay, line, panel
from coeval.report.words import MINUS, TIMES
from coeval.store.protocol import Note
from coeval.strategy.gauge import Gauge
from coeval.trial import Objective, Trial
from tests.report import examples


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def follow(events, display=None, **start):
    """Return the tracker after the events, the clock having run with them."""
    clock = Clock()
    first = Progress(title="adult", label="accuracy", budget=300.0, **start)
    tracker = Tracker(Objective("accuracy", maximise=True), first, clock)
    shown = display(tracker) if display else None
    for event in events:
        clock.now = 100.0 + event.time - examples.START
        tracker.record(event.body)
        if shown:
            shown.update()
    return tracker


def printed(renderable, width=100):
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(renderable)
    return console.file.getvalue()


def test_the_tracker_counts_as_the_journal_does():
    events = examples.journal(60, finished=False)
    facts = collect("run", examples.capsule(), events)
    found = follow(events).now()
    assert (found.done, found.failed) == (len(facts.done), len(facts.failed))
    assert found.cached == sum(one.is_cached for one in facts.trials)
    assert found.incumbent.number == facts.winner.number
    assert found.elapsed == pytest.approx(208.0)
    assert found.per_minute == pytest.approx(60 / 208 * 60)


def test_the_tracker_minimises_what_is_to_be_minimised():
    tracker = Tracker(Objective("log_loss"), Progress(maximise=False))
    for event in examples.journal(20, finished=False):
        tracker.record(event.body)
    facts = collect("run", examples.capsule(), examples.journal(20))
    losses = [one.trial.measurement.values["log_loss"] for one in facts.done]
    assert tracker.now().incumbent.score == pytest.approx(min(losses))


def test_an_earlier_sittings_time_counts_and_its_trials_do_not_count_into_the_rate():
    tracker = follow(examples.journal(10, finished=False), elapsed=50.0)
    tracker.start_rate()
    found = tracker.now()
    assert found.elapsed == pytest.approx(258.0)
    assert found.per_minute is None


def test_earlier_records_are_taken_silently_and_the_rate_counts_from_then_on():
    console = Console(file=io.StringIO(), width=200, force_terminal=False)
    clock = Clock()
    start = Progress(label="accuracy", elapsed=300.0, budget=600.0)
    tracker = Tracker(Objective("accuracy", maximise=True), start, clock)
    events = examples.journal(60)
    with LiveDisplay(tracker.now, console) as display:
        tracker.replay(event.body for event in events)
        assert console.file.getvalue() == ""
        found = tracker.now()
        assert (found.done, found.failed, len(found.baselines)) == (57, 3, 4)
        assert found.phase == "starting"
        assert found.per_minute is None
        tracker.record(Note("sitting", {}))
        display.update()
        clock.now += 30.0
        tracker.record(next(e.body for e in reversed(events) if isinstance(e.body, Trial)))
    assert tracker.now().per_minute == pytest.approx(2.0)
    assert len(console.file.getvalue().splitlines()) == 1, "where the run stands, and no history"


def test_notes_move_the_phase_on():
    tracker = follow(examples.journal(5))
    assert tracker.now().phase == "finished"
    tracker.phase("export")
    assert tracker.now().phase == "export"


def test_the_share_of_the_budget_follows_the_nearer_limit():
    assert Progress(elapsed=30, budget=60, budget_trials=100, done=10).share == 0.5
    assert Progress(elapsed=30, budget=60, budget_trials=10, done=8, failed=1).share == 0.9
    assert Progress(elapsed=90, budget=60).share == 1.0
    assert Progress().share == 0.0


def test_a_budget_of_trials_says_how_many_are_left():
    assert "7 trials left" in line(Progress(budget_trials=10, done=2, failed=1))


def test_the_panel_shows_budget_trials_incumbent_and_baselines():
    text = printed(panel(follow(examples.journal(60, finished=False)).now()))
    for part in (
        "3 min 28 s of 5 min, 1 min 32 s left",
        "57 done, 3 failed, 1 cached, 17 a minute",
        "0.8767 accuracy on validation",
        "numeric periodic·8",
        "gradient boosting 0.8741 · default MLP 0.8561",
    ):
        assert part in text


NONE = float("nan")
GAUGES = (
    Gauge("naswot", 42, 0.31, -0.02, 0.55, 0.0),
    Gauge("synflow", 42, 0.41, 0.12, 0.62, 0.12),
    Gauge("surrogate", 42, 0.66, 0.42, 0.8, 0.42),
    Gauge("parameters", 42, 0.05, -0.28, 0.33, 0.0),
    Gauge("macs", 42, -0.1, -0.4, 0.2, 0.0),
    Gauge("early 1/3", 35, 0.91, 0.8, 0.95, 0.8),
    Gauge("grad_norm", 42, -0.3, -0.5, -0.1, 0.0),
    Gauge("snip", 42, NONE, NONE, NONE, 0.0),
)


def test_the_panel_shows_the_cheap_signals_in_six_lines():
    with_signals, without = (
        printed(panel(Progress(gauges=found)), width=80).splitlines() for found in (GAUGES, ())
    )
    shown = [one.rstrip().replace(MINUS, "-") for one in with_signals[len(without) :]]
    assert shown == [
        "signals    ✓  epochs 1/3                │      ─●─  +0.91  +0.80 to +0.95",
        "           ✓  surrogate model           │   ──●─    +0.66  +0.42 to +0.80",
        "           ✓  synflow                   │───●──     +0.41  +0.12 to +0.62",
        "              naswot                    ┼──●──      +0.31  -0.02 to +0.55",
        "           parameters +0.05 · multiply-adds -0.10 · gradient norm -0.30",
        "           rank correlation over the latest 42 whole trainings",
    ]


def test_before_there_are_enough_trials_the_panel_says_how_many_are_missing():
    text = printed(panel(Progress(gauges=(Gauge("surrogate", 3, NONE, NONE, NONE, 0.0),))))
    assert "3 of 8 trainings that are needed" in text


def test_signals_fit_a_narrow_terminal():
    text = printed(panel(Progress(gauges=GAUGES)), width=50)
    assert max(map(len, text.splitlines())) <= 50


def test_the_tracker_gauges_finished_trials_now_and_then():
    clock = Clock()
    tracker = Tracker(Objective("accuracy", maximise=True), Progress(), clock)
    events = [one for one in examples.journal(40, finished=False) if isinstance(one.body, Trial)]
    for event in events[:40]:
        tracker.record(event.body)
    first = tracker.now().gauges
    assert {one.name for one in first} == {"parameters", "macs", "surrogate"}
    for event in events[40:]:
        tracker.record(event.body)
    assert tracker.now().gauges is first, "not at every picture"
    clock.now += 2.0
    assert max(one.pairs for one in tracker.now().gauges) > max(one.pairs for one in first)


def test_the_panel_of_a_run_that_has_just_begun_fits_a_narrow_terminal():
    text = printed(panel(Progress(title="x" * 200, budget=60.0)), width=40)
    assert "none yet" in text
    assert max(map(len, text.splitlines())) <= 40


def test_plain_lines_come_with_news_and_not_with_every_trial():
    console = Console(file=io.StringIO(), width=80, force_terminal=False)
    events = examples.journal(120, finished=False)
    with LiveDisplay(Progress, console):
        follow(events, display=lambda tracker: LiveDisplay(tracker.now, console))
    lines = console.file.getvalue().splitlines()
    assert 10 < len(lines) < 40
    assert sum(one.startswith("baseline ") for one in lines) == 4
    assert "\x1b" not in console.file.getvalue()


def test_a_terminal_gets_a_display_that_is_cleared_at_the_end():
    console = Console(file=io.StringIO(), width=80, force_terminal=True)
    with LiveDisplay(lambda: Progress(title="adult", budget=60.0), console) as display:
        display.update()
    assert "adult" in console.file.getvalue()


def test_brackets_in_names_are_not_read_as_rich_markup():
    tracker = Tracker(Objective("accuracy", maximise=True), Progress(title="[red]x[/blink]"))
    tracker.record(Note("baseline", {"label": "[bold]b[/]", "validation": 0.5}))
    text = printed(panel(tracker.now()))
    assert "[red]x[/blink]" in text
    assert "[bold]b[/] 0.5000" in text


def test_the_summary_says_score_interval_baselines_search_files_and_next_commands():
    text = printed(summary(examples.run(), Path("runs/adult")))
    for part in (
        "ties with the best baseline",
        "0.8668 to 0.8797",
        "logistic regression",
        f"Searched 120 candidates (7 failed, 3 cached) of 3.7 {TIMES} 10⁴² in 4 min 54 s.",
        "runs/adult/report.html",
        "runs/adult/model/model.onnx",
        "coeval predict runs/adult new.csv -o predictions.csv",
    ):
        assert part in text


def test_a_narrow_terminal_cuts_no_path_and_no_command():
    console = Console(width=40, record=True, file=io.StringIO())
    console.print(summary(examples.run(), Path("runs/of a long name")), crop=False)
    text = console.export_text()
    assert "coeval predict 'runs/of a long name' new.csv -o predictions.csv" in text
    assert "runs/of a long name/model/model.onnx" in text
    assert "…" not in text


def test_the_plain_summary_says_the_same_without_escape_codes():
    lines = plain(examples.run(), Path("runs/adult"))
    assert any("0.8668 to 0.8797" in one for one in lines)
    assert any(one.endswith("coeval resume runs/adult --budget 10m") for one in lines)
    assert not any("\x1b" in one for one in lines)


def test_an_interrupted_runs_summary_leads_to_resume():
    lines = plain(examples.run(10, finished=False), Path("my runs/a"))
    assert "no final model yet" in lines[0]
    assert any("coeval resume 'my runs/a'" in one for one in lines)


def test_a_summary_of_nothing_still_speaks():
    facts = collect("run", {}, [])
    assert plain(facts, Path("run"))[0] == "There is no model yet: no trial finished."
    assert "There is no model yet" in printed(summary(facts, Path("run")))


def test_a_summary_without_a_test_split_says_what_the_score_is():
    text = "\n".join(plain(examples.untested(), Path("run")))
    assert "On validation, which the search optimised," in text
    assert "No test split was set aside" in text
    assert "95 % interval" not in text
    assert "validation accuracy" in text
