"""What the compiled loops for grids work on: a tensor's memory."""

from typing import Any

import numpy.typing as npt
import torch

TYPES = (torch.float32, torch.bfloat16)
"""Those that the loops know."""


def memory_of(x: torch.Tensor) -> npt.NDArray[Any]:
    """Return a tensor's memory, bfloat16 as bits."""
    bits = x.detach().view(torch.uint16) if x.dtype == torch.bfloat16 else x.detach()
    return bits.numpy().reshape(-1)
