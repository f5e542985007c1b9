"""Gradients of first and second order, and curvature, on functions whose answers are known."""

import numpy as np
import pytest
import torch

from coeval.oneshot.architect import Architect, first_order, second_order
from coeval.oneshot.curvature import dominant_eigenvalue
from coeval.oneshot.stopping import stopped_at

THETA = torch.tensor([0.5, -1.0, 2.0])


def test_the_first_order_gradient_leaves_the_shared_weights_out():
    weight = torch.tensor([3.0], requires_grad=True)
    found = first_order(THETA, lambda theta: (theta.square().sum() + weight * theta[0]).sum())
    torch.testing.assert_close(found, 2 * THETA + torch.tensor([3.0, 0.0, 0.0]))


@pytest.mark.parametrize(("momentum", "decay"), [(0.0, 0.0), (0.9, 0.1)])
def test_the_second_order_gradient_is_the_total_derivative_after_one_step(momentum, decay):
    """L_train = w^2 c(theta) / 2, L_val = (w - theta_1)^2 / 2, where w' can be written down."""
    lr, moment = 0.1, torch.tensor([0.7])
    weight = torch.tensor([2.0], requires_grad=True)

    def factor(theta):
        return theta.exp().sum()

    def train_loss(theta):
        return (weight.square() * factor(theta) / 2).sum()

    def loss(theta):
        return ((weight - theta[1]).square() / 2).sum()

    found = second_order(
        THETA, loss, train_loss, [weight], [moment], lr=lr, momentum=momentum, decay=decay
    )
    assert weight.item() == 2.0
    leaf = THETA.clone().requires_grad_()
    ahead = 2.0 - lr * (momentum * 0.7 + 2.0 * factor(leaf) + decay * 2.0)
    (expected,) = torch.autograd.grad((ahead - leaf[1]).square() / 2, leaf)
    torch.testing.assert_close(found, expected, rtol=2e-3, atol=2e-3)


def test_adam_moves_every_weight_by_the_learning_rate_at_its_first_step():
    architect = Architect((2, 3), seed=0, momentum=0.5, decay=0.0)
    before = architect.theta.clone()
    architect.step(torch.tensor([1.0, -2.0, 0.1, 5.0, -0.3]), 0.01)
    moved = architect.theta - before
    torch.testing.assert_close(moved, -0.01 * torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0]))


def test_a_loaded_architect_goes_on_as_the_one_that_was_saved():
    one, other = (Architect((2, 2), (2,), seed=0, momentum=0.5, decay=1e-3) for _ in range(2))
    slope = torch.arange(6.0)
    one.step(slope, 0.1)
    other.load(one.state())
    for architect in (one, other):
        architect.step(-slope, 0.1)
    assert np.array_equal(one.theta, other.theta)
    assert [len(logits) for logits in one.logits(one.theta)] == [2, 2]
    assert [len(edges) for edges in one.edges(one.theta)] == [2]


def test_logits_begin_small_and_by_the_seed():
    one, other = (Architect((50, 50), seed=n, momentum=0.5, decay=0.0) for n in (0, 1))
    assert 5e-4 < float(one.theta.std()) < 2e-3
    assert not torch.equal(one.theta, other.theta)


@pytest.mark.parametrize("iterations", [6, 20])
def test_the_dominant_eigenvalue_is_that_of_a_quadratic_form(iterations):
    rng = np.random.default_rng(0)
    basis, _ = np.linalg.qr(rng.normal(size=(6, 6)))
    matrix = torch.tensor(
        basis @ np.diag([5.0, 1, 0.5, 0.1, -1, -7]) @ basis.T, dtype=torch.float32
    )
    theta = torch.tensor(rng.normal(size=6), dtype=torch.float32)
    found = dominant_eigenvalue(theta, lambda one: one @ matrix @ one / 2, iterations=iterations)
    assert found == pytest.approx(5.0, rel=1e-3)


def test_few_iterations_find_a_dominant_eigenvalue_that_stands_out():
    matrix = torch.diag(torch.tensor([10.0, *[0.1] * 29]))
    found = dominant_eigenvalue(torch.zeros(30), lambda one: one @ matrix @ one / 2, iterations=5)
    assert found == pytest.approx(10.0, rel=1e-3)


def test_a_search_goes_back_to_before_the_curvature_rose():
    flat, rising = [1.0] * 10, [1.0] * 6 + [2.0] * 6
    assert stopped_at(flat) is None
    assert stopped_at(rising) == 2
    assert stopped_at(rising[:4]) is None
