import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.build.network import Network
from coeval.build.weights import arrays, load
from coeval.errors import ExportError
from tests.build.architectures import random_architecture, random_rows


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_a_network_with_loaded_weights_predicts_the_same(seed):
    rng = np.random.default_rng(seed)
    architecture = random_architecture(rng)
    rows = random_rows(rng, architecture.inputs[0])
    trained = Network(architecture, seed=1)
    trained.fit_entries(rows)
    other = Network(architecture, seed=2)
    load(other, arrays(trained))
    inputs = [torch.tensor(part) for part in rows]
    assert torch.equal(trained.eval()(*inputs), other.eval()(*inputs))


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_all_arrays_are_finite(seed):
    network = Network(random_architecture(np.random.default_rng(seed)))
    assert all(np.isfinite(one).all() for one in arrays(network).values())


def test_arrays_are_copies():
    network = Network(random_architecture(np.random.default_rng(0)))
    before = arrays(network)
    with torch.no_grad():
        for one in network.parameters():
            one.add_(1)
    assert all(
        not np.array_equal(before[name], one.numpy())
        for name, one in network.state_dict().items()
        if name in dict(network.named_parameters())
    )


def damaged(change):
    network = Network(random_architecture(np.random.default_rng(0)))
    saved = arrays(network)
    change(saved)
    return network, saved


def test_a_missing_weight_is_named():
    network, saved = damaged(lambda one: one.pop(next(iter(one))))
    with pytest.raises(ExportError, match="must hold"):
        load(network, saved)


def test_an_unknown_weight_is_named():
    network, saved = damaged(lambda one: one.update(extra=np.zeros(1)))
    with pytest.raises(ExportError, match="has no 'extra'"):
        load(network, saved)


def test_a_wrong_shape_is_named():
    network, saved = damaged(lambda one: one.update({next(iter(one)): np.zeros((1, 1, 1, 1))}))
    with pytest.raises(ExportError, match="must have shape"):
        load(network, saved)
