"""The compiler at work before the first trial on pictures: once on a machine, while the baselines train.

Trainings of pictures use compiled loops. On a machine that has not compiled them yet the search waits for them, for a share of its
time; then the compiler goes on beside it with what the search leaves, and trials train without until it is done
(``train.pictures_ready``).
"""

import math
import time
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager

from coeval.run.pool import Pool
from coeval.run.site import Site
from coeval.store.protocol import Note

AT_ONCE = 2.0
"""Seconds in which loops that were compiled before are loaded, on a busy core too; until then nothing is said."""
SHARE = 0.4
"""Of the time left that the search waits at most: 45 s are then enough for the compiler on a core of its own. A first run of that
length on a core shared by three, which waited for more, came to its end inside the compiler and without a model."""
NICENESS = 5
"""Of the compiler beside a search: a quarter of a core that a trial wants too."""

COMPILING = 20.0
"""Seconds that compiling takes on a core of its own, and a few more."""


@contextmanager
def compiling(site: Site) -> Iterator[None]:
    """Wait for the loops of the training of pictures; say so where they are not on disk yet.

    They are compiled in a process of its own, until the end of what is done inside at most. For tables there is nothing to wait for:
    their first run trains without. What fails is left to the trials.
    """
    if not site.task.is_image:
        yield
        return
    pool = Pool(1, site.worker_bytes)
    try:
        if compile_first(site, pool) or site.memory is not None:  # a limit has no room for one more
            pool.close()
        yield
    finally:
        pool.close()


def compile_first(site: Site, pool: Pool) -> bool:
    """Compile the loops in a process of the pool, wait for a share of the time left, and return whether that is over."""
    began = time.monotonic()
    most = SHARE * max(site.end - began, 0.0)
    job = pool.submit(compile_loops)
    if wait([job], min(AT_ONCE, most)).done:
        return True
    site.record(Note("compiling", {}))
    is_done = bool(wait([job], None if most == math.inf else max(most - AT_ONCE, 0.0)).done)
    if not is_done:
        pool.give_way(NICENESS)
    seconds = round(time.monotonic() - began, 3)
    site.record(Note("compiled", {"seconds": seconds, "is_done": is_done}))
    return is_done


def compile_here(seconds: float) -> None:
    """Compile the loops in this process if a share of so many seconds is enough; else another process does, and this does without.

    Args:
        seconds: That there are for all; infinity without a limit.
    """
    from coeval.train.kernels.loading import compile_elsewhere  # noqa: PLC0415 - loads the compiler
    from coeval.train.kernels.status import await_pictures  # noqa: PLC0415
    from coeval.train.picture_loops import mark  # noqa: PLC0415 - loads torch

    found = mark()
    if found is not None and (found.exists() or SHARE * seconds >= COMPILING):
        compile_loops()
        return
    await_pictures(found)
    if found is not None:
        compile_elsewhere("coeval.run.compiling", "compile_loops")


def compile_loops() -> None:
    """Compile the loops in this process, if that leaves anything to others."""
    from coeval.train import picture_loops  # noqa: PLC0415 - loads torch and the compiler

    if picture_loops.mark() is not None:
        picture_loops.compile_loops()
