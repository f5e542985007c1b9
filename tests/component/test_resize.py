import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.component import Call, Rejection
from coeval.architecture.types import Grid, Sequence, Vector
from coeval.component.resize import PATCH_EMBEDDING, SUBSAMPLE, TO_GRID, TO_SEQUENCE, UPSAMPLE


def output(component, value, **settings):
    return component.type_rule(Call((value,), dict(component.complete(settings))))


def cost(component, value, **settings):
    call = Call((value,), dict(component.complete(settings)))
    return component.cost_rule(call, component.type_rule(call))


@given(st.integers(1, 20), st.integers(1, 20), st.integers(2, 4))
def test_subsampling_has_the_same_grid_from_every_offset(height, width, stride):
    grids = {
        output(SUBSAMPLE, Grid(height, width, 3), stride=stride, offset=offset)
        for offset in range(stride)
    }
    assert grids == {Grid(-(-height // stride), -(-width // stride), 3)}


def test_an_offset_beyond_the_stride_is_refused():
    with pytest.raises(Rejection, match=r"offset must lie in 0\.\.stride - 1 = 1, got 2"):
        output(SUBSAMPLE, Grid(4, 4, 3), offset=2)


def test_upsampling_multiplies_both_sides():
    assert output(UPSAMPLE, Grid(3, 4, 5), factor=4) == Grid(12, 16, 5)


def test_patches_fill_the_grid_or_are_refused():
    assert output(PATCH_EMBEDDING, Grid(28, 28, 1), patch=4, width=48) == Grid(7, 7, 48)
    one = cost(PATCH_EMBEDDING, Grid(28, 28, 1), patch=4, width=48)
    assert (one.parameters, one.macs) == (17 * 48, 49 * 16 * 48)
    with pytest.raises(Rejection, match=r"patches of 8 by 8 must fill Grid\(28, 28, 1\)"):
        output(PATCH_EMBEDDING, Grid(28, 28, 1), patch=8)


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_grid_becomes_a_sequence_and_again_a_grid(height, width):
    grid = Grid(height, width, 3)
    line = output(TO_SEQUENCE, grid)
    assert line == Sequence(height * width, 3)
    assert output(TO_GRID, line, height=height) == grid


def test_a_sequence_that_makes_no_rows_is_refused():
    with pytest.raises(Rejection, match=r"must divide the length of Sequence\(10, 3\), got 4"):
        output(TO_GRID, Sequence(10, 3))
    with pytest.raises(Rejection, match=r"expected a Sequence .* got Vector\(3\)"):
        output(TO_GRID, Vector(3))
