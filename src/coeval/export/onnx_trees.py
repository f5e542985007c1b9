"""Trees as one ONNX operator, ``TreeEnsemble``, a hundred times faster than the module's gathers.

Its leaves and nodes are apart, so that a node takes 12 bytes in a file, and a forest's leaf speaks for any output.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from coeval.architecture.types import Columns
from coeval.build.modules.trees import TreeEnsemble
from coeval.build.onnx_module import OUTPUT

DOMAIN = "ai.onnx.ml"
SUM, AT_MOST = 1, 0
"""How trees are joined, and what a node asks."""


def trees_graph(ensemble: TreeEnsemble, columns: Columns) -> onnx.GraphProto:
    """Return a graph from ``numeric`` and ``codes``, those that the table has, to ``OUTPUT`` ``(rows, outputs)`` float32.

    Args:
        ensemble: With its trees; rounds that are empty are left out. One that has none, untrained, gets full trees of value 0,
            so that it takes the time that trained ones take.
        columns: The type of its input.
    """
    inputs, parts, nodes = [], [], []
    if columns.numeric:
        inputs.append(
            helper.make_tensor_value_info("numeric", TensorProto.FLOAT, ["rows", columns.numeric])
        )
        parts.append("numeric")
    if columns.categories:
        width = len(columns.categories)
        inputs.append(helper.make_tensor_value_info("codes", TensorProto.INT64, ["rows", width]))
        nodes.append(helper.make_node("Cast", ["codes"], ["numbers"], "cast", to=TensorProto.FLOAT))
        parts.append("numbers")
    constants = []
    if any(ensemble.indicators):
        pairs = [
            (n, 2 + one) for n, count in enumerate(ensemble.indicators) for one in range(count)
        ]
        for name, values in zip(("place", "level"), np.array(pairs, np.int64).T, strict=True):
            constants.append(numpy_helper.from_array(values, name))
        nodes += [
            helper.make_node("Gather", ["codes", "place"], ["asked"], "spread", axis=1),
            helper.make_node("Equal", ["asked", "level"], ["is_level"], "compare"),
            helper.make_node("Cast", ["is_level"], ["indicators"], "one", to=TensorProto.FLOAT),
        ]
        parts.append("indicators")
    nodes.append(helper.make_node("Concat", parts, ["features"], "join", axis=1))
    nodes.append(
        helper.make_node(
            "TreeEnsemble", ["features"], ["sum"], "trees", domain=DOMAIN, **_attributes(ensemble)
        )
    )
    offset = ensemble.offset.detach().numpy()
    constants.append(numpy_helper.from_array(offset, "offset"))
    if ensemble.kind == "logit":
        constants.append(numpy_helper.from_array(1 + 2 * offset, "whole"))
    made = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["rows", len(offset)])
    return helper.make_graph([*nodes, *_link(ensemble.kind)], "trees", inputs, [made], constants)


def _link(kind: str) -> list[NodeProto]:
    """Return the nodes from the trees' sum to the outputs, as ``TreeEnsemble.linked`` computes them."""
    if kind in ("sum", "value"):
        return [helper.make_node("Add", ["sum", "offset"], [OUTPUT], "raise")]
    raised = helper.make_node("Add", ["sum", "offset"], ["raised"], "raise")
    if kind == "classes":
        return [raised, helper.make_node("Log", ["raised"], [OUTPUT], "logits")]
    return [
        raised,
        helper.make_node("Sub", ["whole", "raised"], ["others"], "rest"),
        helper.make_node("Log", ["raised"], ["for"], "log_for"),
        helper.make_node("Log", ["others"], ["against"], "log_against"),
        helper.make_node("Sub", ["for", "against"], [OUTPUT], "logit"),
    ]


@dataclass(slots=True)
class _Flat:
    """The operator's flat lists: of nodes that ask, and of leaves, which are counted apart."""

    roots: list[int] = field(default_factory=list)
    features: list[int] = field(default_factory=list)
    thresholds: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    left_is_leaf: list[int] = field(default_factory=list)
    right_is_leaf: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, output: int, tree: Mapping[str, npt.NDArray[Any]]) -> None:
        """Add a tree, without the nodes that no row reaches.

        Args:
            output: To which it adds, unless its leaves say otherwise.
            tree: Its arrays, by the names of a module's.
        """
        left, right = tree["left"], tree["right"]
        nodes = _reached(left, right)
        is_leaf = left == np.arange(len(left))
        leaves, splits = nodes[is_leaf[nodes]], nodes[~is_leaf[nodes]]
        place = np.zeros(len(left), np.int64)
        place[leaves] = len(self.values) + np.arange(len(leaves))
        place[splits] = len(self.features) + np.arange(len(splits))
        asking = (
            splits if len(splits) else nodes
        )  # a root must ask: a leaf goes to itself either way
        self.roots.append(len(self.features))
        self.features += tree["feature"][asking].tolist()
        self.thresholds += tree["threshold"][asking].tolist()
        self.left += place[left[asking]].tolist()
        self.right += place[right[asking]].tolist()
        self.left_is_leaf += is_leaf[left[asking]].astype(int).tolist()
        self.right_is_leaf += is_leaf[right[asking]].astype(int).tolist()
        self.outputs += (
            tree["speaks"][leaves].tolist() if "speaks" in tree else [output] * len(leaves)
        )
        self.values += tree["value"][leaves].tolist()


def _reached(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the nodes that rows reach, the root first; a leaf is its own child."""
    levels, level = [], np.zeros(1, np.int64)
    while len(level):
        levels.append(level)
        splits = level[left[level] != level]
        level = np.concatenate([left[splits], right[splits]])
    return np.concatenate(levels)


def _attributes(ensemble: TreeEnsemble) -> dict[str, Any]:
    names = ["feature", "threshold", "left", "right", "value"]
    names += ["speaks"] if ensemble.is_forest else []
    arrays = {name: getattr(ensemble, name).detach().numpy() for name in names}
    places = np.argwhere(arrays["value"].any(axis=2))
    if not len(places):
        arrays |= _full(ensemble)
        places = np.argwhere(np.ones(arrays["value"].shape[:2]))
    found = _Flat()
    for round_, output in places:
        found.add(int(output), {name: array[round_, output] for name, array in arrays.items()})
    return {
        "n_targets": len(ensemble.offset),
        "aggregate_function": SUM,
        "tree_roots": found.roots,
        "nodes_featureids": found.features,
        "nodes_splits": numpy_helper.from_array(np.array(found.thresholds, np.float32)),
        "nodes_modes": numpy_helper.from_array(np.full(len(found.features), AT_MOST, np.uint8)),
        "nodes_truenodeids": found.left,
        "nodes_falsenodeids": found.right,
        "nodes_trueleafs": found.left_is_leaf,
        "nodes_falseleafs": found.right_is_leaf,
        "leaf_targetids": found.outputs,
        "leaf_weights": numpy_helper.from_array(np.array(found.values, np.float32)),
    }


def _full(ensemble: TreeEnsemble) -> dict[str, npt.NDArray[Any]]:
    """Return the children and features of trees of as many leaves as there is room for, all alike deep."""
    shape = tuple(ensemble.value.shape)
    own = np.arange(shape[-1])
    left, right = (np.where(2 * own + side < len(own), 2 * own + side, own) for side in (1, 2))
    asked = {"left": left, "right": right, "feature": own % ensemble.columns}
    return {name: np.broadcast_to(one, shape) for name, one in asked.items()}
