import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.architecture.types import Columns, Tokens, Vector, elements
from coeval.build.network import (
    Network,
    RegionSteps,
    live_steps,
    lowering,
    network_for,
    tensor_network,
    zero_values,
)
from coeval.component.channel import DROPOUT, LINEAR, RELU
from coeval.component.constant import ZERO
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY
from coeval.component.head import CLASS_HEAD, VALUE_HEAD
from coeval.component.merge import ADD
from coeval.component.norm import BATCH_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.errors import SpaceError
from coeval.task.table import Rows
from tests.build.architectures import random_architecture, random_rows
from tests.train.images import conv_net

seeds = st.integers(0, 2**32 - 1)
some = settings(max_examples=40, deadline=None)


def tensors(rows: Rows) -> list[torch.Tensor]:
    return [torch.tensor(part) for part in rows]


@given(seeds)
@some
def test_built_parameters_are_the_inferred_ones(seed):
    architecture = random_architecture(np.random.default_rng(seed))
    built = sum(one.numel() for one in Network(architecture).parameters())
    assert built == infer(architecture).cost.parameters


@given(seeds)
@some
def test_output_shape_is_the_inferred_one(seed):
    rng = np.random.default_rng(seed)
    architecture = random_architecture(rng)
    rows = random_rows(rng, architecture.inputs[0])
    output = Network(architecture)(*tensors(rows))
    assert output.shape == (7, elements(infer(architecture).output))
    assert output.dtype == torch.float32


@given(seeds)
@some
def test_counted_multiply_accumulates_are_the_inferred_ones(seed):
    rng = np.random.default_rng(seed)
    architecture = random_architecture(rng)
    network = Network(architecture).eval()
    with FlopCounterMode(display=False) as counter:
        network(*tensors(random_rows(rng, architecture.inputs[0], rows=1)))
    assert counter.get_total_flops() // 2 == infer(architecture).cost.macs


@given(seeds)
@some
def test_each_row_is_predicted_on_its_own(seed):
    rng = np.random.default_rng(seed)
    architecture = random_architecture(rng)
    rows = random_rows(rng, architecture.inputs[0])
    network = Network(architecture).eval()
    alone = torch.cat([network(*tensors(rows.take(np.array([row])))) for row in range(7)])
    # Untrained products of products may overflow.
    torch.testing.assert_close(network(*tensors(rows)), alone, atol=1e-5, rtol=1e-5, equal_nan=True)


def test_the_seed_decides_the_weights_and_leaves_the_global_generator_alone():
    architecture = random_architecture(np.random.default_rng(1))
    state = torch.random.get_rng_state()
    first, second, other = (Network(architecture, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), state)
    pairs = [*zip(first.parameters(), second.parameters(), strict=True)]
    assert all(torch.equal(a, b) for a, b in pairs)
    assert not all(
        torch.equal(a, b) for a, b in zip(first.parameters(), other.parameters(), strict=True)
    )


def test_names_of_weights_are_step_paths():
    body = sequence(1, [step(RELU, 0), step(LINEAR, 1, width=4)])
    architecture = Architecture(
        (Columns(4),),
        sequence(
            1,
            [
                step(NUMERIC_ENTRY, 0),
                step(RESIDUAL, 1, body),
                step(REPEAT, 2, body, times=2),
                step(VALUE_HEAD, 3),
            ],
        ),
    )
    assert list(Network(architecture).state_dict()) == [
        "1.0.1.weight",
        "1.0.1.bias",
        "2.0.1.weight",
        "2.0.1.bias",
        "2.1.1.weight",
        "2.1.1.bias",
        "3.weight",
        "3.bias",
    ]


def test_a_tied_repeat_applies_one_set_of_weights_each_time():
    body = sequence(1, [step(LINEAR, 0, width=2, bias=False)])
    network = Network(
        Architecture(
            (Columns(2),),
            sequence(1, [step(NUMERIC_ENTRY, 0), step(REPEAT, 1, body, times=3, tied=True)]),
        )
    )
    weight = network.get_parameter("1.0.0.weight")
    x = torch.randn(5, 2)
    none = torch.zeros(5, 0, dtype=torch.int64)
    torch.testing.assert_close(network(x, none, none), x @ weight.T @ weight.T @ weight.T)


def test_steps_that_nothing_needs_are_built_but_not_run():
    architecture = Architecture(
        (Columns(2),),
        Region(1, (step(NUMERIC_ENTRY, 0), step(LINEAR, 1, width=8), step(VALUE_HEAD, 1)), 3),
    )
    network = Network(architecture)
    ran = []
    network["1"].register_forward_hook(lambda *_: ran.append(1))
    none = torch.zeros(5, 0, dtype=torch.int64)
    network(torch.randn(5, 2), none, none).sum().backward()
    assert ran == []
    assert network.get_parameter("1.weight").grad is None


def numeric_network(encoding: str, **given) -> Network:
    entry = step(NUMERIC_ENTRY, 0, encoding=encoding, **given)
    return Network(Architecture((Columns(2),), sequence(1, [entry])), seed=0)


def no_codes(rows: int) -> torch.Tensor:
    return torch.zeros(rows, 0, dtype=torch.int64)


def test_piecewise_linear_encoding_follows_its_formula_on_fitted_bins():
    network = numeric_network("piecewise_linear", bins=2, width=2)
    values = np.array([[0, 0], [1, 0], [2, 0], [3, 5], [4, 10]], np.float32)
    empty = np.zeros((5, 0), np.int64)
    network.fit_entries(Rows(values, empty, empty))
    with torch.no_grad():
        network.get_parameter("0.weight").copy_(torch.eye(2).expand(2, 2, 2))
        network.get_parameter("0.bias").zero_()
    asked = torch.tensor([[1.0, 5.0], [3.0, 20.0], [5.0, -5.0]])
    # First column: bins 0..2 and 2..4, the outer ones open. Second: bins 0..0 (nothing) and 0..10.
    expected = torch.tensor([[0.5, 0, 0, 0.5], [1.0, 0.5, 0, 2.0], [1.0, 1.5, 0, -0.5]])
    torch.testing.assert_close(network(asked, no_codes(3), no_codes(3)), expected)


def test_a_constant_column_is_encoded_without_a_nan():
    network = numeric_network("piecewise_linear", bins=4, width=2)
    empty = np.zeros((6, 0), np.int64)
    network.fit_entries(Rows(np.ones((6, 2), np.float32), empty, empty))
    assert torch.isfinite(network(torch.randn(3, 2), no_codes(3), no_codes(3))).all()


def test_periodic_encoding_keeps_the_value_beside_its_cosines():
    network = numeric_network("periodic", width=4)
    x = torch.randn(5, 2)
    encoded = network(x, no_codes(5), no_codes(5)).reshape(5, 2, 4)
    torch.testing.assert_close(encoded[:, :, 0], x)
    entry = network["0"]
    angles = 2 * np.pi * entry.frequencies[1] * x[:, 1:2] + entry.phases[1]
    expected = torch.cos(angles) @ entry.weight[1] + entry.bias[1]
    torch.testing.assert_close(encoded[:, 1, 1:], expected)


def test_categories_look_up_their_own_column_and_the_unknown_starts_at_zero():
    architecture = Architecture(
        (Columns(0, (3, 40, 3)),), sequence(1, [step(CATEGORY_ENTRY, 0, width=8)])
    )
    network = Network(architecture, seed=0)
    nothing = torch.zeros(3, 0)
    codes = torch.tensor([[0, 0, 0], [2, 0, 0], [0, 0, 2]])
    unknown, first, last = network(nothing, codes, no_codes(3))
    assert unknown.abs().max() == 0
    assert first.abs().max() > 0
    assert last.abs().max() > 0
    assert (first * last).abs().max() == 0  # the two columns fill different features


def test_text_is_the_mean_of_its_tokens_without_padding():
    architecture = Architecture(
        (Columns(0, (), (Tokens(3, 10),)),), sequence(1, [step(TEXT_ENTRY, 0, width=8)])
    )
    network = Network(architecture, seed=0)
    table = network["0"].tables[0].weight
    tokens = torch.tensor([[4, 7, 0], [0, 0, 0]])
    output = network(torch.zeros(2, 0), no_codes(2), tokens)
    torch.testing.assert_close(output[0], (table[4] + table[7]) / 2)
    assert output[1].abs().max() == 0


def test_dropout_acts_in_training_only():
    architecture = Architecture(
        (Columns(50),), sequence(1, [step(NUMERIC_ENTRY, 0), step(DROPOUT, 1, rate=0.5)])
    )
    network = Network(architecture)
    x = torch.ones(4, 50)
    assert (network.train()(x, no_codes(4), no_codes(4)) == 0).any()
    assert torch.equal(network.eval()(x, no_codes(4), no_codes(4)), x)


def test_batch_norm_standardises_in_training_and_remembers_for_prediction():
    architecture = Architecture(
        (Columns(3),), sequence(1, [step(NUMERIC_ENTRY, 0), step(BATCH_NORM, 1)])
    )
    network = Network(architecture)
    x = torch.randn(200, 3) * 5 + 2
    for _ in range(100):
        trained = network.train()(x, no_codes(200), no_codes(200))
    torch.testing.assert_close(trained.mean(dim=0), torch.zeros(3), atol=1e-5, rtol=0)
    predicted = network.eval()(x, no_codes(200), no_codes(200))
    torch.testing.assert_close(predicted, trained, atol=0.02, rtol=0.02)


def test_a_new_head_predicts_nearly_nothing():
    architecture = Architecture(
        (Columns(20),),
        sequence(1, [step(NUMERIC_ENTRY, 0), step(CLASS_HEAD, 1, classes=4)]),
    )
    output = Network(architecture)(torch.randn(100, 20), no_codes(100), no_codes(100))
    assert output.abs().max() < 1


@pytest.mark.parametrize(
    "name", ["no_such_module:Class", "coeval.build.modules.channel:Nothing", "math:pi", "plain"]
)
def test_a_wrong_lowering_is_named(name):
    with pytest.raises(SpaceError, match=r"lowering"):
        lowering(name)


def test_an_own_component_may_bring_its_own_module():
    own = dataclasses.replace(RELU, name="own_relu", lowering="torch.nn:ReLU")
    architecture = Architecture((Columns(3),), sequence(1, [step(NUMERIC_ENTRY, 0), step(own, 1)]))
    network = Network(architecture)
    assert isinstance(network["1"], nn.ReLU)
    assert network(torch.randn(9, 3), no_codes(9), no_codes(9)).min() >= 0


def test_sums_leave_out_what_is_zero_whatever_the_input():
    steps = [
        step(ZERO, 0),
        step(RELU, 1),
        step(LINEAR, 0, width=4),
        step(ADD, (1, 2, 3, 0)),
        step(ADD, (1, 2)),
        step(ADD, (4, 5)),
    ]
    region = sequence(1, steps)
    assert zero_values(region) == [False, True, True, False, False, True, False]
    assert [(name, taken) for _, name, taken in live_steps(region)] == [
        ("2", (0,)),
        ("3", (3, 0)),
        ("5", (4,)),
    ]
    network = tensor_network(Architecture((Vector(4),), region), seed=0)
    x = torch.randn(5, 4)
    torch.testing.assert_close(network(x), network["2"](x) + x, rtol=0, atol=0)


def test_a_sum_of_nothing_but_zeros_is_zero():
    region = sequence(1, [step(ZERO, 0), step(ADD, (1, 1))])
    network = tensor_network(Architecture((Vector(4),), region), seed=0)
    assert (network(torch.ones(2, 4)) == 0).all()


def test_the_module_of_a_table_takes_rows_and_that_of_images_tensors():
    table = random_architecture(np.random.default_rng(0))
    assert isinstance(network_for(table, seed=0), Network)
    images = network_for(conv_net(), seed=0)
    assert isinstance(images, RegionSteps)
    assert images(torch.zeros(2, 8, 8, 2)).shape == (2, 3)
