"""What each option of each open decision takes: the latency vectors of a search inside one network.

ProxylessNAS puts the expectation ``E[latency] = sum_s sum_i p_si * latency_si`` into its loss (Cai et al. 2019,
arXiv:1812.00332, section 3.2); the rest of the network is the same for every choice.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from coeval.architecture.inference import Inference, infer, live
from coeval.architecture.step import Region
from coeval.component.choice import is_choice
from coeval.component.region import REPEAT
from coeval.evaluate.latency import Predictor
from coeval.evaluate.latency_units import Unit, region_units
from coeval.space.open import OpenSpace

Floats = npt.NDArray[np.float64]
Optional = tuple[int, int, list[Unit]]
"""A slot, an option of it, and the pieces that the option is made of in one place."""


def latency_of_options(space: OpenSpace, predictor: Predictor) -> tuple[Floats, ...]:
    """Return the milliseconds of every option of every slot, summed over all places where the slot stands.

    Args:
        space: With all its decisions open.
        predictor: Measures pieces; its calibration's slope applies.

    Returns:
        For each slot ``(options,)``, in the order of ``space.slots``.

    Raises:
        ExportError: An option cannot be written as ONNX.
    """
    found = tuple(np.zeros(len(one.options)) for one in space.slots)
    inference = infer(space.architecture)
    for slot, option, units in _options(space.architecture.body, inference, 1):
        found[slot][option] += predictor.calibration.slope * predictor.of_units(units)
    return found


def _options(region: Region, inference: Inference, times: int) -> Iterator[Optional]:
    """Yield the options of all live choices of a region that runs ``times`` times, nested ones included."""
    for number, (step, runs) in enumerate(zip(region.steps, live(region), strict=True)):
        if not runs:
            continue
        nested = inference.nested[number]
        if is_choice(step.component):
            slot = int(step.setting("slot"))
            for option, (body, known) in enumerate(zip(step.regions, nested, strict=True)):
                yield slot, option, list(region_units(body, known, times))
            continue
        often = times * int(step.setting("times")) if step.component == REPEAT else times
        for body, known in zip(step.regions, nested, strict=True):
            yield from _options(body, known, often)
