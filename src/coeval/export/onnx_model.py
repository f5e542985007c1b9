"""The whole model as one ONNX file: raw columns or images, preparation, network, and what its outputs mean."""

import json
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper
from torch import nn

from coeval import __version__
from coeval.architecture.types import Columns
from coeval.build.onnx_module import OPSET, OUTPUT
from coeval.errors import ExportError
from coeval.export import onnx_preparation as preparation_graph
from coeval.export.model import Model, RawInput, free_name, label_numbers, raw_inputs
from coeval.export.onnx_graph import IR_VERSION, ML_OPSET, Graph
from coeval.export.onnx_images import pixels
from coeval.export.onnx_network import PIXELS, network_graph
from coeval.export.onnx_text import MICROSOFT, without_last
from coeval.task.preparation_image import ImagePreparation
from coeval.task.task import Problem

_PREPARED = {
    "numeric": preparation_graph.numeric,
    "codes": preparation_graph.codes,
    "tokens": preparation_graph.tokens,
}
_ELEMENTS = {
    "double": TensorProto.DOUBLE,
    "string": TensorProto.STRING,
    "uint8": TensorProto.UINT8,
}


def onnx_model(model: Model, network: nn.Module) -> onnx.ModelProto:
    """Return the model as a checked ONNX model.

    Inputs: one ``(rows, 1)`` for each column, doubles or strings; or images ``(rows, height, width, features)``
    uint8. Outputs: ``probabilities`` ``(rows, classes)``
    float32 and ``label`` ``(rows,)`` for classes; ``value`` ``(rows,)`` double for regression (with
    underscores behind the name where a column bears it).

    Args:
        model: What was trained.
        network: The model's architecture with its weights.

    Raises:
        ExportError: The network cannot be expressed in ONNX.
    """
    inputs = raw_inputs(model.schema, model.image)
    taken = {one.name for one in inputs}
    graph = Graph(free_prefix(taken))
    predictions = add_predictions(graph, model, network, inputs)
    return checked_model(graph, model, inputs, named_outputs(graph, model, predictions, taken))


def checked_model(
    graph: Graph,
    model: Model,
    inputs: Sequence[RawInput],
    outputs: Sequence[onnx.ValueInfoProto],
) -> onnx.ModelProto:
    """Return a whole graph as an ONNX model that says what it is.

    Raises:
        ExportError: It is not valid ONNX.
    """
    made = helper.make_graph(
        graph.nodes,
        "coeval",
        [
            helper.make_tensor_value_info(one.name, _ELEMENTS[one.element], ["rows", *one.shape])
            for one in inputs
        ],
        outputs,
        graph.constants,
    )
    result = helper.make_model(
        made,
        producer_name="coeval",
        producer_version=__version__,
        ir_version=IR_VERSION,
        opset_imports=[
            helper.make_opsetid("", OPSET),
            helper.make_opsetid("ai.onnx.ml", ML_OPSET),
            helper.make_opsetid(MICROSOFT, 1),
        ],
    )
    helper.set_model_props(result, _facts(model, inputs))
    try:
        onnx.checker.check_model(result)
    except onnx.checker.ValidationError as error:
        raise ExportError(f"The exported graph is not valid ONNX: {error}") from error
    return result


def free_prefix(taken: set[str]) -> str:
    """Return a beginning for internal names that no column has."""
    prefix = "coeval/"
    while any(name.startswith(prefix) for name in taken):
        prefix = f"_{prefix}"
    return prefix


def add_predictions(
    graph: Graph,
    model: Model,
    network: nn.Module,
    inputs: Sequence[RawInput],
    place: str = "network/",
) -> str:
    """Add preparation and network, and what its outputs mean.

    Args:
        graph: Is added to.
        model: What was trained.
        network: The model's architecture with its weights.
        inputs: Of the graph.
        place: Begins, behind the graph's prefix, the names of the network's nodes; another for each network of a graph.

    Returns:
        Name of ``(rows, classes)`` float32 probabilities, or of ``(rows,)`` double values in the user's units.
    """
    output = _add_network(graph, model, network, {one.column: one for one in inputs}, place)
    if model.problem is Problem.REGRESSION:
        flat = graph.node("Reshape", output, graph.integers([-1]))
        scaled = graph.node("Mul", graph.cast(flat, TensorProto.DOUBLE), graph.doubles(model.std))
        return graph.node("Add", scaled, graph.doubles(model.mean))
    if model.problem is Problem.BINARY:
        both = graph.join([graph.node("Neg", output), output])
        return graph.node("Sigmoid", both)
    return graph.node("Softmax", output, attributes={"axis": 1})


def _add_network(
    graph: Graph, model: Model, network: nn.Module, inputs: Mapping[str, RawInput], place: str
) -> str:
    """Add preparation and network; return the name of the network's output."""
    preparation = model.preparation
    exported = network_graph(network, *preparation.inputs)
    if isinstance(preparation, ImagePreparation):
        names = {PIXELS: pixels(graph, preparation, inputs[preparation.name].name)}
        return _added(graph, exported, names, place)
    used = {name for node in exported.node for name in node.input}
    names = {}
    for name in (one.name for one in exported.input):
        if name in used:  # a network without a text entry, say, needs no text preparation
            prepared = _PREPARED[name](graph, preparation, inputs)
            names[name] = _with_extra_row(graph, prepared, *_shape(preparation.columns, name))
    return without_last(graph, _added(graph, exported, names, place))


def _added(graph: Graph, exported: onnx.GraphProto, names: dict[str, str], place: str) -> str:
    """Add the network's own nodes, its inputs named; return the name of its output."""
    prefix = graph.prefix + place
    for constant in exported.initializer:
        names[constant.name] = constant.name = prefix + constant.name
        graph.constants.append(constant)
    for node in exported.node:
        _rename(node, names, prefix)
        graph.nodes.append(node)
    return names[OUTPUT]


def _shape(columns: Columns, name: str) -> tuple[int, type[np.generic]]:
    """Return how many values a row of one of the network's inputs has, and of which type."""
    match name:
        case "numeric":
            return columns.numeric, np.float32
        case "codes":
            return len(columns.categories), np.int64
        case _:
            return sum(text.length for text in columns.texts), np.int64


def _with_extra_row(graph: Graph, value: str, width: int, kind: type[np.generic]) -> str:
    """Append a row of zeros: ONNX Runtime 1.31 kills the process when a fused batched product has no rows at all."""
    extra = graph.array(np.zeros((1, width)), kind)
    return graph.node("Concat", value, extra, attributes={"axis": 0})


def _rename(node: onnx.NodeProto, names: dict[str, str], prefix: str) -> None:
    """Give a node and its results new names; subgraphs see their outer names renamed too."""
    node.name = prefix + node.name
    node.input[:] = [names.get(name, name) for name in node.input]
    for attribute in node.attribute:
        for nested in (attribute.g, *attribute.graphs):
            for inner in nested.node:
                _rename(inner, names, prefix)
            for output in nested.output:
                output.name = names.get(output.name, output.name)
    for name in node.output:
        if name:
            names[name] = prefix + name
    node.output[:] = [names.get(name, name) for name in node.output]


def named_outputs(
    graph: Graph, model: Model, predictions: str, taken: set[str]
) -> list[onnx.ValueInfoProto]:
    """Name the graph's outputs: probabilities and the most probable label, or values."""
    if model.problem is Problem.REGRESSION:
        name = free_name("value", taken)
        return [_named(graph, predictions, name, TensorProto.DOUBLE, ["rows"])]
    best = graph.node("ArgMax", predictions, attributes={"axis": 1, "keepdims": 0})
    labels, kind = _labels(graph, model)
    label = graph.node("Gather", labels, best)
    return [
        _named(
            graph,
            predictions,
            free_name("probabilities", taken),
            TensorProto.FLOAT,
            ["rows", len(model.classes)],
        ),
        _named(graph, label, free_name("label", taken), kind, ["rows"]),
    ]


def _labels(graph: Graph, model: Model) -> tuple[str, int]:
    """Return the classes as a constant and its type: whole numbers, numbers or strings."""
    if not model.number:
        return graph.strings(model.classes), TensorProto.STRING
    numbers = label_numbers(model.classes)
    if numbers.dtype == np.int64:
        return graph.integers(numbers), TensorProto.INT64
    return graph.doubles(numbers), TensorProto.DOUBLE


def _named(
    graph: Graph, value: str, name: str, kind: int, shape: list[str | int]
) -> onnx.ValueInfoProto:
    graph.nodes.append(helper.make_node("Identity", [value], [name], name=f"{graph.prefix}{name}"))
    return helper.make_tensor_value_info(name, kind, shape)


def _facts(model: Model, inputs: Sequence[RawInput]) -> dict[str, str]:
    """Return what the file says about itself, for whoever finds it alone."""
    columns = [
        {"column": one.column, "input": one.name, "kind": one.kind, "number": one.number}
        for one in inputs
    ]
    return {
        "coeval": __version__,
        "problem": model.problem,
        "target": model.target,
        "classes": json.dumps(model.classes, ensure_ascii=False),
        "metric": model.metric,
        "schema": json.dumps(columns, ensure_ascii=False),
    }
