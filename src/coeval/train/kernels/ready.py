"""Importing this file loads the compiled loop; on a machine that has not compiled it yet, another process begins to.

The server of worker processes imports it: its forks find the machine code in their memory. A first run does not wait
for the compiler, which may take longer than its budget: its workers train in PyTorch, all of them and to the run's end,
so that no number depends on when the compiler was done. From the second run on the loop is there.
"""

from collections.abc import Callable
from pathlib import Path

from coeval.train.kernels.loading import compile_elsewhere, load, mark
from coeval.train.kernels.status import mark_compiling


def prepare(found: Path | None, begin: Callable[[], None] = compile_elsewhere) -> None:
    """Load the loop where the file ``found`` says that it is compiled; otherwise ``begin`` to, and train without.

    Where compiled code cannot be kept (``None``) every run would wait for the compiler, so none uses it.
    """
    if found is not None and found.exists():
        load()
        return
    mark_compiling()
    if found is not None:
        begin()


prepare(mark())
