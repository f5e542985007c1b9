"""The compiled depthwise convolution is PyTorch's, forwards and backwards."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.grid import DEPTHWISE_CONV
from coeval.train import grid_depthwise
from coeval.train.grid_norm import joined


def network(grid, **settings):
    body = sequence(1, [step(DEPTHWISE_CONV, 0, **settings)])
    return tensor_network(Architecture((grid,), body), seed=1)


def results(made, x):
    """The output and the gradients of input and parameters."""
    x = x.clone().requires_grad_()
    y = made(x)
    weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(3))
    slopes = torch.autograd.grad((y.float() * weights).sum(), [x, *made.parameters()])
    return [y.detach().float(), *slopes]


def both(made, x):
    other = copy.deepcopy(made)
    with joined(other):
        found = results(other, x)
    return found, results(made, x)


def images(grid, batch=5):
    generator = torch.Generator().manual_seed(2)
    return torch.randn(batch, grid.height, grid.width, grid.features, generator=generator)


@pytest.fixture
def counted(monkeypatch):
    """How often the loops ran."""
    runs = []
    forward = grid_depthwise.loops.forward
    monkeypatch.setattr(
        grid_depthwise.loops, "forward", lambda *given: (runs.append(given[-1]), forward(*given))
    )
    return runs


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from((1, 3, 16, 24))),
    st.sampled_from((1, 2, 3, 5, 7)),
    st.sampled_from((1, 2, 3)),
    st.sampled_from((1, 2)),
    st.booleans(),
)
def test_any_window_computes_what_pytorch_does(sides, kernel, stride, dilation, bias):
    grid = Grid(*sides)
    reach = dilation * (kernel - 1) + 1
    if min(sides[:2]) + 2 * (dilation * (kernel - 1) // 2) < reach:
        return  # an even window that does not fit
    made = network(grid, kernel=kernel, stride=stride, dilation=dilation, bias=bias)
    for ours, theirs in zip(*both(made, images(grid)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("kernel", "dilation", "stride"), [(5, 1, 1), (3, 2, 1), (7, 1, 1), (3, 1, 2)]
)
def test_bfloat16_is_rounded_once(kernel, dilation, stride, counted):
    grid = Grid(9, 8, 16)
    made = network(grid, kernel=kernel, dilation=dilation, stride=stride)
    x = images(grid).bfloat16()
    wide = [one.float() for one in results(made, x.float())]
    with joined(made), torch.autocast("cpu", torch.bfloat16):
        narrow = [one.float() for one in results(made, x)]
    assert len(counted) == 1
    assert made.training
    for ours, theirs in zip(narrow, wide, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-2 * float(theirs.abs().max()))


def test_autocast_narrows_what_comes_in(counted):
    grid = Grid(6, 6, 8)
    made = network(grid, kernel=5)
    with joined(made), torch.autocast("cpu", torch.bfloat16):
        assert made(images(grid)).dtype == torch.bfloat16
    assert len(counted) == 1


def test_pytorch_keeps_what_it_is_fast_at_and_evaluation(counted):
    grid = Grid(6, 6, 8)
    made, large = network(grid), network(grid, kernel=5).eval()
    with joined(made), joined(large), torch.autocast("cpu", torch.bfloat16):
        made(images(grid))
        large(images(grid))
    assert not counted


def test_outside_the_block_the_modules_are_themselves(counted):
    made = network(Grid(6, 6, 8), kernel=5)
    with joined(made):
        pass
    made(images(Grid(6, 6, 8)))
    assert not counted
