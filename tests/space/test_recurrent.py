import numpy as np
import pytest

from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.product import ProductSpace
from coeval.space.recurrent import CELLS, LSTM, NO_ITERATION, RELU, TANH, RecurrentSpace, cell_named
from coeval.testing.spaces import check_candidate_space, check_space


@pytest.mark.parametrize("cell", CELLS, ids=lambda one: one.name)
def test_keeps_the_contract_of_spaces(cell):
    check_space(RecurrentSpace(cell, channels=1, units=2), samples=16)


def test_keeps_the_contract_where_it_can_be_walked_whole():
    check_space(RecurrentSpace(RELU, channels=1, units=1, step=1.0, limit=1.0), leaves=1000)


def test_is_a_part_of_a_space_of_candidates():
    net = RecurrentSpace(TANH, channels=2, units=2)
    check_candidate_space(ProductSpace({"network": net}), samples=8)


def test_every_weight_has_a_name_and_the_grid_gives_the_size():
    space = RecurrentSpace(LSTM, channels=2, units=2)
    assert space.weights == 4 * 2 * 5 + 5
    assert space.size() == 9**45 * 3
    assert RecurrentSpace(NO_ITERATION, 2, 3).weights == 3 * 17 + 6


def test_a_fine_grid_stands_for_real_weights():
    space = RecurrentSpace(RELU, channels=1, units=1, step=2.0**-10)
    genotype = space.sample(generator(0, "x"))
    steps = [space.mutate(genotype, generator(0, "m", k)) for k in range(60)]
    values = np.array([[value for _, value in child.genotype] for child in steps])
    assert ((values * 2) % 1 != 0).any()
    assert ((values * 2**10) % 1 == 0).all()
    assert all(space.contains(child.genotype) for child in steps[:5])


def test_a_coarse_grid_steps_by_one_place_most_of_the_time():
    space = RecurrentSpace(RELU, channels=1, units=2)
    origin = space.member(np.zeros((1, 2, 4)), [0, 0, 0, 0])
    changes = [
        abs(float(value))
        for k in range(200)
        for _, value in space.mutate(origin, generator(0, "m", k)).genotype
        if value
    ]
    assert 0.6 < np.mean(np.array(changes) == 0.5) < 0.95


def test_crossover_takes_a_units_weights_whole():
    space = RecurrentSpace(RELU, channels=1, units=2)
    ones = space.member(np.ones((1, 2, 4)), [1, 1, 1, 1])
    zeros = space.member(np.zeros((1, 2, 4)), [0, 0, 0, 0])
    for k in range(20):
        child = dict(space.cross(ones, zeros, generator(0, "c", k)).genotype)
        for unit in range(2):
            names = [name for name in child if name.startswith(f"state{unit}.")]
            assert len({child[name] for name in (*names, f"accept.u{unit}")}) == 1


def test_mistakes_are_refused():
    with pytest.raises(SpaceError, match="at least 1, got 0 and 2"):
        RecurrentSpace(RELU, 0, 2)
    with pytest.raises(SpaceError, match="positive multiple of step"):
        RecurrentSpace(RELU, 1, 2, step=0.3)
    with pytest.raises(SpaceError, match="positive multiple of step"):
        RecurrentSpace(RELU, 1, 2, step=0.0)
    space = RecurrentSpace(RELU, channels=1, units=2)
    with pytest.raises(SpaceError, match=r"shape \(1, 2, 4\)"):
        space.member(np.zeros((1, 2, 3)), [0, 0, 0, 0])
    with pytest.raises(SpaceError, match="must be one of"):
        space.member(np.full((1, 2, 4), 0.25), [0, 0, 0, 0])
    with pytest.raises(SpaceError, match="Did you mean 'LSTM'"):
        cell_named("LST")
