"""The inside of a worker process: it receives batches of trials and sends measurements back.

Nothing here imports torch; the evaluator does when it needs it.
"""

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing.connection import Connection, wait

from coeval.evaluate.machine import MemoryGauge
from coeval.run import guard
from coeval.run.memory_limit import limit_growth
from coeval.trial import Measurement, Reason

READY = "ready"
BROKEN = "broken"
MEASURED = "measured"
FINISHED = "finished"


def main(connection: Connection, evaluator: bytes, threads: int, memory: int | None = None) -> None:
    """Evaluate what arrives until the driver closes its end or dies.

    Args:
        connection: Receives ``(trials, deadline)``; sends ``(READY,)``, ``(BROKEN, why)``,
            ``(MEASURED, number, measurement)`` and, after each batch, ``(FINISHED,)``.
        evaluator: Pickled by the driver. The bytes come through the driver's own pipe, never from a file.
        threads: Of torch, should it have been imported with another setting.
        memory: Bytes by which the process may grow; an allocation beyond fails.
    """
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    threading.Thread(target=end_with_driver, daemon=True).start()
    limit_growth(memory)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            ours = pickle.loads(evaluator)
            torch = sys.modules.get("torch")
            if torch is not None:
                torch.set_num_threads(threads)
        except Exception:  # noqa: BLE001 - told to the driver, which raises it
            connection.send((BROKEN, traceback.format_exc(limit=-3)))
            return
        connection.send((READY,))
        gauge, is_first = MemoryGauge(), True
        while True:
            trials, deadline = connection.recv()
            gauge.start()
            for number, measurement in guard.evaluate(ours, trials, _Until(deadline)):
                # The first batch also loads libraries, and trials of one batch cannot be told apart.
                growth = None if is_first or len(trials) > 1 else gauge.growth()
                _send(connection, number, _with_growth(measurement, growth))
            is_first = False
            connection.send((FINISHED,))


def _with_growth(measurement: Measurement, growth: int | None) -> Measurement:
    """Return it with the memory that it took, where an estimate of that stands beside it."""
    if growth is None or "memory_bytes" not in measurement.cost:
        return measurement
    return replace(measurement, data={**measurement.data, "memory_growth": growth})


def _send(connection: Connection, number: int, measurement: Measurement) -> None:
    try:
        connection.send((MEASURED, number, measurement))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        detail = f"A measurement must hold plain values, which this one does not: {error}"
        connection.send((MEASURED, number, guard.failed(Reason.ERROR, detail)))


class _Until:
    """Answers reports: go on until the deadline (``time.monotonic``, one clock for all processes)."""

    def __init__(self, deadline: float | None) -> None:
        self._deadline = deadline

    def __call__(self, number: int, progress: int, values: Mapping[str, float]) -> bool:
        return self._deadline is None or time.monotonic() < self._deadline


def end_with_driver() -> None:
    """Exit when the driver is gone, even in the middle of an evaluation that never reports."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
