"""Importing this file looks whether this machine has compiled the loops of pictures; until it has, they are not waited for.

The server of worker processes imports it. A run has the loops compiled before its search (``run.compiling``), but waits for
a share of its time at most: on a crowded machine a trial that met the compiler could not end when told, and a first run of 45 s
had no model. Trainings that begin before the loops are there compute the same in PyTorch.
"""

from pathlib import Path

from coeval.train.kernels.status import await_pictures
from coeval.train.picture_loops import mark


def prepare(found: Path | None) -> None:
    """Have trainings do without loops, until the file ``found`` says that they are compiled."""
    if found is None or not found.exists():
        await_pictures(found)


prepare(mark())
