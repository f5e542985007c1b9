"""The compiler at work before the first trial on pictures: once on a machine, while the baselines train.

Trainings of pictures use compiled loops. On a machine that has not compiled them yet the first trial would spend its time
on that.
"""

import math
import time
from concurrent.futures import wait

from coeval.run.pool import Pool
from coeval.run.site import Site
from coeval.store.protocol import Note

AT_ONCE = 2.0
"""Seconds in which loops that were compiled before are loaded, on a busy core too; until then nothing is said."""
SHARE = 0.7
"""Of the time left that the search waits at most; what is missing then is compiled by the trials. They need the loops in any
case: with half, a first run of 45 s on a core shared by three had no model."""


def compile_first(site: Site) -> None:
    """Compile the loops of the training of pictures, in a process of its own; say so where they are not on disk yet.

    For tables there is nothing to wait for: their first run trains without. What fails is left to the trials.
    """
    if not site.task.is_image:
        return
    began = time.monotonic()
    most = SHARE * max(site.end - began, 0.0)
    pool = Pool(1, site.worker_bytes)
    try:
        job = pool.submit(compile_loops)
        if wait([job], min(AT_ONCE, most)).done:
            return
        site.record(Note("compiling", {}))
        done = wait([job], None if most == math.inf else max(most - AT_ONCE, 0.0)).done
        seconds = round(time.monotonic() - began, 3)
        site.record(Note("compiled", {"seconds": seconds, "is_done": bool(done)}))
    finally:
        pool.close()


def compile_loops() -> None:
    """Compile the loops in this process, if that leaves anything to others."""
    from coeval.train import picture_loops  # noqa: PLC0415 - loads torch and the compiler

    if picture_loops.are_kept():
        picture_loops.compile_loops()
