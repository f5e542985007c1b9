"""In which precision a training step computes: float32, or bfloat16 where it is faster and scores as well.

Only the operations are narrow (automatic mixed precision, Micikevicius et al. 2018, arXiv:1710.03740, with the
range of bfloat16, Kalamkar et al. 2019, arXiv:1905.12322, so that no loss is scaled): weights, optimiser state, loss,
scores and everything exported stay float32.
"""

import torch
from torch import nn

from coeval.train.predict import KnowsItsSize

PRECISIONS = ("auto", "float32", "bfloat16")

LEAST_NUMBERS = 2**19
"""Activations of a batch from which bfloat16 pays. Measured on a CPU with AMX, three 3x3 convolutions with batch norm: 0.8
times float32 at 150,000, 1.1 at 590,000, 1.4 at 2.4 million, 2.3 at 9.4 million (python -m benchmarks.convolution)."""

LEAST_PRODUCTS = 70_000_000
"""Multiplications in one matrix product of a batch from which bfloat16 pays for tables. Measured with AMX against the
compiled loop in float32, which it replaces: 0.8 times at width 256 and batch 512, 1.3 at 512 and 256, 1.35 at 384 and
512, 2.4 at 512 and 1024; with equal scores (log loss of letter 0.3105 and 0.3110, RMSE of california_houses 56,272 and
56,236 at width 512). A CPU without matrix instructions has too little to gain."""
LARGE_SHARE = 0.75  # of all multiplications that such products must make up


def narrow_type(
    precision: str, network: nn.Module, batch_size: int, device: torch.device
) -> torch.dtype | None:
    """Return the type that a training step's operations may compute in; ``None`` leaves them in float32.

    ``"auto"`` takes bfloat16 for convolutions and wide layers of a size that gains by it, on devices with instructions
    for it. It asks for shapes and for what the device is, never for a clock, so that the same training gives the same numbers
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
    if precision == "bfloat16":
        return torch.bfloat16
    if convolves_much(network, batch_size):
        return torch.bfloat16 if has_bfloat16(device) else None
    return torch.bfloat16 if _has_matrices(device) and _is_wide(network, batch_size) else None


def convolves_much(network: nn.Module, batch_size: int) -> bool:
    """Return whether a network has convolutions, and a batch so many activations that speed is lost in them."""
    if not isinstance(network, KnowsItsSize) or network.activations * batch_size < LEAST_NUMBERS:
        return False
    return any(one.ndim == 4 for one in network.parameters())


def _is_wide(network: nn.Module, batch_size: int) -> bool:
    looked_up = {id(one.weight) for one in network.modules() if isinstance(one, nn.Embedding)}
    weights = [one for one in network.parameters() if one.ndim == 2 and id(one) not in looked_up]
    large = sum(one.numel() for one in weights if one.numel() * batch_size >= LEAST_PRODUCTS)
    return large > 0 and large >= LARGE_SHARE * sum(one.numel() for one in weights)


def _has_matrices(device: torch.device) -> bool:
    return device.type == "cpu" and bool(torch.cpu._is_amx_tile_supported())


def has_bfloat16(device: torch.device) -> bool:
    """Return whether a device has instructions for bfloat16."""
    if device.type == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported())
    return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
