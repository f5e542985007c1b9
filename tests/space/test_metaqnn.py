import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.types import Grid, Vector
from coeval.component.head import CLASS_HEAD
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space import metaqnn
from coeval.space.chain_plan import FULL, POOL, Layer, after
from coeval.space.image_frame import ImageFrame
from coeval.space.limits import Limits
from coeval.space.metaqnn import FULL_SIDE, MOST_FULL, SEEDS, Chains, parts
from coeval.space.plan_space import PlanSpace
from coeval.testing.spaces import check_space

FRAME = ImageFrame(Grid(15, 12, 3), CLASS_HEAD, CLASS_HEAD.complete({"classes": 5}))
LIMITS = Limits(parameters=60_000, macs=1_000_000, memory_bytes=2**30)
SPACE = PlanSpace(Chains(FRAME), LIMITS)
seeds = st.integers(0, 2**32)
some = settings(max_examples=20, deadline=None)


def test_keeps_the_contract_of_spaces():
    check_space(SPACE, samples=12)


@given(seeds)
@some
def test_every_chain_follows_the_papers_rules(seed):
    network = SPACE.sample(generator(seed))
    plan = SPACE.plan(network)
    assert LIMITS.excess(infer(network).cost) == ""
    assert infer(network).output == Vector(5)
    kinds = [one.kind for one in plan]
    assert (POOL, POOL) not in list(itertools.pairwise(kinds))
    fulls = kinds.count(FULL)
    assert fulls <= MOST_FULL
    assert kinds[len(kinds) - fulls :] == [FULL] * fulls
    assert not fulls or after(FRAME.grid, plan) <= FULL_SIDE


@given(seeds)
@some
def test_every_chain_takes_images_of_another_size(seed):
    plan = SPACE.plan(SPACE.sample(generator(seed)))
    for grid in (Grid(28, 28, 1), Grid(7, 7, 3)):
        assert infer(Chains(FRAME.at(grid)).assemble(plan)).output == Vector(5)


def test_a_small_space_holds_exactly_the_plans_it_counts(monkeypatch):
    monkeypatch.setattr(metaqnn, "MOST", 4)
    monkeypatch.setattr(metaqnn, "_CONVOLUTIONS", (Layer("conv", 8, 3),))
    monkeypatch.setattr(metaqnn, "_POOLS", (Layer("pool", 0, 3, 2), Layer("pool", 0, 5, 3)))
    monkeypatch.setattr(metaqnn, "_FULLS", (Layer("full", 64), Layer("full", 128)))
    space = PlanSpace(Chains(FRAME), Limits(parameters=10**9, memory_bytes=2**40))
    found = list(space)
    assert len(found) == len(set(found)) == space.size() == _counted()


def _counted():
    """Count words of c (convolution), two pools p and q, two full layers f and g, on a grid of 12."""
    total = 0
    for length in range(1, 5):
        for word in itertools.product("cpqfg", repeat=length):
            text = "".join(word)
            rest = text.rstrip("fg")
            fulls = len(text) - len(rest)
            is_small = "p" in rest or "q" in rest
            is_plain = not set(rest) & set("fg") and not re.search("[pq][pq]", rest)
            total += is_plain and fulls <= 2 and (fulls == 0 or is_small)
    return total


def test_decisions_are_layers_or_the_end():
    assert SPACE.decisions(())[0] == "layer=C(8,1)"
    assert SPACE.decisions((0,))[:2] == ("layer=end", "layer=C(8,1)")
    assert SPACE.plan(SPACE.decide((0, 0))) == (Layer("conv", 8, 1),)


def test_seeds_are_the_largest_that_fit():
    large = parts(FRAME, Limits(memory_bytes=2**40))
    space = large.spaces["architecture"]
    assert list(large.seeds) == list(SEEDS)
    for name, plans in SEEDS.items():
        assert space.plan(large.seeds[name]["architecture"]) == plans[0]
    small = parts(FRAME, LIMITS)
    assert len(small.spaces["architecture"].plan(small.seeds["vgg"]["architecture"])) < 7


def test_what_may_not_stand_there_is_named():
    twice = (Layer("pool", 0, 3, 2), Layer("pool", 0, 3, 2))
    with pytest.raises(SpaceError, match=r"layer 1, P\(3,2\), may not stand there"):
        SPACE.network(twice)
    with pytest.raises(SpaceError, match="a chain without layers"):
        SPACE.network(())


def test_mutation_reaches_every_rule():
    network = SPACE.network((Layer("conv", 16, 3), Layer("pool", 0, 3, 2), Layer("full", 64)))
    names = {SPACE.mutate(network, generator(n)).moves[0].name for n in range(200)}
    assert names == {"resize", "swap", "insert", "remove"}


def test_limits_that_no_chain_keeps_are_refused():
    with pytest.raises(SpaceError, match="smallest chain of at most 12 layers"):
        PlanSpace(Chains(FRAME), Limits(parameters=9))
