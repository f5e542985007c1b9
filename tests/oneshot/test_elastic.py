"""Smaller versions of a network share its weights."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import RELU
from coeval.component.grid import CONV, DEPTHWISE_CONV, GLOBAL_AVERAGE_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.errors import SpaceError
from coeval.oneshot.elastic import ElasticNet, extract_version, sandwich
from coeval.oneshot.front import front, readings, spread
from coeval.oneshot.supernet import recalibrate
from coeval.space.elastic import elastic
from coeval.task.task import Problem
from coeval.train.loss import loss_for
from coeval.train.optimizer import Optimizer
from tests.oneshot.spaces import images

INNER = sequence(
    1,
    [
        step(CONV, 0, width=16, kernel=1),
        step(BATCH_NORM, 1),
        step(RELU, 2),
        step(DEPTHWISE_CONV, 3, kernel=5),
        step(BATCH_NORM, 4),
        step(CONV, 5, width=8, kernel=1),
        step(BATCH_NORM, 6),
    ],
)
LARGEST = Architecture(
    (Grid(8, 8, 3),),
    sequence(
        1,
        [
            step(CONV, 0, width=8, kernel=5),
            step(BATCH_NORM, 1),
            step(REPEAT, 2, sequence(1, [step(RESIDUAL, 0, INNER)]), times=2),
            step(RELU, 3),
            step(GLOBAL_AVERAGE_POOL, 4),
            step(CLASS_HEAD, 5, classes=3),
        ],
    ),
)
ELASTIC = elastic(LARGEST)
PICKS = st.tuples(*[st.integers(0, size - 1) for size in ELASTIC.sizes])
LARGE = tuple(size - 1 for size in ELASTIC.sizes)
LOSS = loss_for(Problem.MULTICLASS)


def stripes(rows, seed=0):
    """Images whose class is the mean of their first feature."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, 3, rows)
    pixels = rng.normal(size=(rows, 8, 8, 3)) + (target - 1.0)[:, None, None, None]
    return torch.from_numpy(pixels.astype(np.float32)), torch.from_numpy(target)


def trained(steps=60):
    net, rng = ElasticNet(ELASTIC, seed=0), np.random.default_rng(0)
    optimizer = Optimizer("adamw", net, weight_decay=0.0)
    batch, target = stripes(64)
    for _ in range(steps):
        _, gradients = sandwich(
            net,
            batch,
            target,
            loss=LOSS,
            problem=Problem.MULTICLASS,
            parameters=optimizer.parameters,
            rng=rng,
        )
        optimizer.step(gradients, 1e-2)
    return net.eval()


NET = trained()


@settings(max_examples=15, deadline=None)
@given(PICKS)
def test_a_version_taken_out_gives_the_very_outputs_of_its_slices(picks):
    with torch.no_grad():
        found = extract_version(NET, picks)(images())
        torch.testing.assert_close(found, NET(images(), picks=picks), atol=1e-5, rtol=1e-5)


def test_the_largest_version_is_the_network_itself():
    with torch.no_grad():
        torch.testing.assert_close(NET(images(), picks=LARGE), NET(images()), atol=1e-6, rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(PICKS)
def test_a_version_has_the_parameters_that_its_architecture_declares(picks):
    count = sum(one.numel() for one in extract_version(NET, picks).parameters())
    assert count == infer(ELASTIC.assemble(picks)).cost.parameters


def test_slices_are_first_features_middle_of_kernels_and_first_copies():
    version = extract_version(NET, ELASTIC.smallest)
    large, small = NET.network.state_dict(), version.state_dict()
    assert torch.equal(small["0.weight"], large["0.weight"][:4, :, 1:4, 1:4])
    assert torch.equal(small["2.0.0.0.0.weight"], large["2.0.0.0.0.weight"][:4, :4])
    assert torch.equal(small["2.0.0.0.3.weight"], large["2.0.0.0.3.weight"][:4, :, 1:4, 1:4])
    assert not [name for name in small if name.startswith("2.1.")]


def test_gradients_of_a_version_reach_its_slices_alone():
    net = ElasticNet(ELASTIC, seed=0)
    net(images(), picks=ELASTIC.smallest).square().sum().backward()
    gradient = net.network.get_parameter("0.weight").grad
    assert gradient[:4, :, 1:4, 1:4].abs().min() > 0
    assert gradient[4:].abs().max() == 0
    assert gradient[:, :, 0].abs().max() == 0
    assert net.network.get_parameter("2.1.0.0.0.weight").grad is None


def test_a_sandwich_adds_the_gradients_of_the_versions():
    net = ElasticNet(ELASTIC, seed=0)
    parameters = list(net.parameters())
    batch, target = stripes(16)
    loss, gradients = sandwich(
        net,
        batch,
        target,
        loss=LOSS,
        problem=Problem.MULTICLASS,
        parameters=parameters,
        rng=np.random.default_rng(0),
        middle=0,
    )
    outputs = net(batch)
    soft = outputs.detach().softmax(-1)
    small = torch.nn.functional.cross_entropy(net(batch, picks=ELASTIC.smallest), soft)
    both = torch.autograd.grad(LOSS(outputs, target, None) + small, parameters)
    assert torch.allclose(loss, LOSS(outputs, target, None), atol=1e-5)
    for one, other in zip(gradients, both, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("problem", [Problem.BINARY, Problem.REGRESSION])
def test_versions_of_other_problems_learn_the_largests_outputs(problem):
    net = ElasticNet(ELASTIC, seed=0)
    batch, target = stripes(16)
    parameters = list(net.parameters())
    loss, gradients = sandwich(
        net,
        batch,
        (target > 0).float(),
        loss=loss_for(problem),
        problem=problem,
        parameters=parameters,
        rng=np.random.default_rng(0),
    )
    assert torch.isfinite(loss)
    assert all(torch.isfinite(one).all() for one in gradients)


def test_all_versions_learn_and_a_front_is_read_from_one_network():
    fresh, target = stripes(300, seed=1)

    def error(network):
        with torch.no_grad():
            return float((network(fresh).argmax(-1) != target).float().mean())

    found = readings(
        lambda picks: extract_version(NET, picks),
        ELASTIC.assemble,
        error,
        [stripes(64, seed)[0] for seed in range(2, 4)],
        spread(ELASTIC.sizes, 8, np.random.default_rng(0)),
    )
    assert max(one.cost for one in found) < 0.4  # chance is 0.67
    best = front(found)
    assert best[0].picks == ELASTIC.smallest
    assert [one.parameters for one in best] == sorted({one.parameters for one in best})
    assert [one.cost for one in best] == sorted((one.cost for one in best), reverse=True)
    assert front(found, lambda one: one.macs)[0].macs == min(one.macs for one in found)


def test_a_version_needs_statistics_of_its_own():
    batch, target = stripes(200, seed=1)
    version = extract_version(NET, ELASTIC.smallest)
    with torch.no_grad():
        before = float(LOSS(version(batch), target, None))
        recalibrate(version, [stripes(200, seed=2)[0]])
        after = float(LOSS(version(batch), target, None))
    assert after < before


def test_a_spread_reaches_from_the_smallest_to_the_largest():
    found = spread(ELASTIC.sizes, 10, np.random.default_rng(0))
    assert found[:2] == (ELASTIC.smallest, LARGE)
    assert len(set(found)) == 10
    assert spread((2,), 10, np.random.default_rng(0)) == ((0,), (1,))


def test_a_copied_network_is_another():
    other = copy.deepcopy(NET)
    with torch.no_grad():
        other.network.get_parameter("0.weight").zero_()
        assert not torch.equal(other(images(), picks=LARGE), NET(images(), picks=LARGE))


def test_picks_that_do_not_fit_are_refused():
    with pytest.raises(SpaceError, match=f"each of {len(LARGE)} slots, got 1"):
        NET(images(), picks=(0,))
