import types

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.build.network import Network
from coeval.build.source_ensemble import Member, ensemble_source
from coeval.errors import ExportError
from coeval.task.task import Problem
from coeval.train.data import Scale
from coeval.train.predict import predict
from tests.build.architectures import random_architecture, random_rows
from tests.train.images import conv_net


def executed(text: str) -> types.ModuleType:
    module = types.ModuleType("network")
    exec(compile(text, "network.py", "exec"), module.__dict__)
    return module


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(Problem)), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_the_source_computes_the_weighted_mean_of_the_networks(seed, problem, count):
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(count)).tolist()
    members, networks, rows, expected = [], [], [], 0.0
    for number in range(count):
        architecture = random_architecture(rng, problem)
        rows.append(random_rows(rng, architecture.inputs[0], 5))
        networks.append(Network(architecture, seed=number))
        networks[-1].fit_entries(rows[-1])
        members.append(Member(architecture, weights[number], mean=10.0 * number, std=2.0))
        scale = Scale(10.0 * number, 2.0) if problem is Problem.REGRESSION else Scale(0.0, 1.0)
        expected += weights[number] * predict(networks[-1], rows[-1], problem, scale)
    module = executed(ensemble_source(members, problem=problem, classes=("a", "b", "c")))
    copied = module.Network()
    copied.load_state_dict(
        {
            f"{number}.{name}": value
            for number, network in enumerate(networks)
            for name, value in network.state_dict().items()
        }
    )
    given_rows = [tuple(torch.tensor(part) for part in one) for one in rows]
    found = module.predict(copied.eval(), *given_rows).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_temperature_divides_the_logits():
    rng = np.random.default_rng(4)
    architecture = random_architecture(rng, Problem.BINARY)
    rows = random_rows(rng, architecture.inputs[0], 7)
    network = Network(architecture, seed=0)
    network.fit_entries(rows)
    text = ensemble_source(
        [Member(architecture, 1.0)], problem=Problem.BINARY, temperature=2.0, least=1e-30
    )
    module = executed(text)
    copied = module.Network()
    copied.load_state_dict({f"0.{k}": v for k, v in network.state_dict().items()})
    inputs = tuple(torch.tensor(part) for part in rows)
    logit = network.eval()(*inputs).detach().double()[:, 0]
    found = module.predict(copied.eval(), inputs)
    torch.testing.assert_close(found[:, 1], torch.sigmoid(logit / 2.0), atol=1e-6, rtol=0)


def test_members_of_pictures_are_one_clear_error():
    with pytest.raises(ExportError, match="must take Columns"):
        ensemble_source([Member(conv_net(), 1.0)], problem=Problem.MULTICLASS)
