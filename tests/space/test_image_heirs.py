"""Children in the spaces for images take over their parents' weights, whatever the edit; exactly where that is said."""

import pytest

from coeval.build.network import tensor_network
from coeval.seed import generator
from coeval.space.images import PRESETS, space_for
from coeval.space.limits import Limits
from tests.build.test_transfer import heir
from tests.build.test_transfer_grid import images
from tests.space.pictures import picture_task

LIMITS = Limits(parameters=100_000, macs=2_000_000, memory_bytes=2**31)


def check_children(preset, count, first=0):
    """Check some children of mutation and crossover; return the shares that they inherit."""
    space = space_for(picture_task(side=9, features=3), preset, limits=LIMITS)
    members = [*space.seeds().values(), *(space.sample(generator(n, "parent")) for n in range(3))]
    shares = []
    for number in range(first, first + count):
        rng = generator(number, "child")
        parent, other = (members[int(rng.integers(len(members)))] for _ in range(2))
        child = space.mutate(parent, rng) if number % 4 else space.cross(parent, other, rng)
        before, after = space.architecture(parent), space.architecture(child.genotype)
        found, difference = heir(before, after, number, images(number, 9), tensor_network)
        assert not found.exact or difference < 1e-4, child.moves
        shares.append(found.share)
    return shares


@pytest.mark.parametrize("preset", ["stages", "metaqnn", "nasbench201"])
def test_a_child_inherits_most_weights_and_its_parents_function_where_that_is_said(preset):
    shares = check_children(preset, 5)
    assert max(shares) > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("preset", PRESETS)
def test_many_children_inherit(preset):
    check_children(preset, 60, first=100)
