"""Ctrl-C and SIGTERM end a search, not the process: what was found so far is kept.

The first signal asks for an end. Where the search waits for a result it interrupts the wait, and so a
training in this process; while the journal is written it only leaves a flag. A second signal is an
ordinary ``KeyboardInterrupt``.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Catches the signals inside a ``with`` block of the main thread; elsewhere it does nothing."""

    def __init__(self) -> None:
        self.requested = False
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
        again, self.requested = self.requested, True
        if self._armed or again:
            self._armed = False
            raise KeyboardInterrupt
