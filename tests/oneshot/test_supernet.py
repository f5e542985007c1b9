"""One network for a whole space: paths, mixtures, and members taken out of it."""

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.build.modules.norm import BatchNorm
from coeval.build.network import tensor_network
from coeval.errors import SpaceError
from coeval.oneshot.supernet import Supernet, extract, recalibrate
from coeval.space.open import cut, open_space
from coeval.train.optimizer import Optimizer
from tests.oneshot.spaces import images, small_space, whole_space

SPACE = small_space()
OPEN = open_space(SPACE)
PICKS = st.tuples(*[st.integers(0, 4)] * 6)
NONE, SKIP, CONV1, CONV3, POOL = range(5)


def supernet(**options):
    return Supernet(OPEN.architecture, seed=0, **options)


def trained(steps=3):
    """Return a supernet whose every weight and statistic has moved."""
    net, rng = supernet(), np.random.default_rng(0)
    optimizer = Optimizer("sgd", net, weight_decay=1e-3)
    target = torch.arange(6) % 3
    for _ in range(steps):
        weights = [torch.tensor(rng.dirichlet(np.ones(5)), dtype=torch.float32) for _ in range(6)]
        loss = torch.nn.functional.cross_entropy(net(images(), weights=weights), target)
        optimizer.step(torch.autograd.grad(loss, optimizer.parameters), 0.1)
    return net.eval()


TRAINED = trained()
WHOLE = Supernet(open_space(whole_space()).architecture, seed=0).eval()


@pytest.mark.parametrize("net", [TRAINED, WHOLE], ids=["trained", "nasbench201"])
@settings(max_examples=30, deadline=None)
@given(picks=PICKS)
def test_a_member_taken_out_gives_the_very_outputs_of_its_path(net, picks):
    with torch.no_grad():
        found = extract(net, picks)(images())
        torch.testing.assert_close(found, net(images(), picks=picks), atol=1e-5, rtol=1e-5)


@settings(max_examples=30, deadline=None)
@given(picks=PICKS)
def test_a_path_is_a_mixture_with_all_weight_on_one_option(picks):
    weights = [torch.nn.functional.one_hot(torch.tensor(n), 5).float() for n in picks]
    with torch.no_grad():
        mixed = TRAINED(images(), weights=weights)
        torch.testing.assert_close(mixed, TRAINED(images(), picks=picks), atol=1e-5, rtol=1e-5)


def test_a_member_has_the_parameters_that_its_architecture_declares():
    picks = (CONV3, POOL, SKIP, CONV1, NONE, CONV3)
    count = sum(one.numel() for one in extract(TRAINED, picks).parameters())
    assert count == infer(cut(OPEN.architecture, picks)).cost.parameters


def test_a_member_is_a_copy():
    net = supernet()
    member = extract(net, (CONV3,) * 6)
    before = net.state_dict()["network.2.0.0.3.1.weight"].clone()
    with torch.no_grad():
        member.get_parameter("2.0.1.weight").zero_()
    assert torch.equal(net.state_dict()["network.2.0.0.3.1.weight"], before)


def test_copies_of_a_repeated_cell_share_decisions_and_not_weights():
    state = supernet().state_dict()
    assert not torch.equal(state["network.2.0.0.3.1.weight"], state["network.2.1.0.3.1.weight"])


def test_the_seed_decides_the_weights():
    first, second, other = supernet(), supernet(), Supernet(OPEN.architecture, seed=1)
    name = "network.2.0.0.3.1.weight"
    assert torch.equal(first.state_dict()[name], second.state_dict()[name])
    assert not torch.equal(first.state_dict()[name], other.state_dict()[name])


def test_only_the_weights_of_the_path_get_gradients_and_only_they_move():
    net = supernet()
    optimizer = Optimizer("adamw", net, weight_decay=0.1)
    before = {name: value.clone() for name, value in net.named_parameters()}
    net(images(), picks=(CONV3,) * 6).square().sum().backward()
    optimizer.step([one.grad for one in optimizer.parameters], 0.1)
    moved = {name for name, one in net.named_parameters() if not torch.equal(one, before[name])}
    assert {name for name in moved if ".3.1.weight" in name}
    assert not {name for name in moved if ".2.1.weight" in name or ".2.2.scale" in name}
    assert "network.1.scale" in moved


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_gradients_of_weights_are_those_of_finite_differences(seed):
    rng = np.random.default_rng(seed)
    net = copy.deepcopy(TRAINED).double()
    given = [torch.tensor(rng.dirichlet(np.ones(5)), requires_grad=True) for _ in range(6)]

    def loss(weights):
        return net(images().double(), weights=weights).square().sum()

    gradients = torch.autograd.grad(loss(given), given)
    slot, option = int(rng.integers(6)), int(rng.integers(1, 5))
    moved = [[one.detach().clone() for one in given] for _ in range(2)]
    moved[0][slot][option] += 1e-5
    moved[1][slot][option] -= 1e-5
    expected = (loss(moved[0]) - loss(moved[1])) / 2e-5
    torch.testing.assert_close(gradients[slot][option], expected, atol=1e-4, rtol=1e-4)


def test_second_derivatives_pass_through_a_mixture():
    net = copy.deepcopy(TRAINED).double()
    given = [torch.full((5,), 0.2, dtype=torch.float64, requires_grad=True) for _ in range(6)]

    def slope(weights):
        output = net(images(2).double(), weights=weights).square().sum()
        return torch.autograd.grad(output, weights[0], create_graph=True)[0][CONV3]

    second = torch.autograd.grad(slope(given), given[5])[0][POOL]
    up, down = ([one.detach().clone().requires_grad_() for one in given] for _ in range(2))
    with torch.no_grad():
        up[5][POOL] += 1e-5
        down[5][POOL] -= 1e-5
    expected = (slope(up) - slope(down)) / 2e-5
    torch.testing.assert_close(second, expected.detach(), atol=1e-4, rtol=1e-4)


def runs(net, **path):
    """Return which options of the first cell's first edge ran."""
    seen = []
    handles = [
        option.register_forward_hook(lambda *_, number=number: seen.append(number))
        for number, option in enumerate(net.network["2"][0]["0"])
    ]
    output = net(images(), **path)
    for one in handles:
        one.remove()
    return seen, output


def test_options_without_weight_do_not_run():
    weights = [torch.tensor([0.2, 0.0, 0.5, 0.0, 0.3], requires_grad=True) for _ in range(6)]
    seen, output = runs(supernet(), weights=weights)
    assert seen == [CONV1, POOL]
    gradient = torch.autograd.grad(output.sum(), weights[0])[0]
    assert gradient[SKIP] == 0
    assert gradient[CONV1] != 0


def test_an_active_option_without_weight_runs_for_its_weight_alone():
    weights = [torch.tensor([0.0, 0.0, 0.0, 1.0, 0.0], requires_grad=True) for _ in range(6)]
    net = supernet()
    seen, output = runs(net, weights=weights, active=[(CONV3, CONV1)] * 6)
    assert seen == [CONV3, CONV1]
    output.sum().backward()
    assert weights[0].grad[CONV1] != 0
    assert weights[0].grad[SKIP] == 0
    assert net.get_parameter("network.2.0.0.2.1.weight").grad is None
    assert net.get_parameter("network.2.0.0.3.1.weight").grad is not None


def test_scales_multiply_whole_slots_and_get_gradients():
    weights = [torch.full((5,), 0.2)] * 6
    scales = [torch.tensor(0.5, requires_grad=True) for _ in range(6)]
    halved = TRAINED(images(), weights=weights, scales=scales)
    expected = TRAINED(images(), weights=[0.5 * one for one in weights])
    torch.testing.assert_close(halved, expected)
    assert all(torch.autograd.grad(halved.sum(), scales))


def test_a_cell_of_nothing_gives_zeros_as_a_path_and_as_a_mixture():
    nothing = [torch.tensor([1.0, 0.0, 0.0, 0.0, 0.0])] * 6
    with torch.no_grad():
        mixed, path = TRAINED(images(), weights=nothing), TRAINED(images(), picks=(NONE,) * 6)
    torch.testing.assert_close(mixed, path)
    assert torch.equal(path[0], path[1])


def test_without_affine_the_options_norms_stay_plain_and_members_have_them():
    net = supernet(affine=False)
    names = {name for name, one in net.named_parameters() if one.requires_grad}
    assert "network.1.scale" in names
    assert not {name for name in names if name.startswith("network.2.") and "scale" in name}
    member = extract(net, (CONV3,) * 6)
    assert all(one.requires_grad for one in member.parameters())


def test_recalibrated_statistics_are_those_of_the_batches():
    member = extract(TRAINED, (CONV3, SKIP, NONE, POOL, CONV1, SKIP))
    batches = [images(6, seed) * (1 + seed) + seed for seed in range(3)]
    recalibrate(member, batches)
    norm = member["1"]
    assert isinstance(norm, BatchNorm)
    assert not member.training
    with torch.no_grad():
        seen = [member["0"](one).reshape(-1, 4) for one in batches]
    torch.testing.assert_close(norm.mean, torch.stack([one.mean(0) for one in seen]).mean(0))
    torch.testing.assert_close(norm.variance, torch.stack([one.var(0) for one in seen]).mean(0))


def test_a_member_recalibrated_on_a_batch_predicts_it_as_in_training():
    member = extract(TRAINED, (CONV3, SKIP, CONV3, POOL, CONV1, SKIP))
    with torch.no_grad():
        expected = copy.deepcopy(member).train()(images(200))
        recalibrate(member, [images(200)])
        torch.testing.assert_close(member(images(200)), expected, atol=2e-3, rtol=2e-3)


def test_a_supernet_computes_in_bfloat16():
    net = supernet()
    weights = [torch.full((5,), 0.2, requires_grad=True) for _ in range(6)]
    with torch.autocast("cpu", torch.bfloat16):
        mixed = net(images(), weights=weights)
        path = net(images(), picks=(CONV3, SKIP, NONE, POOL, CONV1, SKIP))
    narrow = torch.autograd.grad(mixed.float().square().sum(), weights)
    wide = torch.autograd.grad(net(images(), weights=weights).square().sum(), weights)
    torch.testing.assert_close(mixed.float(), net(images(), weights=weights), atol=0.1, rtol=0.1)
    for one, other in zip(narrow, wide, strict=True):
        # bfloat16 has three digits, and this gradient is a sum over every position of numbers of either sign.
        assert torch.nn.functional.cosine_similarity(one, other, dim=0) > 0.95
    assert path.shape == (6, 3)


def test_a_copied_supernet_follows_its_own_route():
    net = supernet().eval()
    net(images(), weights=[torch.full((5,), 0.2, requires_grad=True)] * 6)
    other = copy.deepcopy(net)
    with torch.no_grad():
        assert torch.equal(other(images(), picks=(1,) * 6), net(images(), picks=(1,) * 6))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either picks"),
        ({"picks": (0,) * 6, "weights": []}, "either picks"),
        ({"picks": (0,) * 5}, "each of 6 slots, got 5"),
        ({"weights": [torch.ones(4)] * 6}, "a weight for each option"),
    ],
)
def test_what_does_not_fit_the_slots_is_refused(arguments, message):
    with pytest.raises(SpaceError, match=message):
        supernet()(images(), **arguments)


def test_a_supernet_of_a_network_without_choices_is_refused():
    with pytest.raises(SpaceError, match="with open places"):
        Supernet(cut(OPEN.architecture, (0,) * 6), seed=0)


def test_recalibrating_on_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one batch"):
        recalibrate(tensor_network(cut(OPEN.architecture, (1,) * 6)), [])
