"""Compiles the loops that trainings of pictures use, so that no training waits for the compiler.

numba keeps them on disk: in ``NUMBA_CACHE_DIR`` where that is set, else beside the package, else in the user's cache.
Measured: compiling takes 12 s of a core, loading what was compiled 0.4 s.
"""

import hashlib
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch
from llvmlite.binding import get_host_cpu_name
from torch import nn

from coeval.architecture.step import Architecture, Step, sequence, step
from coeval.architecture.types import Grid
from coeval.build.network import tensor_network
from coeval.component.channel import RELU
from coeval.component.grid import AVERAGE_POOL, DEPTHWISE_CONV, MAX_POOL
from coeval.component.norm import BATCH_NORM
from coeval.train import pixels
from coeval.train.grid_norm import LEAST_POOLED, joined
from coeval.train.kernels.loop import version_of_files
from coeval.train.precision import has_bfloat16

_CHAIN = (step(BATCH_NORM, 0), step(RELU, 1), step(MAX_POOL, 2, kernel=2, stride=2))
_WINDOWS = (
    step(DEPTHWISE_CONV, 0, kernel=5),
    step(AVERAGE_POOL, 1, kernel=3),
    step(MAX_POOL, 2, kernel=3),
)
_SIDE, _THIN = 4, 8  # of so few features a chain is not pooled in the loop of its norm


def mark() -> Path | None:
    """Return the file that says that this machine has compiled these loops with this numba; ``None`` where nothing is kept."""
    loop: Any = pixels.reals  # numba adds to it what its type does not say
    folder = loop.stats.cache_path
    own = hashlib.blake2b(Path(pixels.__file__).read_bytes(), digest_size=4).hexdigest()
    name = f"pictures-{version_of_files():x}-{own}-{numba.__version__}-{get_host_cpu_name()}.ready"
    return None if folder is None else Path(folder) / name


def compile_loops() -> None:
    """Call the loops once, on the smallest pictures, in the type that large networks compute in on this machine.

    Leaves a mark that they are there.
    """
    pictures, chosen = np.zeros((1, _SIDE * _SIDE), np.uint8), np.zeros(1, np.int64)
    made = np.empty(pictures.shape, np.float32)
    pixels.reals(pictures, chosen, made)
    pixels.changed_reals(
        pictures,
        chosen,
        made,
        _SIDE,
        1,
        np.zeros((1, 3), np.int64),
        np.zeros((1, 0), np.int64),
        np.zeros((1, 0), np.float32),
        np.zeros((1, 4), np.int64),
    )
    pixels.mix(made, 0.5)
    pixels.swap(made, _SIDE, 1, np.zeros(4, np.int64))
    kind = torch.bfloat16 if has_bfloat16(torch.device("cpu")) else torch.float32
    for steps, features in ((_CHAIN, LEAST_POOLED[kind]), (_CHAIN, _THIN), (_WINDOWS, _THIN)):
        _differentiate(steps, features, kind)
    found = mark()
    if found is not None:
        found.touch()


def _differentiate(steps: tuple[Step, ...], features: int, kind: torch.dtype) -> None:
    """Take a gradient of a few steps on one picture, as a training does."""
    grid = Grid(_SIDE, _SIDE, features)
    made: nn.Module = tensor_network(Architecture((grid,), sequence(1, steps)), seed=0)
    x = torch.zeros(1, _SIDE, _SIDE, features, dtype=kind, requires_grad=True)
    is_narrow = kind is not torch.float32
    with joined(made), torch.autocast("cpu", torch.bfloat16, enabled=is_narrow):
        torch.autograd.grad(made(x).float().sum(), x)
