"""Relaxations against closed forms: values, gradients, and how often an option is drawn."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from coeval.oneshot.relaxation import (
    binary_gates,
    binary_path,
    concentration,
    dirichlet,
    gumbel,
    hold_others,
    sigmoid,
    softmax,
    straight_through,
)

LOGITS = st.lists(st.floats(-3, 3), min_size=2, max_size=6)


def leaf(values):
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@given(LOGITS)
def test_softmax_weights_add_up_to_one_and_sigmoid_weights_stand_alone(values):
    logits = leaf(values)
    assert softmax(logits).sum().item() == pytest.approx(1, abs=1e-5)
    expected = 1 / (1 + np.exp(-np.array(values)))
    np.testing.assert_allclose(sigmoid(logits).detach().numpy(), expected, atol=1e-6)


def test_straight_through_is_exactly_hard_and_has_the_soft_gradient():
    soft = leaf([0.3, 0.7])
    value = straight_through(torch.tensor([0.0, 1.0]), soft)
    assert value.tolist() == [0.0, 1.0]
    (gradient,) = torch.autograd.grad((value * torch.tensor([2.0, 5.0])).sum(), soft)
    assert gradient.tolist() == [2.0, 5.0]


@given(LOGITS, st.integers(0, 1000), st.floats(0.1, 10))
def test_gumbel_weights_are_one_hot(values, seed, temperature):
    found = gumbel(leaf(values), temperature, rng(seed))
    assert sorted(found.tolist()) == [0.0] * (len(values) - 1) + [1.0]


def test_gumbel_draws_options_by_their_softmax_probability_at_any_temperature():
    logits = leaf([0.0, 1.0, -1.0])
    for temperature in (0.1, 10.0):
        draws = rng(1)
        counts = sum(gumbel(logits, temperature, draws).detach() for _ in range(2000)) / 2000
        np.testing.assert_allclose(counts.numpy(), logits.softmax(0).detach().numpy(), atol=0.04)


def test_the_gumbel_gradient_is_that_of_the_softmax_of_logits_and_noise_over_the_temperature():
    logits, worth, temperature = leaf([0.2, -0.4, 0.1]), torch.tensor([1.0, -2.0, 3.0]), 2.0
    (found,) = torch.autograd.grad((gumbel(logits, temperature, rng(3)) * worth).sum(), logits)
    noise = -torch.log(-torch.log(torch.rand(3, generator=rng(3))))
    soft = ((logits.log_softmax(0) + noise) / temperature).softmax(0)
    (expected,) = torch.autograd.grad((soft * worth).sum(), logits)
    torch.testing.assert_close(found, expected)


def test_dirichlet_samples_have_the_mean_of_their_concentration():
    torch.manual_seed(0)
    logits = torch.tensor([1.0, 0.0, -1.0])
    mean = sum(dirichlet(logits) for _ in range(1500)) / 1500
    alpha = concentration(logits)
    np.testing.assert_allclose(mean.numpy(), (alpha / alpha.sum()).numpy(), atol=0.03)


def test_the_dirichlet_gradient_follows_that_of_the_mean():
    torch.manual_seed(0)
    logits = leaf([0.5, 0.0])
    total = torch.zeros(2)
    for _ in range(1500):
        total += torch.autograd.grad(dirichlet(logits)[0], logits)[0]
    alpha = concentration(logits)
    (expected,) = torch.autograd.grad(alpha[0] / alpha.sum(), logits)
    np.testing.assert_allclose((total / 1500).numpy(), expected.numpy(), atol=0.03)


@given(LOGITS, st.integers(0, 1000))
def test_binary_gates_open_one_of_two_different_options(values, seed):
    pair, gates = binary_gates(leaf(values), rng(seed))
    assert pair[0] != pair[1]
    assert gates.tolist() == [float(option == pair[0]) for option in range(len(values))]


def test_the_gates_gradient_reaches_the_two_logits_as_in_equation_4_and_no_others():
    logits, slopes = leaf([0.3, -0.2, 0.8, 0.0]), torch.tensor([1.0, -2.0, 0.5, 3.0])
    pair, gates = binary_gates(logits, rng(5))
    (found,) = torch.autograd.grad((gates * slopes).sum(), logits)
    chances = logits.detach()[list(pair)].softmax(0)
    expected = torch.zeros(4)
    for place, option in enumerate(pair):
        for other, chance in zip(pair, chances, strict=True):
            delta = float(option == other)
            expected[option] += slopes[other] * chance * (delta - chances[place])
    torch.testing.assert_close(found, expected)


@given(LOGITS.filter(lambda one: len(one) > 2), st.floats(-1, 1), st.floats(-1, 1))
def test_a_step_of_two_leaves_the_other_options_probabilities_as_they_were(values, one, two):
    before = torch.tensor(values, dtype=torch.float64)
    after = before + torch.tensor([one, two, *[0.0] * (len(values) - 2)])
    hold_others(before, after, (0, 1))
    torch.testing.assert_close(after.softmax(0)[2:], before.softmax(0)[2:])
    moved = after[0] - after[1]
    torch.testing.assert_close(moved, before[0] + one - before[1] - two)


def test_binary_paths_are_drawn_by_their_softmax_probability():
    logits, draws = torch.tensor([0.0, 1.5]), rng(2)
    share = np.mean([binary_path(logits, draws) for _ in range(2000)])
    assert share == pytest.approx(float(logits.softmax(0)[1]), abs=0.03)
