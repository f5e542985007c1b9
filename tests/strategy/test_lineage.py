from dataclasses import replace

import pytest

from coeval.strategy.lineage import change, lineage
from coeval.trial import State, Trial
from tests.strategy.lineages import NINTH, bred, space, trial, with_setting

SPACE = space()
SEED = SPACE.seeds()["linear"]


def numbers(chain):
    return [one.trial.number for one in chain]


def test_a_line_of_mutations_is_told_from_the_seed_on_each_with_its_edit():
    log = bred(SPACE, 5)
    chain = lineage(log, log[-1])
    assert numbers(chain) == [0, 1, 2, 3, 4, 5]
    assert chain[0].edits == ()
    assert all(one.edits for one in chain[1:])
    assert [one.candidate for one in chain] == [one.proposal.candidate for one in log]


def test_what_was_not_bred_from_is_no_ancestor():
    log = bred(SPACE, 2)
    aside = trial(3, with_setting(SEED, "recipe", "optimizer", "sgd"), parent=0)
    assert numbers(lineage([*log, aside], log[2])) == [0, 1, 2]
    assert numbers(lineage([*log, aside], aside)) == [0, 3]


def test_settings_are_told_by_what_became_of_them_and_networks_by_their_moves():
    log = bred(SPACE, 12, seed=3)
    chain = lineage(log, log[-1])
    edits = [edit for one in chain for edit in one.edits]
    settings = [one for one in edits if one.setting]
    assert settings
    assert all("→" in one.what and one.part in ("preparation", "recipe") for one in settings)
    networks = [one for one in edits if not one.setting]
    assert networks
    details = [move.detail.replace("_", " ") for one in log for move in one.proposal.moves]
    assert all(one.what.replace("→", "->") in details for one in networks)


def test_a_move_of_a_setting_is_told_as_the_move_tells_it():
    changed = with_setting(SEED, "recipe", "lr", 1e-4)
    old = SEED.settings("recipe")["lr"]
    log = [trial(0, SEED), trial(1, changed, parent=0)]
    (edit,) = lineage(log, log[1])[1].edits
    assert (edit.part, edit.setting, edit.what) == ("recipe", "lr", f"lr {old:g} → 0.0001")


def test_a_network_of_which_no_move_is_known_is_another_network():
    other = bred(SPACE, 12, seed=3)[-1].proposal.candidate
    log = [trial(0, SEED), trial(1, other, parent=0)]
    networks = [one.what for one in lineage(log, log[1])[1].edits if one.part == "architecture"]
    assert networks == ["another network"]


@pytest.mark.parametrize("continues", [True, False])
def test_a_promotion_is_the_candidate_that_was_promoted_with_its_most_thorough_score(continues):
    parent, child = bred(SPACE, 1)
    begun = replace(child, proposal=replace(child.proposal, fidelity=NINTH))
    candidate = child.proposal.candidate
    promoted = trial(2, candidate, 0.2, continues=1 if continues else None, origin="asha:promotion")
    chain = lineage([parent, begun, promoted], promoted)
    assert numbers(chain) == [0, 1]
    assert chain[1].measured == promoted
    assert chain[1].edits


def test_an_ancestor_that_was_promoted_later_is_told_by_that_score():
    log = bred(SPACE, 2)
    begun = replace(log[1], proposal=replace(log[1].proposal, fidelity=NINTH))
    later = trial(3, log[1].proposal.candidate, 0.3, continues=1, origin="asha:promotion")
    chain = lineage([log[0], begun, log[2], later], log[2])
    assert numbers(chain) == [0, 1, 2]
    assert [one.measured.number for one in chain] == [0, 3, 2]


def test_a_repeat_is_not_the_score_that_counts():
    log = bred(SPACE, 1)
    again = trial(2, log[1].proposal.candidate, 0.01, repeat=1, origin="repeat")
    assert lineage([*log, again], log[1])[1].measured == log[1]


def test_a_running_trial_has_a_lineage_and_no_score():
    log = bred(SPACE, 1)
    running = Trial(1, log[1].proposal)
    chain = lineage([log[0], running], running)
    assert chain[1].measured.state is State.RUNNING


def test_a_log_that_names_parents_in_a_circle_ends():
    first, second = bred(SPACE, 1)
    circle = replace(first, proposal=replace(first.proposal, parent=1))
    assert numbers(lineage([circle, second], second)) == [0, 1]


def test_a_child_that_equals_its_parent_is_one_candidate():
    first, second = bred(SPACE, 1)
    same = trial(2, second.proposal.candidate, parent=1, origin="evolution:mutation")
    assert numbers(lineage([first, second, same], same)) == [0, 1]


def test_values_are_told_as_people_read_them():
    assert change("missing_flags", True, False) == "missing flags yes → no"
    assert change("lr", 0.0005, 2e-3) == "lr 0.0005 → 0.002"
