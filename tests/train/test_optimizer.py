import copy

import pytest
import torch
from torch import nn

from coeval.train.optimizer import Optimizer


def quadratic(steps: int, optimizer) -> list[torch.Tensor]:
    """Follow a moving minimum, so that every state of the optimizer matters."""
    module = nn.Linear(3, 2)
    with torch.no_grad():
        module.weight.fill_(1.0)
        module.bias.fill_(-1.0)
    step = optimizer(module)
    for number in range(steps):
        goal = torch.linspace(-number, 1.0, 6).reshape(2, 3)
        loss = (module.weight - goal).pow(2).sum() + (module.bias * module.weight[:, 0]).sum()
        step(torch.autograd.grad(loss, list(module.parameters())))
    return [one.detach().clone() for one in module.parameters()]


def ours(name: str, weight_decay: float = 0.0):
    def make(module):
        optimizer = Optimizer(name, module, weight_decay=weight_decay)
        return lambda gradients: optimizer.step(gradients, 0.05)

    return make


def torchs(build):
    def make(module):
        optimizer = build(module)

        def step(gradients):
            for one, gradient in zip(module.parameters(), gradients, strict=True):
                one.grad = gradient
            optimizer.step()

        return step

    return make


REFERENCES = {
    "adamw": lambda m: torch.optim.AdamW(
        [{"params": [m.weight], "weight_decay": 0.1}, {"params": [m.bias], "weight_decay": 0.0}],
        lr=0.05,
    ),
    "nadamw": lambda m: torch.optim.NAdam(
        [{"params": [m.weight], "weight_decay": 0.1}, {"params": [m.bias], "weight_decay": 0.0}],
        lr=0.05,
        decoupled_weight_decay=True,
    ),
}


@pytest.mark.parametrize("name", ["adamw", "nadamw"])
def test_it_makes_the_steps_of_torchs_own_optimizer_without_decay_of_biases(name):
    expected = quadratic(20, torchs(REFERENCES[name]))
    for got, wanted in zip(quadratic(20, ours(name, 0.1)), expected, strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-5)


def test_sgd_makes_the_steps_of_torchs_own_with_nesterov_momentum():
    expected = quadratic(
        20, torchs(lambda m: torch.optim.SGD(m.parameters(), 0.05, momentum=0.9, nesterov=True))
    )
    for got, wanted in zip(quadratic(20, ours("sgd")), expected, strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-5, rtol=1e-5)


def test_only_weights_of_two_axes_decay():
    module = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2), nn.Embedding(3, 2))
    module.frequencies = nn.Parameter(torch.ones(2, 2))
    optimizer = Optimizer("sgd", module, weight_decay=0.5)
    assert [id(one) for one in optimizer.decayed] == [id(module[0].weight), id(module[2].weight)]
    before = module[0].weight.detach().clone()
    optimizer.step([torch.zeros_like(one) for one in optimizer.parameters], 0.1)
    torch.testing.assert_close(module[0].weight.detach(), before * 0.95)


def test_an_unknown_optimizer_is_named():
    with pytest.raises(ValueError, match="must be one of adamw, nadamw, sgd, got 'adam'"):
        Optimizer("adam", nn.Linear(1, 1), weight_decay=0.0)


@pytest.mark.parametrize("name", ["adamw", "nadamw", "sgd"])
def test_a_gradient_in_another_memory_format_makes_the_same_step(name):
    gradient = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    found = []
    for layout in (torch.contiguous_format, torch.channels_last):
        module = nn.Conv2d(3, 4, 2, bias=False)
        module.weight.data.fill_(1.0)
        optimizer = Optimizer(name, module, weight_decay=0.0)
        for factor in (1.0, -0.5):
            optimizer.step([(factor * gradient).contiguous(memory_format=layout)], 0.1)
        found.append(module.weight.detach())
    torch.testing.assert_close(found[1], found[0], atol=0.0, rtol=0.0)


@pytest.mark.parametrize("name", ["adamw", "nadamw", "sgd"])
def test_a_parameter_without_a_gradient_stays_as_it_is_and_the_others_do_not_notice(name):
    torch.manual_seed(0)
    both = nn.ModuleList([nn.Linear(3, 2), nn.Linear(3, 2)])
    alone = nn.ModuleList([copy.deepcopy(both[0])])
    idle = both[1].weight.detach().clone()
    first = Optimizer(name, both, weight_decay=0.1)
    second = Optimizer(name, alone, weight_decay=0.1)
    for _ in range(3):
        gradients = [torch.randn(2, 3), torch.randn(2)]
        first.step([*gradients, None, None], 0.1)
        second.step(gradients, 0.1)
    first.step([None] * 4, 0.1)
    assert torch.equal(both[0].weight, alone[0].weight)
    assert torch.equal(both[0].bias, alone[0].bias)
    assert torch.equal(both[1].weight, idle)
    assert not first.state()["first/1.weight"].any()
