"""A torch module as an ONNX model: the one place that knows torch's exporters.

torch has two. The older, by tracing, takes 0.05 to 0.2 s; the newer (``dynamo=True``) takes 3.4 s at first and
1.3 s later on the same network and loads another 200 MB of libraries (torch 2.13, 2 cores). An export ends every
run and counts towards its budget, so tracing comes first; the newer one stands in where torch no longer has
the older or it fails.
"""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from functools import partial
from typing import Any

import onnx
import torch
import torch.nn.functional as F  # noqa: N812 - PyTorch's own abbreviation
from torch import nn

from coeval.build.modules.norm import BatchNorm
from coeval.build.network import RegionSteps
from coeval.errors import ExportError

OPSET = 20
"""The lowest operator set that has StringConcat, StringSplit, RegexFullMatch and Equal on strings."""
OUTPUT = "output"


def module_model(
    module: nn.Module,
    examples: tuple[torch.Tensor, ...],
    names: tuple[str, ...],
    *,
    traced: bool = True,
) -> onnx.ModelProto:
    """Export a module with a dynamic number of rows.

    Args:
        module: Takes a tensor for each example; left in evaluation mode, on the CPU.
        examples: ``(rows, ...)`` each, of several rows: an exporter may take a single one for a broadcast.
        names: Of the inputs.
        traced: Try the older exporter first.

    Returns:
        A model of operator set ``OPSET`` with inputs out of ``names``, those it uses, and output ``OUTPUT``.

    Raises:
        ExportError: Neither exporter can express the module.
    """
    module.eval().cpu()
    reasons = []
    for export in (_by_tracing, _by_dynamo) if traced else (_by_dynamo,):
        try:
            with _quiet(), _features_first(module), torch.no_grad():
                return export(module, examples, names)
        except Exception as error:  # noqa: BLE001 - exporters raise whatever their parts raise
            reasons.append(f"{export.__name__[4:]}: {type(error).__name__}: {error}")
    raise ExportError(
        "torch cannot write this network as ONNX. " + "; ".join(reason[:300] for reason in reasons)
    )


@contextmanager
def _features_first(module: nn.Module) -> Iterator[None]:
    """Let batch norms see a grid as the convolutions around them do, so that the graph holds one operator for both.

    The module itself joins all positions in one axis, which costs a graph a dozen operators of shapes and two copies.
    """
    changed = [one for one in module.modules() if isinstance(one, RegionSteps)]
    for one in changed:
        norms = {name: inner for name, inner in one.items() if isinstance(inner, BatchNorm)}
        one.shortcuts = {name: partial(_normalised, inner) for name, inner in norms.items()}
    try:
        yield
    finally:
        for one in changed:
            one.shortcuts = {}


def _normalised(norm: BatchNorm, x: torch.Tensor) -> torch.Tensor:
    if x.ndim != 4:
        y: torch.Tensor = norm(x)
        return y
    moments = (norm.mean, norm.variance)
    first = F.batch_norm(x.permute(0, 3, 1, 2), *moments, norm.scale, norm.bias)
    return first.permute(0, 2, 3, 1)


def _by_tracing(
    module: nn.Module, examples: tuple[torch.Tensor, ...], names: tuple[str, ...]
) -> onnx.ModelProto:
    buffer = io.BytesIO()
    # This exporter is older than the operator (registering again replaces, so repeats do no harm).
    torch.onnx.register_custom_op_symbolic("aten::rms_norm", _rms_norm, OPSET)  # type: ignore[attr-defined]
    torch.onnx.export(
        module,
        examples,
        buffer,  # type: ignore[arg-type]  # the older exporter takes a file too
        dynamo=False,
        opset_version=OPSET,
        input_names=names,
        output_names=(OUTPUT,),
        dynamic_axes={name: {0: "rows"} for name in (*names, OUTPUT)},
    )
    return onnx.load_from_string(buffer.getvalue())


def _rms_norm(graph: Any, x: Any, shape: Any, scale: Any, epsilon: Any) -> Any:
    """Express root-mean-square normalisation over the last axis (Zhang and Sennrich 2019, arXiv:1910.07467)."""
    last = graph.op("Constant", value_t=torch.tensor([-1]))
    mean = graph.op("ReduceMean", graph.op("Mul", x, x), last, keepdims_i=1)
    added = graph.op("Add", mean, graph.op("Cast", epsilon, to_i=onnx.TensorProto.FLOAT))
    return graph.op("Mul", graph.op("Div", x, graph.op("Sqrt", added)), scale)


def _by_dynamo(
    module: nn.Module, examples: tuple[torch.Tensor, ...], names: tuple[str, ...]
) -> onnx.ModelProto:
    rows = torch.export.Dim("rows")
    program = torch.onnx.export(
        module,
        examples,
        dynamo=True,
        opset_version=OPSET,
        input_names=names,
        output_names=(OUTPUT,),
        dynamic_shapes=[{0: rows}] * len(examples),
        verbose=False,
    )
    if program is None:
        raise ExportError("torch returned no program")
    return program.model_proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporters' deprecation warnings, log lines and prints from the user's terminal."""
    before = logging.root.manager.disable
    with suppress(AttributeError):  # the older exporter dumps its graph to stdout when it fails
        torch._C._jit_set_onnx_log_output_stream("stderr")
    logging.disable(logging.WARNING)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
