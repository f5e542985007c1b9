"""``model.onnx`` at work: tables in, predictions out, through ONNX Runtime alone."""

import math
import statistics
import time

import numpy as np
import numpy.typing as npt
import onnxruntime

from coeval.errors import ExportError
from coeval.export.feeds import Feeds, feeds
from coeval.export.manifest import Description
from coeval.task.table import Table
from coeval.task.task import Problem

CELLS = 200_000
"""Numbers given at once: a convolution needs some 800 bytes for a pixel."""
LATENCY_SECONDS = 0.15
"""Spent on measuring one latency, unless a few calls take longer."""
PATIENCE_SECONDS = 1.0
"""After so long a single call must do."""


class Session:
    """A loaded model.

    Args:
        content: The bytes of ``model.onnx``.
        description: What its inputs and outputs mean.

    Attributes:
        outputs: Names of the graph's outputs; the first holds probabilities or values.

    Raises:
        ExportError: ONNX Runtime cannot load it.
    """

    def __init__(self, content: bytes, description: Description) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4  # errors are raised, so they need not be printed too
        options.intra_op_num_threads = (
            1  # the networks are small: threads cost more than they bring
        )
        options.inter_op_num_threads = 1
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise ExportError(
                f"ONNX Runtime {onnxruntime.__version__} cannot load model.onnx: {error}. "
                "Install onnxruntime 1.21 or later, or fit the model again."
            ) from error
        self._description = description
        self.outputs: tuple[str, ...] = tuple(one.name for one in self._session.get_outputs())

    def predict(self, table: Table) -> npt.NDArray[np.float64]:
        """Return probabilities ``(rows, classes)``, or values ``(rows,)`` in the user's units.

        Raises:
            DataError: The table lacks a column.
        """
        given = feeds(self._description.inputs, table)
        chunk = max(1, CELLS // max(1, sum(math.prod(one.shape[1:]) for one in given.values())))
        parts = [
            self._run({name: values[start : start + chunk] for name, values in given.items()})
            for start in range(0, table.rows, chunk)
        ]
        return np.concatenate(parts) if parts else self._nothing()

    def latency(self, table: Table) -> dict[str, float]:
        """Return the median milliseconds of one call with 1 row and with 1,000 rows, 100 of images, the table's repeated."""
        given = feeds(self._description.inputs, table)
        many = ("thousand", 1000) if self._description.image is None else ("hundred", 100)
        return {name: self._milliseconds(given, rows) for name, rows in (("one", 1), many)}

    def milliseconds(self, table: Table) -> float:
        """Return the median milliseconds of one call with the table's rows."""
        return self._milliseconds(feeds(self._description.inputs, table), table.rows)

    def _milliseconds(self, given: Feeds, rows: int) -> float:
        taken = {
            name: np.resize(values, (rows, *values.shape[1:])) for name, values in given.items()
        }
        began = time.perf_counter()
        self._run(taken)
        seconds: list[float] = []
        while len(seconds) < 50:
            start = time.perf_counter()
            enough = PATIENCE_SECONDS if len(seconds) < 3 else LATENCY_SECONDS
            if seconds and start - began > enough:
                break
            self._run(taken)
            seconds.append(time.perf_counter() - start)
        return statistics.median(seconds) * 1000

    def _run(self, given: Feeds) -> npt.NDArray[np.float64]:
        (result,) = self._session.run([self.outputs[0]], given)
        return np.asarray(result, dtype=np.float64)

    def _nothing(self) -> npt.NDArray[np.float64]:
        if self._description.problem is Problem.REGRESSION:
            return np.zeros(0)
        return np.zeros((0, len(self._description.classes)))
