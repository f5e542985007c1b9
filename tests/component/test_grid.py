import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coeval.architecture.component import Call, Rejection
from coeval.architecture.inference import infer
from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.svg import svg
from coeval.architecture.text import label
from coeval.architecture.types import Columns, Grid, Sequence, Set, Vector, elements
from coeval.component.channel import GROUP_AVERAGE, SPIKE
from coeval.component.constant import ZERO
from coeval.component.grid import (
    AVERAGE_POOL,
    CONV,
    DEPTHWISE_CONV,
    FLATTEN,
    GLOBAL_AVERAGE_POOL,
    MAX_POOL,
)
from coeval.component.library import GRIDS, IMAGE
from coeval.errors import SpaceError

WINDOWS = (CONV, DEPTHWISE_CONV, AVERAGE_POOL, MAX_POOL)
windows = pytest.mark.parametrize("component", WINDOWS, ids=str)


def output(component, value, **settings):
    call = Call((value,), dict(component.complete(settings)))
    return component.type_rule(call)


def cost(component, value, **settings):
    call = Call((value,), dict(component.complete(settings)))
    return component.cost_rule(call, component.type_rule(call))


@windows
@given(height=st.integers(1, 40), width=st.integers(1, 40), kernel=st.sampled_from((1, 3, 5, 7)))
def test_an_odd_kernel_of_stride_one_keeps_the_grid_and_of_stride_two_halves_it(
    component, height, width, kernel
):
    given_grid = Grid(height, width, 4)
    features = 64 if component is CONV else 4
    assert output(component, given_grid, kernel=kernel) == Grid(height, width, features)
    halved = Grid((height + 1) // 2, (width + 1) // 2, features)
    assert output(component, given_grid, kernel=kernel, stride=2) == halved


@windows
def test_two_by_two_of_stride_two_halves_an_even_grid(component):
    made = output(component, Grid(8, 6, 4), kernel=2, stride=2)
    assert (made.height, made.width) == (4, 3)


@windows
def test_a_window_that_does_not_fit_is_refused(component):
    with pytest.raises(Rejection, match=r"window of 2 by 2 does not fit on Grid\(1, 1, 4\)"):
        output(component, Grid(1, 1, 4), kernel=2, stride=2)


@windows
@pytest.mark.parametrize("value", [Vector(4), Sequence(5, 4), Columns(3)], ids=str)
def test_a_window_takes_a_grid_only(component, value):
    with pytest.raises(Rejection, match="expected a Grid"):
        output(component, value)


def test_parameters_and_macs_of_convolutions():
    grid = Grid(8, 6, 4)
    assert cost(CONV, grid, width=16, kernel=5, stride=2).parameters == 25 * 4 * 16
    assert cost(CONV, grid, width=16, kernel=5, stride=2).macs == 4 * 3 * 25 * 4 * 16
    assert cost(CONV, grid, width=16, bias=True).parameters == 9 * 4 * 16 + 16
    assert cost(DEPTHWISE_CONV, grid, bias=True).parameters == 9 * 4 + 4
    assert cost(DEPTHWISE_CONV, grid).macs == 8 * 6 * 9 * 4


@given(st.sampled_from([one for one in GRIDS if one not in WINDOWS]))
def test_whole_domains_become_vectors(component):
    for value in (Grid(3, 4, 5), Sequence(7, 5), Set(2, 5)):
        made = output(component, value)
        assert made == Vector(5 if component is GLOBAL_AVERAGE_POOL else elements(value))
    with pytest.raises(Rejection, match=r"expected a value with positions, got Vector\(5\)"):
        output(component, Vector(5))


def test_a_group_average_needs_equal_groups():
    assert output(GROUP_AVERAGE, Vector(100), width=10) == Vector(10)
    with pytest.raises(Rejection, match=r"must divide the 100 features of Vector\(100\), got 16"):
        output(GROUP_AVERAGE, Vector(100))


def test_a_threshold_is_positive_so_that_zeros_give_zeros():
    with pytest.raises(SpaceError, match=r"spike\.threshold"):
        SPIKE.complete({"threshold": 0.0})


@given(
    st.sampled_from([*WINDOWS, ZERO, SPIKE, FLATTEN, GLOBAL_AVERAGE_POOL]),
    st.sampled_from((1, 2)),
)
def test_architectures_survive_json_and_are_drawn(component, stride):
    assume(stride == 1 or component in WINDOWS)
    settings = {"stride": stride} if component in WINDOWS else {}
    body = sequence(1, [step(CONV, 0, width=8), step(component, 1, **settings)])
    architecture = Architecture((Grid(8, 8, 3),), body)
    assert from_json(to_json(architecture), IMAGE) == architecture
    assert infer(architecture).cost.parameters >= 9 * 3 * 8
    drawn = svg(architecture)
    assert drawn.startswith("<svg")
    assert "conv2d 8 3x3" in drawn


def test_a_label_tells_windows_apart():
    labels = [
        label(step(CONV, 0, width=16, kernel=1)),
        label(step(CONV, 0, width=32, stride=2)),
        label(step(DEPTHWISE_CONV, 0, kernel=5, dilation=2, bias=True)),
        label(step(AVERAGE_POOL, 0)),
    ]
    assert labels == [
        "conv2d 16 1x1",
        "conv2d 32 3x3 stride 2",
        "depthwise conv2d bias 5x5 dilation 2",
        "avg pool2d 3x3",
    ]
