"""Parts of graphs as runnable models."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, checker, helper

from coeval.build.onnx_module import OPSET
from coeval.export.model import RawInput
from coeval.export.onnx_graph import IR_VERSION, ML_OPSET, Graph


def run(
    graph: Graph, inputs: tuple[RawInput, ...], outputs: Mapping[str, int], given: Mapping[str, Any]
) -> list[np.ndarray]:
    """Check a graph and run it; ``outputs`` are names and types of matrices."""
    made = helper.make_graph(
        graph.nodes,
        "part",
        [
            helper.make_tensor_value_info(
                one.name, TensorProto.DOUBLE if one.number else TensorProto.STRING, ["rows", 1]
            )
            for one in inputs
        ],
        [
            helper.make_tensor_value_info(name, kind, ["rows", None])
            for name, kind in outputs.items()
        ],
        graph.constants,
    )
    model = helper.make_model(
        made,
        ir_version=IR_VERSION,
        opset_imports=[
            helper.make_opsetid("", OPSET),
            helper.make_opsetid("ai.onnx.ml", ML_OPSET),
            helper.make_opsetid("com.microsoft", 1),
        ],
    )
    checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    return session.run(list(outputs), dict(given))


def strings(*values: str) -> np.ndarray:
    """Return strings as ONNX Runtime takes them, ``(values, 1)``."""
    array = np.empty((len(values), 1), dtype=object)
    array[:, 0] = values
    return array
