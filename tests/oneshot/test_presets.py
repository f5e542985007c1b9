"""Every preset of choices as one network, on tiny images."""

import functools

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from coeval.errors import SpaceError
from coeval.oneshot.supernet import Supernet, extract
from coeval.seed import generator
from coeval.space.images import PRESETS, space_for
from coeval.space.limits import Limits
from coeval.space.open import cut, open_space
from tests.oneshot.spaces import images
from tests.space.pictures import picture_task

SMALLEST = {"nasbench201": 25_000, "darts": 50_000, "nasnet": 66_000, "proxyless": 12_000}
"""Parameters of the costliest network of the preset's smallest stack, rounded up."""
OPEN_PRESETS = [name for name, one in PRESETS.items() if one.has_choices]
SEEDS = st.integers(0, 2**32 - 1)


@functools.cache
def opened(preset):
    limits = Limits(parameters=SMALLEST.get(preset, 12_000), macs=3_000_000)
    space = space_for(picture_task(side=8, features=3), preset, limits=limits)
    return space, open_space(space)


@functools.cache
def trained(preset):
    """A supernet after a few steps of paths and mixtures: its weights and statistics have moved."""
    space, known = opened(preset)
    net = Supernet(known.architecture, seed=0)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    paths = [known.picks(space.sample(generator(0, n))) for n in range(2)]
    mixture = [torch.full((size,), 1 / size) for size in net.sizes]
    for given_path in ({"picks": one} for one in paths):
        step(net, optimizer, given_path)
    step(net, optimizer, {"weights": mixture})
    return net.eval()


def step(net, optimizer, path):
    optimizer.zero_grad()
    outputs = net(images(), **path)
    torch.nn.functional.cross_entropy(outputs, torch.arange(6) % 3).backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()


def check_member(preset, seed):
    space, known = opened(preset)
    candidate = space.sample(generator(seed, "member"))
    picks = known.picks(candidate)
    assert cut(known.architecture, picks) == space.architecture(candidate)
    net = trained(preset)
    with torch.no_grad():
        torch.testing.assert_close(
            extract(net, picks)(images()), net(images(), picks=picks), atol=1e-5, rtol=1e-5
        )


@pytest.mark.parametrize("preset", ["enas_macro", "proxyless"])
@settings(max_examples=5, deadline=None, phases=(Phase.generate,))
@given(seed=SEEDS)
def test_a_member_is_cut_exactly_and_gives_the_outputs_of_its_path(preset, seed):
    check_member(preset, seed)


@pytest.mark.slow
@pytest.mark.parametrize("preset", OPEN_PRESETS)
@settings(max_examples=200, deadline=None, phases=(Phase.generate,))
@given(seed=SEEDS)
def test_two_hundred_members_are_cut_exactly_and_give_the_outputs_of_their_paths(preset, seed):
    check_member(preset, seed)


@pytest.mark.parametrize("preset", OPEN_PRESETS)
def test_seeds_are_read_from_the_open_space_and_made_again(preset):
    space, known = opened(preset)
    for candidate in space.seeds().values():
        assert known.candidate(known.picks(candidate)).parts == candidate.parts


@pytest.mark.parametrize("preset", [name for name in PRESETS if name not in OPEN_PRESETS])
def test_a_preset_without_choices_says_which_have_them(preset):
    with pytest.raises(SpaceError, match=r"free form: .* nasbench201, darts"):
        opened(preset)
