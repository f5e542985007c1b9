"""Networks over images keep their function when kernels grow, features are added and blocks are put in."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.build.transfer_features import kept
from coeval.build.transfer_grid import dealt, grouped, resized, stretched
from coeval.component.attention import ATTENTION, POSITION_EMBEDDING
from coeval.component.channel import CHANNEL_SHUFFLE
from coeval.component.grid import AVERAGE_POOL, GLOBAL_AVERAGE_POOL, MAX_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.resize import PATCH_EMBEDDING, SUBSAMPLE, TO_GRID, TO_SEQUENCE, UPSAMPLE
from coeval.space import motifs_grid as motifs
from tests.build.test_transfer import heir

SIDE = 9
BLOCKS = {
    "relu_conv_bn": lambda width, kernel: motifs.relu_conv_bn(width, kernel=kernel),
    "sep_conv": lambda width, kernel: motifs.sep_conv(width, kernel=kernel),
    "dil_conv": lambda width, kernel: motifs.dil_conv(width, kernel=kernel),
    "strided": lambda width, kernel: motifs.conv_bn(width, kernel=kernel, stride=2),
    "max_pool": lambda width, kernel: motifs.pooled(MAX_POOL, stride=2),
    "avg_pool": lambda width, kernel: motifs.pooled(AVERAGE_POOL),
    "conv_1x7_7x1": lambda width, kernel: motifs.conv_1x7_7x1(width),
    "squeeze": lambda width, kernel: motifs.squeeze_excitation(width, width // 4),
    "inverted": lambda width, kernel: motifs.inverted_residual(
        width, width, kernel=kernel, expansion=2, squeeze=0.25, drop_path=0.1
    ),
    "separable": lambda width, kernel: motifs.depthwise_separable(width, kernel=kernel),
    "basic": lambda width, kernel: motifs.basic_block(width, width),
    "bottleneck": lambda width, kernel: motifs.bottleneck(width, width, hidden=width, groups=2),
    "strided_basic": lambda width, kernel: motifs.basic_block(width, width, stride=2),
}


def network(blocks, width, kernel, extra=()):
    """A stem, these blocks, and a head; further regions stand in front of the head."""
    parts = [motifs.conv_bn(width, kernel=kernel)]
    parts += [BLOCKS[name](width, kernel) for name in blocks]
    parts += [*extra, sequence(1, [step(GLOBAL_AVERAGE_POOL, 0), step(CLASS_HEAD, 1, classes=3)])]
    return Architecture((Grid(SIDE, SIDE, 3),), motifs.chain(*parts))


def images(seed, side=SIDE):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(3, side, side, 3, generator=generator)]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(BLOCKS)), min_size=1, max_size=3),
    st.sampled_from([(3, 3), (3, 5), (1, 3), (5, 7)]),
    st.sampled_from([(8, 8), (8, 16), (8, 24)]),
    st.integers(0, 1000),
)
def test_larger_kernels_and_more_features_compute_the_same(blocks, kernels, widths, seed):
    parent = network(blocks, widths[0], kernels[0])
    child = network(blocks, widths[1], kernels[1])
    found, difference = heir(parent, child, seed, images(seed), tensor_network)
    assert found.exact
    assert difference < 1e-5


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(BLOCKS)), min_size=1, max_size=3),
    st.lists(st.sampled_from(sorted(BLOCKS)), min_size=1, max_size=3),
    st.sampled_from([3, 5]),
    st.sampled_from([8, 16]),
    st.integers(0, 1000),
)
def test_what_is_called_exact_between_any_two_image_networks_computes_the_same(
    first, second, kernel, width, seed
):
    parent, child = network(first, 16, 3), network(second, width, kernel)
    found, difference = heir(parent, child, seed, images(seed), tensor_network)
    assert 0 <= found.share <= 1
    if found.exact:
        assert difference < 1e-5


@pytest.mark.parametrize("name", ["inverted", "transformer", "grouped"])
def test_a_new_residual_block_starts_at_zero(name):
    new = {
        "inverted": motifs.inverted_residual(8, 8, squeeze=0.25, drop_path=0.2),
        "transformer": motifs.transformer_block(8, heads=2),
        "grouped": motifs.around(motifs.convolution(8, groups=4)),
    }[name]
    parent, child = network(["basic"], 8, 3), network(["basic"], 8, 3, [new])
    found, difference = heir(parent, child, 4, images(4), tensor_network)
    assert found.exact
    assert difference < 1e-5


def test_a_new_axis_convolution_starts_as_the_identity():
    one = motifs.conv_1x7_7x1(8).steps[1]
    parent = network([], 8, 3)
    child = network([], 8, 3, [sequence(1, [step(one.component, 0, **dict(one.settings))])])
    found, difference = heir(parent, child, 4, images(4), tensor_network)
    assert found.exact
    assert difference < 1e-5


def patches(width, patch=3, heads=2, places=True):
    position = [step(POSITION_EMBEDDING, 1)] if places else []
    steps = [step(PATCH_EMBEDDING, 0, width=width, patch=patch), *position]
    for component in (TO_SEQUENCE, TO_GRID, UPSAMPLE, SUBSAMPLE):
        shaped = {"height": SIDE // patch} if component == TO_GRID else {}
        steps.append(step(component, len(steps), **shaped))
    steps += [step(GLOBAL_AVERAGE_POOL, len(steps)), step(CLASS_HEAD, len(steps) + 1, classes=3)]
    if heads:
        steps.insert(2, step(ATTENTION, 2, heads=heads))
        moved = [steps[n] for n in range(3)]
        for one in steps[3:]:
            settings = dict(one.settings)
            moved.append(step(one.component, len(moved), **settings))
        steps = moved
    return Architecture((Grid(SIDE, SIDE, 3),), sequence(1, steps))


def test_networks_of_patches_take_all_over_and_grow_where_nothing_normalises_over_features():
    cases = (
        (patches(8), patches(8), True),
        (patches(8, heads=0), patches(12, heads=0), True),
        (patches(8), patches(8, heads=4), False),
        (patches(8, heads=0), patches(8, heads=0, patch=1), False),
    )
    for parent, child, exact in cases:
        found, difference = heir(parent, child, 3, images(3), tensor_network)
        assert found.exact is exact
        assert (difference < 1e-5) is exact
        assert found.share > 0


def test_dealt_features_are_followed_when_there_are_more_of_them():
    def shuffled(width, groups):
        conv = motifs.conv_bn(width)
        dealing = sequence(1, [step(CHANNEL_SHUFFLE, 0, groups=groups)])
        return motifs.chain(conv, dealing)

    for groups in (2, 4):
        parent = network([], 8, 3, [shuffled(8, 2), motifs.conv_bn(8)])
        child = network([], 8, 3, [shuffled(16, groups), motifs.conv_bn(8)])
        found, difference = heir(parent, child, 5, images(5), tensor_network)
        assert found.exact
        assert difference < 1e-5


def test_groups_that_are_cut_differently_are_not_exact():
    parent = network([], 8, 3, [motifs.conv_bn(8, groups=2)])
    for child in (
        network([], 8, 3, [motifs.conv_bn(8, groups=4)]),
        network([], 12, 3, [motifs.conv_bn(12, groups=2)]),
    ):
        found, difference = heir(parent, child, 6, images(6), tensor_network)
        assert not found.exact
        assert difference > 1e-5


def test_arrays_by_hand():
    kernel = np.arange(3.0).reshape(1, 1, 1, 3)
    assert resized(kernel, (1, 5))[0, 0].tolist() == [[0, 0, 1, 2, 0]]
    assert resized(kernel, (3, 1))[0, 0].tolist() == [[0], [1], [0]]
    assert dealt(8, 4).tolist() == [0, 2, 4, 6, 1, 3, 5, 7]
    assert stretched(np.array([[1.0], [2.0]]), (4,)).tolist() == [[1], [1], [2], [2]]
    given_weight = np.ones((4, 1, 1, 1)) * np.arange(1, 5).reshape(4, 1, 1, 1)
    taken, complete, count = grouped(
        np.full((8, 2, 1, 1), 9.0), given_weight, kept(8, 4), kept(8, 4), (4, 4)
    )
    # Two rows a group now: the old ones of a group read its two features, each its own of old.
    assert taken[:4, :, 0, 0].tolist() == [[1, 0], [0, 2], [3, 0], [0, 4]]
    assert (complete, count) == (True, 4)
