"""What a report says where trees or a linear model competed with networks."""

import re
from pathlib import Path

import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.component.linear_model import LINEAR_MODEL
from coeval.component.trees import TREE_ENSEMBLE
from coeval.report import kinds
from coeval.report.facts import collect
from coeval.report.model import winner
from coeval.report.search import searched
from coeval.report.summary import plain
from coeval.report.verdict import judge
from coeval.seed import generator
from coeval.space.protocol import Candidate
from coeval.trial import Measurement, Proposal, Trial, finish
from tests.report import examples

NETWORK = examples.candidate(generator(1))


def candidate(component):
    made = Architecture((examples.COLUMNS,), sequence(1, [step(component, 0, outputs=1)]))
    parts = [(name, made if name == "architecture" else one) for name, one in NETWORK.parts]
    return Candidate(tuple(parts))


TREES, LINEAR = candidate(TREE_ENSEMBLE), candidate(LINEAR_MODEL)
FOUND = ((NETWORK, 0.86), (TREES, 0.87), (NETWORK, 0.85), (LINEAR, 0.8), (TREES, 0.84))


def run(*found, trial=1, **final):
    """Return a run whose candidates scored so; the final model is that of a trial, or of members."""
    log = examples.Journal()
    for number, (one, accuracy) in enumerate(found):
        started = Trial(number, Proposal(one))
        log.add(number, finish(started, Measurement(values={"accuracy": accuracy})))
    log.note(9, "final", examples.final(trial, **final))
    return collect("run", examples.capsule(), log.events)


def members(*shares):
    return [{"trial": trial, "weight": weight} for trial, weight in shares]


@pytest.mark.parametrize(
    ("final", "made_of", "named"),
    [
        ({"trial": 0}, ("network",), ""),
        ({"trial": 1}, ("gradient-boosted trees",), "gradient-boosted trees"),
        ({"trial": 3}, ("linear model",), "a linear model"),
        ({"trial": 0, "members": members((0, 0.7), (2, 0.3))}, ("network",), ""),
        (
            {"trial": 0, "members": members((0, 0.4), (1, 0.35), (4, 0.25))},
            ("gradient-boosted trees", "network"),
            "gradient-boosted trees and networks together",
        ),
    ],
)
def test_people_are_told_what_the_model_is_made_of_unless_it_is_networks(final, made_of, named):
    facts = run(*FOUND, **final)
    assert kinds.made_of(facts) == made_of
    assert kinds.named(facts) == named
    assert (f"The model found ({named})" in judge(facts).sentence) == bool(named)


def test_the_best_of_each_kind_are_compared_where_several_were_tried():
    said = "The best of each kind on validation: gradient-boosted trees 0.8700, networks 0.8600, linear models 0.8000."
    facts = run(*FOUND)
    assert kinds.compared(facts) == said
    assert said in plain(facts, Path("run"))
    assert said in str(searched(facts))
    assert kinds.compared(run(FOUND[0], FOUND[2], trial=0)) == ""


def test_a_recipe_is_shown_of_a_network_alone():
    trees, network = (
        re.sub("<[^>]+>", " ", str(winner(run(*FOUND, trial=trial, epochs=115, macs=macs))))
        for trial, macs in ((1, 0), (0, 12))
    )
    assert "Training recipe" not in trees
    assert "Training recipe" in network
    assert "rounds of the final training" in trees
    assert "epochs of the final training" in network
    assert "multiply-adds" in network
    assert "multiply-adds" not in trees


def test_a_run_without_a_trial_has_no_kind():
    facts = collect("run", examples.capsule(), [])
    assert (kinds.made_of(facts), kinds.named(facts), kinds.compared(facts)) == ((), "", "")
