import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.component import Setting
from coeval.errors import SpaceError
from coeval.space import nasbench201
from coeval.space.choices import ChoiceSpace
from coeval.space.product import ProductSpace
from coeval.space.slots import Slot, SlotSpace
from coeval.space.tabular import space_for
from coeval.strategy.coevolution_archive import Encoder
from coeval.strategy.coevolution_species import BlockSpecies, Options, teams_of
from coeval.testing.fakes import ladder_space
from tests.space.test_tabular import task

MIXED = ProductSpace(
    {
        "first": ChoiceSpace(
            (Setting("rate", (0.1, 0.2, 0.4), 0.1), Setting("norm", ("a", "b"), "a"))
        ),
        "second": ChoiceSpace((Setting("depth", (1, 2), 1),)),
    }
)
CELLS = nasbench201.space()
BLOCK = BlockSpecies("b", (Options("n", (1, 2, 3), True), Options("w", ("p", "q", "r"), False)))


@given(st.integers(0, 10_000), st.sampled_from(["parts", "slots", "cells", "blocks"]))
def test_taking_apart_and_putting_together_gives_the_candidate_again(seed, kind):
    blocks = {"slots": [["first.rate", "second.depth"]], "blocks": [["e01", "e12"], ["e23"]]}
    space = MIXED if kind in ("parts", "slots") else CELLS
    teams = teams_of(space, blocks.get(kind))
    candidate = teams.sample(np.random.default_rng(seed))
    assert teams.candidate(teams.team(candidate)) == candidate


@given(st.integers(0, 10_000))
def test_a_variant_differs_in_one_slot_and_by_a_step_where_options_are_ordered(seed):
    rng = np.random.default_rng(seed)
    old = BLOCK.sample(rng)
    new = BLOCK.vary(old, rng)
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
    assert abs(old[0] - new[0]) <= 1
    assert all(0 <= one < 3 for one in new)


def test_a_slot_without_a_choice_has_no_variant():
    alone = BlockSpecies("b", (Options("n", (1,), True),))
    assert alone.vary((0,), np.random.default_rng(0)) == (0,)


def test_members_that_differ_in_every_slot_are_one_apart():
    first, second = (Encoder([BLOCK]).encode([((0, 0),), ((2, 1),)], []))[0]
    assert ((first - second) ** 2).sum() == pytest.approx(1.0)


def test_a_part_without_slots_is_scaled_by_its_spread():
    space = space_for(task())
    teams = teams_of(space)
    rng = np.random.default_rng(2)
    drawn = [teams.team(space.sample(rng)) for _ in range(30)]
    rows = Encoder(teams.species).encode(drawn, drawn)[1]
    distances = ((rows[:, None] - rows) ** 2).sum(axis=2)
    assert distances[np.triu_indices(30, 1)].mean() == pytest.approx(1.0, rel=0.1)


def test_members_not_allowed_together_make_no_candidate():
    cell = nasbench201.cell_space()
    slots = tuple(Slot(one.name, one.options) for one in cell.slots)
    allowed = SlotSpace(slots, cell.assembly, only=((0, 0, 0, 0, 0, 1), (1, 0, 0, 0, 0, 0)))
    teams = teams_of(ProductSpace({"cell": allowed}))
    assert teams.candidate(tuple((one,) for one in (0, 0, 0, 0, 0, 1))) is not None
    assert teams.candidate(tuple((one,) for one in (1, 0, 0, 0, 0, 1))) is None


@pytest.mark.parametrize(
    ("space", "blocks", "message"),
    [
        (ChoiceSpace(()), None, "needs a space made of parts .*got ChoiceSpace"),
        (ladder_space(settings=1, parts=1), None, "needs at least two species, got 1"),
        (MIXED, [["first.rate"], ["first.rate"]], "'first.rate' is named twice"),
        (MIXED, [[]], "A block needs at least one slot"),
        (MIXED, [["first.rat"]], "Did you mean 'first.rate'"),
        (space_for(task()), [["a"]], "Part 'architecture' has no slots"),
        (
            ProductSpace({"a": space_for(task()).parts["architecture"]}),
            None,
            "Part 'a' has no slots",
        ),
    ],
)
def test_what_cannot_be_taken_apart_is_refused_with_the_reason(space, blocks, message):
    with pytest.raises(SpaceError, match=message):
        teams_of(space, blocks)
