"""Images as ONNX operators: what ``ImagePreparation.transform`` and ``train.data.numbers`` do, from bytes to -1 … 1."""

from onnx import TensorProto

from coeval.export.onnx_graph import Graph
from coeval.task.preparation_image import ImagePreparation


def pixels(graph: Graph, preparation: ImagePreparation, source: str) -> str:
    """Add what stands in front of the network.

    Args:
        graph: Is added to.
        preparation: Of the images.
        source: The raw input, ``(rows, height, width, features)`` uint8.

    Returns:
        Name of ``(rows, height, width, features)`` float32 at the preparation's resolution.
    """
    whole = source if preparation.factor == 1 else _shrunk(graph, preparation, source)
    scaled = graph.node("Div", graph.cast(whole, TensorProto.FLOAT), graph.floats(127.5))
    return graph.node("Sub", scaled, graph.floats(1.0))


def _shrunk(graph: Graph, preparation: ImagePreparation, source: str) -> str:
    """Take the mean of each block in whole numbers, rounded half up."""
    grid, side = preparation.grid, preparation.factor
    ends = graph.integers([grid.height * side, grid.width * side])
    cut = graph.node("Slice", source, graph.integers([0, 0]), ends, graph.integers([1, 2]))
    shape = [0, grid.height, side, grid.width, side, grid.features]  # 0: as many as there are
    blocks = graph.node("Reshape", graph.cast(cut, TensorProto.INT32), graph.integers(shape))
    sums = graph.node("ReduceSum", blocks, graph.integers([2, 4]), attributes={"keepdims": 0})
    doubled = graph.node("Mul", sums, graph.whole(2))
    raised = graph.node("Add", doubled, graph.whole(side * side))
    return graph.node("Div", raised, graph.whole(2 * side * side))
