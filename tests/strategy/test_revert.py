from collections import Counter

import pytest

from coeval.space.digest import candidate_digest
from coeval.strategy.lineage import lineage
from coeval.strategy.revert import reversions
from tests.strategy.lineages import bred, space, trial, with_setting

SPACE = space()
SEEDS = SPACE.seeds()
NAME, SEED = "linear", SEEDS["linear"]
NONE: dict = {}
NETWORK = {"architecture"}


def labels(region):
    found = Counter()
    for one in region.steps:
        found[one.component.name, one.settings] += 1
        for inner in one.regions:
            found += labels(inner)
    return found


def steps(candidate):
    return labels(candidate.architecture.body)


def taken_back(log, default=NONE):
    return reversions(SPACE, lineage(log, log[-1]), default)


@pytest.mark.parametrize("seed", range(6))
def test_every_reversion_is_another_member_that_differs_in_one_part(seed):
    log = bred(SPACE, 8, seed=seed)
    winner = log[-1].proposal.candidate
    found = taken_back(log)
    assert found.found
    digests = {candidate_digest(one.candidate) for one in found.found}
    assert len(digests) == len(found.found)
    assert candidate_digest(winner) not in digests
    for one in found.found:
        assert SPACE.contains(one.candidate)
        changed = [name for name, part in winner.parts if dict(one.candidate.parts)[name] != part]
        assert changed == [one.part]
        assert 0 < one.trial < len(log)


def test_a_setting_goes_back_to_what_the_lineage_began_with_from_the_trial_that_set_it_last():
    first = SEED.settings("recipe")["lr"]
    middle = with_setting(SEED, "recipe", "lr", 1e-4)
    last = with_setting(middle, "recipe", "lr", 5e-4)
    then = with_setting(last, "recipe", "optimizer", "sgd")
    log = [
        trial(0, SEED),
        trial(4, middle, parent=0),
        trial(7, last, parent=4),
        trial(9, then, parent=7),
    ]
    found = {one.what: one for one in taken_back(log).found}
    one = found[f"lr {first:g} → 0.0005"]
    assert one.trial == 7
    assert one.candidate == with_setting(then, "recipe", "lr", first)
    assert len(found) == 2


def test_the_last_edit_of_a_network_gives_the_parents_network_back():
    log = bred(SPACE, 1, seed=1)
    while log[-1].proposal.moves[0].part != "architecture":
        log = bred(SPACE, len(log), seed=1)
    (one, *_) = taken_back(log).found
    assert one.part == "architecture"
    assert one.candidate.architecture == log[-2].proposal.candidate.architecture


def test_an_earlier_edit_of_a_network_is_undone_alone_and_the_later_one_stays():
    """Two edits in different places: whichever is taken back, the other one is still there."""
    both = 0
    for seed in range(40):
        log = bred(SPACE, 2, seed=seed)
        if any(one.proposal.moves[0].part != "architecture" for one in log[1:]):
            continue
        seeded, middle, winner = (one.proposal.candidate for one in log)
        found = {one.trial: one.candidate for one in taken_back(log).found}
        if 1 in found:
            first = steps(middle)
            first.subtract(steps(seeded))
            now = steps(winner)
            now.subtract(steps(found[1]))
            assert {k: v for k, v in now.items() if v} == {k: v for k, v in first.items() if v}
            both += 1
    assert both >= 3


def test_what_no_move_undoes_is_named():
    log = bred(SPACE, 30, seed=5)
    found = taken_back(log)
    networks = [
        edit.what for one in lineage(log, log[-1]) for edit in one.edits if not edit.setting
    ]
    undone = [one.what for one in found.found if one.part == "architecture"]
    assert found.stuck
    assert set(found.stuck) <= set(networks)
    assert len(undone) + len(found.stuck) <= len(networks)


def test_without_time_no_undoing_move_is_looked_for_but_the_last_edit_is():
    lines = (bred(SPACE, 2, seed=seed) for seed in range(40))
    log = next(one for one in lines if {t.proposal.moves[0].part for t in one[1:]} == NETWORK)
    found = reversions(SPACE, lineage(log, log[-1]), NONE, seconds=-1.0)
    assert [one.trial for one in found.found] == [2]
    assert len(found.stuck) == 1


def test_a_winner_without_a_lineage_is_set_against_the_default():
    name, other = next((n, one) for n, one in SEEDS.items() if n != NAME)
    changed = with_setting(other, "recipe", "optimizer", "sgd")
    found = taken_back([trial(0, changed, origin=f"seed:{name}")], {NAME: SEED})
    whats = [one.what for one in found.found]
    assert f"its network in place of the default {NAME}" in whats
    assert any(one.endswith("sgd, against the default") for one in whats)
    assert all(one.trial is None for one in found.found)
    for one in found.found:
        kept = dict(one.candidate.parts)
        assert sum(kept[part] != value for part, value in changed.parts) == 1


def test_the_default_itself_has_nothing_to_take_back():
    assert taken_back([trial(0, SEED, origin=f"seed:{NAME}")], {NAME: SEED}).found == ()


def test_a_long_lineage_is_not_set_against_the_default():
    log = bred(SPACE, 12, seed=2)
    found = taken_back(log, {NAME: SEED}).found
    assert len(found) >= 3
    assert all(one.trial is not None for one in found)
