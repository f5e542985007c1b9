"""Before the first trial on pictures the loops are compiled, and a run says so where that takes long."""

import math
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from coeval.report.progress import Progress, Tracker
from coeval.run import compiling
from coeval.run.pool import Pool
from coeval.train import picture_loops
from coeval.train.kernels import loading, status
from coeval.trial import Objective


class Threads:
    """A pool that needs no processes."""

    def __init__(self, workers, memory=None):
        self.executor, self.said = ThreadPoolExecutor(workers), []

    def submit(self, job):
        return self.executor.submit(job)

    def give_way(self, niceness):
        self.said.append("gives way")

    def close(self):
        self.said.append("closed")


def waited(monkeypatch, job, *, left=60.0, is_image=True, memory=None, said=None):
    """The notes of a wait for a job, and its seconds; ``said`` takes what the pool was told before, and the search's begin."""
    notes = []
    threads = Threads(1)
    threads.said = [] if said is None else said
    monkeypatch.setattr(compiling, "Pool", lambda workers, memory: threads)
    monkeypatch.setattr(compiling, "AT_ONCE", 0.1)
    monkeypatch.setattr(compiling, "compile_loops", job)
    task = SimpleNamespace(is_image=is_image)
    end = time.monotonic() + left
    place = SimpleNamespace(
        task=task, end=end, worker_bytes=None, memory=memory, record=notes.append
    )
    began = time.monotonic()
    with compiling.compiling(place):
        seconds = time.monotonic() - began
        threads.said.append("searches")
    return notes, seconds


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


def test_what_is_not_done_in_time_goes_on_beside_the_search_and_ends_with_it(monkeypatch):
    said = []
    waited(monkeypatch, lambda: time.sleep(1.0), left=0.6, said=said)
    assert said == ["gives way", "searches", "closed"]


@pytest.mark.parametrize(("seconds", "memory"), [(0.0, None), (1.0, object())])
def test_nothing_stays_beside_the_search_once_it_is_done_or_where_memory_is_limited(
    monkeypatch, seconds, memory
):
    said = []
    waited(monkeypatch, lambda: time.sleep(seconds), left=0.6, memory=memory, said=said)
    assert said.index("closed") < said.index("searches")


@pytest.mark.parametrize(
    ("seconds", "is_there", "expected"),
    [(60.0, False, "here"), (math.inf, False, "here"), (20.0, False, "elsewhere"), (1.0, True, "here")],
)  # fmt: skip
def test_in_memory_the_compiler_is_waited_for_where_there_is_time(
    monkeypatch, tmp_path, seconds, is_there, expected
):
    mark, done = tmp_path / "mark", []
    if is_there:
        mark.touch()
    monkeypatch.setattr(status, "_AWAITED", [])
    monkeypatch.setattr(picture_loops, "mark", lambda: mark)
    monkeypatch.setattr(picture_loops, "compile_loops", lambda: done.append("here"))
    monkeypatch.setattr(loading, "compile_elsewhere", lambda *names: done.append("elsewhere"))
    compiling.compile_here(seconds)
    assert done == [expected]
    assert status.are_pictures_ready() == (expected == "here")
    mark.touch()
    assert status.are_pictures_ready()


def test_where_nothing_can_be_kept_nothing_is_compiled_and_trainings_do_without(monkeypatch):
    monkeypatch.setattr(status, "_AWAITED", [])
    monkeypatch.setattr(picture_loops, "mark", lambda: None)
    monkeypatch.setattr(picture_loops, "compile_loops", lambda: pytest.fail("compiled"))
    monkeypatch.setattr(loading, "compile_elsewhere", lambda *names: pytest.fail("compiled"))
    compiling.compile_loops()
    compiling.compile_here(math.inf)
    assert not status.are_pictures_ready()


@pytest.mark.skipif(sys.platform == "win32", reason="processes have no niceness there")
def test_a_process_that_gives_way_has_a_lower_priority():
    pool = Pool(1)
    try:
        assert pool.submit(os.getpriority, os.PRIO_PROCESS, 0).result() == os.getpriority(
            os.PRIO_PROCESS, 0
        )
        pool.give_way(15)
        assert pool.submit(os.getpriority, os.PRIO_PROCESS, 0).result() == 15
    finally:
        pool.close()
