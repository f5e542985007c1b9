import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.report.facts import collect
from coeval.report.timeline import MOST_DOTS, expected_random, incumbent, timeline
from coeval.seed import generator
from coeval.trial import Failure, Fidelity, Measurement, Proposal, Reason, Trial, finish
from tests.report import examples

CANDIDATE = examples.candidate(generator(0))


def made(scores, *, maximise=True, seconds=2.0):
    """Return facts of trials ``(origin, score or None)`` that end 10 s apart."""
    log = examples.Journal()
    for number, (origin, value) in enumerate(scores):
        started = Trial(number, Proposal(CANDIDATE, origin=origin))
        cost = {"seconds": seconds}
        found = (
            Measurement(cost=cost, failure=Failure(Reason.DIVERGED))
            if value is None
            else Measurement({"accuracy": value}, cost=cost)
        )
        log.add(10.0 * number, started)
        log.add(10.0 * (number + 1), finish(started, found))
    metric = {"name": "accuracy", "label": "accuracy", "maximise": maximise}
    return collect("run", examples.capsule(metric=metric), log.events)


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.booleans())
def test_the_incumbent_only_improves_and_ends_at_the_best(scores, maximise):
    curve = incumbent(made([("evolution", one) for one in scores], maximise=maximise))
    values = [value for _, value in curve]
    assert values == sorted(set(values), reverse=not maximise)
    assert values[-1] == (max if maximise else min)(scores)


def test_random_searchs_curve_is_the_expected_best_of_its_trials():
    found = expected_random(made([("random", 0.1), ("random", 0.2), ("random", 0.6)]))
    assert [score for _, score in found.points] == pytest.approx([0.3, (0.2 + 0.6 + 0.6) / 3, 0.6])


def test_random_searchs_curve_stands_where_it_would_have_spent_the_same_compute():
    scores = [("random", 0.1), ("evolution", 0.5), ("random", 0.2), ("evolution", 0.6)]
    found = expected_random(made(scores))
    assert [moment for moment, _ in found.points] == pytest.approx([10.0, 20.0])


def test_a_failed_control_trial_costs_time_and_wins_nothing():
    found = expected_random(made([("random", 0.4), ("random", None), ("random", 0.2)]))
    assert found.trials == 3
    assert [score for _, score in found.points] == pytest.approx([0.8 / 3, 1.0 / 3, 0.4])


def test_one_control_trial_makes_no_curve():
    assert expected_random(made([("random", 0.4), ("evolution", 0.4)])) is None


def test_without_recorded_seconds_trials_count_as_equal():
    found = expected_random(made([("random", 0.1), ("random", 0.2)], seconds=0.0))
    assert [moment for moment, _ in found.points] == pytest.approx([10.0, 20.0])


def test_the_chart_names_scores_outside_its_scale():
    scores = [("evolution", 0.9 + 0.001 * i) for i in range(18)] + [("random", 0.1)]
    drawn = timeline(made(scores))
    assert "1 trial beyond the scale is drawn hollow" in drawn
    assert drawn.count("outside") == 1


def test_a_run_without_scores_says_so():
    assert "nothing to draw" in timeline(made([("random", None)]))


def test_very_many_trials_are_thinned_out():
    drawn = timeline(made([("evolution", 0.5 + 1e-5 * i) for i in range(MOST_DOTS + 500)]))
    assert drawn.count("<circle") <= MOST_DOTS


def test_an_undefined_score_is_not_drawn():
    drawn = timeline(made([("random", math.nan), ("random", 0.5)]))
    assert drawn.count("<circle") == 1


def test_what_was_trained_in_part_is_drawn_faint_and_the_page_says_why():
    log = examples.Journal()
    for number, share in enumerate((1.0, 1 / 9, 1 / 3)):
        started = Trial(number, Proposal(CANDIDATE, Fidelity(epochs=share), origin="evolution"))
        log.add(2.0 * number, started)
        log.add(2.0 * number + 1, finish(started, Measurement({"accuracy": 0.5 + 0.1 * number})))
    drawn = str(timeline(collect("run", examples.capsule(), log.events)))
    assert drawn.count(' part"') == 2
    assert "Faint: trained for a part of the schedule only" in drawn
    assert "Faint" not in str(timeline(made([("evolution", 0.5), ("evolution", 0.6)])))
