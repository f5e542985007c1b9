"""Batch norm, ReLU and pooling in one go are the modules one after the other."""

import copy

import numpy as np
import pytest
import torch

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import RegionSteps, tensor_network
from coeval.component.channel import RELU
from coeval.component.grid import CONV, GLOBAL_AVERAGE_POOL, MAX_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.merge import ADD
from coeval.component.norm import BATCH_NORM
from coeval.space.recipe import Recipe
from coeval.train import eager, grid_norm, spread
from coeval.train.device import limited
from coeval.train.fit import fit
from coeval.train.grid_norm import joined
from tests.train.images import conv_net, picture_data
from tests.train.problems import ACCURACY

CHAIN = (step(BATCH_NORM, 0), step(RELU, 1), step(MAX_POOL, 2, kernel=2, stride=2))


def network(grid, length):
    made = tensor_network(Architecture((grid,), sequence(1, CHAIN[:length])), seed=0)
    generator = torch.Generator().manual_seed(1)
    for one in made.parameters():  # some factors negative: pooling must see the signs
        one.data.normal_(generator=generator)
    return made


def values(grid, batch=6, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, grid.height, grid.width, grid.features, generator=generator)


def results(made, x):
    """The output, the gradients of input and parameters, and the running statistics."""
    x = x.clone().requires_grad_()
    y = made(x)
    weights = torch.randn(y.shape, generator=torch.Generator().manual_seed(3))
    slopes = torch.autograd.grad((y.float() * weights).sum(), [x, *made.parameters()])
    return [y.detach(), *slopes, *made.buffers()]


def both(made, x):
    other = copy.deepcopy(made)
    with joined(other):
        found = results(other, x)
    return found, results(made, x)


GRIDS = [Grid(8, 8, 16), Grid(7, 5, 24), Grid(4, 6, 3), Grid(5, 4, 70), Grid(9, 9, 64)]


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_outputs_gradients_and_statistics_are_those_of_the_modules(monkeypatch, grid, length):
    monkeypatch.setitem(grid_norm.LEAST_POOLED, torch.float32, 0)  # the loops for any number
    for got, wanted in zip(*both(network(grid, length), values(grid)), strict=True):
        torch.testing.assert_close(got, wanted, atol=2e-5, rtol=2e-5)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_shared_out_to_threads_they_are_the_same(monkeypatch, length):
    monkeypatch.setitem(grid_norm.LEAST_POOLED, torch.float32, 0)
    monkeypatch.setattr(spread, "LEAST", 1)  # every picture may be a share
    with limited(3):
        for got, wanted in zip(*both(network(GRIDS[1], length), values(GRIDS[1])), strict=True):
            torch.testing.assert_close(got, wanted, atol=2e-5, rtol=2e-5)


@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("grid", GRIDS[:2], ids=str)
def test_bfloat16_is_as_near_to_float32_as_the_modules_are(grid, length):
    made, x = network(grid, length), values(grid).bfloat16()
    exact = results(copy.deepcopy(made), x.float())
    for ours, theirs, wanted in zip(*both(made, x), exact, strict=True):
        error, usual = ((one.float() - wanted).norm() / wanted.norm() for one in (ours, theirs))
        assert ours.dtype == theirs.dtype
        assert error <= 1.1 * usual + 1e-5


def test_a_mean_far_from_zero_costs_no_digits():
    grid = Grid(8, 8, 16)
    for got, wanted in zip(*both(network(grid, 2), values(grid) + 1000.0), strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_what_is_not_a_number_is_not_hidden(length):
    grid = Grid(8, 8, 24)
    x = values(grid)
    x[0, 0, 0, 5] = torch.nan
    made = network(grid, length)
    with joined(made):
        seen = made(x).isnan().any(dim=0).any(dim=0).any(dim=0)
    assert seen.nonzero().flatten().tolist() == [5]


def test_a_result_that_is_used_twice_is_computed_for_itself():
    steps = [step(BATCH_NORM, 0), step(RELU, 1), step(ADD, (1, 2))]
    grid = Grid(6, 6, 16)
    made = tensor_network(Architecture((grid,), sequence(1, steps)), seed=0)
    for got, wanted in zip(*both(made, values(grid)), strict=True):
        torch.testing.assert_close(got, wanted, atol=2e-5, rtol=2e-5)


def test_another_pooling_is_left_to_its_module():
    steps = [step(BATCH_NORM, 0), step(RELU, 1), step(MAX_POOL, 2, kernel=3, stride=2)]
    grid = Grid(7, 7, 32)
    made = tensor_network(Architecture((grid,), sequence(1, steps)), seed=0)
    for got, wanted in zip(*both(made, values(grid)), strict=True):
        torch.testing.assert_close(got, wanted, atol=2e-5, rtol=2e-5)


def test_nothing_of_it_stays_even_after_an_error():
    made = network(GRIDS[0], 3)
    wrong = torch.zeros(1, 8, 8, 3)  # three features instead of sixteen
    with joined(made):
        assert made.shortcuts
    with pytest.raises(RuntimeError, match="size of tensor"), joined(made):
        made(wrong)
    assert not any(one.shortcuts for one in made.modules() if isinstance(one, RegionSteps))


def test_in_evaluation_the_modules_compute():
    made = network(GRIDS[0], 3).eval()
    plain = made(values(GRIDS[0]))
    with joined(made):
        torch.testing.assert_close(made(values(GRIDS[0])), plain, atol=0.0, rtol=0.0)


def test_a_training_through_the_loops_is_that_through_the_modules(monkeypatch):
    curves = []
    for is_joined in (True, False):
        monkeypatch.setattr(
            eager, "convolves_much", lambda network, batch, answer=is_joined: answer
        )
        made = tensor_network(conv_net(width=16), seed=0)
        recipe = Recipe(lr=2e-3, batch_size=32, epochs=2)
        fitted = fit(made, picture_data(), recipe, seed=0, metric=ACCURACY, precision="float32")
        curves.append(fitted.curve["train_loss"])
    np.testing.assert_allclose(*curves, rtol=1e-3)


def test_large_convolutions_train_through_the_loops(monkeypatch):
    used = []
    whole = grid_norm.joined
    monkeypatch.setattr(grid_norm, "joined", lambda network: used.append(network) or whole(network))
    steps = [step(CONV, 0, width=32, kernel=3), step(BATCH_NORM, 1), step(GLOBAL_AVERAGE_POOL, 2)]
    architecture = Architecture(
        (Grid(8, 8, 2),), sequence(1, [*steps, step(CLASS_HEAD, 3, classes=3)])
    )
    made = tensor_network(architecture, seed=0)
    fit(made, picture_data(), Recipe(batch_size=128, epochs=1), seed=0, metric=ACCURACY)
    assert used == [made]
