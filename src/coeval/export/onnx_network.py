"""A trained network for prepared rows, or images, as an ONNX graph, to be verified on test rows."""

import onnx
import torch
from torch import nn

from coeval.architecture.types import Columns, Grid, ValueType, describe
from coeval.build.onnx_module import module_model
from coeval.errors import ExportError
from coeval.export.onnx_trees import trees_graph
from coeval.train.trees_walk import ensemble_of

INPUTS = ("numeric", "codes", "tokens")
PIXELS = "pixels"


def network_graph(network: nn.Module, given: ValueType, *, traced: bool = True) -> onnx.GraphProto:
    """Export a network with a dynamic number of rows.

    Args:
        network: Takes ``(numeric, codes, tokens)``, or an image's numbers; left in evaluation mode, on the CPU.
        given: The type of its input.
        traced: Try torch's older exporter first.

    Returns:
        A graph with inputs out of ``INPUTS``, those it uses, or ``PIXELS`` ``(rows, height, width, features)``
        float32, and output ``OUTPUT``.

    Raises:
        ExportError: Neither exporter can express the network.
    """
    grown = ensemble_of(network)
    if grown is not None and isinstance(given, Columns):
        return trees_graph(grown[0], given)
    names, examples = _examples(given)
    return module_model(network, examples, names, traced=traced).graph


def _examples(given: ValueType) -> tuple[tuple[str, ...], tuple[torch.Tensor, ...]]:
    """Return the inputs' names and an example of each."""
    rows = 3  # not 1, which exporters may take for a broadcast
    if isinstance(given, Grid):
        return (PIXELS,), (torch.zeros(rows, given.height, given.width, given.features),)
    if not isinstance(given, Columns):
        raise ExportError(
            f"the network must take Columns (a table's row) or a Grid (an image), got {describe(given)}."
        )
    return INPUTS, (
        torch.zeros(rows, given.numeric),
        torch.zeros(rows, len(given.categories), dtype=torch.int64),
        torch.zeros(rows, sum(text.length for text in given.texts), dtype=torch.int64),
    )
