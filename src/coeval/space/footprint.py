"""How much memory a network takes to answer one example, its weights and the results that are alive at once, and its file.

The peak is that of a runtime that frees each result after its last use, step by step in order (as in Lin et al. 2020,
MCUNet, arXiv:2007.10319, section 3); buffers inside an operation are the runtime's own.
"""

from coeval.architecture.inference import Inference, infer, live
from coeval.architecture.step import Architecture, Region
from coeval.architecture.types import elements
from coeval.component.trees import FOREST, TREE_ENSEMBLE

FLOAT = 4
NODE = 13
"""Bytes of a tree's node in an ONNX file."""


def inference_bytes(architecture: Architecture) -> int:
    """Return the bytes of float32 weights and of the largest set of results that one example needs at once.

    Raises:
        SpaceError: The architecture is not legal.
    """
    inference = infer(architecture)
    return FLOAT * (inference.cost.parameters + peak_elements(architecture.body, inference))


def file_bytes(architecture: Architecture) -> int:
    """Return about how large the ONNX file of an architecture becomes, preparation aside: float32 weights, or nodes of trees.

    Raises:
        SpaceError: The architecture is not legal.
    """
    is_grown = any(one.component in (TREE_ENSEMBLE, FOREST) for one in architecture.body.steps)
    return (NODE if is_grown else FLOAT) * infer(architecture).cost.parameters


def peak_elements(region: Region, inference: Inference) -> int:
    """Return how many numbers a region's inputs and results hold at most at once."""
    needed = live(region)
    last = {region.output: len(region.steps)}
    for number, step in enumerate(region.steps):
        for index in step.inputs if needed[number] else ():
            last[index] = max(last.get(index, number), number)
    sizes = [elements(one) for one in inference.types]
    alive = set(range(region.inputs))  # the caller holds them
    peak = sum(sizes[index] for index in alive)
    for number, step in enumerate(region.steps):
        if not needed[number]:
            continue
        result = region.inputs + number
        held = sum(sizes[index] for index in alive)
        # What a nested region is given is counted with what is alive here.
        given = sum(sizes[index] for index in step.inputs)
        inner = max(
            (
                peak_elements(one, nested) - given
                for one, nested in zip(step.regions, inference.nested[number], strict=True)
            ),
            default=0,
        )
        peak = max(peak, held + max(inner, sizes[result]))
        alive.add(result)
        alive = {index for index in alive if last.get(index, -1) > number or index < region.inputs}
    return peak
