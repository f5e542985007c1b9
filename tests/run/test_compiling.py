"""Before the first trial on pictures the loops are compiled, and a run says so where that takes long."""

import math
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from coeval.report.progress import Progress, Tracker
from coeval.run import compiling
from coeval.trial import Objective


class Threads:
    """A pool that needs no processes."""

    def __init__(self, workers, memory=None):
        self.executor, self.closed = ThreadPoolExecutor(workers), False

    def submit(self, job):
        return self.executor.submit(job)

    def close(self):
        self.closed = True


def waited(monkeypatch, job, *, left=60.0, is_image=True):
    """The notes of a wait for a job, and its seconds."""
    notes = []
    monkeypatch.setattr(compiling, "Pool", Threads)
    monkeypatch.setattr(compiling, "AT_ONCE", 0.1)
    monkeypatch.setattr(compiling, "compile_loops", job)
    task = SimpleNamespace(is_image=is_image)
    end = time.monotonic() + left
    place = SimpleNamespace(task=task, end=end, worker_bytes=None, record=notes.append)
    began = time.monotonic()
    compiling.compile_first(place)
    return notes, time.monotonic() - began


def test_a_compiler_that_has_nothing_to_do_is_not_spoken_of(monkeypatch):
    assert waited(monkeypatch, lambda: None)[0] == []


@pytest.mark.parametrize("left", [60.0, math.inf])
def test_the_search_waits_for_the_compiler_and_says_how_long(monkeypatch, left):
    (first, last), seconds = waited(monkeypatch, lambda: time.sleep(0.3), left=left)
    assert (first.kind, last.kind, last.data["is_done"]) == ("compiling", "compiled", True)
    assert 0.3 <= last.data["seconds"] < seconds + 0.01


def test_it_waits_for_a_share_of_the_time_left_at_most(monkeypatch):
    (_, last), seconds = waited(monkeypatch, lambda: time.sleep(1.0), left=0.6)
    assert last.data["is_done"] is False
    assert seconds < 0.9


def test_a_compiler_that_breaks_is_no_end_of_the_run(monkeypatch):
    def broken():
        raise MemoryError

    assert waited(monkeypatch, broken)[0] == []


def test_tables_wait_for_nothing(monkeypatch):
    found, seconds = waited(monkeypatch, lambda: time.sleep(1.0), is_image=False)
    assert (found, seconds < 0.5) == ([], True)


def test_the_progress_line_names_what_is_waited_for(monkeypatch):
    tracker = Tracker(Objective("loss"), Progress())
    notes, _ = waited(monkeypatch, lambda: time.sleep(0.3))
    phases = []
    for note in notes:
        tracker.record(note)
        phases.append(tracker.now().phase)
    assert phases == ["compiling training loops, once on this machine", "search"]
