"""Ctrl-C and SIGTERM end a search, not the process: what was found so far is kept.

The first signal asks for an end. Where the search waits for a result it interrupts the wait, and so a
training in this process; while the journal is written it only leaves a flag, and in the final training it
draws the end nearer. A second signal is an ordinary ``KeyboardInterrupt``.
"""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

INTERRUPTED_SECONDS = 20.0
"""After Ctrl-C a user waits for a finished model, but not for long."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Catches the signals inside a ``with`` block of the main thread; elsewhere it does nothing.

    Attributes:
        requested: Somebody asked for the end.
        at: When (``time.monotonic()`` seconds), or infinity.
    """

    def __init__(self) -> None:
        self.requested = False
        self.at = math.inf
        self._calls: list[Callable[[], None]] = []
        self._armed = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Interrupt":
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                before = signal.getsignal(number)
                if before is not signal.SIG_IGN:  # "nohup" and background jobs stay undisturbed
                    self._before[number] = before
                    signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, signal.SIG_DFL if before is None else before)
        self._before = {}

    @property
    def end(self) -> float:
        """Return the ``time.monotonic()`` seconds by which an interrupted run is to be finished, or infinity."""
        return self.at + INTERRUPTED_SECONDS

    def came_after(self, moment: float) -> bool:
        """Return whether somebody asked for the end since ``time.monotonic()`` said ``moment``."""
        return moment <= self.at < math.inf

    def then(self, call: Callable[[], None]) -> None:
        """Have something called when somebody asks for the end: amid whatever runs, so it may wait for nothing."""
        self._calls.append(call)

    def request(self) -> None:
        """Ask for the end; asking again changes nothing."""
        if not self.requested:
            self.requested, self.at = True, time.monotonic()
            for call in self._calls:
                call()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let a signal break what runs inside by ``KeyboardInterrupt``."""
        self._armed = True
        try:
            if self.requested:
                raise KeyboardInterrupt
            yield
        finally:
            self._armed = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        again = self.requested
        self.request()
        if self._armed or again:
            self._armed = False
            raise KeyboardInterrupt
