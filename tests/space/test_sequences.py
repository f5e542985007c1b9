import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, step
from coeval.architecture.types import Columns
from coeval.component.channel import IDENTITY, LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import BINARY_HEAD
from coeval.errors import SpaceError
from coeval.space.limits import Limits
from coeval.space.plan import assemble, parse
from coeval.space.tabular import sequence_space
from coeval.testing.spaces import check_space
from tests.space.spaces import FULL, NUMBERS, TINY, leaves

SEEDS = st.integers(0, 2**32)


def network(*middle):
    steps = (step(NUMERIC_ENTRY, 0), *middle)
    steps = (*steps, step(BINARY_HEAD, len(steps)))
    return Architecture((Columns(4),), Region(1, steps, len(steps)))


@pytest.mark.parametrize("space", [FULL, NUMBERS], ids=["all kinds of column", "numbers"])
def test_keeps_the_contract_of_spaces(space):
    check_space(space, samples=20)


@pytest.mark.parametrize("name", ["regions off the ladder", "merges and joins on the ladder"])
def test_small_spaces_keep_the_contract_to_the_last_leaf(name):
    check_space(TINY[name], samples=10, leaves=3000)


@pytest.mark.parametrize("name", TINY)
def test_the_size_is_the_number_of_leaves(name):
    space = TINY[name]
    assert space.size() == sum(1 for _ in leaves(space))


@pytest.mark.parametrize("name", TINY)
def test_every_leaf_is_another_member(name):
    space = TINY[name]
    every = [space.decide(prefix) for prefix in leaves(space)]
    assert all(map(space.contains, every))
    assert len(set(every)) == len(every)


def test_the_size_of_the_whole_space_is_counted_at_once():
    fresh = sequence_space(Columns(5, (3, 12)), BINARY_HEAD)
    began = time.perf_counter()
    assert fresh.size() > 10**40
    assert time.perf_counter() - began < 3


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_assembling_and_parsing_are_inverse(seed):
    genotype = FULL.sample(np.random.default_rng(seed))
    plan = parse(FULL.frame, genotype)
    assert plan is not None
    assert assemble(FULL.frame, plan) == genotype


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_moves_never_leave_the_types_and_limits(seed):
    rng = np.random.default_rng(seed)
    limits = Limits(length=10, parameters=20_000)
    space = sequence_space(Columns(6, (4,)), BINARY_HEAD, limits=limits)
    genotype = space.sample(rng)
    for _ in range(10):
        child = space.mutate(genotype, rng)
        inference = infer(child.genotype)
        assert inference.cost.parameters <= 20_000
        assert space.contains(child.genotype)
        assert child.genotype != genotype
        genotype = space.cross(child.genotype, space.sample(rng), rng).genotype
        assert space.contains(genotype)


def test_samples_come_from_the_motifs_and_from_the_whole_grammar():
    kinds = set()
    for seed in range(200):
        for one in FULL.sample(np.random.default_rng(seed)).body.steps:
            kinds.add(one.component.name)
    assert {"residual", "repeat", "glu_gate", "multiply", "concatenate", "hard_sigmoid"} <= kinds


@pytest.mark.parametrize(
    ("genotype", "reason"),
    [
        (network(step(LINEAR, 1, width=100)), "width not on the ladder"),
        (network(step(IDENTITY, 1)), "a component of another space"),
        (network(*(step(RELU, index + 1) for index in range(40))), "40 steps, limit 28"),
        (Architecture((Columns(5),), network().body), "not of this space's form"),
        (network(step(LINEAR, 1, width=64), step(RELU, 1)), "not of this space's form"),
    ],
)
def test_an_outsider_is_told_why_it_is_one(genotype, reason):
    with pytest.raises(SpaceError, match=reason):
        NUMBERS.plan(genotype)
    assert not NUMBERS.contains(genotype)


def test_limits_that_nothing_meets_are_refused_with_a_remedy():
    with pytest.raises(SpaceError, match=r"Even the smallest network.*Raise the limit"):
        sequence_space(Columns(0, (100_000,)), BINARY_HEAD, limits=Limits(parameters=1000))


def test_a_table_without_columns_is_refused():
    with pytest.raises(SpaceError, match="at least one numeric, categorical or text column"):
        sequence_space(Columns(0), BINARY_HEAD)


def test_a_sample_of_a_tight_space_is_cut_to_fit():
    space = sequence_space(Columns(3, (50,)), BINARY_HEAD, limits=Limits(parameters=250))
    for seed in range(50):
        assert space.contains(space.sample(np.random.default_rng(seed)))


def test_a_proposal_takes_well_under_two_milliseconds():
    rng = np.random.default_rng(0)
    genotypes = [FULL.sample(rng) for _ in range(50)]
    for genotype in genotypes:  # warm
        FULL.mutate(genotype, rng)
    began = time.perf_counter()
    for genotype in genotypes:
        FULL.mutate(genotype, rng)
    # 0.3 ms here; the bound leaves room for a busy machine.
    assert (time.perf_counter() - began) / len(genotypes) < 5e-3
