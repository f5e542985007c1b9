"""Motifs over grids: of the types they promise, built as they cost, and what their papers say they are."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.inference import infer
from coeval.architecture.normal import normalise
from coeval.architecture.step import Architecture
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.channel import HARD_SIGMOID, SILU
from coeval.component.grid import AVERAGE_POOL, MAX_POOL
from coeval.space import motifs_grid as motifs

GRID = Grid(9, 6, 8)
KEEPING = {
    "relu_conv_bn": motifs.relu_conv_bn(8, kernel=3),
    "conv_bn": motifs.conv_bn(8, groups=4),
    "sep_conv_3": motifs.sep_conv(8),
    "sep_conv_5": motifs.sep_conv(8, kernel=5),
    "sep_conv_7": motifs.sep_conv(8, kernel=7),
    "dil_conv_3": motifs.dil_conv(8),
    "dil_conv_5": motifs.dil_conv(8, kernel=5),
    "skip": motifs.skip(8),
    "max_pool": motifs.pooled(MAX_POOL),
    "avg_pool": motifs.pooled(AVERAGE_POOL),
    "conv_1x7_7x1": motifs.conv_1x7_7x1(8),
    "squeeze_excitation": motifs.squeeze_excitation(8, 2, gate=HARD_SIGMOID),
    "inverted_residual": motifs.inverted_residual(8, 8, squeeze=0.25, activation=SILU),
    "depthwise_separable": motifs.depthwise_separable(8),
    "basic_block": motifs.basic_block(8, 8, drop_path=0.2),
    "bottleneck": motifs.bottleneck(8, 8, hidden=4, groups=2),
    "transformer_block": motifs.transformer_block(8),
}
HALVING = {
    "relu_conv_bn": motifs.relu_conv_bn(16, kernel=3, stride=2),
    "conv_bn": motifs.conv_bn(16, stride=2),
    "sep_conv": motifs.sep_conv(16, kernel=5, stride=2),
    "dil_conv": motifs.dil_conv(16, stride=2),
    "skip": motifs.skip(16, stride=2),
    "conv_1x7_7x1": motifs.conv_1x7_7x1(16, stride=2),
    "inverted_residual": motifs.inverted_residual(8, 16, stride=2, expansion=3),
    "depthwise_separable": motifs.depthwise_separable(16, stride=2),
    "basic_block": motifs.basic_block(8, 16, stride=2),
    "bottleneck": motifs.bottleneck(8, 16, hidden=8, stride=2),
}


def network(region, grid=GRID):
    return Architecture((grid,), region)


def names(region):
    return [one.component.name for one in region.steps]


@pytest.mark.parametrize("region", KEEPING.values(), ids=KEEPING)
@given(height=st.integers(1, 12), width=st.integers(1, 12))
def test_motifs_without_a_stride_keep_any_grid(region, height, width):
    given_grid = Grid(height, width, 8)
    assert infer(network(region, given_grid)).output == given_grid


@pytest.mark.parametrize("region", HALVING.values(), ids=HALVING)
@given(height=st.integers(1, 12), width=st.integers(1, 12))
def test_motifs_of_stride_two_halve_any_grid_rounded_up(region, height, width):
    halved = Grid((height + 1) // 2, (width + 1) // 2, 16)
    assert infer(network(region, Grid(height, width, 8))).output == halved


@pytest.mark.parametrize(
    "region", [*KEEPING.values(), *HALVING.values()], ids=[*KEEPING, *(f"{n}_2" for n in HALVING)]
)
def test_a_motif_is_built_as_it_costs_and_its_normal_form_computes_the_same_type(region):
    inference = infer(network(region))
    built = tensor_network(network(region), seed=0)
    assert sum(one.numel() for one in built.parameters()) == inference.cost.parameters
    made = built(torch.randn(2, 9, 6, 8))
    assert made.shape[1:] == (
        inference.output.height,
        inference.output.width,
        inference.output.features,
    )
    assert infer(normalise(network(region))).output == inference.output


def test_a_separable_convolution_is_applied_twice_and_moves_once():
    assert names(motifs.sep_conv(8)) == ["relu", "depthwise_conv2d", "conv2d", "batch_norm"] * 2
    strides = [one.setting("stride") for one in motifs.sep_conv(8, stride=2).steps[1::4]]
    assert strides == [2, 1]


def test_the_factorised_reduction_sees_even_and_odd_positions_as_two_strided_convolutions_do():
    built = tensor_network(network(motifs.factorised_reduction(6), Grid(8, 8, 4)), seed=1)
    x = torch.randn(2, 8, 8, 4)
    y = x.permute(0, 3, 1, 2).relu()
    weights = dict(built.named_parameters())
    first = F.conv2d(y, weights["2.weight"], stride=2)
    second = F.conv2d(y[:, :, 1:, 1:], weights["4.weight"], stride=2)
    joined = torch.cat([first, second], dim=1)
    wanted = F.batch_norm(joined, None, None, training=True).permute(0, 2, 3, 1)
    torch.testing.assert_close(built.train()(x), wanted)


def test_a_factorised_reduction_of_odd_features_and_of_one_has_them_all():
    assert infer(network(motifs.factorised_reduction(7))).output == Grid(5, 3, 7)


def test_squeeze_excitation_weighs_each_feature_by_its_own_number():
    built = tensor_network(network(motifs.squeeze_excitation(8, 2)), seed=0)
    x = torch.randn(3, 9, 6, 8)
    ratio = built(x) / x
    torch.testing.assert_close(ratio, ratio[:, :1, :1].expand_as(ratio))
    assert bool(((ratio > 0) & (ratio < 1)).all())


def test_an_inverted_residual_adds_its_input_only_where_it_fits_and_expands_only_if_told():
    assert names(motifs.inverted_residual(8, 8)) == ["residual"]
    assert names(motifs.inverted_residual(8, 12, expansion=1)) == [
        "depthwise_conv2d",
        "batch_norm",
        "relu",
        "conv2d",
        "batch_norm",
    ]
    inside = motifs.inverted_residual(8, 16, expansion=6).steps[0]
    assert inside.setting("width") == 48


def test_mobilenet_v2_costs_what_its_paper_says():
    # Sandler et al. 2018, table 2: 3.4 million parameters and 300 million multiply-accumulates at 224 x 224.
    parts, features = [motifs.conv_bn(32, stride=2)], 32
    for expansion, width, times, stride in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for number in range(times):
            parts.append(
                motifs.inverted_residual(
                    features, width, expansion=expansion, stride=stride if number == 0 else 1
                )
            )
            features = width
    parts.append(motifs.conv_bn(1280, kernel=1))
    cost = infer(network(motifs.chain(*parts), Grid(224, 224, 3))).cost
    classifier = 1280 * 1000
    assert cost.parameters + classifier + 1000 == 3_504_872  # torchvision's mobilenet_v2
    assert 299e6 < cost.macs + classifier < 302e6


def test_resnet_18_costs_what_torchvision_counts():
    parts, features = [motifs.conv_bn(64, kernel=7, stride=2), motifs.UNCHANGED], 64
    for stage, width in enumerate((64, 128, 256, 512)):
        for number in range(2):
            stride = 2 if stage and not number else 1
            parts.append(motifs.basic_block(features, width, stride=stride))
            features = width
    cost = infer(network(motifs.chain(*parts), Grid(112, 112, 3))).cost
    assert cost.parameters + 513 * 1000 == 11_689_512


def test_resnext_50_costs_what_torchvision_counts():
    parts, features = [motifs.conv_bn(64, kernel=7, stride=2)], 64
    for stage, times in enumerate((3, 4, 6, 3)):
        for number in range(times):
            width = 256 * 2**stage
            stride = 2 if stage and not number else 1
            parts.append(
                motifs.bottleneck(features, width, hidden=width // 2, groups=32, stride=stride)
            )
            features = width
    cost = infer(network(motifs.chain(*parts), Grid(112, 112, 3))).cost
    assert cost.parameters + 2049 * 1000 == 25_028_904


def test_a_transformer_block_starts_from_its_input_and_costs_four_maps_and_two():
    features, places = 8, 54
    cost = infer(network(motifs.transformer_block(features, heads=2, expansion=2))).cost
    assert cost.parameters == 4 * 8 * 9 + (9 * 16 + 17 * 8) + 4 * 8
    assert cost.macs == places * 8 * features**2 + 2 * places**2 * features


def test_branches_stand_side_by_side():
    region = motifs.beside((motifs.conv_bn(8), motifs.UNCHANGED))
    built = tensor_network(network(region), seed=0)
    x = torch.randn(2, 9, 6, 8)
    conv = F.conv2d(x.permute(0, 3, 1, 2), dict(built.named_parameters())["0.weight"], padding=1)
    wanted = F.batch_norm(conv, None, None, training=True).relu().permute(0, 2, 3, 1) + x
    torch.testing.assert_close(built(x), wanted)
