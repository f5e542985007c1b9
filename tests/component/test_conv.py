import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.component import Call, Rejection
from coeval.architecture.step import step
from coeval.architecture.text import label
from coeval.architecture.types import Grid, Vector
from coeval.component.conv import AXIS_CONV, GROUP_CONV
from coeval.component.grid import CONV
from coeval.errors import SpaceError


def output(component, value, **settings):
    return component.type_rule(Call((value,), dict(component.complete(settings))))


def cost(component, value, **settings):
    call = Call((value,), dict(component.complete(settings)))
    return component.cost_rule(call, component.type_rule(call))


def test_groups_divide_the_weights_of_a_convolution():
    grid = Grid(8, 6, 16)
    whole, fourth = (
        cost(CONV, grid, width=32, bias=True),
        cost(GROUP_CONV, grid, width=32, groups=4, bias=True),
    )
    assert (whole.parameters - 32) == 4 * (fourth.parameters - 32)
    assert whole.macs == 4 * fourth.macs


def test_groups_must_divide_both_sides():
    with pytest.raises(Rejection, match=r"must divide the 6 features of Grid\(8, 8, 6\), got 4"):
        output(GROUP_CONV, Grid(8, 8, 6), width=8, groups=4)
    with pytest.raises(Rejection, match="must divide the 6 features of the result, got 4"):
        output(GROUP_CONV, Grid(8, 8, 8), width=6, groups=4)
    with pytest.raises(SpaceError, match=r"group_conv2d\.groups must be one of"):
        GROUP_CONV.complete({"groups": 1})


@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from((3, 5, 7)), st.sampled_from((1, 2)))
def test_an_axis_convolution_moves_along_its_axis_only(height, width, kernel, stride):
    grid = Grid(height, width, 3)
    along = {"width": 8, "kernel": kernel, "stride": stride}
    assert output(AXIS_CONV, grid, axis="width", **along) == Grid(height, -(-width // stride), 8)
    assert output(AXIS_CONV, grid, axis="height", **along) == Grid(-(-height // stride), width, 8)


def test_an_axis_convolution_has_one_side_of_the_weights():
    assert cost(AXIS_CONV, Grid(8, 6, 4), width=16, kernel=7).parameters == 7 * 4 * 16
    assert cost(AXIS_CONV, Grid(8, 6, 4), width=16, kernel=7).macs == 8 * 6 * 7 * 4 * 16


def test_what_does_not_fit_is_refused():
    with pytest.raises(
        Rejection, match=r"window of 4 does not fit along the width of Grid\(9, 1, 4\)"
    ):
        output(AXIS_CONV, Grid(9, 1, 4), kernel=4)
    with pytest.raises(Rejection, match="expected a Grid"):
        output(AXIS_CONV, Vector(4))


def test_labels_tell_them_apart():
    assert label(step(GROUP_CONV, 0, width=16, groups=4)) == "group conv2d 16 groups 4 3x3"
    assert label(step(AXIS_CONV, 0, width=16, kernel=5)) == "axis conv2d width 16 1x5"
    assert label(step(AXIS_CONV, 0, width=16, axis="height")) == "axis conv2d height 16 7x1"
