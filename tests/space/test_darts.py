import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.digest import digest
from coeval.architecture.inference import infer
from coeval.architecture.types import Grid
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.darts import NODES, OPERATIONS, SEEDS, cell, edges_of, space
from coeval.testing.spaces import check_space

PARTS = ("normal", "reduction")
seeds = st.integers(0, 2**32)
some = settings(max_examples=20, deadline=None)


@pytest.mark.parametrize("part", PARTS)
def test_keeps_the_contract_of_spaces(part):
    check_space(space(part), samples=10)


def test_it_holds_as_many_cells_as_the_paper_counts():
    # Two of k edges with seven operations each: 1, 3, 6 and 10 pairs, times 49 (section 3.1, footnote on the search space).
    assert space("normal").size() == 1 * 3 * 6 * 10 * 49**4 == 1_037_664_180


@given(seeds)
@some
def test_every_node_takes_two_different_edges(seed):
    found = edges_of("normal", space("normal").sample(generator(seed)))
    assert len(found) == 2 * NODES
    slots = [one.name for one in space("normal").slots]
    assert len(slots) == 14
    for node in range(NODES):
        (_, first), (_, second) = found[2 * node : 2 * node + 2]
        assert first < second < 2 + node


@given(seeds)
@some
def test_a_cell_is_read_back_as_it_is_written(seed):
    for part in PARTS:
        genotype = space(part).sample(generator(seed, part))
        assert cell(part, edges_of(part, genotype)) == genotype


@pytest.mark.parametrize("name", SEEDS)
def test_the_published_cells_are_members_and_keep_or_halve_the_grid(name):
    for part, edges, side in zip(PARTS, SEEDS[name], (8, 4), strict=True):
        genotype = cell(part, edges)
        assert sorted(edges_of(part, genotype)) == sorted(edges)
        assert infer(genotype).output == Grid(side, side, 4 * 16)


def test_edges_that_are_not_there_leave_no_trace_in_the_normal_form():
    genotype = cell("normal", SEEDS["darts_v2"][0])
    names = [one.component.name for one in genotype.body.steps]
    assert names.count("zero") == 6
    convs = 5 * 2 + 1  # five separable convolutions of two halves, a dilated one
    assert names.count("depthwise_conv2d") == convs
    other = cell(
        "normal", list(reversed(SEEDS["darts_v2"][0][:2])) + list(SEEDS["darts_v2"][0][2:])
    )
    assert digest(other) == digest(genotype)


def test_a_mutation_changes_an_operation_or_moves_an_edge():
    before = cell("normal", SEEDS["darts_v2"][0])
    old = edges_of("normal", before)
    kinds = set()
    for number in range(60):
        found = edges_of("normal", space("normal").mutate(before, generator(number)).genotype)
        lost, new = set(old) - set(found), set(found) - set(old)
        kinds.add("operation" if {s for _, s in lost} == {s for _, s in new} else "edge")
    assert kinds == {"operation", "edge"}


def test_a_node_with_one_edge_or_an_unknown_operation_is_refused():
    edges = list(SEEDS["darts_v2"][0])
    with pytest.raises(SpaceError, match="not allowed together"):
        cell("normal", [*edges[:2], ("sep_conv_3x3", 0), ("max_pool_3x3", 0), *edges[4:]])
    with pytest.raises(SpaceError, match="Did you mean 'sep_conv_3x3'"):
        cell("normal", [("sep_conv_3x", 0), *edges[1:]])


def test_the_strongest_edges_are_the_papers_rule():
    one = space("normal")
    weights = {("sep_conv_3x3", slot.name): 0.1 for slot in one.slots}
    weights |= {("skip_connect", "e03"): 0.5, ("dil_conv_5x5", "e23"): 0.4, ("none", "e13"): 0.9}
    scores = [
        [0.0 if name == "none" else weights.get((name, slot.name), 0.01) for name in OPERATIONS]
        for slot in one.slots
    ]
    chosen = dict(
        zip([s.name for s in one.slots], one.choices(one.decide(_prefix(one, scores))), strict=True)
    )
    assert (chosen["e03"], chosen["e13"], chosen["e23"]) == ("skip_connect", "none", "dil_conv_5x5")
    assert (chosen["e02"], chosen["e12"]) == ("sep_conv_3x3", "sep_conv_3x3")


def _prefix(one, scores):
    picks = one.best(scores)
    names = [slot.options[n] for slot, n in zip(one.slots, picks, strict=True)]
    return one.prefix(one.assemble(names))
