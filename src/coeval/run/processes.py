"""Evaluations in worker processes on this machine.

Each worker has a pipe of its own, so that one that crashes, whatever the cause, takes only its own trials
with it and is replaced. One that ignores its deadline is killed. The driver's side imports no torch.
"""

import atexit
import pickle
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from coeval.errors import RunError
from coeval.evaluate.protocol import Evaluator
from coeval.run import guard
from coeval.run.forkserver import prestart
from coeval.run.handle import Batch, Handle, Launcher
from coeval.run.protocol import checked_batch
from coeval.run.worker import BROKEN, FINISHED, MEASURED, READY
from coeval.trial import Measurement, Reason, Trial

Result = tuple[int, Measurement]

_FINISHING = 1e-3  # seconds that a worker gets to say so when it has measured its whole batch
_STILLBORN = 3  # workers in a row that die before they are ready


class ProcessExecutor:
    """An ``Executor`` with ``workers`` processes of ``threads`` numeric threads each.

    Attributes:
        batch: Trials a batch at most.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        workers: int,
        *,
        threads: int = 1,
        grace: float = 0.25,
        batch: int = 1,
        memory: int | None = None,
        look_ahead: bool = False,
    ) -> None:
        """Begin to start the workers; this does not wait for them.

        Args:
            evaluator: Sent to each worker once, so it must be picklable and small: task data is
                mapped from files, not sent.
            workers: How many processes, 1 or more.
            threads: Numeric threads of each.
            grace: Seconds after its deadline in which a trial may still answer before its worker is killed.
            batch: Trials of one bucket that a worker gets at a time, at most.
            memory: Bytes by which each worker may grow; a trial that would take more fails.
            look_ahead: Ask for a second batch for each worker, and lay it in its pipe while it works on the first:
                between two batches it then waits for nobody, however long the driver thinks.

        Raises:
            ValueError: ``workers`` or ``batch`` is less than 1.
            TypeError: The evaluator cannot be pickled.
        """
        if workers < 1:
            raise ValueError(
                f"workers must be 1 or more, got {workers}. Use SerialExecutor for none."
            )
        try:
            payload = pickle.dumps(evaluator, protocol=pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(
                f"Workers need an evaluator that can be pickled, got {type(evaluator).__name__}: {error}. "
                "Define its class and functions at the top of a module, and open files in the worker."
            ) from error
        self.batch = checked_batch(batch)
        prestart(workers, threads)
        self._grace = grace
        self._waiting: deque[Batch] = deque()
        self._look_ahead = look_ahead
        self._stillborn = 0
        self._launcher = Launcher(payload, threads, memory)
        self._workers = [self._launcher.launch() for _ in range(workers)]
        # Before multiprocessing's own handler, which would wait for workers that ignore SIGTERM.
        atexit.register(self.close)

    @property
    def slots(self) -> int:
        """Return the number of workers, or twice that where each has a batch in advance."""
        return len(self._workers) * (2 if self._look_ahead else 1)

    def submit(self, trials: Sequence[Trial], deadline: float | None = None) -> None:
        """Queue a batch for the next free worker.

        ``deadline`` (``time.monotonic`` seconds) is when its trials are told to stop.
        """
        self._waiting.append((tuple(trials), deadline))
        self._assign()

    def completed(self, timeout: float) -> Iterator[Result]:
        """Yield what has finished, waiting at most ``timeout`` seconds for the first.

        Raises:
            RunError: Workers cannot start.
        """
        end = time.monotonic() + timeout
        while True:
            results = self._receive(max(0.0, min(end, self._next_kill()) - time.monotonic()))
            results += self._kill_late()
            self._assign()
            yield from results
            outstanding = self._waiting or any(worker.numbers for worker in self._workers)
            if results or not outstanding or time.monotonic() >= end:
                return

    def close(self) -> None:
        """End the workers. Running evaluations are abandoned. Closing twice is allowed."""
        atexit.unregister(self.close)
        workers, self._workers = self._workers, []
        self._waiting.clear()
        self._launcher.close()
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.bury()

    def _assign(self) -> None:
        takers = [worker for worker in self._workers if worker.free]
        if self._look_ahead:
            takers += [worker for worker in self._workers if worker.takes_more]
        for worker in takers:
            # What is late already is not begun: _kill_late answers it.
            if self._waiting and not _is_past(self._waiting[0][1]):
                batch = self._waiting.popleft()
                if not worker.send(
                    batch
                ):  # too large to wait in a pipe, or dead: _receive replaces it
                    self._waiting.appendleft(batch)

    def _receive(self, timeout: float) -> list[Result]:
        """Take every message that is there, waiting for the first."""
        by_pipe: dict[Any, Handle] = {w.connection: w for w in self._workers if w.connection}
        results: list[Result] = []
        for pipe in wait([*by_pipe, self._launcher.wake], timeout):
            if pipe is self._launcher.wake:
                self._launcher.wake.recv()
            else:
                results += self._read(by_pipe[pipe])
        return results

    def _read(self, worker: Handle) -> list[Result]:
        results: list[Result] = []
        connection: Connection | None = worker.connection
        try:
            # With its last measurement a worker is all but finished, and the next batch can go out at once.
            while connection is not None and connection.poll(_FINISHING * worker.is_finishing):
                message = connection.recv()
                if message[0] == MEASURED:
                    worker.numbers.remove(message[1])
                    results.append((message[1], message[2]))
                elif message[0] == FINISHED:
                    worker.rest()
                elif message[0] == READY:
                    worker.ready, self._stillborn = True, 0
                elif message[0] == BROKEN:
                    raise RunError(
                        "A worker process cannot load the evaluator. Define it at the top of a module "
                        f"that workers can import, or evaluate serially. It says:\n{message[1]}"
                    )
        except (EOFError, OSError):
            results += self._bury(worker)
        return results

    def _bury(self, worker: Handle) -> list[Result]:
        """Replace a dead worker; its trials failed."""
        moment = "in the middle of an evaluation" if worker.ready else "before it was ready"
        detail = f"The worker process {_cause(worker.bury())} {moment}."
        if not worker.ready:
            self._stillborn += 1
            if self._stillborn >= _STILLBORN:
                raise RunError(
                    f"Worker processes die before they are ready ({_STILLBORN} in a row). {detail} Check "
                    "the memory that is free, or use fewer workers: --workers 1 needs the least."
                )
        self._replace(worker)
        return [(number, guard.failed(Reason.CRASHED, detail)) for number in sorted(worker.numbers)]

    def _kill_late(self) -> list[Result]:
        now = time.monotonic()
        results: list[Result] = []
        for worker in list(self._workers):
            if worker.busy and worker.deadline + self._grace <= now:
                worker.kill()
                worker.bury()
                self._replace(worker)
                results += _late(sorted(worker.numbers), "The evaluation did not stop when told.")
        for batch in [b for b in self._waiting if _is_past(b[1])]:
            self._waiting.remove(batch)
            results += _late(
                [t.number for t in batch[0]], "No worker was free before the deadline."
            )
        return results

    def _next_kill(self) -> float:
        running = [worker.deadline + self._grace for worker in self._workers if worker.busy]
        waiting = [deadline for _, deadline in self._waiting if deadline is not None]
        return min([*running, *waiting], default=float("inf"))

    def _replace(self, worker: Handle) -> None:
        if worker.following is not None:  # it was never begun
            self._waiting.appendleft(worker.following)
        self._workers[self._workers.index(worker)] = self._launcher.launch()


def _is_past(deadline: float | None) -> bool:
    return deadline is not None and deadline <= time.monotonic()


def _late(numbers: Sequence[int], detail: str) -> list[Result]:
    return [(number, guard.failed(Reason.TIMED_OUT, detail)) for number in numbers]


def _cause(code: int | None) -> str:
    if code is None or code >= 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = " (most often because the machine ran out of memory)" if name == "SIGKILL" else ""
    return f"was ended by {name}{hint}"
