"""A small builder of ONNX graphs: nodes, constants, and names that cannot collide with a user's columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

ML_OPSET = 5
"""The operator set of ``ai.onnx.ml`` with TreeEnsemble; from 4 on LabelEncoder takes tensors of doubles."""

IR_VERSION = 10
"""An intermediate representation that ONNX Runtime 1.18 and later read; the operator sets need 1.21."""


class Graph:
    """An ONNX graph in the making.

    Attributes:
        prefix: Begins every internal name; the caller sees to it that no column's name begins with it.
        nodes: In order of computation.
        constants: Initialisers.
    """

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._computed: dict[tuple[bytes, int], str] = {}

    def node(
        self,
        operator: str,
        *inputs: str,
        attributes: Mapping[str, Any] | None = None,
        domain: str = "",
        outputs: int = 1,
    ) -> str:
        """Add a node and return the name of its first output; what is computed already is not computed again.

        ONNX Runtime itself merges equal nodes of some operators, but not ``LabelEncoder``.
        """
        made = helper.make_node(operator, inputs, [], domain=domain, **(attributes or {}))
        key = (made.SerializeToString(deterministic=True), outputs)
        if key not in self._computed:
            name = f"{self.prefix}{len(self.nodes)}"
            made.name = name
            made.output.extend([name, *(f"{name}_{n}" for n in range(1, outputs))])
            self.nodes.append(made)
            self._computed[key] = name
        return self._computed[key]

    def array(self, values: np.ndarray | Sequence[Any] | float, kind: type[np.generic]) -> str:
        """Add a constant of numbers and return its name; equal constants are kept once."""
        array = np.asarray(values, dtype=kind)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = f"{self.prefix}constant{len(self.constants)}"
            self.constants.append(numpy_helper.from_array(array, self._known[key]))
        return self._known[key]

    def doubles(self, values: np.ndarray | Sequence[float] | float) -> str:
        """Add a constant of doubles."""
        return self.array(values, np.float64)

    def integers(self, values: np.ndarray | Sequence[int] | int) -> str:
        """Add a constant of 64-bit integers."""
        return self.array(values, np.int64)

    def floats(self, values: np.ndarray | Sequence[float] | float) -> str:
        """Add a constant of single-precision numbers."""
        return self.array(values, np.float32)

    def whole(self, value: int) -> str:
        """Add a constant 32-bit integer."""
        return self.array(value, np.int32)

    def strings(self, values: Sequence[str]) -> str:
        """Add a constant ``(values,)`` of strings; equal constants are kept once, so that what is made of them is, too."""
        key = ("string", (len(values),), string_tensor("", values).SerializeToString())
        if key not in self._known:
            self._known[key] = f"{self.prefix}constant{len(self.constants)}"
            self.constants.append(string_tensor(self._known[key], values))
        return self._known[key]

    def cast(self, value: str, kind: int) -> str:
        """Add a cast to an ``onnx.TensorProto`` data type."""
        return self.node("Cast", value, attributes={"to": kind})

    def pick(self, value: str, index: int) -> str:
        """Take one column of ``(rows, columns)`` as ``(rows,)``."""
        return self.node("Gather", value, self.integers(index), attributes={"axis": 1})

    def join(self, values: Sequence[str]) -> str:
        """Put ``(rows, ...)`` values side by side."""
        if len(values) == 1:
            return values[0]
        return self.node("Concat", *values, attributes={"axis": 1})


def string_tensor(name: str, values: Sequence[str]) -> onnx.TensorProto:
    """Return a tensor ``(values,)`` of strings."""
    tensor = onnx.TensorProto(name=name, data_type=onnx.TensorProto.STRING, dims=[len(values)])
    tensor.string_data.extend(value.encode("utf-8", "replace") for value in values)
    return tensor
