"""The driver's handles of worker processes, and the thread that starts them.

Starting a fork waits until the fork server has imported torch, which takes seconds. A thread does that
waiting, so that the driver can use the time.
"""

import contextlib
import pickle
import queue
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

from coeval.run import worker as inside
from coeval.run.forkserver import context, prestart, thread_limits
from coeval.trial import Trial

_PIPE_BYTES = 32 * 2**10  # what fits a pipe on every platform, with room for a measurement's answer

Batch = tuple[tuple[Trial, ...], float | None]
"""Trials and when they are told to stop (``time.monotonic`` seconds)."""


class Handle:
    """One worker process as the driver sees it.

    Attributes:
        connection: Our end of its pipe; ``None`` until the process was started, and after its end.
        ready: It has loaded the evaluator.
        numbers: The trials that it owes a measurement.
        busy: It has a batch; it may have measured everything and still be cleaning up.
        deadline: When those are told to stop (``time.monotonic`` seconds), or infinity.
        following: The batch that already lies in its pipe, for when it has finished its own.
    """

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.process: Any = None
        self.ready = False
        self.numbers: set[int] = set()
        self.deadline = float("inf")
        self.busy = False
        self.following: Batch | None = None

    @property
    def free(self) -> bool:
        """Return whether it can take a batch."""
        return self.ready and not self.busy and self.connection is not None

    @property
    def is_finishing(self) -> bool:
        """Return whether it has measured all that it had, and has not said yet that it is free."""
        return self.busy and not self.numbers

    @property
    def takes_more(self) -> bool:
        """Return whether it is at work, and nothing lies in its pipe for afterwards."""
        return self.busy and self.following is None and self.connection is not None

    def send(self, batch: Batch) -> bool:
        """Hand it a batch, to be begun at once or when its own is finished; return False if it takes none.

        It takes none when it is dead, and no large one while it works: nobody reads its pipe then, and a sender
        waits as soon as the pipe is full.
        """
        payload = pickle.dumps(batch, protocol=pickle.HIGHEST_PROTOCOL)
        if self.connection is None or (self.busy and len(payload) > _PIPE_BYTES):
            return False
        try:
            self.connection.send_bytes(payload)
        except OSError:
            return False
        if self.busy:
            self.following = batch
        else:
            self._begin(batch)
        return True

    def rest(self) -> None:
        """Note that it has finished its batch, and goes on with the next if it has one."""
        self.busy = False
        self.deadline = float("inf")
        following, self.following = self.following, None
        if following is not None:
            self._begin(following)

    def _begin(self, batch: Batch) -> None:
        trials, deadline = batch
        self.busy = True
        self.numbers = {trial.number for trial in trials}
        # It begins now: one that lay in the pipe until its deadline gets the same grace as any other.
        self.deadline = float("inf") if deadline is None else max(deadline, time.monotonic())

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
            except (OSError, EOFError):
                # No process or file handle left, or the fork server died: try again, the driver's clock runs on.
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
