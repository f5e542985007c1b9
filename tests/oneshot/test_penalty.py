"""Penalties against closed forms."""

import math

import pytest
import torch

from coeval.oneshot.penalty import beta, expected_cost, latency, simplex, zero_one
from coeval.oneshot.relaxation import concentration


def logits(*slots):
    return [torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in slots]


def test_beta_is_the_mean_log_of_summed_exponentials_and_its_gradient_the_softmax():
    given = logits([0.0, 1.0], [2.0, 2.0, 2.0])
    expected = (math.log(1 + math.e) + 2 + math.log(3)) / 2
    assert beta(given).item() == pytest.approx(expected)
    (gradient,) = torch.autograd.grad(beta(given), given[0])
    torch.testing.assert_close(gradient, given[0].softmax(0) / 2)


def test_zero_one_is_least_where_options_are_decided_and_greatest_where_they_are_not():
    assert zero_one(logits([0.0, 0.0])).item() == 0
    assert zero_one(logits([20.0, -20.0])).item() == pytest.approx(-0.25, abs=1e-6)


def test_the_divergence_from_the_simplex_is_zero_for_the_uniform_distribution_alone():
    assert simplex(logits([0.0, 0.0, 0.0])).item() == pytest.approx(0, abs=1e-6)
    given = logits([1.0, -0.5, 0.0])
    alpha = concentration(given[0]).float()
    uniform = torch.distributions.Dirichlet(torch.ones(3))
    expected = torch.distributions.kl_divergence(torch.distributions.Dirichlet(alpha), uniform)
    assert simplex(given).item() == pytest.approx(expected.item(), rel=1e-4)


def test_expected_cost_weighs_each_option_by_its_probability_over_all_slots():
    costs = [torch.tensor([1.0, 3.0]), torch.tensor([10.0, 20.0])]
    given = [one.float() for one in logits([0.0, 0.0], [0.0, math.log(3.0)])]
    assert expected_cost(given, costs).item() == pytest.approx(2 + 17.5)
    assert latency(given, costs).item() == pytest.approx(2.5 / 17)


def test_latency_pushes_towards_the_cheaper_option():
    (given,) = logits([0.0, 0.0])
    single = given.float()
    (gradient,) = torch.autograd.grad(latency([single], [torch.tensor([1.0, 3.0])]), given)
    assert gradient[0] < 0 < gradient[1]
