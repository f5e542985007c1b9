import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.architecture.types import Grid, Vector
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.digest import candidate_digest
from coeval.space.images import LEAST_MACS, LIMITS, PRESETS, limited, space_for
from coeval.space.limits import Limits
from coeval.space.narrow import narrowed
from coeval.space.open import cut, open_space
from coeval.space.protocol import Candidate
from coeval.task.task import Problem
from coeval.testing.spaces import check_candidate_space
from tests.space.pictures import picture_task

TASK = picture_task(side=24, features=3)
EVERY = pytest.mark.parametrize("preset", PRESETS)


@EVERY
def test_every_preset_keeps_the_contract_of_candidate_spaces(preset):
    check_candidate_space(space_for(TASK, preset), samples=4)


@EVERY
def test_networks_take_the_images_of_their_preparation_and_end_in_the_tasks_head(preset):
    space = space_for(TASK, preset)
    sides = set()
    for number in range(8):
        network = space.architecture(space.sample(generator(number)))
        sides.add(network.inputs[0].height)
        assert infer(network).output == Vector(3)
    assert sides == {24, 12}


@EVERY
@pytest.mark.parametrize(
    ("problem", "head"), [(Problem.BINARY, "binary_head"), (Problem.REGRESSION, "value_head")]
)
def test_the_head_is_the_problems(preset, problem, head):
    space = space_for(picture_task(side=10, problem=problem), preset)
    network = space.architecture(space.sample(generator(0)))
    assert network.body.steps[-1].component.name == head
    assert infer(network).output == Vector(1)


@EVERY
@pytest.mark.parametrize("side", [8, 21, 30])
def test_every_preset_takes_grey_and_odd_images(preset, side):
    space = space_for(picture_task(side=side), preset)
    for number in range(2):
        network = space.architecture(space.sample(generator(number)))
        assert network.inputs in {(Grid(side // n, side // n, 1),) for n in (1, 2)}
        assert infer(network).output == Vector(3)


@EVERY
def test_seeds_differ_and_are_within_the_limits(preset):
    space = space_for(TASK, preset)
    seeds = list(space.seeds().values())
    assert len({candidate_digest(one) for one in seeds}) == len(seeds) >= 2
    costs = [infer(space.architecture(one)).cost for one in seeds]
    assert all(one.parameters <= LIMITS.parameters for one in costs)


@EVERY
def test_cheap_signals_work_on_samples(preset):
    space = space_for(TASK, preset)
    found = [space.sample(generator(number)) for number in range(3)]
    assert len({candidate_digest(one) for one in found}) == len(set(found))
    for one in found:
        network = space.architecture(one)
        narrow = infer(narrowed(network, 0.5)).cost
        assert narrow.parameters <= infer(network).cost.parameters


@EVERY
def test_a_space_that_was_sent_away_makes_the_same_networks(preset):
    space = space_for(TASK, preset)
    there = pickle.loads(pickle.dumps(space))
    one = space.sample(generator(0))
    assert there.architecture(one) == space.architecture(one)
    assert there.sample(generator(0)) == one


@EVERY
def test_limits_hold_for_what_is_drawn(preset):
    limits = Limits(parameters=80_000, macs=3_000_000, memory_bytes=2**30)
    space = space_for(picture_task(side=16), preset, limits=limits)
    for number in range(4):
        network = space.architecture(space.sample(generator(number)))
        assert limits.excess(infer(network).cost) == ""


CHOICES = pytest.mark.parametrize("preset", [n for n, one in PRESETS.items() if one.has_choices])


@CHOICES
def test_a_network_cut_out_of_the_open_space_is_the_candidates_own(preset):
    space = space_for(TASK, preset)
    base = space.sample(generator(0))
    opened = open_space(space, base)
    for number in range(3):
        drawn = dict(space.sample(generator(number)).parts)
        kept = {name: part for name, part in base.parts if name in ("preparation", "recipe")}
        one = Candidate(tuple({**drawn, **kept}.items()))
        picks = opened.picks(one)
        assert opened.candidate(picks) == one
        assert cut(opened.architecture, picks) == space.architecture(one)


@pytest.mark.parametrize("preset", [n for n, one in PRESETS.items() if not one.has_choices])
def test_a_space_of_free_form_cannot_be_opened(preset):
    with pytest.raises(SpaceError, match="free form"):
        open_space(space_for(TASK, preset))


@EVERY
def test_limits_that_nothing_keeps_are_refused(preset):
    with pytest.raises(SpaceError, match="exceed"):
        space_for(TASK, preset, limits=Limits(parameters=20))


def most_macs(rows, effort=1.0):
    pixels = np.broadcast_to(np.uint8(0), (rows, 28, 28, 1))
    task = SimpleNamespace(
        table=SimpleNamespace(columns=(SimpleNamespace(values=pixels),)),
        splits=SimpleNamespace(train=range(rows)),
        folds=("once",),
    )
    return limited(LIMITS, task, effort).macs


def test_fewer_multiply_accumulates_are_allowed_where_there_are_more_images():
    assert most_macs(1_000_000) == LEAST_MACS
    assert LEAST_MACS < most_macs(100_000) < most_macs(60_000) < most_macs(1_000) == most_macs(100)


def test_of_more_time_a_larger_network_has_a_share_and_a_longer_training_the_rest():
    assert most_macs(60_000, 0.5) < most_macs(60_000) < most_macs(60_000, 15.0)
    assert most_macs(60_000, 15.0) < 15 * most_macs(60_000)


@EVERY
def test_no_preset_is_refused_for_bounds_that_nobody_set(preset):
    task = picture_task(side=64, features=3, rows=40)
    small = Limits(parameters=300_000, memory_bytes=2**28)
    assert space_for(task, preset, limits=small).seeds()


@EVERY
def test_a_bound_that_the_user_set_never_gives_way(preset):
    with pytest.raises(SpaceError, match="macs, limit 9,000"):
        space_for(TASK, preset, limits=Limits(macs=9_000, memory_bytes=2**32))


def test_a_limit_of_ones_own_stays():
    space = space_for(TASK, limits=Limits(macs=600_000, memory_bytes=2**30))
    assert space.parts["architecture"].limits.macs == 600_000


def test_an_unknown_preset_is_refused_with_a_hint():
    with pytest.raises(SpaceError, match="Did you mean 'stages'"):
        space_for(TASK, "stage")


def test_a_candidate_of_another_preparation_is_refused():
    space = space_for(TASK)
    one = dict(space.sample(generator(0)).parts)
    one["preparation"] = (("resolution", "eighth"),)
    with pytest.raises(SpaceError, match="preparation must be one of"):
        space.architecture(Candidate(tuple(one.items())))
