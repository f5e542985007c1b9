"""Mixed operations that see a part of the features."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.channel import IDENTITY
from coeval.component.choice import CHOICE
from coeval.component.grid import CONV, MAX_POOL
from coeval.errors import SpaceError
from coeval.oneshot.partial import partial_channels
from coeval.oneshot.supernet import Supernet, extract
from coeval.space.open import open_space, slot_sizes
from tests.oneshot.spaces import images, small_space

OPEN = open_space(small_space()).architecture
SKIP, CONV3 = 1, 3


def grids(stride, features=8, side=5):
    """One choice between a convolution and a pool."""
    options = [
        sequence(1, [step(CONV, 0, width=features, stride=stride)]),
        sequence(1, [step(MAX_POOL, 0, stride=stride)]),
    ]
    return Architecture(
        (Grid(side, side, features),), sequence(1, [step(CHOICE, 0, *options, slot=0)])
    )


def test_slots_stay_and_options_get_a_share_of_the_features():
    partial = partial_channels(OPEN, 4)
    assert slot_sizes(partial) == slot_sizes(OPEN)
    assert infer(partial).output == infer(OPEN).output
    assert infer(partial).cost.parameters < infer(OPEN).cost.parameters / 4


@pytest.mark.parametrize("stride", [1, 2])
def test_the_first_features_go_through_the_option_and_all_are_shuffled(stride):
    net = Supernet(grids(stride), seed=0, partial=4)
    x = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 5, 5, 8)).astype(np.float32))
    weight = net.network.get_parameter("0.0.0.weight")
    seen = F.conv2d(x[..., :2].permute(0, 3, 1, 2), weight, stride=stride, padding=1)
    passing = x[..., 2:].permute(0, 3, 1, 2)
    passing = passing if stride == 1 else F.max_pool2d(passing, 2, ceil_mode=True)
    together = torch.cat([seen, passing], dim=1)
    shuffled = together.reshape(3, 4, 2, *together.shape[2:]).transpose(1, 2).flatten(1, 2)
    expected = shuffled.permute(0, 2, 3, 1)
    with torch.no_grad():
        torch.testing.assert_close(net(x, picks=(0,)), expected)
        mixed = net(x, weights=[torch.tensor([1.0, 0.0])], scales=[torch.tensor(0.5)])
        torch.testing.assert_close(mixed, 0.5 * expected)


def test_weights_and_scales_of_partial_choices_learn():
    net = Supernet(OPEN, seed=0, partial=2)
    weights = [torch.full((5,), 0.2, requires_grad=True) for _ in range(6)]
    scales = [torch.tensor(1.0, requires_grad=True) for _ in range(6)]
    output = net(images(), weights=weights, scales=scales).square().sum()
    found = torch.autograd.grad(output, [*weights, *scales])
    assert all(one.abs().max() > 0 for one in found)


def test_choices_among_several_values_stay_whole():
    options = [sequence(2, [step(IDENTITY, number)]) for number in range(2)]
    steps = [
        step(CONV, 0, width=8),
        step(CHOICE, (0, 1), *options, slot=0),
        step(CHOICE, 2, *[sequence(1, [step(CONV, 0, width=8)])] * 2, slot=1),
    ]
    opened = Architecture((Grid(5, 5, 8),), sequence(1, steps))
    made = [one.component.name for one in partial_channels(opened, 4).body.steps]
    assert made == ["conv2d", "choice", "partial_choice_4"]


def test_its_members_are_no_whole_networks():
    with pytest.raises(SpaceError, match=r"partial channels .1 in 4. holds no weights of whole"):
        extract(Supernet(OPEN, seed=0, partial=4), (SKIP,) * 6)


def test_a_share_that_divides_no_features_is_refused():
    with pytest.raises(SpaceError, match="share must divide"):
        partial_channels(OPEN, 3)
    with pytest.raises(SpaceError, match="at least 2, got 1"):
        partial_channels(OPEN, 1)


def test_a_choice_is_built_with_all_its_options():
    assert len(list(tensor_network(grids(1))["0"])) == 2
