import math
from dataclasses import replace

import pytest

from coeval.report import noise
from coeval.report.evidence import trust
from coeval.report.facts import Facts, Timed, collect
from coeval.report.progress import Progress, Tracker
from coeval.report.search import searched
from coeval.report.summary import said
from coeval.report.terminal import line, panel
from coeval.report.trials import trials
from coeval.strategy.noise import noise_floor
from coeval.trial import Measurement, Objective, Proposal, Trial, finish
from tests.report import examples
from tests.report.test_terminal import printed

ACCURACY = Objective("accuracy", maximise=True)


def done(number, value, of, repeat=0):
    found = examples.run(12).trials[of].trial.proposal.candidate
    proposal = Proposal(found, repeat=repeat, origin="repeat" if repeat else "random")
    return finish(Trial(number, proposal), Measurement({"accuracy": value}))


LOG = [
    done(0, 0.90, 0),
    done(1, 0.95, 1),
    done(2, 0.945, 2),
    done(3, 0.93, 1, repeat=1),
    done(4, 0.95, 1, repeat=2),
    done(5, 0.96, 3, repeat=3),
]


def facts(**changes):
    timed = tuple(Timed(one, 0.0, 1.0) for one in LOG)
    found = Facts("run", {}, ACCURACY, "accuracy", trials=timed, winner=LOG[1])
    return replace(found, **changes)


def test_before_the_end_the_floor_is_that_of_the_repeats():
    assert noise.floor(facts()) == noise_floor(LOG, ACCURACY)
    assert noise.floor(facts()).trainings == 3


def test_at_the_end_the_floor_is_the_recorded_one_everywhere():
    noted = {"sd": 0.06, "repeats": 11, "freedom": 6, "low": 0.04, "high": 0.13}
    found = facts(final={"noise_floor": noted})
    assert noise.floor(found).standard_deviation == 0.06
    shown = str(trust(found))
    assert "\N{PLUS-MINUS SIGN}0.06" in shown
    assert "over 11 trainings of the same candidates (95 % interval 0.04 to 0.13)" in shown
    assert "2 other candidates tied with the best on validation" in shown
    assert noise.sentence(found) in said(found)
    assert "Trials 2 and 0 are tied with trial 1, the best on validation" in noise.sentence(found)


def test_a_run_of_an_older_version_has_a_floor_without_an_interval():
    found = facts(final={"noise_floor": {"sd": 0.001, "repeats": 4}})
    assert math.isnan(noise.floor(found).low)
    assert "interval" not in str(noise.card(found))
    assert noise.tied(found) == ()
    assert noise.sentence(found) == ""


def test_ties_are_marked_in_the_table_of_trials():
    shown = str(trials(facts()))
    assert shown.count("badge tie") == len(noise.tied(facts())) == 2


def test_a_trial_is_told_how_it_stands_to_the_best():
    found = facts()
    best, tie = noise.tied(found)
    assert noise.standing(found, best).startswith("the best on validation, with 1 other trial tied")
    assert noise.standing(found, tie).startswith(f"tied with trial {best.number}, the best")
    assert noise.standing(found, LOG[3]) == ""


def test_without_repeats_nothing_is_said():
    found = facts(trials=facts().trials[:3])
    assert str(noise.card(found)) == noise.sentence(found) == ""
    assert "badge tie" not in str(trials(found))


def test_the_live_display_shows_the_floor_and_the_ties_and_no_lucky_repeat():
    tracker = Tracker(ACCURACY, Progress())
    for one in LOG[:3]:
        tracker.record(one)
    assert tracker.now().noise_said == ""
    for one in LOG[3:]:
        tracker.record(one)
    now = tracker.now()
    assert now.incumbent.number == 1
    assert now.floor == noise_floor(LOG, ACCURACY)
    assert now.tied == 1
    size = noise.size(now.floor)
    for shown in (printed(panel(now), 160), line(now)):
        assert f"{size} from seed to seed, 1 tied with it" in shown


@pytest.mark.parametrize("count", [1, 2, 12])
def test_many_ties_are_named_up_to_a_point(count):
    more = [done(10 + place, 0.95, 1) for place in range(count)]
    found = facts(trials=tuple(Timed(one, 0.0, 1.0) for one in [*LOG, *more]))
    sentence = noise.sentence(found)
    assert "and 5 more are tied" in sentence if count == 12 else "more" not in sentence


def test_an_early_end_is_explained_in_report_and_terminal_until_a_resume_goes_on():
    events = examples.journal(20, finished=False)
    log = examples.Journal()
    log.events = list(events)
    early = {"trial": 20, "trials": 80, "window": 40, "improved": 0.0, "expected": 0.0004}
    log.note(300.0, "ended_early", {**early, "floor": {"sd": 0.002, "low": 0.0009}})
    found = collect("adult", examples.capsule(), log.events)
    sentence = noise.ended_early(found)
    assert sentence.startswith(
        "Ended early, after trial 20: over the last 40 of 80 whole trainings"
    )
    assert (
        "expected to improve it by 0.0004, and seeds alone differ by at least 0.0009." in sentence
    )
    assert sentence in str(searched(found))
    assert sentence in said(found)
    log.note(310.0, "sitting", {"version": "0.1.0", "started": examples.START + 310.0})
    assert noise.ended_early(collect("adult", examples.capsule(), log.events)) == ""
