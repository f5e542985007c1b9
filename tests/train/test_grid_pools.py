"""The compiled pools are PyTorch's, forwards and backwards."""

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.grid import AVERAGE_POOL, MAX_POOL
from coeval.train import grid_pools
from coeval.train.grid_norm import joined

POOLS = pytest.mark.parametrize("component", [AVERAGE_POOL, MAX_POOL], ids=str)


def network(component, grid, **settings):
    return tensor_network(Architecture((grid,), sequence(1, [step(component, 0, **settings)])))


def results(made, x):
    """The output and the gradient of the input."""
    x = x.clone().requires_grad_()
    y = made(x)
    weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(3))
    (slope,) = torch.autograd.grad((y.float() * weights).sum(), x)
    return y.detach(), slope


def both(made, x):
    other = copy.deepcopy(made)
    with joined(other):
        found = results(other, x)
    return found, results(made, x)


def images(grid, batch=4):
    generator = torch.Generator().manual_seed(2)
    return torch.randn(batch, grid.height, grid.width, grid.features, generator=generator)


@POOLS
@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from((1, 3, 16, 24))),
    st.sampled_from((1, 2, 3, 5)),
    st.sampled_from((1, 2, 3)),
)
def test_any_window_computes_what_pytorch_does(component, sides, kernel, stride):
    if min(sides[:2]) + 2 * ((kernel - 1) // 2) < kernel:
        return  # an even window that does not fit
    made = network(component, Grid(*sides), kernel=kernel, stride=stride)
    for ours, theirs in zip(*both(made, images(Grid(*sides))), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@POOLS
@pytest.mark.parametrize("stride", [1, 2])
def test_bfloat16_is_rounded_once(component, stride):
    grid = Grid(7, 6, 24)
    made = network(component, grid, stride=stride)
    x = images(grid).bfloat16()
    wide = results(made, x.float())
    with joined(made):
        narrow = results(made, x)
    for ours, theirs in zip(narrow, wide, strict=True):
        assert ours.dtype == torch.bfloat16
        torch.testing.assert_close(ours.float(), theirs, rtol=1e-2, atol=1e-2)


def test_of_equal_numbers_the_first_wins_and_what_is_no_number_is_seen():
    grid = Grid(4, 4, 2)
    made = network(MAX_POOL, grid)
    equal = torch.ones(1, 4, 4, 2)
    (_, ours), (_, theirs) = both(made, equal)
    torch.testing.assert_close(ours, theirs)
    broken = images(grid, 1)
    broken[0, 1, 2, 0] = float("nan")
    (ours, _), (theirs, _) = both(made, broken)
    torch.testing.assert_close(ours, theirs, equal_nan=True)
    assert ours.isnan().sum() == 9


@POOLS
def test_evaluation_is_pytorchs(component, monkeypatch):
    made = network(component, Grid(6, 6, 8)).eval()
    for name in ("mean", "greatest"):
        monkeypatch.setattr(grid_pools.loops, name, None)
    with joined(made):
        assert made(images(Grid(6, 6, 8))).shape == (4, 6, 6, 8)
