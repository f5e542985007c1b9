import dataclasses
import subprocess
import sys
import types

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Vector
from coeval.build.network import Network, network_for
from coeval.build.source import source
from coeval.build.weights import arrays
from coeval.component.channel import LINEAR, RELU
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.head import BINARY_HEAD
from coeval.errors import ExportError
from coeval.task.task import Problem
from coeval.train.data import Scale
from coeval.train.predict import predict
from tests.build.architectures import random_architecture, random_rows
from tests.train.images import conv_net, pictures


def executed(text: str) -> types.ModuleType:
    module = types.ModuleType("network")
    exec(compile(text, "network.py", "exec"), module.__dict__)
    return module


@given(st.integers(0, 2**32 - 1), st.sampled_from(list(Problem)))
@settings(max_examples=40, deadline=None)
def test_the_source_computes_what_the_network_computes(seed, problem):
    rng = np.random.default_rng(seed)
    architecture = random_architecture(rng, problem)
    rows = random_rows(rng, architecture.inputs[0])
    network = Network(architecture, seed=seed)
    network.fit_entries(rows)
    module = executed(source(architecture, problem=problem))
    copied = module.Network()
    copied.load_state_dict(network.state_dict())
    inputs = [torch.tensor(part) for part in rows]
    torch.testing.assert_close(copied.eval()(*inputs), network.eval()(*inputs), atol=1e-6, rtol=0)


def small(problem: Problem = Problem.BINARY) -> Architecture:
    return random_architecture(np.random.default_rng(5), problem)


@pytest.mark.parametrize("problem", list(Problem))
def test_a_saved_folder_is_loaded_and_predicts_in_the_users_units(problem, tmp_path):
    architecture = small(problem)
    rows = random_rows(np.random.default_rng(0), architecture.inputs[0])
    network = Network(architecture, seed=0)
    save_file(arrays(network), tmp_path / "weights.safetensors")
    module = executed(
        source(architecture, problem=problem, classes=("a", "b", "c"), mean=50.0, std=4.0)
    )
    loaded = module.load(tmp_path)
    got = module.predict(loaded, *(torch.tensor(part) for part in rows)).numpy()
    np.testing.assert_allclose(got, predict(network, rows, problem, Scale(50.0, 4.0)), atol=1e-9)


def test_the_source_imports_nothing_of_coeval(tmp_path):
    (tmp_path / "network.py").write_text(source(small(), problem=Problem.BINARY), "utf-8")
    code = "import sys, network; print([m for m in sys.modules if m.startswith('coeval')])"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_the_source_holds_only_the_modules_it_needs():
    plain = Architecture(
        (Columns(3),),
        sequence(
            1,
            [step(NUMERIC_ENTRY, 0), step(LINEAR, 1, width=8), step(RELU, 2), step(BINARY_HEAD, 3)],
        ),
    )
    text = source(plain, problem=Problem.BINARY)
    assert [line for line in text.splitlines() if line.startswith("class ")] == [
        "class NumericEntry(nn.Module):",
        "class Linear(nn.Module):",
        "class ReLU(nn.Module):",
        "class Head(nn.Module):",
        "class Network(nn.ModuleDict):",
    ]
    assert '        x1 = self["1"](x0)\n' in text


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_class_labels_survive_whatever_they_are(labels):
    text = source(small(), problem=Problem.BINARY, classes=tuple(labels))
    line = text[text.index("CLASSES = ") :].split("\n\n\n")[0]
    found: dict[str, object] = {}
    exec(line, found)
    assert found["CLASSES"] == tuple(labels)


def test_two_lowerings_of_one_name_are_refused():
    other = dataclasses.replace(LINEAR, name="other", lowering="torch.nn:Linear")
    architecture = Architecture(
        (Columns(3),),
        sequence(1, [step(NUMERIC_ENTRY, 0), step(LINEAR, 1, width=8), step(other, 2, width=8)]),
    )
    with pytest.raises(ExportError, match="different class names"):
        source(architecture, problem=Problem.BINARY)


def test_the_source_of_a_network_for_images_takes_their_bytes(tmp_path):
    network, rows = network_for(conv_net(), seed=0), pictures(20).rows
    save_file(arrays(network), tmp_path / "weights.safetensors")
    text = source(conv_net(), problem=Problem.MULTICLASS, classes=("a", "b", "c"))
    module = executed(text)
    got = module.predict(module.load(tmp_path), torch.tensor(rows[0])).numpy()
    np.testing.assert_allclose(got, predict(network, rows, Problem.MULTICLASS), atol=1e-9)
    assert "- images: (rows, 8, 8, 2) uint8, 0 = dark" in text
    assert "probabilities = predict(network, images)" in text


def test_a_network_of_other_inputs_has_no_source():
    architecture = Architecture((Vector(3),), sequence(1, [step(RELU, 0)]))
    with pytest.raises(ExportError, match=r"a table's row.* or a Grid .an image., got Vector\(3\)"):
        source(architecture, problem=Problem.BINARY)
