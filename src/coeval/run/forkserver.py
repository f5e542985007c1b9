"""How worker processes come to be: one server that has imported torch, and forks of it.

A fork of the server costs milliseconds and shares the imported pages; forking the driver itself could
deadlock, because it runs threads. Where there is no fork (Windows), workers are spawned and each imports
for itself.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.context import BaseContext

PRELOAD: tuple[str, ...] = (
    "torch",
    "coeval.run.worker",
    "coeval.evaluate.trainer",
    "coeval.evaluate.training",
    "coeval.space.for_task",
    "coeval.train.compiled",
    "coeval.train.kernels.ready",
    "coeval.train.pictures_ready",
    *(
        f"coeval.build.modules.{name}"
        for name in ("entry", "channel", "norm", "merge", "region", "head", "members")
    ),
    "numpy.ma",
)
"""What the server imports, so that no worker has to: all that the training of a table needs. A module that cannot be
imported is skipped."""

PRELOAD_ALL: tuple[str, ...] = (
    *PRELOAD,
    "lightgbm",
    "sklearn.ensemble",
    "scipy.optimize",
    "coeval.train.trees",
    "coeval.train.linear",
)
"""The same where trees and linear models compete: their libraries take a second or two to import, which every worker would
pay, in the search and again at its end."""

_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def preload_for(models: str) -> tuple[str, ...]:
    """Return what the server imports where such kinds of models compete."""
    return PRELOAD_ALL if models == "all" else PRELOAD


def prestart(workers: int = 1, threads: int = 1, preload: Sequence[str] = PRELOAD) -> None:
    """Start the server and return at once: it imports torch while the caller reads the data.

    Args:
        workers: How many are wanted; 0 starts nothing.
        threads: Of each worker's numeric libraries. One is right when every core has a worker.
        preload: Modules that the server imports.
    """
    if workers < 1 or "forkserver" not in multiprocessing.get_all_start_methods():
        return
    from multiprocessing import forkserver, resource_tracker  # noqa: PLC0415 - not on Windows

    multiprocessing.set_forkserver_preload(list(preload))
    # The server starts the tracker where it does not run yet, which would unblock the signals again.
    resource_tracker.ensure_running()
    with thread_limits(threads), _signals_blocked():
        forkserver.ensure_running()


def context() -> BaseContext:
    """Return the way in which this platform starts workers."""
    has_server = "forkserver" in multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if has_server else "spawn")


@contextmanager
def thread_limits(threads: int) -> Iterator[None]:
    """Set the numeric libraries' thread counts for processes that are started inside.

    They are read once, when a library is loaded, so they must be in the environment before that.
    """
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, str(threads)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Let the server inherit a mask without Ctrl-C and SIGTERM, which also hold while it still imports.

    A terminal sends Ctrl-C to the whole group of processes; only the driver decides what to do about it.
    The server and its workers end with the driver, whose pipes they watch.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
