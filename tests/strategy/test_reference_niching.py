import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from coeval.pareto import pareto_ranks
from coeval.strategy.reference_niching import Frame, associate, reference_directions, survivors

costs = arrays.arrays(
    np.float64, st.tuples(st.integers(6, 40), st.integers(1, 4)), elements=st.integers(0, 9)
)


@pytest.mark.parametrize(
    ("objectives", "most", "count"), [(3, 92, 91), (2, 100, 100), (1, 9, 1), (5, 212, 210)]
)
def test_there_are_as_many_directions_as_the_paper_says(objectives, most, count):
    assert len(reference_directions(objectives, most)) == count


@given(st.integers(1, 5), st.integers(1, 120))
def test_directions_are_different_and_of_sum_one(objectives, most):
    directions = reference_directions(objectives, most)
    assert np.allclose(directions.sum(axis=1), 1)
    assert (directions >= 0).all()
    assert len(np.unique(directions, axis=0)) == len(directions) <= max(most, objectives)


@settings(deadline=None)
@given(costs, st.data())
def test_whole_fronts_live_on_before_any_later_one(rows, data):
    count = data.draw(st.integers(2, len(rows) - 1))
    directions = reference_directions(rows.shape[1], count)
    kept = survivors(rows, count, directions, Frame(rows.shape[1]), np.random.default_rng(0))
    assert len(set(kept)) == len(kept) == count
    ranks = pareto_ranks(rows)
    left = sorted(set(range(len(rows))) - set(kept))
    assert ranks[kept].max() <= ranks[left].min()


def test_the_last_front_is_thinned_evenly():
    angles = np.concatenate([np.linspace(0, 0.05, 30), np.linspace(0.1, math.pi / 2, 20)])
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    kept = survivors(rows, 10, reference_directions(2, 10), Frame(2), np.random.default_rng(0))
    assert (np.array(kept) >= 30).sum() >= 8


@settings(deadline=None)
@given(st.integers(0, 2**30), st.floats(0.01, 1000), st.floats(-100, 100))
def test_the_scale_of_an_objective_does_not_matter(seed, scale, shift):
    rng = np.random.default_rng(seed)
    angles = rng.uniform(0, math.pi / 2, 30)
    rows = np.column_stack([np.cos(angles), np.sin(angles)])
    moved = rows * [scale, 1] + [shift, 0]
    directions = reference_directions(2, 8)
    first, second = (
        survivors(one, 8, directions, Frame(2), np.random.default_rng(1)) for one in (rows, moved)
    )
    assert first == second


def test_the_frame_maps_the_ideal_point_to_0_and_the_extremes_to_1():
    rows = np.array([[1.0, 30.0], [2.0, 20.0], [3.0, 10.0]])
    assert Frame(2).normalised(rows, rows) == pytest.approx(np.array([[0, 1], [0.5, 0.5], [1, 0]]))


def test_the_frame_remembers_the_best_it_saw():
    frame = Frame(2)
    frame.normalised(np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[0.0, 1.0], [1.0, 0.0]]))
    later = np.array([[0.5, 1.0], [1.0, 0.5]])
    frame.normalised(later, later)
    assert frame.ideal.tolist() == [0.0, 0.0]


def test_a_front_of_one_point_is_no_plane_and_no_error():
    rows = np.array([[1.0, 1.0], [2.0, 2.0]])
    assert np.isfinite(Frame(2).normalised(rows, rows[:1])).all()


@settings(deadline=None)
@given(arrays.arrays(np.float64, (9, 3), elements=st.floats(0.1, 5)))
def test_each_row_goes_to_the_direction_of_least_angle(scaled):
    directions = reference_directions(3, 15)
    nearest, distances = associate(scaled, directions)
    for row, place, distance in zip(scaled, nearest, distances, strict=True):
        every = [np.linalg.norm(row - one * (row @ one) / (one @ one)) for one in directions]
        assert distance == pytest.approx(min(every), abs=1e-6)
        assert every[place] == pytest.approx(min(every), abs=1e-6)
