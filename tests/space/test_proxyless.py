import pytest

from coeval.architecture.inference import infer
from coeval.architecture.types import Grid, Vector
from coeval.component.head import CLASS_HEAD
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Stack
from coeval.space.proxyless import SKIP, options, space, uniform, whole
from coeval.testing.spaces import check_space

STACK = Stack(2, 8)
FRAME = ImageFrame(Grid(15, 12, 3), CLASS_HEAD, CLASS_HEAD.complete({"classes": 5}))


def test_keeps_the_contract_of_spaces():
    check_space(space(STACK), samples=10)


def test_layers_that_keep_their_input_may_be_left_out():
    assert [SKIP in one.options for one in space(STACK).slots] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]
    assert space(STACK).size() == 7**4 * 6**2


def test_options_are_three_kernels_and_two_expansions():
    names = [one.name for one in options(8, 16, 2)]
    assert names == [f"mobile_{k}x{k}_{e}" for e in (3, 6) for k in (3, 5, 7)]


@pytest.mark.parametrize("cells", [1, 3])
def test_networks_are_legal_on_odd_grids(cells):
    stack = Stack(cells, 6)
    for number in range(6):
        network = whole(space(stack).sample(generator(number)).body, stack, FRAME)
        known = infer(network)
        assert known.output == Vector(5)
        assert Grid(4, 3, 24) in known.types


def test_a_block_that_is_not_there_is_refused():
    with pytest.raises(SpaceError, match="Did you mean"):
        uniform(STACK, "mobile_3x3_4")
