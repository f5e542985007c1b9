"""The trust gauge in the report: which signals were borne out, and an honest word on their use."""

import json
from dataclasses import replace

from coeval.report import page, signals
from coeval.report.facts import Facts, collect
from coeval.store.protocol import Event
from coeval.strategy.gauge import Gauge
from coeval.strategy.screened import PREFIX
from coeval.trial import State, Trial
from tests.report import examples

NONE = float("nan")


def facts(trials=60, *, screened=0):
    """Return a run whose synflow is right and whose snip is backwards; the last trials were screened."""
    events = examples.journal(trials)
    return collect(
        "adult",
        examples.capsule(),
        [replace(one, body=_signalled(one, trials - screened)) for one in events],
    )


def _signalled(event: Event, screened_from):
    trial = event.body
    if not isinstance(trial, Trial):
        return trial
    if trial.number > screened_from:
        origin = PREFIX + trial.proposal.origin
        trial = replace(trial, proposal=replace(trial.proposal, origin=origin))
    if trial.state is not State.DONE:
        return trial
    score = trial.measurement.values["accuracy"]
    said = {"signals": {"synflow": score, "snip": -score}}
    return replace(trial, measurement=replace(trial.measurement, data=said))


def test_every_signal_has_a_row_with_its_interval():
    html = str(signals.section(facts()))
    for part in ("synflow", "snip", "parameters", "multiply-adds", "surrogate model"):
        assert part in html
    assert "synflow: +1.0000, 95 % interval +1.0000 to +1.0000" in html
    assert html.count('class="rule"') == html.count("<svg") - 1, "a zero line in each row"


def test_what_is_not_trusted_is_grey():
    rows = str(signals.section(facts())).split('<div class="row ')
    by_signal = {row.partition('"name">')[2].partition("<")[0]: row for row in rows}
    assert by_signal["synflow"].startswith("ours")
    assert by_signal["snip"].startswith("theirs")
    assert ", not trusted" in by_signal["snip"]


def test_a_few_words_say_what_the_signals_did():
    said = signals.sentence(facts())
    assert said.startswith("Trusted at the end: synflow")
    assert said.endswith("No new candidate was chosen by signals.")
    said = signals.sentence(facts(screened=15))
    assert "15 new candidates (25 % of the trials) went by signals that were trusted then." in said


def test_promotions_are_said_to_go_by_the_score_so_far():
    found = facts()
    trials = [_promoted(one) if one.trial.number % 10 == 0 else one for one in found.trials]
    said = signals.sentence(replace(found, trials=tuple(trials)))
    assert said.endswith(
        "6 promotions went by the score so far, and by zero-cost scores as far as they were trusted."
    )


def _promoted(timed):
    proposal = replace(timed.trial.proposal, origin="asha:promotion")
    return replace(timed, trial=replace(timed.trial, proposal=proposal))


def test_a_run_without_enough_trials_has_no_section():
    assert str(signals.section(examples.run(6))) == ""
    assert signals.sentence(examples.run(6)) == ""
    assert 'id="signals"' not in page.render(examples.run(6))


def test_the_page_has_the_section():
    assert 'id="signals"' in page.render(facts())


def test_an_empty_run_has_no_signals():
    empty: Facts = collect("run", {}, [])
    assert signals.of_run(empty) == ()


def test_the_trusted_come_first_and_those_without_an_interval_are_left_out():
    found = (
        Gauge("constant", 20, NONE, NONE, NONE, 0.0),
        Gauge("noise", 20, 0.3, -0.1, 0.6, 0.0),
        Gauge("good", 20, 0.5, 0.2, 0.7, 0.2),
        Gauge("better", 20, 0.6, 0.4, 0.8, 0.4),
    )
    assert [one.name for one in signals.ranked(found)] == ["better", "good", "noise"]


def test_the_gauges_are_plain_json_without_nan():
    found = signals.plain([*signals.of_run(facts()), Gauge("new", 3, 0.1, NONE, NONE, 0.0)])
    read = json.loads(json.dumps(found, allow_nan=False))
    trusted = {one["name"]: one["weight"] > 0 for one in read}
    assert (trusted["synflow"], trusted["snip"]) == (True, False)
    assert "new" not in trusted
