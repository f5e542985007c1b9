"""In which precision a training step computes: float32, or bfloat16 where it is faster and scores as well.

Only the operations are narrow (automatic mixed precision, Micikevicius et al. 2018, arXiv:1710.03740, with the
range of bfloat16, Kalamkar et al. 2019, arXiv:1905.12322, so that no loss is scaled): weights, optimiser state, loss,
scores and everything exported stay float32.
"""

import torch
from torch import nn

from coeval.train.predict import KnowsItsSize

PRECISIONS = ("auto", "float32", "bfloat16")

LEAST_NUMBERS = 2**18
"""Activations of a batch from which bfloat16 pays. Measured on a CPU with AMX, three 3x3 convolutions with batch norm:
0.9 times float32 at 2**14, 1.06 at 2**18, 1.3 at 2**20, 2 to 3 from 2**22 on (python -m benchmarks.convolution)."""


def narrow_type(
    precision: str, network: nn.Module, batch_size: int, device: torch.device
) -> torch.dtype | None:
    """Return the type that a training step's operations may compute in; ``None`` leaves them in float32.

    ``"auto"`` takes bfloat16 for convolutions of a size that gains by it, on devices with instructions for it. It
    asks for shapes and for what the device is, never for a clock, so that the same training gives the same numbers
    whatever else the machine does.

    Args:
        precision: ``"auto"``, ``"float32"`` or ``"bfloat16"``.
        network: A convolution is known by its kernel, a parameter of four axes.
        batch_size: Of the training.
        device: Where it happens.

    Raises:
        ValueError: The precision is unknown.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}.")
    if precision == "float32":
        return None
    if precision == "auto" and not (convolves_much(network, batch_size) and _has_bfloat16(device)):
        return None
    return torch.bfloat16


def convolves_much(network: nn.Module, batch_size: int) -> bool:
    """Return whether a network has convolutions, and a batch so many activations that speed is lost in them."""
    if not isinstance(network, KnowsItsSize) or network.activations * batch_size < LEAST_NUMBERS:
        return False
    return any(one.ndim == 4 for one in network.parameters())


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported())
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
