"""Scores of untrained networks: what they depend on, what they must not touch, and published values as the golden check."""

import io
import math
import statistics
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import nn

from coeval.architecture.component import Component, Cost
from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Tokens, Vector
from coeval.build.network import Network, tensor_network
from coeval.component.library import TABULAR
from coeval.evaluate.zero_cost import SIGNALS, minibatch, signals_of, zero_cost
from coeval.seed import generator
from coeval.space import nasbench201
from coeval.statistics import spearman
from coeval.task.task import Problem
from coeval.testing.architectures import architectures
from coeval.train.data import TrainingData, examples_of
from tests.build.architectures import random_rows
from tests.evaluate.tasks import mlp, task_of

SHARED = Path(__file__).parents[3] / "shared" / "data"


def batch_for(architecture, rows=16, seed=0):
    """Return a random minibatch for an architecture over columns, and its problem."""
    rng = np.random.default_rng(seed)
    (columns,) = architecture.inputs
    inputs = tuple(torch.as_tensor(part) for part in random_rows(rng, columns, rows))
    outputs = infer(architecture).output.features
    if outputs == 1:
        return (inputs, torch.as_tensor(rng.normal(size=rows), dtype=torch.float32), None), (
            Problem.REGRESSION
        )
    return (inputs, torch.as_tensor(rng.integers(outputs, size=rows)), None), Problem.MULTICLASS


def scores(architecture, batch=None, seed=3):
    made, problem = batch_for(architecture)
    return zero_cost(Network(architecture, seed=1), batch or made, problem, seed)


def classes(*steps, classes=3, columns=6):
    """Return a network: numeric entry, the steps in a row, a head of classes."""
    body = [step(TABULAR["numeric_entry"], 0)]
    for component, chosen in steps:
        body.append(step(TABULAR[component], len(body), **chosen))
    body.append(step(TABULAR["class_head"], len(body), classes=classes))
    return Architecture((Columns(columns),), sequence(1, body))


PLAIN = classes(
    ("linear", {"width": 32}),
    ("relu", {}),
    ("linear", {"width": 32}),
    ("batch_norm", {}),
    ("relu", {}),
)


def test_every_score_is_there_for_an_ordinary_network():
    assert tuple(scores(PLAIN)) == SIGNALS


@settings(max_examples=25, deadline=None)
@given(architectures(most_steps=5))
def test_any_network_is_scored_with_finite_numbers_and_left_as_it_was(architecture):
    network = Network(architecture, seed=1)
    batch, problem = batch_for(architecture)
    for number, module in enumerate(network.modules()):
        module.training = number % 3 == 0
    modes = [module.training for module in network.modules()]
    before = {name: value.clone() for name, value in network.state_dict().items()}
    for one in network.parameters():
        one.grad = torch.ones_like(one)
    torch.manual_seed(5)
    random = torch.get_rng_state()
    found = zero_cost(network, batch, problem, 3)
    assert set(found) <= set(SIGNALS)
    assert all(map(math.isfinite, found.values()))
    assert torch.equal(torch.get_rng_state(), random)
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(one.grad, torch.ones_like(one)) for one in network.parameters())
    assert all(one.requires_grad for one in network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert not any(module._forward_hooks for module in network.modules())
    assert zero_cost(network, batch, problem, 3) == found


def test_synflow_and_zen_do_not_depend_on_the_rows():
    first, second = (scores(PLAIN, batch_for(PLAIN, seed=seed)[0]) for seed in (1, 2))
    assert first["synflow"] == second["synflow"]
    assert first["zen"] == second["zen"]
    assert all(first[name] != second[name] for name in ("naswot", "jacov", "grad_norm", "snip"))


def test_no_score_depends_on_the_order_of_the_rows():
    (inputs, target, _), _ = batch_for(PLAIN)
    order = torch.as_tensor(generator(0).permutation(len(target)))
    turned = (tuple(one[order] for one in inputs), target[order], None)
    assert scores(PLAIN, turned) == pytest.approx(scores(PLAIN), rel=1e-4)


def test_naswot_depends_on_signs_alone():
    plain = classes(("linear", {"width": 32, "bias": False}), ("relu", {}))
    (inputs, target, _), _ = batch_for(plain)
    larger = ((inputs[0] * 7, *inputs[1:]), target, None)
    assert scores(plain, larger)["naswot"] == scores(plain)["naswot"]
    assert scores(plain, larger)["snip"] != scores(plain)["snip"]


def test_naswot_is_the_log_determinant_of_agreeing_activations():
    network = tensor_network(
        Architecture(
            (Vector(2),),
            sequence(
                1,
                [
                    step(TABULAR["linear"], 0, width=2, bias=False),
                    step(TABULAR["tanh"], 1),
                    step(TABULAR["class_head"], 2, classes=2),
                ],
            ),
        )
    )
    with torch.no_grad():
        network["0"].weight.copy_(torch.eye(2))
    rows = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-2.0, 3.0]])
    found = zero_cost(network, ((rows,), torch.tensor([0, 1, 1]), None), Problem.MULTICLASS, 0)
    # Codes 11, 10 and 01: two activations each, of which one agrees between 0 and 1, one between 0 and 2, none of 1 and 2.
    kernel = np.array([[2.0, 1.0, 1.0], [1.0, 2.0, 0.0], [1.0, 0.0, 2.0]])
    assert found["naswot"] == pytest.approx(math.log(np.linalg.det(kernel)), rel=1e-4)


def test_a_row_that_a_table_holds_twice_does_not_silence_naswot():
    (inputs, target, _), _ = batch_for(PLAIN)
    twice = (
        tuple(torch.cat([one, one[:1]]) for one in inputs),
        torch.cat([target, target[:1]]),
        None,
    )
    larger = classes(("linear", {"width": 256}), ("relu", {}))
    smaller = classes(("linear", {"width": 4}), ("relu", {}))
    assert scores(larger, twice)["naswot"] > scores(smaller, twice)["naswot"]


def test_synflow_sums_the_products_of_absolute_weights_over_all_paths():
    network = tensor_network(
        Architecture(
            (Vector(2),),
            sequence(
                1,
                [
                    step(TABULAR["linear"], 0, width=2, bias=False),
                    step(TABULAR["layer_norm"], 1),
                    step(TABULAR["sigmoid"], 2),
                    step(TABULAR["value_head"], 3),
                ],
            ),
        )
    )
    with torch.no_grad():
        network["0"].weight.copy_(torch.tensor([[1.0, -2.0], [3.0, 4.0]]))
        network["3"].weight.copy_(torch.tensor([[-5.0, 6.0]]))
    batch = ((torch.randn(4, 2),), torch.randn(4), None)
    paths = 5 * (1 + 2) + 6 * (3 + 4)  # each layer's |w · dR/dw| sums to R without offsets
    assert zero_cost(network, batch, Problem.REGRESSION, 0)["synflow"] == pytest.approx(
        math.log(2 * paths)
    )


def test_snip_and_grad_norm_are_those_of_the_loss_by_each_map():
    network = Network(PLAIN, seed=1)
    batch, problem = batch_for(PLAIN)
    found = zero_cost(network, batch, problem, 0)
    network.train()
    torch.nn.functional.cross_entropy(network(*batch[0]), batch[1]).backward()
    maps = [one for one in network.parameters() if one.ndim > 1]
    snip = sum(float((one.detach() * one.grad).abs().sum()) for one in maps)
    assert found["snip"] == pytest.approx(snip, rel=1e-5)
    assert found["grad_norm"] == pytest.approx(
        sum(float(one.grad.norm()) for one in maps), rel=1e-5
    )


def test_what_a_network_lacks_is_left_out_and_not_guessed():
    found = scores(classes(("linear", {"width": 8})))
    assert "naswot" not in found  # no activation, no code
    assert {"synflow", "snip", "grad_norm"} <= set(found)


class Single(nn.Module):
    """An outsider's module that takes single precision only."""

    def forward(self, x):
        return x @ torch.eye(x.shape[-1])


SINGLE = Component(
    name="single",
    summary="The input times the identity in single precision.",
    type_rule=lambda call: call.inputs[0],
    cost_rule=lambda call, output: Cost(),
    arguments=lambda call, output: {},
    lowering="tests.evaluate.test_zero_cost:Single",
)


def test_a_score_that_a_component_cannot_give_costs_that_score_alone():
    steps = list(PLAIN.body.steps)
    steps[2] = step(SINGLE, 2)
    found = scores(Architecture(PLAIN.inputs, sequence(1, steps)))
    assert set(SIGNALS) - set(found) == {"synflow"}


class Counts(nn.Module):
    """How often each of four tokens stands in a line."""

    def forward(self, x):
        return nn.functional.one_hot(x, 4).sum(1).to(torch.get_default_dtype())


COUNTS = Component(
    name="counts",
    summary="How often each of four tokens stands in a line.",
    type_rule=lambda call: Vector(4),
    cost_rule=lambda call, output: Cost(),
    arguments=lambda call, output: {},
    lowering="tests.evaluate.test_zero_cost:Counts",
)


def test_a_network_over_tokens_has_the_scores_that_need_no_real_input():
    steps = [
        step(COUNTS, 0),
        step(TABULAR["linear"], 1, width=16),
        step(TABULAR["relu"], 2),
        step(TABULAR["value_head"], 3),
    ]
    network = tensor_network(Architecture((Tokens(6, 4),), sequence(1, steps)), seed=0)
    tokens = torch.as_tensor(generator(0).integers(4, size=(8, 6)))
    found = zero_cost(network, ((tokens,), torch.randn(8), None), Problem.REGRESSION, 0)
    assert set(found) == {"naswot", "grad_norm", "snip"}


def test_a_deep_network_does_not_leave_the_range_of_numbers():
    deep = classes(*[("linear", {"width": 128}), ("relu", {})] * 60)
    assert scores(deep)["synflow"] > 88  # what single precision could still hold


def test_every_network_of_a_table_is_scored_on_the_same_rows():
    task = task_of("wine")
    train = task.splits.train
    rows = (task.table.take(train).columns[0].values[:, None],)
    examples = examples_of(task, rows, train)
    first, again = minibatch(examples, 20), minibatch(examples, 20)
    assert len(first.target) == 20
    np.testing.assert_array_equal(first.rows[0], again.rows[0])
    np.testing.assert_array_equal(first.target, again.target)
    for value, target in zip(first.rows[0][:, 0], first.target, strict=True):
        where = np.flatnonzero(rows[0][:, 0] == value)
        assert target in examples.target[where]


def test_a_table_network_of_width_128_is_scored_in_milliseconds():
    task = task_of("digits")
    rng = np.random.default_rng(0)
    architecture = mlp(task, width=128, batch_norm=True)
    rows = random_rows(rng, architecture.inputs[0], len(task.splits.train))
    data = TrainingData(task.problem, examples_of(task, rows, task.splits.train))
    network = Network(architecture, seed=0)
    signals_of(network, data, 0)
    seconds = []
    for _ in range(5):
        started = time.thread_time()
        signals_of(network, data, 0)
        seconds.append(time.thread_time() - started)
    assert statistics.median(seconds) < 0.03


def images(count):
    """Return normalised CIFAR-10 images, ``(count, 32, 32, 3)``, and their classes."""
    from PIL import Image  # noqa: PLC0415 - only here, and not among what the tests need

    kept = np.load(SHARED / "images" / "cifar10_jpeg.npz")
    starts = kept["offset_train"]
    found = [
        np.asarray(Image.open(io.BytesIO(kept["jpeg_train"][starts[k] : starts[k + 1]].tobytes())))
        for k in range(count)
    ]
    pixels = torch.tensor(np.stack(found), dtype=torch.float32) / 127.5 - 1
    return pixels, torch.tensor(kept["y_train"][:count].astype(np.int64))


def with_cells(architecture, cells):
    """Return a network of NAS-Bench-201 with another number of cells a stage."""
    steps = [
        step(one.component, one.inputs, *one.regions, times=cells)
        if one.component.name == "repeat"
        else one
        for one in architecture.body.steps
    ]
    return Architecture(architecture.inputs, sequence(1, steps))


GOLDEN = {"synflow": 0.95, "naswot": 0.9, "snip": 0.8, "grad_norm": 0.8, "jacov": 0.6, "zen": 0.6}
"""Least rank correlation with the published values."""


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data")
def test_scores_of_nas_bench_201_cells_rank_like_the_published_ones():
    pytest.importorskip("PIL")
    pd = pytest.importorskip("pandas")
    frame = pd.read_parquet(SHARED / "nas" / "nb201_zero_cost_proxies.parquet").dropna()
    rows = frame.sample(40, random_state=0)
    pixels, target = images(32)
    cells = dict(enumerate(nasbench201.members()))
    ours = {name: [] for name in GOLDEN}
    for row, parameters in zip(rows["idx"].astype(int), rows["c10_params"], strict=True):
        whole = nasbench201.network(cells[row], nasbench201.DATASETS["cifar10"])
        assert infer(whole).cost.parameters == pytest.approx(1e6 * parameters, abs=1)
        network = tensor_network(with_cells(whole, 3), seed=0)
        with torch.no_grad():  # the reference's head starts at the usual scale, ours near zero
            network[str(len(whole.body.steps) - 1)].weight.mul_(10)
        found = zero_cost(network, ((pixels,), target, None), Problem.MULTICLASS, 0)
        for name in GOLDEN:
            ours[name].append(found[name])
    columns = {**{name: f"c10_{name}" for name in GOLDEN}, "naswot": "c10_nwot"}
    agreement = {name: spearman(ours[name], rows[columns[name]]) for name in GOLDEN}
    assert all(agreement[name] > least for name, least in GOLDEN.items()), agreement
