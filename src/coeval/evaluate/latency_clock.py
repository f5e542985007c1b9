"""How long ONNX Runtime takes here for a piece of a network: one thread, one example, the median of many calls.

A piece counts by what it adds to a call: the time of a call that does nothing is taken off.
"""

import functools
import statistics
import time

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import torch
from torch import nn

from coeval.architecture.step import Architecture
from coeval.architecture.types import Columns, Grid, Scalar, Tokens, ValueType, shape
from coeval.build.network import network_for
from coeval.build.onnx_module import OUTPUT, module_model
from coeval.errors import ExportError

WARM_UP = 5
"""Calls that are not counted: the first allocate."""
LEAST_CALLS, MOST_CALLS = 15, 400
SECONDS = 0.03
"""For which calls are timed, between these bounds."""
ROWS = 3  # of the examples that an export is traced with

Feeds = dict[str, npt.NDArray[np.generic]]


def piece_milliseconds(architecture: Architecture) -> float:
    """Return what an architecture, a piece of a network mostly, adds to a call.

    Grids go in and come out features first: inside a network neighbouring pieces keep them so.

    Raises:
        ExportError: torch cannot write it as ONNX, or ONNX Runtime cannot run it.
    """
    model = network_model(architecture)
    taken = {one.name for one in model.graph.input}
    given = {name: value[:1] for name, value in _examples(architecture).items() if name in taken}
    if not given or not model.graph.node:  # a constant, or nothing at all
        return 0.0
    return max(median_milliseconds(model.SerializeToString(), given) - _empty_call(), 0.0)


def network_model(architecture: Architecture) -> onnx.ModelProto:
    """Return an untrained network as ONNX.

    Raises:
        ExportError: torch cannot write it.
    """
    network = network_for(architecture, seed=0)
    examples = {name: torch.from_numpy(one) for name, one in _examples(architecture).items()}
    is_table = isinstance(architecture.inputs[0], Columns)
    module = network if is_table else _FeaturesFirst(network)
    return module_model(module, tuple(examples.values()), tuple(examples))


def median_milliseconds(content: bytes, given: Feeds) -> float:
    """Return the median milliseconds of one call of a model on one thread.

    Args:
        content: The serialised model.
        given: Its inputs by name.

    Raises:
        ExportError: ONNX Runtime cannot run it.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        for name, value in given.items():
            binding.bind_cpu_input(name, np.ascontiguousarray(value))
        binding.bind_output(OUTPUT)
        for _ in range(WARM_UP):
            session.run_with_iobinding(binding)
    except Exception as error:
        raise ExportError(
            f"ONNX Runtime {onnxruntime.__version__} cannot run a piece of a network whose latency is wanted: {error}."
        ) from error
    seconds: list[float] = []
    until = time.perf_counter() + SECONDS
    while len(seconds) < MOST_CALLS and (len(seconds) < LEAST_CALLS or time.perf_counter() < until):
        start = time.perf_counter()
        session.run_with_iobinding(binding)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) * 1000


class _FeaturesFirst(nn.Module):
    """A network whose grids are given, and returned, with the features first."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        """Return the network's result."""
        given = [one.permute(0, 2, 3, 1) if one.ndim == 4 else one for one in values]
        result: torch.Tensor = self.network(*given)
        return result.permute(0, 3, 1, 2) if result.ndim == 4 else result


@functools.cache
def _empty_call() -> float:
    return median_milliseconds(
        module_model(nn.Hardtanh(), (torch.zeros(ROWS, 1),), ("x",)).SerializeToString(),
        {"x": np.zeros((1, 1), dtype=np.float32)},
    )


def _examples(architecture: Architecture) -> Feeds:
    """Return a few rows for every input of the module, by name."""
    rng = np.random.default_rng(0)
    if isinstance(columns := architecture.inputs[0], Columns):
        return _table_rows(columns, rng)
    return {f"x{n}": _values(one, rng) for n, one in enumerate(architecture.inputs)}


def _table_rows(columns: Columns, rng: np.random.Generator) -> Feeds:
    codes = [rng.integers(0, size, (ROWS, 1)) for size in columns.categories]
    tokens = [rng.integers(0, one.vocabulary, (ROWS, one.length)) for one in columns.texts]
    none = np.zeros((ROWS, 0), dtype=np.int64)
    return {
        "numeric": rng.normal(size=(ROWS, columns.numeric)).astype(np.float32),
        "codes": np.concatenate([none, *codes], axis=1),
        "tokens": np.concatenate([none, *tokens], axis=1),
    }


def _values(kind: ValueType, rng: np.random.Generator) -> npt.NDArray[np.generic]:
    if isinstance(kind, Tokens):
        return rng.integers(0, kind.vocabulary, (ROWS, kind.length))
    if isinstance(kind, Columns | Scalar):
        raise ExportError(f"Latency is measured of networks over tensors, got {kind}.")
    values: npt.NDArray[np.float32] = rng.normal(size=(ROWS, *shape(kind))).astype(np.float32)
    return values.transpose(0, 3, 1, 2) if isinstance(kind, Grid) else values
