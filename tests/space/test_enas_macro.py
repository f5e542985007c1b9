import pytest

from coeval.architecture.digest import digest
from coeval.architecture.inference import infer
from coeval.architecture.types import Grid, Vector
from coeval.component.head import CLASS_HEAD
from coeval.seed import generator
from coeval.space.enas_macro import OPERATIONS, member, space, whole
from coeval.space.image_frame import ImageFrame
from coeval.space.image_preset import Stack
from coeval.testing.spaces import check_space

STACK = Stack(2, 8)
FRAME = ImageFrame(Grid(15, 12, 3), CLASS_HEAD, CLASS_HEAD.complete({"classes": 5}))


def test_keeps_the_contract_of_spaces():
    check_space(space(STACK), samples=10)


def test_it_counts_six_operations_a_layer_and_a_skip_for_each_earlier_layer():
    assert space(STACK).size() == len(OPERATIONS) ** 6 * 2 ** (0 + 1 + 2 + 3 + 4 + 5)


@pytest.mark.parametrize("cells", [1, 2, 4])
def test_networks_are_legal_on_odd_grids(cells):
    stack = Stack(cells, 6)
    for number in range(8):
        body = space(stack).sample(generator(number)).body
        assert infer(whole(body, stack, FRAME)).output == Vector(5)


def test_without_skips_a_network_is_a_plain_chain():
    plain = whole(member(STACK, "conv_3x3", lambda *_: False).body, STACK, FRAME)
    residual = whole(member(STACK, "conv_3x3", lambda a, b: a == b - 1).body, STACK, FRAME)
    assert infer(plain).cost.parameters == infer(residual).cost.parameters
    assert digest(plain) != digest(residual)
