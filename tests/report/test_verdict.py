from dataclasses import replace

import pytest

from coeval.report.facts import collect
from coeval.report.verdict import Outcome, judge, read_score, stage
from tests.report import examples


def facts(*, maximise=True, **final):
    capsule = examples.capsule(
        metric={"name": "log_loss", "label": "log loss", "maximise": maximise}
    )
    log = examples.Journal()
    log.note(0, "final", examples.final(0, **final))
    return collect("run", capsule, log.events)


def rivals(*scores):
    return [{"name": f"b{i}", "label": f"rival {i}", "test": one} for i, one in enumerate(scores)]


INTERVAL = {"value": 0.50, "low": 0.45, "high": 0.55, "rows": 100}


@pytest.mark.parametrize(
    ("maximise", "best", "outcome"),
    [
        (True, 0.44, Outcome.BEATS),
        (True, 0.46, Outcome.TIES),
        (True, 0.56, Outcome.LOSES),
        (False, 0.56, Outcome.BEATS),
        (False, 0.54, Outcome.TIES),
        (False, 0.44, Outcome.LOSES),
    ],
)
def test_the_interval_decides_in_the_metrics_direction(maximise, best, outcome):
    found = judge(facts(maximise=maximise, test=INTERVAL, baselines=rivals(best)))
    assert found.outcome is outcome
    assert outcome.value.split()[0] in found.sentence


def test_the_best_baseline_is_the_one_that_is_judged_against():
    found = judge(facts(test=INTERVAL, baselines=rivals(0.1, 0.6, 0.3)))
    assert "rival 1 (0.6000)" in found.sentence


def test_a_recorded_paired_difference_decides_before_the_interval():
    rival = {"name": "b", "label": "b", "test": 0.48}
    pair = {"gain": {"value": 0.02, "low": 0.01, "high": 0.03}}
    assert judge(facts(test=INTERVAL, baselines=[rival])).outcome is Outcome.TIES
    found = judge(facts(test=INTERVAL, baselines=[rival | pair]))
    assert found.outcome is Outcome.BEATS
    assert "excludes zero" in found.basis


def test_without_a_test_split_nothing_is_decided():
    baselines = [{"name": "b", "label": "b", "validation": 0.2}]
    found = facts(test=None, baselines=baselines)
    assert stage(found) == "validation"
    assert judge(found).outcome is Outcome.UNJUDGED
    assert "On validation, which the search optimised" in judge(found).sentence
    assert "no verdict is given" in judge(found).basis


@pytest.mark.parametrize(
    ("models", "name", "image", "remedy"),
    [
        (
            "neural",
            "gradient_boosting",
            None,
            "let its kind compete and join the networks: --models all",
        ),
        ("neural", "linear_model", [28, 28, 1], "Prefer the baseline"),
        ("neural", "default_mlp", None, "Prefer the baseline"),
        ("all", "gradient_boosting", None, "Prefer the baseline"),
    ],
)
def test_a_better_kind_of_model_may_be_asked_to_compete(models, name, image, remedy):
    rival = {"name": name, "label": name, "test": 0.3}
    run = facts(maximise=False, test=INTERVAL, baselines=[rival])
    capsule = {**run.capsule, "options": {"models": models}, "task": {"image": image}}
    found = judge(replace(run, capsule=capsule))
    assert found.outcome is Outcome.LOSES
    assert remedy in found.sentence


def test_without_baselines_the_score_stands_alone():
    assert judge(facts(test=INTERVAL, baselines=[])).outcome is Outcome.ALONE


def test_an_interrupted_run_names_its_incumbent():
    found = judge(examples.run(20, finished=False))
    assert found.outcome is Outcome.UNFINISHED
    assert "no test row was looked at" in found.sentence


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (None, "interrupted, or still"),
        ("interrupted", "was interrupted."),
        ("time", "search ended"),
    ],
)
def test_an_unfinished_run_says_how_far_it_came(why, said):
    log = examples.Journal()
    log.events = examples.journal(5, finished=False)
    if why:
        log.note(300, "stopped", {"why": why})
    assert said in judge(collect("run", examples.capsule(), log.events)).basis


def test_a_run_without_trials_has_no_model():
    assert "no trial finished" in judge(collect("run", {}, [])).sentence


@pytest.mark.parametrize("value", [None, "x", True, float("nan"), {"value": None}, []])
def test_what_is_no_score_is_read_as_none(value):
    assert read_score(value) is None
