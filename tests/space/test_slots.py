import itertools
import pickle
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.digest import digest
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Vector
from coeval.component.channel import GELU, IDENTITY, LINEAR, RELU, TANH
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space import slots as slots_module
from coeval.space.slots import Slot, SlotSpace
from coeval.space.template import Option, Template, Use
from coeval.testing.spaces import check_space

OPTIONS = tuple(Option(one.name, sequence(1, [step(one, 0)])) for one in (RELU, TANH, GELU))
NAMES = tuple(one.name for one in OPTIONS)
LAYERS = 3


def chain(only=None, layers=LAYERS):
    items = tuple(
        item
        for layer in range(layers)
        for item in (Use(layer, (2 * layer,)), step(LINEAR, 2 * layer + 1, width=4))
    )
    template = Template((Vector(4),), (OPTIONS,) * layers, items, output=2 * layers)
    named = tuple(Slot(f"layer {layer}", NAMES) for layer in range(layers))
    return SlotSpace(named, template, "chain", only)


EVERY = list(itertools.product(range(3), repeat=LAYERS))
RISING = tuple(picks for picks in EVERY if sorted(picks) == list(picks))
picks = st.tuples(*[st.integers(0, 2)] * LAYERS)


def test_keeps_the_contract_of_spaces():
    check_space(chain(), leaves=100)


def test_keeps_the_contract_where_not_every_combination_is_allowed():
    check_space(chain(RISING), leaves=100)


def test_keeps_the_contract_where_nothing_can_be_changed():
    check_space(chain(((0, 1, 2),)), samples=4, leaves=10)


@given(picks)
def test_choices_and_architectures_are_two_ways_to_say_the_same(chosen):
    names = tuple(NAMES[one] for one in chosen)
    space = chain()
    assert space.choices(space.assemble(names)) == names
    assert space.prefix(space.decide(chosen)) == chosen
    # A space that has not made the architecture reads it as well.
    assert chain().choices(space.assemble(names)) == names


@given(st.integers(0, len(RISING) - 1))
def test_decisions_lead_back_where_not_every_combination_is_allowed(number):
    space = chain(RISING)
    genotype = list(space)[number]
    assert space.decide(space.prefix(genotype)) == genotype
    assert space.choices(genotype) == tuple(NAMES[one] for one in RISING[number])


def test_iteration_follows_the_decisions_last_slot_fastest():
    space = chain()
    assert [space.prefix(one) for one in space] == EVERY
    assert [tuple(map(NAMES.index, chain(RISING).choices(one))) for one in chain(RISING)] == list(
        RISING
    )


def test_decisions_offer_only_what_leads_to_a_member():
    space = chain(RISING)
    assert space.decisions((2,)) == ("gelu",)
    assert space.decisions((1, 0)) == ("tanh", "gelu")
    assert space.size() == 10


def test_mutation_reaches_every_neighbour_equally_often():
    space = chain()
    genotype = space.decide((0, 1, 2))
    neighbours = [child.genotype for child in space.neighbours(genotype)]
    assert len(neighbours) == len(set(neighbours)) == 6
    drawn = [
        neighbours.index(space.mutate(genotype, generator(0, "m", k)).genotype) for k in range(1200)
    ]
    counts = np.bincount(drawn, minlength=6)
    assert 140 < counts.min() <= counts.max() < 260  # 200 expected, standard deviation 13


def test_a_move_names_its_slot_and_both_options():
    space = chain()
    (first, *_) = space.neighbours(space.decide((0, 1, 2)))
    (move,) = first.moves
    assert (move.name, move.part, move.site) == ("choose", "chain", "layer 0")
    assert move.detail == "layer 0 relu -> tanh"


@given(picks, picks, st.integers(0, 2**32))
def test_a_crossover_takes_each_slot_from_a_parent(mine, theirs, seed):
    space = chain()
    child = space.cross(space.decide(mine), space.decide(theirs), generator(seed))
    mixed = space.prefix(child.genotype)
    assert all(one in pair for one, pair in zip(mixed, zip(mine, theirs, strict=True), strict=True))


def test_a_crossover_of_restricted_choices_reaches_every_allowed_mix():
    space = chain(RISING)
    first, second = (
        space.assemble(["relu", "relu", "tanh"]),
        space.assemble(["tanh", "gelu", "gelu"]),
    )
    found = {space.choices(space.cross(first, second, generator(k)).genotype) for k in range(100)}
    allowed = {
        mix
        for mix in itertools.product(("relu", "tanh"), ("relu", "gelu"), ("tanh", "gelu"))
        if tuple(map(NAMES.index, mix)) in RISING
    }
    assert found == allowed


def test_the_encoding_is_a_one_hot_for_each_slot():
    space = chain()
    assert space.encode(space.decide((0, 2, 1))).tolist() == [1, 0, 0, 0, 0, 1, 0, 1, 0]


@settings(max_examples=30)
@given(picks, picks)
def test_different_choices_have_different_digests(mine, theirs):
    space = chain()
    same = digest(space.decide(mine)) == digest(space.decide(theirs))
    assert same == (mine == theirs)


def test_an_outside_architecture_is_no_member():
    space = chain()
    other = Architecture((Vector(4),), sequence(1, [step(IDENTITY, 0)]))
    assert not space.contains(other)
    with pytest.raises(SpaceError, match=r"no member of this space of 3 slots \(layer 0, layer 1"):
        space.choices(other)
    with pytest.raises(SpaceError, match="no member"):
        space.from_json(space.to_json(other))


def test_a_member_that_the_restriction_leaves_out_is_no_member():
    forbidden = chain().decide((2, 1, 0))
    assert not chain(RISING).contains(forbidden)
    with pytest.raises(SpaceError, match="not allowed together"):
        chain(RISING).assemble(["gelu", "tanh", "relu"])


def test_a_misspelt_option_gets_a_hint():
    with pytest.raises(
        SpaceError, match=r"Slot 'layer 1' must be one of .* got 'tahn'. Did you mean 'tanh'"
    ):
        chain().assemble(["relu", "tahn", "gelu"])


def test_a_wrong_number_of_choices_is_refused():
    with pytest.raises(SpaceError, match="one choice for each of the 3 slots"):
        chain().assemble(["relu"])


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ((Slot("a", ("x",)), Slot("a", ("x",))), "different names"),
        ((Slot("a", ()),), "at least one option"),
        ((Slot("a", ("x", "x")),), "all different"),
    ],
)
def test_unclear_slots_are_refused(named, message):
    with pytest.raises(SpaceError, match=message):
        SlotSpace(named, chain().assembly)


@pytest.mark.parametrize("only", [(), ((1, 0, 0), (0, 0, 0)), ((0, 0, 3),), ((0, 0),)])
def test_an_unclear_restriction_is_refused(only):
    with pytest.raises(SpaceError, match="only must"):
        chain(only)


@pytest.mark.parametrize("only", [None, RISING])
def test_a_space_is_sent_without_what_it_remembers(only):
    space = chain(only)
    genotype = list(space)[3]
    sent = pickle.loads(pickle.dumps(space))
    assert sent == space
    assert not sent._made
    assert sent.choices(genotype) == space.choices(genotype)


def test_what_is_remembered_stays_bounded(monkeypatch):
    monkeypatch.setattr(slots_module, "REMEMBERED", 5)
    space = chain()
    assert len(set(space)) == 27
    assert len(space._made) <= 5
    assert space.contains(chain().decide((1, 1, 1)))


def test_sampling_a_large_space_takes_microseconds():
    space = chain(layers=20)
    rng = generator(0, "speed")
    taken = []
    for _ in range(3):  # other work on the machine slows some of them
        start = time.process_time()
        genotypes = [space.sample(rng) for _ in range(200)]
        children = [space.mutate(one, rng) for one in genotypes]
        taken.append((time.process_time() - start) / 400)
        assert all(child.moves for child in children)
    assert min(taken) < 1e-3


TWO_OF_THREE = tuple(picks for picks in EVERY if sum(one > 0 for one in picks) == 2)
"""Rows of which exactly two slots are not the first option, as nodes of a cell have two inputs."""


def grouped():
    """Two groups of three slots."""
    one = chain(layers=6)
    return SlotSpace(one.slots, one.assembly, "chain", groups=(TWO_OF_THREE, TWO_OF_THREE))


def test_keeps_the_contract_where_groups_of_slots_depend_on_each_other():
    space = grouped()
    assert space.size() == len(TWO_OF_THREE) ** 2 == 144
    check_space(space, leaves=200)


def test_an_edit_changes_two_slots_where_neither_change_alone_is_allowed():
    space = grouped()
    before = space.decide((0, 0, 0, 0, 0, 0))
    choices = space.choices(before)
    assert choices == ("relu", "tanh", "tanh") * 2
    found = {space.choices(one.genotype) for one in space.neighbours(before)}
    distance = {sum(a != b for a, b in zip(choices, one, strict=True)) for one in found}
    assert distance == {1, 2}
    # A group: two slots have one other option each, and either input can move to the free slot as one of two.
    assert len(found) == 2 * (2 + 2 * 2)
    (move, other) = next(one.moves for one in space.neighbours(before) if len(one.moves) == 2)
    assert (move.site, move.detail) == ("layer 0", "layer 0 relu -> tanh")
    assert (other.site, other.detail) == ("layer 1", "layer 1 tanh -> relu")


def test_neighbours_connect_all_members_of_groups():
    space = grouped()
    reached, waiting = set(), [space.decide((0,) * 6)]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += [child.genotype for child in space.neighbours(one)]
    assert len(reached) == space.size()


@given(st.lists(st.tuples(*[st.floats(-9, 9)] * 3), min_size=6, max_size=6))
def test_the_best_choices_have_the_largest_sum_of_scores_that_is_allowed(scores):
    space = grouped()

    def total(picks):
        return sum(one[n] for one, n in zip(scores, picks, strict=True))

    best = space.best(scores)
    every = [(*first, *second) for first in TWO_OF_THREE for second in TWO_OF_THREE]
    assert best in every
    assert total(best) == pytest.approx(max(map(total, every)))
    assert chain().best(scores[:3]) == tuple(int(np.argmax(one)) for one in scores[:3])


@pytest.mark.parametrize("groups", [(TWO_OF_THREE,), (TWO_OF_THREE, TWO_OF_THREE[:0])])
def test_groups_that_do_not_cover_all_slots_are_refused(groups):
    one = chain(layers=6)
    with pytest.raises(SpaceError, match=r"cover all 6 slots|at least one choice"):
        SlotSpace(one.slots, one.assembly, "chain", groups=groups)


def test_a_grouped_space_is_sent_whole():
    space = grouped()
    there = pickle.loads(pickle.dumps(space))
    assert there == space
    assert there.size() == 144
