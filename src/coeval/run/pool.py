"""A pool for jobs that are no trials: baselines beside the search, final trainings after it."""

import math
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, Protocol, TypeVar

from coeval.export import hurry
from coeval.run.forkserver import context, prestart
from coeval.run.memory_limit import limit_growth
from coeval.run.worker import end_with_driver

P = ParamSpec("P")
T = TypeVar("T")


class Jobs(Protocol):
    """Runs jobs somewhere."""

    def submit(self, job: Callable[P, T], *args: P.args, **named: P.kwargs) -> Future[T]:
        """Begin a job."""
        ...

    def close(self) -> None:
        """Give up what runs."""
        ...


class Here:
    """Runs jobs at once and in this process, for callers that may start no other."""

    def submit(self, job: Callable[P, T], *args: P.args, **named: P.kwargs) -> Future[T]:
        """Do a job; its failure is the future's."""
        done: Future[T] = Future()
        try:
            done.set_result(job(*args, **named))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result meets it
            done.set_exception(error)
        return done

    def close(self) -> None:
        """Do nothing: no job is running."""


class Pool:
    """Worker processes that end with the driver, whatever ends it."""

    def __init__(self, workers: int, memory: int | None = None) -> None:
        """Prepare the processes; they start with the first job.

        Args:
            workers: How many.
            memory: Bytes by which each may grow; an allocation beyond fails.
        """
        prestart(workers)
        self._workers = workers
        self._memory = memory
        self._moment = context().Value("d", math.inf, lock=False)
        self._executor = self._started()

    def submit(self, job: Callable[P, T], *args: P.args, **named: P.kwargs) -> Future[T]:
        """Start a job as soon as a process is free; after one of them died, in new processes."""
        try:
            return self._executor.submit(job, *args, **named)
        except BrokenExecutor:
            self._executor = self._started()
            return self._executor.submit(job, *args, **named)

    def map(self, job: Callable[[Any], T], inputs: Sequence[Any]) -> Iterable[T]:
        """Return each input's result, in order; after a process died, from new ones."""
        started = [self.submit(job, one) for one in inputs]
        return (one.result() for one in started)

    def end_by(self, moment: float) -> None:
        """Let final trainings end by ``time.monotonic()`` seconds, wherever they are; a signal's handler may call this."""
        self._moment.value = moment

    def give_way(self, niceness: int) -> None:
        """Let the processes have no more of a core than others leave them, where the system can tell."""
        for process in self._processes():
            if process.pid is not None:
                with suppress(AttributeError, OSError):  # not on Windows; or it has just ended
                    os.setpriority(os.PRIO_PROCESS, process.pid, niceness)

    def close(self) -> None:
        """End the processes; running jobs are given up."""
        for process in self._processes():
            process.kill()  # no public way ends a job that runs (before Python 3.14)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _processes(self) -> list[BaseProcess]:
        """Return those that run now: no public way tells."""
        return list((self._executor._processes or {}).values())

    def _started(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._workers,
            mp_context=context(),
            initializer=_begin,
            initargs=(self._memory, self._moment),
        )


def _begin(memory: int | None, moment: hurry.Moment) -> None:
    limit_growth(memory)
    hurry.obey(moment)
    threading.Thread(target=end_with_driver, daemon=True).start()
