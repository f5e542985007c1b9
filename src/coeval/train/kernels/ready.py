"""Importing this file loads the compiled loop, or compiles it once a machine.

The server of worker processes imports it, so that its forks find the machine code in their memory.
"""

import numpy as np

from coeval.train.kernels.loop import loop


def load() -> None:
    """Call the loop for no steps: its arguments have the kinds that they have in training."""
    whole, table = np.zeros(0, np.int64), np.zeros((0, 1), np.int64)
    single, double = np.zeros(0, np.float32), np.zeros(3)
    loop()(
        whole, table, table, single, single, whole, whole, single, single, np.zeros(0, np.uint8),
        whole, whole, 0, 0, double, np.zeros(4, np.int64), double, double, single,
    )  # fmt: skip


load()
