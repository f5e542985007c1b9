"""Ensembles inside one network are ordinary members of the free space for tables."""

import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.architecture.types import Columns
from coeval.component.channel import RELU
from coeval.component.head import BINARY_HEAD, CLASS_HEAD
from coeval.component.members import MEMBER_LINEAR, MEMBERS, VOTE
from coeval.space.limits import Limits
from coeval.space.plan import ALONE, Node, Plan, assemble, parse
from coeval.space.presets import ENSEMBLE_MACS, architectures
from coeval.space.tabular import sequence_space
from coeval.testing.spaces import check_space

COLUMNS = Columns(5, (3, 12))
CLASSES = CLASS_HEAD.complete({"classes": 3})
SPACE = sequence_space(COLUMNS, CLASS_HEAD, CLASSES, members=16, limits=Limits(macs=300_000))


def names(architecture):
    return [one.component.name for one in architecture.body.steps]


def with_members(count, trunk=()):
    entries = SPACE.smallest().entries
    return Plan((*entries[:-1], (("count", count),)), trunk)


def test_keeps_the_contract_of_spaces():
    check_space(SPACE, samples=15)


@pytest.mark.parametrize("count", [1, 4, 16])
@pytest.mark.parametrize("trunk", [(), (Node(RELU),)])
def test_assembling_and_parsing_are_inverse(count, trunk):
    plan = with_members(count, trunk)
    made = assemble(SPACE.frame, plan)
    assert parse(SPACE.frame, made) == plan
    assert (MEMBERS.name in names(made)) == (count > 1)
    assert names(made)[-2:] == (
        [MEMBER_LINEAR.name, VOTE.name] if count > 1 else [names(made)[-2], CLASS_HEAD.name]
    )


def test_one_edit_makes_an_ensemble_of_a_network_and_a_network_of_an_ensemble():
    alone = assemble(SPACE.frame, with_members(1, (Node(RELU),)))
    few = assemble(SPACE.frame, with_members(4, (Node(RELU),)))
    details = {child.genotype: child.moves[0].detail for child in SPACE.neighbours(alone)}
    assert details[few] == "members: count 1 -> 4"
    assert alone in {child.genotype for child in SPACE.neighbours(few)}


def test_samples_are_mostly_alone_and_ensembles_keep_their_trunk_within_the_limits():
    drawn = [SPACE.sample(np.random.default_rng(seed)) for seed in range(150)]
    ensembles = [one for one in drawn if MEMBERS.name in names(one)]
    assert 10 < len(ensembles) < 60
    assert all(infer(one).cost.macs <= 300_000 for one in ensembles)
    assert np.mean([len(names(one)) > 7 for one in ensembles]) > 0.5


def test_a_move_s_site_is_the_step_it_is_in():
    few = assemble(SPACE.frame, with_members(4, (Node(RELU),)))
    place = names(few).index("relu")
    moves = [one.moves[0] for one in SPACE.neighbours(few)]
    assert {one.site for one in moves if one.name in ("delete", "replace")} == {str(place)}


@pytest.mark.parametrize("small", [False, True])
def test_seeds_of_ensembles_fit_their_share_of_work(small):
    found = architectures(SPACE, small=small)
    for name in ("tabm", "tabm_bins"):
        assert MEMBERS.name in names(found[name])
        assert infer(found[name]).cost.macs <= ENSEMBLE_MACS


def test_a_space_of_one_member_has_no_ensembles():
    plain = sequence_space(COLUMNS, BINARY_HEAD)
    assert plain.frame.slots == plain.frame.entries
    assert "tabm" not in architectures(plain, small=True)
    assert ALONE not in plain.smallest().entries
