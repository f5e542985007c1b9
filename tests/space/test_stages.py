import itertools
import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.step import sequence, step
from coeval.architecture.types import Grid, Vector
from coeval.component.channel import RELU
from coeval.component.head import CLASS_HEAD
from coeval.component.region import REPEAT
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space import stages
from coeval.space.image_frame import ImageFrame
from coeval.space.limits import Limits
from coeval.space.stage_moves import DEPTHS, DROPOUTS, WIDTHS, edits
from coeval.space.stage_plan import Stage, StagePlan, assemble, parse
from coeval.space.stages import MOST, Stages, stage_space
from coeval.testing.spaces import check_space

CLASSES = CLASS_HEAD.complete({"classes": 4})
FRAME = ImageFrame(Grid(14, 12, 3), CLASS_HEAD, CLASSES)
LIMITS = Limits(parameters=60_000, macs=1_000_000)
SPACE = stage_space(FRAME, LIMITS)
WIDE = stage_space(FRAME, Limits(parameters=10**9, memory_bytes=2**40))
seeds = st.integers(0, 2**32)
some = settings(max_examples=20, deadline=None)


def drawn(space, seed):
    return space.sample(generator(seed, "drawn"))


def test_keeps_the_contract_of_spaces():
    check_space(SPACE, samples=16)


@given(seeds)
@some
def test_every_draw_is_within_the_limits_and_ends_in_the_head(seed):
    network = drawn(SPACE, seed)
    known = infer(network)
    assert LIMITS.excess(known.cost) == ""
    assert known.output == Vector(4)
    assert network.inputs == (Grid(14, 12, 3),)


@given(seeds)
@some
def test_every_network_is_read_back_as_its_plan(seed):
    network = drawn(WIDE, seed)
    plan = WIDE.plan(network)
    assert parse(network) == plan
    assert assemble(FRAME, plan) == network


@given(seeds)
@some
def test_every_network_takes_images_of_another_size(seed):
    network = drawn(SPACE, seed)
    for grid in (Grid(28, 28, 1), Grid(7, 7, 3), Grid(33, 20, 3)):
        assert infer(replace(network, inputs=(grid,))).output == Vector(4)


@given(seeds)
@some
def test_every_edit_but_an_activations_can_be_undone(seed):
    plan = SPACE.plan(drawn(SPACE, seed))
    undone = {"widen", "narrow", "kernel", "squeeze", "step", "swap_block", "swap_entry"}
    for edit in edits(plan):
        if edit.name in undone:
            assert plan in [back.plan for back in edits(edit.plan)], edit


def test_a_small_space_holds_exactly_the_plans_it_counts(monkeypatch):
    monkeypatch.setattr(stages, "MOST", 2)
    monkeypatch.setattr(stages, "WIDTHS", (8, 16))
    monkeypatch.setattr(stages, "DEPTHS", (0, 1))
    monkeypatch.setattr(stages, "KERNELS", (3,))
    monkeypatch.setattr(stages, "DROPOUTS", (0.0,))
    monkeypatch.setattr(stages, "ACTIVATIONS", ("relu",))
    monkeypatch.setattr(stages, "BLOCKS", ("plain", "residual"))
    space = stage_space(FRAME, Limits(memory_bytes=2**40))
    assert space.size() == len(list(space)) == len(set(space)) == 20 + 10 * (10 + 30) + 10 * 10


def test_the_grid_is_never_halved_below_four():
    assert [Stages(ImageFrame(Grid(s, s, 1), CLASS_HEAD, CLASSES)).halvings for s in (4, 7, 8, 28, 32)] == [
        0, 1, 1, 3, 3,
    ]  # fmt: skip
    with pytest.raises(SpaceError, match="halved 2 times, at most 1"):
        stage_space(replace(FRAME, grid=Grid(8, 8, 3)), LIMITS).network(
            StagePlan((Stage(8, 2), Stage(8, 2)))
        )


def test_a_network_beyond_the_limits_is_no_member_though_it_was_drawn_before():
    plan = StagePlan((Stage(64, depth=3, block="residual"),))
    network = assemble(FRAME, plan)
    with pytest.raises(SpaceError, match="parameters, limit 60,000"):
        SPACE.network(plan)
    assert not SPACE.contains(network)
    assert WIDE.contains(network)


def test_a_network_of_another_kind_is_refused():
    network = replace(drawn(SPACE, 0), body=sequence(1, [step(RELU, 0)]))
    assert not SPACE.contains(network)
    with pytest.raises(SpaceError, match="no network of at most 5 stages"):
        SPACE.mutate(network, generator(0))


def test_blocks_of_another_region_are_refused():
    network = assemble(FRAME, StagePlan((Stage(8, depth=1),)))
    steps = [
        replace(one, regions=(sequence(1, [step(RELU, 0)]),)) if one.component == REPEAT else one
        for one in network.body.steps
    ]
    assert not SPACE.contains(replace(network, body=sequence(1, steps)))


def test_limits_that_no_network_keeps_are_refused():
    with pytest.raises(
        SpaceError, match="smallest network of at most 5 stages for images of 14x12"
    ):
        stage_space(FRAME, Limits(parameters=50))


def test_crossover_joins_the_beginning_of_one_to_the_end_of_the_other():
    first = WIDE.network(StagePlan((Stage(8), Stage(16, 2)), "silu"))
    second = WIDE.network(StagePlan((Stage(24), Stage(32, 2, "max"))))
    plans = {WIDE.plan(WIDE.cross(first, second, generator(n)).genotype).stages for n in range(40)}
    assert (Stage(8), Stage(32, 2, "max")) in plans
    assert (Stage(8), Stage(16, 2), Stage(24), Stage(32, 1)) in plans or len(plans) > 3


def test_mutation_reaches_every_rule():
    network = WIDE.network(StagePlan((Stage(16, depth=1), Stage(16, 2, "max", 2, "inverted", 5))))
    names = {WIDE.mutate(network, generator(n)).moves[0].name for n in range(300)}
    assert names == {one.name for one in edits(WIDE.plan(network))}


def test_encodings_tell_neighbours_apart():
    network = drawn(SPACE, 3)
    codes = [tuple(SPACE.encode(one.genotype)) for one in SPACE.neighbours(network)]
    assert len(set(codes)) == len(codes)


def test_a_copy_that_was_sent_away_draws_the_same():
    network = drawn(SPACE, 1)
    there = pickle.loads(pickle.dumps(SPACE))
    assert drawn(there, 1) == network
    text = json.dumps(SPACE.to_json(network))
    assert there.from_json(json.loads(text)) == network


def test_draws_use_every_choice():
    plans = [WIDE.plan(drawn(WIDE, n)) for n in range(120)]
    stages = list(itertools.chain.from_iterable(one.stages for one in plans))
    assert {len(one.stages) for one in plans} == set(range(1, MOST + 1))
    assert {one.width for one in stages} == set(WIDTHS)
    assert {one.depth for one in stages} == set(DEPTHS)
    assert {one.dropout for one in plans} == set(DROPOUTS)
    assert np.isfinite([WIDE.encode(assemble(FRAME, one)) for one in plans]).all()
