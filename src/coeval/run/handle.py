"""The driver's handles of worker processes, and the thread that starts them.

Starting a fork waits until the fork server has imported torch, which takes seconds. A thread does that
waiting, so that the driver can use the time.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

from coeval.run import worker as inside
from coeval.run.forkserver import context, prestart, thread_limits
from coeval.trial import Trial


class Handle:
    """One worker process as the driver sees it.

    Attributes:
        connection: Our end of its pipe; ``None`` until the process was started, and after its end.
        ready: It has loaded the evaluator.
        numbers: The trials that it owes a measurement.
        busy: It has a batch; it may have measured everything and still be cleaning up.
        deadline: When those are told to stop (``time.monotonic`` seconds), or infinity.
    """

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.process: Any = None
        self.ready = False
        self.numbers: set[int] = set()
        self.deadline = float("inf")
        self.busy = False

    @property
    def free(self) -> bool:
        """Return whether it can take a batch."""
        return self.ready and not self.busy and self.connection is not None

    def send(self, trials: Sequence[Trial], deadline: float | None) -> bool:
        """Hand it a batch; return False if it is dead."""
        if self.connection is None:
            return False
        try:
            self.connection.send((trials, deadline))
        except OSError:
            return False
        self.busy = True
        self.numbers = {trial.number for trial in trials}
        self.deadline = float("inf") if deadline is None else deadline
        return True

    def rest(self) -> None:
        """Note that it has finished its batch."""
        self.busy = False
        self.deadline = float("inf")

    def kill(self) -> None:
        """End the process at once, if it was started."""
        if self.process is not None:
            self.process.kill()

    def bury(self) -> int | None:
        """Release what a dead process leaves behind and return its exit code (negative: the signal)."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
        if self.process is None:
            return None
        self.process.join(1.0)
        code: int | None = self.process.exitcode
        with contextlib.suppress(ValueError):  # still alive: it ends with the driver at the latest
            self.process.close()
        self.process = None
        return code


class Launcher:
    """Starts workers one after the other in a thread of its own.

    Attributes:
        wake: A message arrives here whenever a worker was started.
    """

    def __init__(self, evaluator: bytes, threads: int, memory: int | None = None) -> None:
        self._context: BaseContext = context()
        self._arguments = (evaluator, threads, memory)
        self._queue: queue.SimpleQueue[Handle | None] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self.wake, self._awake = self._context.Pipe(duplex=False)
        threading.Thread(target=self._work, name="coeval-launcher", daemon=True).start()

    def launch(self) -> Handle:
        """Return the handle of a worker that will be started soon."""
        handle = Handle()
        self._queue.put(handle)
        return handle

    def close(self) -> None:
        """Start no more workers; one that is being started right now is ended."""
        with self._lock:
            if not self._closed.is_set():
                self._closed.set()
                self._queue.put(None)
                self.wake.close()
                self._awake.close()

    def _work(self) -> None:
        while (handle := self._queue.get()) is not None:
            if self._closed.is_set():
                continue
            try:
                ours, process = self._start()
            except (
                OSError
            ):  # no process or no file handle left: try again, the driver's clock runs on
                time.sleep(0.2)
                self._queue.put(handle)
                continue
            with self._lock:
                if not self._closed.is_set():
                    handle.process, handle.connection = process, ours
                    self._awake.send(None)
                    continue
            process.kill()
            process.join(1.0)
            ours.close()

    def _start(self) -> tuple[Connection, Any]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(  # type: ignore[attr-defined]
            target=inside.main, args=(theirs, *self._arguments), daemon=True
        )
        try:
            if self._context.get_start_method() == "spawn":
                with thread_limits(self._arguments[1]):
                    process.start()
            else:
                prestart(threads=self._arguments[1])  # where the server has died meanwhile
                process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours, process
