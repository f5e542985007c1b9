import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from onnx import helper
from torch import nn

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns, Grid, Tokens, Vector
from coeval.build.network import Network, network_for
from coeval.build.onnx_module import OPSET, OUTPUT
from coeval.component.attention import ATTENTION
from coeval.component.channel import LINEAR
from coeval.component.entry import NUMERIC_ENTRY
from coeval.component.grid import GLOBAL_AVERAGE_POOL
from coeval.component.head import VALUE_HEAD
from coeval.component.library import ACTIVATIONS, NORMS, TABULAR
from coeval.component.linear_model import LINEAR_MODEL
from coeval.component.region import REPEAT, RESIDUAL
from coeval.errors import ExportError
from coeval.export.onnx_graph import IR_VERSION
from coeval.export.onnx_network import PIXELS, network_graph
from coeval.task.table import Rows
from coeval.testing.architectures import architectures
from tests.export.images import small_net

COLUMNS = Columns(4, (3, 5), (Tokens(3, 9),))


def some_rows(columns: Columns, count: int) -> Rows:
    rng = np.random.default_rng(count)
    codes = [rng.integers(0, size, count) for size in columns.categories]
    tokens = [rng.integers(0, one.vocabulary, (count, one.length)) for one in columns.texts]
    none = np.zeros((count, 0), dtype=np.int64)
    return Rows(
        rng.normal(size=(count, columns.numeric)).astype(np.float32),
        np.stack(codes, axis=1) if codes else none,
        np.concatenate([none, *tokens], axis=1),
    )


def through_onnx(graph: onnx.GraphProto, rows: Rows) -> np.ndarray:
    model = helper.make_model(
        graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = {one.name for one in session.get_inputs()}
    given = {name: part for name, part in rows._asdict().items() if name in names}
    return session.run([OUTPUT], given)[0]


def agrees(network: Network, columns: Columns, *, traced: bool = True) -> None:
    graph = network_graph(network, columns, traced=traced)
    for count in (1, 2, 7):
        rows = some_rows(columns, count)
        with torch.inference_mode():
            expected = network(*(torch.tensor(part) for part in rows)).numpy()
        np.testing.assert_allclose(through_onnx(graph, rows), expected, rtol=1e-4, atol=1e-5)


@given(architectures())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_legal_network_gives_the_same_outputs_in_onnx(architecture: Architecture) -> None:
    (columns,) = architecture.inputs
    assert isinstance(columns, Columns)
    agrees(Network(architecture, seed=0), columns)


def every_component() -> Architecture:
    """Return a network that has every component but the other heads once."""
    entries = [
        step(NUMERIC_ENTRY, 0, encoding="periodic"),
        step(TABULAR["category_entry"], 0),
        step(TABULAR["text_entry"], 0),
        step(TABULAR["concatenate"], (1, 2, 3)),
        step(LINEAR, 4, width=8),
    ]
    chain = [
        "scale",
        "glu_gate",
        "dropout",
        "identity",
        *(one.name for one in (*ACTIVATIONS, *NORMS)),
    ]
    steps = entries + [step(TABULAR[name], 5 + place) for place, name in enumerate(chain)]
    last = len(steps)
    inner = sequence(1, [step(TABULAR["rms_norm"], 0), step(LINEAR, 1, width=8)])
    steps += [
        step(TABULAR["add"], (last, 5)),
        step(TABULAR["multiply"], (last + 1, 5)),
        step(RESIDUAL, last + 2, inner),
        step(REPEAT, last + 3, inner, times=2),
        step(VALUE_HEAD, last + 4),
    ]
    return Architecture((COLUMNS,), sequence(1, steps))


def ensemble(kind: str, width: int = 1) -> Architecture:
    """Return an ensemble inside one network, over numbers and categories."""
    steps = [
        step(NUMERIC_ENTRY, 0),
        step(TABULAR["category_entry"], 0),
        step(TABULAR["concatenate"], (1, 2)),
        step(TABULAR["members"], 3, count=4),
        step(LINEAR, 4, width=8),
        step(TABULAR["batch_norm"], 5),
        step(TABULAR["relu"], 6),
        step(TABULAR["member_linear"], 7, width=width),
        step(TABULAR["vote"], 8, kind=kind),
    ]
    return Architecture((COLUMNS,), sequence(1, steps))


def transformer() -> Architecture:
    """Return one block of attention over a row's columns."""
    block = sequence(1, [step(TABULAR["layer_norm"], 0), step(ATTENTION, 1, heads=2)])
    steps = [
        step(TABULAR["token_entry"], 0, width=8),
        step(RESIDUAL, 1, block),
        step(GLOBAL_AVERAGE_POOL, 2),
        step(VALUE_HEAD, 3),
    ]
    return Architecture((COLUMNS,), sequence(1, steps))


OTHERS = {
    "of a logit": ensemble("logit"),
    "of classes": ensemble("classes", 3),
    "of values": ensemble("value"),
    "transformer": transformer(),
}


def test_the_quick_exporter_knows_every_component_and_prints_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    architecture = every_component()
    names = {one.component.name for one in architecture.body.steps}
    others = {one.component.name for made in OTHERS.values() for one in made.body.steps}
    assert names | others | {"binary_head", "class_head"} == set(TABULAR) | {"global_avg_pool"}
    agrees(Network(architecture, seed=0), COLUMNS)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", OTHERS)
def test_ensembles_and_transformers_give_the_same_outputs_in_onnx(name, capfd) -> None:
    agrees(Network(OTHERS[name], seed=0), COLUMNS)
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_the_newer_exporter_gives_the_same_outputs() -> None:
    agrees(Network(every_component(), seed=0), COLUMNS, traced=False)


class Untraceable(nn.Module):
    """Fails whenever it is called."""

    def forward(self, numeric, codes, tokens):
        raise RuntimeError("no way")


@pytest.mark.slow  # the newer exporter tries long
def test_a_network_that_cannot_be_exported_is_an_error_with_both_reasons() -> None:
    with pytest.raises(ExportError, match=r"tracing: RuntimeError: no way.*dynamo"):
        network_graph(Untraceable(), Columns(1))


def test_a_network_of_other_inputs_is_refused():
    with pytest.raises(ExportError, match=r"a table's row.* or a Grid .an image., got Vector\(3\)"):
        network_graph(nn.Identity(), Vector(3))


def test_batch_norms_of_a_grid_are_one_operator_with_their_convolutions():
    grid = Grid(8, 8, 2)
    graph = network_graph(network_for(small_net(grid), seed=0), grid)
    assert [one.name for one in graph.input] == [PIXELS]
    used = [one.op_type for one in graph.node]
    assert "Conv" in used
    assert "BatchNormalization" not in used


@pytest.mark.parametrize(
    "columns", [COLUMNS, Columns(2), Columns(0, (5,)), Columns(0, (), (Tokens(3, 9),))]
)
def test_linear_models_are_computed_in_onnx(columns: Columns) -> None:
    made = sequence(1, [step(LINEAR_MODEL, 0, outputs=3)])
    network = Network(Architecture((columns,), made), seed=0)
    with torch.no_grad():
        for one in network.parameters():
            one.normal_()
    agrees(network, columns)
