from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.step import sequence, step
from coeval.architecture.types import Grid, Vector
from coeval.component.channel import RELU
from coeval.component.head import CLASS_HEAD
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space import free_cells
from coeval.space.cell_plan import CellPlan, Node, assemble, parse
from coeval.space.free_cells import SEEDS, FreeCells, network, parts, sources, without
from coeval.space.image_frame import ImageFrame
from coeval.space.limits import Limits
from coeval.space.plan_space import PlanSpace
from coeval.space.protocol import Candidate
from coeval.testing.spaces import check_space

FRAME = ImageFrame(Grid(14, 12, 3), CLASS_HEAD, CLASS_HEAD.complete({"classes": 5}))
LIMITS = Limits(parameters=60_000, macs=2_000_000, memory_bytes=2**30)
SPACE = PlanSpace(FreeCells(FRAME), LIMITS)
WIDE = PlanSpace(FreeCells(FRAME), Limits(parameters=10**9, memory_bytes=2**44))
seeds = st.integers(0, 2**32)
some = settings(max_examples=20, deadline=None)


def test_keeps_the_contract_of_spaces():
    check_space(SPACE, samples=10)


@given(seeds)
@some
def test_every_network_is_read_back_as_its_plan(seed):
    made = WIDE.sample(generator(seed))
    plan = WIDE.plan(made)
    assert parse(made) == plan
    assert assemble(FRAME, plan) == made
    assert infer(made).output == Vector(5)


@given(seeds, st.sampled_from([Grid(28, 28, 1), Grid(7, 7, 3), Grid(33, 20, 3)]))
@some
def test_every_network_is_made_anew_for_images_of_another_size(seed, grid):
    one = Candidate((("architecture", SPACE.sample(generator(seed))),))
    made = network(one, FRAME.at(grid))
    assert made.inputs == (grid,)
    assert infer(made).output == Vector(5)


@given(seeds)
@some
def test_every_edit_is_a_plan_that_decisions_lead_to(seed):
    plan = WIDE.plan(WIDE.sample(generator(seed)))
    assert [one for one in WIDE.plans.edits(plan) if WIDE.plans.fault(one.plan)] == []


def test_a_small_space_holds_exactly_the_plans_it_counts(monkeypatch):
    monkeypatch.setattr(free_cells, "MOST", 2)
    monkeypatch.setattr(free_cells, "CELLS", (1,))
    monkeypatch.setattr(free_cells, "WIDTHS", (4, 8))
    monkeypatch.setattr(free_cells, "OPERATIONS", ("conv_1x1", "avg_pool_3x3"))
    space = PlanSpace(FreeCells(FRAME), Limits(parameters=10**9, memory_bytes=2**40))
    found = list(space)
    assert len(found) == len(set(found)) == space.size() == 2 * 2 * (2 + 2 * 2 * 3)


def test_what_no_node_takes_is_the_result():
    nodes = (Node("conv_1x1", (0,)), Node("conv_3x3", (0,)), Node("avg_pool_3x3", (1,)))
    assert CellPlan(nodes).loose == (0, 2, 3)
    assert CellPlan(nodes, is_residual=False).loose == (2, 3)
    assert CellPlan(nodes[:1], is_residual=False).loose == (1,)


def test_a_node_that_goes_leaves_what_it_took_to_those_that_took_it():
    nodes = (Node("conv_1x1", (0,)), Node("conv_3x3", (1,)), Node("conv_5x5", (1, 2)))
    assert without(nodes, 1) == (nodes[0], Node("conv_5x5", (1,)))
    assert without(nodes, 0) == (Node("conv_3x3", (0,)), Node("conv_5x5", (0, 1)))


def test_a_node_takes_one_or_two_of_the_values_before_it():
    assert sources(0) == ((0,),)
    assert sources(1) == ((0,), (1,), (0, 1))
    assert len(sources(5)) == 6 + 15


def test_seeds_are_the_largest_that_fit():
    found = parts(FRAME, LIMITS)
    assert list(found.seeds) == list(SEEDS)
    for one in found.seeds.values():
        assert LIMITS.excess(infer(one["architecture"]).cost) == ""


def test_a_plan_or_network_of_another_kind_is_refused():
    with pytest.raises(SpaceError, match="node 1: Node"):
        SPACE.network(CellPlan((Node("conv_1x1", (1,)),), width=4))
    with pytest.raises(SpaceError, match="3 cells of 5 features"):
        SPACE.network(CellPlan((Node("conv_1x1", (0,)),), cells=3, width=5))
    other = replace(SPACE.sample(generator(0)), body=sequence(1, [step(RELU, 0)]))
    assert not SPACE.contains(other)
    with pytest.raises(SpaceError, match="no network of free cells"):
        network(Candidate((("architecture", other),)), FRAME)
