"""Weights from parent to child: what is called exact computes the same, whatever the moves and the networks."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.component import Component, Cost
from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Grid, Tokens
from coeval.build.network import Network, tensor_network
from coeval.build.transfer import transfer
from coeval.build.weights import arrays, load
from coeval.component.channel import LINEAR, RELU, TANH
from coeval.component.grid import CONV, DEPTHWISE_CONV, FLATTEN, GLOBAL_AVERAGE_POOL
from coeval.component.head import BINARY_HEAD, CLASS_HEAD
from coeval.component.merge import ADD, CONCATENATE
from coeval.component.norm import BATCH_NORM
from coeval.component.region import REPEAT, RESIDUAL
from coeval.space import nasbench201
from coeval.space.plan import Plan, assemble
from coeval.space.presets import architectures
from coeval.space.tabular import sequence_space
from tests.build.architectures import random_architecture, random_rows

seeds = st.integers(0, 2**32 - 1)
some = settings(max_examples=15, deadline=None)
LADDER = (8, 16, 32)  # narrow, so that building and moving take no time
FULL = sequence_space(
    Columns(5, (3, 12), (Tokens(8, 257),)),
    CLASS_HEAD,
    CLASS_HEAD.complete({"classes": 3}),
    ladder=LADDER,
)
NUMBERS = sequence_space(Columns(4), BINARY_HEAD, ladder=LADDER)
SEEDS = {**architectures(FULL, small=True), **architectures(FULL, small=False)}


def trained(network, rng):
    """Shake what a fresh network has at 0 or 1 (norms, scales, biases), as training does; return the weights."""
    for name, value in network.state_dict().items():
        noise = torch.tensor(rng.normal(size=tuple(value.shape)), dtype=value.dtype)
        if name.endswith("variance"):
            value.copy_(0.5 + noise.abs())
        elif name.endswith(("mean", "bias", "scale")):
            value.add_(0.3 * noise)
    network.eval()
    return arrays(network)


def heir(parent, child, seed, rows=None, make=Network):
    """Return what a child inherits from a parent of random weights, and by how much their outputs differ."""
    rng = np.random.default_rng(seed)
    old, new = make(parent, seed=seed % 1000), make(child, seed=seed % 1000 + 1)
    found = transfer(parent, trained(old, rng), child, arrays(new))
    load(new, found.weights)
    new.eval()
    if rows is None:
        rows = [torch.tensor(part) for part in random_rows(rng, parent.inputs[0], 9)]
    with torch.no_grad():
        before, after = old(*rows), new(*rows)
    if before.shape != after.shape:
        return found, np.inf
    return found, float((before - after).abs().max() / (1 + before.abs().max()))


def moved(parent, seed, space=FULL):
    """Return a child of one to three moves."""
    rng = np.random.default_rng(seed)
    child = space.mutate(parent, rng)
    for _ in range(int(rng.integers(3))):
        child = space.mutate(child.genotype, rng)
    return child


@given(seeds)
@some
def test_a_network_inherits_all_of_itself(seed):
    architecture = random_architecture(np.random.default_rng(seed))
    found, difference = heir(architecture, architecture, seed)
    assert found.exact
    assert found.share == 1.0
    assert difference < 1e-6


@given(seeds, st.booleans())
@some
def test_what_is_called_exact_after_any_moves_computes_the_same(seed, is_seed):
    rng = np.random.default_rng(seed)
    parent = list(SEEDS.values())[seed % len(SEEDS)] if is_seed else FULL.sample(rng)
    found, difference = heir(parent, moved(parent, seed).genotype, seed)
    assert 0 <= found.share <= 1
    if found.exact:
        assert difference < 1e-5


@given(seeds)
@some
def test_what_is_called_exact_between_any_two_networks_computes_the_same(seed):
    rng = np.random.default_rng(seed)
    found, difference = heir(FULL.sample(rng), FULL.sample(rng), seed)
    assert not found.exact or difference < 1e-5


@given(seeds)
@some
def test_a_move_that_calls_itself_exact_is_exact(seed):
    rng = np.random.default_rng(seed)
    parent = NUMBERS.sample(rng)
    for _ in range(20):
        child = NUMBERS.mutate(parent, rng)
        if child.moves[0].exact:
            found, difference = heir(parent, child.genotype, seed)
            assert found.exact, child.moves
            assert difference < 1e-5
            return


KINDS = {
    "linear": {"insert", "motif"},
    "mlp": {"insert", "merge", "motif", "deepen", "widen"},
    "resnet": {"insert", "merge", "motif", "widen", "wrap"},
    "realmlp": {"insert", "merge", "motif", "widen"},
    "gated": {"insert", "merge", "motif"},
    "tabm": {"insert", "merge", "motif", "widen"},
}


@pytest.mark.parametrize("name", list(KINDS))
def test_every_kind_of_exact_move_is_offered_from_the_seeds(name):
    space = sequence_space(FULL.frame.columns, BINARY_HEAD, ladder=(64, 128, 192), members=8)
    parent = architectures(space, small=True)[name]
    kinds = set()
    for child in space.neighbours(parent):
        kind = child.moves[0].name
        if child.moves[0].exact and kind not in kinds:
            kinds.add(kind)
            found, difference = heir(parent, child.genotype, 3)
            assert found.exact, child.moves
            assert difference < 1e-5
    assert kinds >= KINDS[name]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_every_neighbour_that_calls_itself_exact_is_exact(seed):
    parent = FULL.sample(np.random.default_rng(seed))
    for child in FULL.neighbours(parent):
        if child.moves[0].exact:
            found, difference = heir(parent, child.genotype, seed)
            assert found.exact, child.moves
            assert difference < 1e-5


@given(seeds)
@some
def test_a_crossover_inherits_what_the_first_parent_gave(seed):
    rng = np.random.default_rng(seed)
    first, second = FULL.sample(rng), FULL.sample(rng)
    found, difference = heir(first, FULL.cross(first, second, rng).genotype, seed)
    assert not found.exact or difference < 1e-5


def test_a_kernel_grows_with_zeros_around_it_and_a_smaller_one_is_not_exact():
    def net(kernel, deep):
        steps = [
            step(CONV, 0, width=5, kernel=kernel, bias=True),
            step(RELU, 1),
            step(DEPTHWISE_CONV, 2, kernel=deep),
            step(GLOBAL_AVERAGE_POOL, 3),
            step(CLASS_HEAD, 4, classes=3),
        ]
        return Architecture((Grid(7, 8, 3),), sequence(1, steps))

    rows = [torch.randn(4, 7, 8, 3)]
    for old, new in (((1, 3), (3, 3)), ((3, 3), (3, 7)), ((3, 1), (7, 5))):
        found, difference = heir(net(*old), net(*new), 1, rows, tensor_network)
        assert found.exact
        assert difference < 1e-5
    found, difference = heir(net(3, 3), net(1, 3), 1, rows, tensor_network)
    assert not found.exact
    assert difference > 1e-5


def test_an_edge_of_a_cell_gets_a_larger_kernel_or_a_silent_convolution():
    dataset = nasbench201.DATASETS["imagenet16-120"]
    space = nasbench201.cell_space()
    options = ["nor_conv_1x1", "none", "skip_connect", "nor_conv_3x3", "none", "avg_pool_3x3"]
    parent = nasbench201.network(space.assemble(options), dataset)
    rows = [torch.randn(2, 16, 16, 3)]
    for edge, option, exact in ((0, "nor_conv_3x3", True), (1, "nor_conv_3x3", True), (2, "none", False)):  # fmt: skip
        changed = [*options[:edge], option, *options[edge + 1 :]]
        child = nasbench201.network(space.assemble(changed), dataset)
        found, difference = heir(parent, child, 1, rows, tensor_network)
        assert found.exact is exact
        assert (difference < 1e-5) is exact


def test_wider_features_pass_through_a_flattened_grid():
    def net(width):
        steps = [
            step(CONV, 0, width=width, kernel=3),
            step(BATCH_NORM, 1),
            step(FLATTEN, 2),
            step(CLASS_HEAD, 3, classes=3),
        ]
        return Architecture((Grid(3, 4, 2),), sequence(1, steps))

    found, difference = heir(net(4), net(6), 1, [torch.randn(5, 3, 4, 2)], tensor_network)
    assert found.exact
    assert difference < 1e-5


def trunk(*steps):
    """A network of one plain entry, these steps (numbers count from the entry's result, 1) and a head."""
    entry = FULL.frame.entries[0]
    columns = FULL.frame.columns
    body = [step(entry, 0, encoding="plain"), *steps]
    return Architecture((columns,), sequence(1, [*body, step(CLASS_HEAD, len(body), classes=3)]))


def test_an_untied_repeat_starts_with_copies_of_the_shared_body():
    def net(tied, times=3):
        body = sequence(1, [step(LINEAR, 0, width=16), step(TANH, 1)])
        return trunk(step(LINEAR, 1, width=16), step(REPEAT, 2, body, times=times, tied=tied))

    for old, new, exact in ((True, False, True), (False, True, False), (True, True, True)):
        found, difference = heir(net(old), net(new), 5)
        assert found.exact is exact
        assert (difference < 1e-5) is exact
    assert not heir(net(False, 3), net(False, 2), 5)[0].exact


def test_one_more_time_is_exact_where_the_body_can_start_as_an_identity():
    def net(times):
        body = sequence(1, [step(TANH, 0), step(LINEAR, 1, width=16)])
        block = sequence(1, [step(RESIDUAL, 0, body)])
        return trunk(step(LINEAR, 1, width=16), step(REPEAT, 2, block, times=times))

    found, difference = heir(net(2), net(3), 5)
    assert found.exact
    assert difference < 1e-5


def test_a_new_branch_of_a_concatenation_is_not_read_at_first():
    old = trunk(step(LINEAR, 1, width=8), step(CONCATENATE, (2,)), step(LINEAR, 3, width=4))
    new = trunk(
        step(LINEAR, 1, width=8),
        step(LINEAR, 1, width=5),
        step(TANH, 3),
        step(CONCATENATE, (2, 4)),
        step(LINEAR, 5, width=4),
    )
    found, difference = heir(old, new, 2)
    assert found.exact
    assert difference < 1e-5


def test_a_new_member_of_a_sum_starts_silent_and_can_learn():
    old = trunk(step(LINEAR, 1, width=8), step(ADD, (2,)))
    new = trunk(
        step(LINEAR, 1, width=8),
        step(LINEAR, 1, width=5),
        step(TANH, 3),
        step(LINEAR, 4, width=8),
        step(ADD, (2, 5)),
    )
    found, difference = heir(old, new, 2)
    assert found.exact
    assert difference < 1e-5
    network = Network(new, seed=1)
    load(network, found.weights)
    rows = [torch.tensor(part) for part in random_rows(np.random.default_rng(0), new.inputs[0])]
    network(*rows).square().sum().backward()
    assert network.get_parameter("4.weight").grad.abs().max() > 0


def test_a_silent_map_behind_a_relu_would_never_wake_and_is_not_made():
    old = trunk(step(LINEAR, 1, width=8))
    body = sequence(1, [step(LINEAR, 0, width=8), step(RELU, 1)])
    assert not heir(old, trunk(step(LINEAR, 1, width=8), step(RESIDUAL, 2, body)), 2)[0].exact


def test_an_identity_and_its_relu_are_exact_behind_a_relu_only():
    first = (step(LINEAR, 1, width=8), step(RELU, 2))
    more = (step(LINEAR, 3, width=8), step(RELU, 4))
    assert heir(trunk(*first), trunk(*first, *more), 2)[0].exact
    linear = trunk(step(LINEAR, 1, width=8))
    grown = trunk(step(LINEAR, 1, width=8), step(LINEAR, 2, width=8), step(RELU, 3))
    assert not heir(linear, grown, 2)[0].exact


def test_wider_entries_are_exact_and_finer_bins_are_not():
    entries = list(FULL.frame.entries)
    base = [
        {"encoding": "piecewise_linear", "width": 4, "bins": 8}, {"width": 4}, {"width": 8}
    ]  # fmt: skip

    def net(**changed):
        given = [dict(one) for one in base]
        for name, (slot, value) in changed.items():
            given[slot][name] = value
        plans = tuple(one.complete(settings) for one, settings in zip(entries, given, strict=True))
        return assemble(FULL.frame, Plan(plans, ()))

    for changed in ({"width": (0, 8)}, {"width": (1, 16)}, {"width": (2, 32)}):
        found, difference = heir(net(), net(**changed), 4)
        assert found.exact
        assert difference < 1e-5
    assert not heir(net(), net(bins=(0, 16)), 4)[0].exact
    base[0] = {"encoding": "periodic", "width": 4, "frequencies": 8}
    for changed in ({"frequencies": (0, 16)}, {"width": (0, 16)}, {"scale": (0, 1.0)}):
        found, difference = heir(net(), net(**changed), 4)
        assert found.exact, changed
        assert difference < 1e-5


def test_a_removed_step_leaves_the_others_their_weights():
    old = trunk(step(LINEAR, 1, width=8), step(TANH, 2), step(LINEAR, 3, width=8))
    new = trunk(step(LINEAR, 1, width=8), step(LINEAR, 2, width=8))
    found, difference = heir(old, new, 2)
    assert not found.exact
    assert found.share == 1.0
    assert difference > 0


class Beside(torch.nn.Module):
    """The first value plus the mean of the second; of regions, what the first says of it."""

    def __init__(self, *bodies):
        super().__init__()
        self.body = torch.nn.ModuleList(bodies)

    def forward(self, x, *others):
        y = x + sum(other.mean(-1, keepdim=True) for other in others)
        return self.body[0](y) if len(self.body) else y


def own(name, **facts):
    return Component(
        name=name,
        summary="Somebody's own.",
        type_rule=lambda call: call.inputs[0],
        cost_rule=lambda call, output: Cost(),
        arguments=lambda call, output: {},
        lowering="tests.build.test_transfer:Beside",
        **facts,
    )


def test_what_a_users_own_component_reads_must_not_change_at_all():
    pair = own("beside", arity=(2, 2))

    def net(width):
        return trunk(step(LINEAR, 1, width=8), step(LINEAR, 1, width=width), step(pair, (2, 3)))

    assert heir(net(4), net(4), 1)[0].exact
    found, difference = heir(net(4), net(6), 1)
    assert not found.exact
    assert difference > 1e-5


def test_what_a_users_own_region_holds_must_not_change_at_all():
    loop = own("loop", regions=1, body_inputs=lambda inputs: inputs)

    def net(activation):
        body = sequence(1, [step(LINEAR, 0, width=8), step(activation, 1)])
        return trunk(step(LINEAR, 1, width=8), step(loop, 2, body))

    same, difference = heir(net(TANH), net(TANH), 1)
    assert same.exact
    assert difference < 1e-6
    assert not heir(net(TANH), net(RELU), 1)[0].exact
