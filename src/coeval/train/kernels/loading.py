"""Loads the compiled loop from disk, or compiles it here or in a process of its own."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numba
import numpy as np
from llvmlite.binding import get_host_cpu_name

from coeval.train.kernels.loop import loop, version_of_files
from coeval.train.kernels.walk import load_walk

AUTOGROUP = Path("/proc/self/autogroup")
NICENESS = 5
"""A quarter of a core that another process wants. At 19 a search on all cores would never be compiled for; without any, a cold run of
20 s on one core took 28 s."""


def load() -> None:
    """Load the loops over rows, or compile them, and leave a mark that they are there."""
    whole, table = np.zeros(0, np.int64), np.zeros((0, 1), np.int64)
    single, double = np.zeros(0, np.float32), np.zeros(3)
    # For no steps: the arguments have the kinds that they have in training.
    loop()(
        whole, table, table, single, single, whole, whole, single, single, np.zeros(0, np.uint8),
        whole, whole, 0, 0, double, np.zeros(4, np.int64), double, double, single,
    )  # fmt: skip
    load_walk()
    found = mark()
    if found is not None:
        found.touch()


def give_way() -> None:
    """Leave most of this process's core to whoever else wants it, in its own session and in others."""
    os.nice(NICENESS)
    # Linux shares cores out among sessions first, by the niceness of each session.
    with suppress(OSError):
        AUTOGROUP.write_text(str(NICENESS))


def mark() -> Path | None:
    """Return the file that says that this machine has compiled this loop with this numba.

    ``None`` where nothing can be kept: neither beside the package nor in the user's cache.
    """
    folder = loop().stats.cache_path
    name = f"loop-{version_of_files():x}-{numba.__version__}-{get_host_cpu_name()}.ready"
    return None if folder is None else Path(folder) / name


def compile_elsewhere(module: str = __name__, function: str = "load") -> None:
    """Start a process of low priority that compiles and ends.

    Args:
        module: Where the function is.
        function: What compiles, and leaves a mark.
    """
    code = f"from {__name__} import give_way; give_way(); from {module} import {function}; {function}()"
    none = subprocess.DEVNULL
    started = subprocess.Popen(
        [sys.executable, "-c", code], stdin=none, stdout=none, stderr=none, start_new_session=True
    )
    started.returncode = (
        0  # nobody waits for it, and it may outlive this process: not a leak to warn of
    )
