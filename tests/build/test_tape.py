import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Grid, Tokens
from coeval.build.network import Network
from coeval.build.tape import ROW, Untaped, tape_of, write_tape
from coeval.component.channel import DROPOUT, IDENTITY, LINEAR, RELU
from coeval.component.entry import CATEGORY_ENTRY, NUMERIC_ENTRY, TEXT_ENTRY
from coeval.component.grid import FLATTEN
from coeval.component.head import VALUE_HEAD
from coeval.component.library import TABULAR
from coeval.component.merge import CONCATENATE
from coeval.component.region import REPEAT, RESIDUAL
from coeval.testing.architectures import architectures
from tests.build.architectures import random_architecture, random_rows
from tests.build.test_network import tensors

seeds = st.integers(0, 2**32 - 1)
SMALL = (Columns(2),)


def played(tape, network, row):
    """The tape in plain PyTorch, in evaluation mode."""
    held = network.state_dict()
    values = [None]
    for one in tape.operations:
        taken = [values[index] for index in one.inputs if index != ROW]
        given = [held[tensor.name] for tensor in one.tensors]
        for tensor, value in zip(one.tensors, given, strict=True):
            assert tuple(value.shape) == tensor.shape
        values.append(PLAY[one.kind](row, taken, given, dict(one.settings)))
        assert values[-1].shape[1] == tape.widths[one.output]
    return values[tape.output]


def play_bins(row, taken, given, chosen):
    weight, bias, start, slope, lowest, highest = given
    x = torch.minimum(torch.maximum((row[0].unsqueeze(-1) - start) * slope, lowest), highest)
    return (torch.einsum("nci,cio->nco", x, weight) + bias[:, 0]).flatten(1)


def play_cosines(row, taken, given, chosen):
    weight, bias, frequencies, phases = given
    x = row[0].unsqueeze(-1)
    inside = torch.cos(2 * math.pi * frequencies * x + phases)
    return torch.cat([x, torch.einsum("nci,cio->nco", inside, weight) + bias[:, 0]], -1).flatten(1)


def play_embedding(row, taken, given, chosen):
    codes = row[1][:, list(chosen["columns"])] + torch.tensor(chosen["offsets"])
    return given[0][codes].flatten(1)


def play_text(row, taken, given, chosen):
    tokens = row[2][:, chosen["start"] : chosen["start"] + chosen["length"]]
    known = (tokens != 0).float().unsqueeze(-1)
    return (given[0][tokens] * known).sum(1) / known.sum(1).clamp(min=1)


def play_norm(row, taken, given, chosen):
    scale, bias, mean, variance = given
    return (taken[0] - mean) / torch.sqrt(variance + 1e-5) * scale + bias


def elementwise(function):
    return lambda row, taken, given, chosen: function(*taken, *given)


PLAY = {
    "numeric": lambda row, taken, given, chosen: row[0],
    "piecewise_linear": play_bins,
    "periodic": play_cosines,
    "embedding": play_embedding,
    "text": play_text,
    "linear": elementwise(F.linear),
    "glu_gate": elementwise(lambda x, weight, bias: F.glu(F.linear(x, weight, bias))),
    "scale": elementwise(lambda x, scale: x * scale),
    "dropout": elementwise(lambda x: x),
    "relu": elementwise(torch.relu),
    "gelu": elementwise(F.gelu),
    "silu": elementwise(F.silu),
    "tanh": elementwise(torch.tanh),
    "sigmoid": elementwise(torch.sigmoid),
    "hard_sigmoid": elementwise(F.hardsigmoid),
    "batch_norm": play_norm,
    "layer_norm": elementwise(lambda x, scale, bias: F.layer_norm(x, scale.shape, scale, bias)),
    "rms_norm": elementwise(lambda x, scale: F.rms_norm(x, scale.shape, scale, eps=1e-5)),
    "add": lambda row, taken, given, chosen: sum(taken),
    "multiply": lambda row, taken, given, chosen: math.prod(taken),
    "concatenate": lambda row, taken, given, chosen: torch.cat(taken, 1),
}


def assert_played_alike(architecture, rng):
    network = Network(architecture, seed=1).eval()
    row = tensors(random_rows(rng, architecture.inputs[0]))
    with torch.no_grad():
        expected = network(*row)
        torch.testing.assert_close(played(tape_of(architecture), network, row), expected)


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_a_tape_played_gives_what_the_network_gives(seed):
    rng = np.random.default_rng(seed)
    assert_played_alike(random_architecture(rng), rng)


@given(architectures(), seeds)
@settings(max_examples=40, deadline=None)
def test_dead_steps_and_nested_regions_are_played_alike_too(architecture, seed):
    assert_played_alike(architecture, np.random.default_rng(seed))


def tape(*steps):
    return write_tape(Architecture(SMALL, sequence(1, steps)))


def test_every_learning_tensor_is_a_parameter_of_the_network_and_no_other():
    architecture = Architecture(
        (Columns(3, (4, 9, 9), (Tokens(2, 5),)),),
        sequence(
            1,
            [
                step(NUMERIC_ENTRY, 0, encoding="piecewise_linear"),
                step(CATEGORY_ENTRY, 0),
                step(TEXT_ENTRY, 0),
                step(CONCATENATE, (1, 2, 3)),
                step(VALUE_HEAD, 4),
            ],
        ),
    )
    found = [one for op in tape_of(architecture).operations for one in op.tensors]
    network = Network(architecture)
    assert {one.name for one in found if one.learns} == set(dict(network.named_parameters()))
    assert {one.name for one in found} == set(network.state_dict())


def test_operations_of_a_tied_repeat_share_their_tensors():
    body = sequence(1, [step(LINEAR, 0, width=2)])
    steps = [step(NUMERIC_ENTRY, 0), step(REPEAT, 1, body, times=3, tied=True), step(VALUE_HEAD, 2)]
    tied = tape(*steps).operations
    assert [one.tensors[0].name for one in tied[1:4]] == ["1.0.0.weight"] * 3
    steps[1] = step(REPEAT, 1, body, times=3, tied=False)
    untied = tape(*steps).operations
    assert [one.tensors[0].name for one in untied[1:4]] == [
        f"1.{turn}.0.weight" for turn in range(3)
    ]


def test_what_changes_nothing_has_no_operation():
    body = sequence(1, [step(DROPOUT, 0, rate=0.0), step(IDENTITY, 1)])
    steps = [step(NUMERIC_ENTRY, 0), step(RESIDUAL, 1, body), step(VALUE_HEAD, 2)]
    assert [one.kind for one in tape(*steps).operations] == ["numeric", "add", "linear"]
    assert tape(*steps).operations[1].inputs == (1, 1)


def test_all_components_for_tables_have_a_place():
    taken = {"residual", "repeat", "concatenate", "members"}  # ensembles: see test_members
    for name in set(TABULAR) - taken:
        component = TABULAR[name]
        if "entry" in component.capabilities or "head" in component.capabilities:
            continue
        inputs = (1, 1) if component.arity[1] is None else 1
        assert tape(step(NUMERIC_ENTRY, 0), step(component, inputs), step(VALUE_HEAD, 2))


def test_a_component_of_a_user_has_no_place_even_under_a_known_name():
    own = dataclasses.replace(RELU, lowering="their.package:ReLU")
    body = sequence(1, [step(NUMERIC_ENTRY, 0), step(own, 1), step(VALUE_HEAD, 2)])
    assert tape_of(Architecture(SMALL, body)) is None
    with pytest.raises(Untaped, match=r"step 1 \(relu, lowered to 'their.package:ReLU'\)"):
        write_tape(Architecture(SMALL, body))


def test_a_network_over_a_grid_has_no_tape():
    grid = Architecture((Grid(2, 2, 1),), sequence(1, [step(FLATTEN, 0), step(VALUE_HEAD, 1)]))
    with pytest.raises(Untaped, match=r"needs Columns as its only input, got Grid\(2, 2, 1\)"):
        write_tape(grid)


def test_writing_a_tape_needs_no_torch():
    code = "import sys, coeval.build.tape; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
