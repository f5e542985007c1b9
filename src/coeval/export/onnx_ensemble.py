"""An ensemble as one ONNX file: the members' graphs beside each other on the same raw columns, then their weighted mean."""

from collections.abc import Sequence

import onnx
from torch import nn

from coeval.export.ensemble import LEAST, Ensemble, Trained
from coeval.export.model import raw_inputs
from coeval.export.onnx_graph import Graph
from coeval.export.onnx_model import (
    add_predictions,
    checked_model,
    free_prefix,
    named_outputs,
    onnx_model,
)
from coeval.task.task import Problem


def trained_onnx(model: Trained, networks: Sequence[nn.Module]) -> onnx.ModelProto:
    """Return a model or an ensemble as a checked ONNX model with the inputs and outputs of ``onnx_model``.

    Constants that members share, such as the quantiles of one preparation, are written once, and ONNX Runtime computes
    what is the same for several of them once.

    Args:
        model: What was trained.
        networks: Each member's architecture with its weights.

    Raises:
        ExportError: A network cannot be expressed in ONNX.
    """
    if not isinstance(model, Ensemble):
        return onnx_model(model, networks[0])
    inputs = raw_inputs(model.schema, model.image)
    taken = {one.name for one in inputs}
    graph = Graph(free_prefix(taken))
    predictions = [
        add_predictions(graph, member, network, inputs, f"network{number}/")
        for number, (member, network) in enumerate(zip(model.members, networks, strict=True))
    ]
    whole = _combined(graph, model, predictions)
    outputs = named_outputs(graph, model.first, whole, taken)
    return checked_model(graph, model.first, inputs, outputs)


def _combined(graph: Graph, ensemble: Ensemble, predictions: Sequence[str]) -> str:
    """Add the weighted mean, doubles of values or single-precision probabilities, and the temperature."""
    is_value = ensemble.problem is Problem.REGRESSION
    constant = graph.doubles if is_value else graph.floats
    parts = [
        graph.node("Mul", one, constant(weight))
        for one, weight in zip(predictions, ensemble.weights, strict=True)
    ]
    mean = graph.node("Sum", *parts) if len(parts) > 1 else predictions[0]
    if is_value or ensemble.temperature == 1.0:
        return mean
    logits = graph.node("Log", graph.node("Max", mean, graph.floats(LEAST)))
    cooled = graph.node("Div", logits, graph.floats(ensemble.temperature))
    return graph.node("Softmax", cooled, attributes={"axis": 1})
