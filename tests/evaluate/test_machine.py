"""How much memory is free and how many cores there are, from the places where Linux says so."""

import os
import subprocess
import sys

from coeval.evaluate.machine import MemoryGauge, available_memory, cores


def test_it_is_a_plausible_number_here():
    assert 10 * 2**20 < available_memory() < 2**50


def test_the_smallest_limit_counts(tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    5000 kB\n")
    (tmp_path / "memory.max").write_text("3000000\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert available_memory(tmp_path / "meminfo", tmp_path) == 2_000_000
    (tmp_path / "memory.max").write_text("max\n")
    assert available_memory(tmp_path / "meminfo", tmp_path) == 5000 * 1024


def test_where_nothing_is_said_the_whole_machine_counts(tmp_path):
    assert available_memory(tmp_path / "none", tmp_path) > 10 * 2**20


GAUGED = """
import numpy as np
from coeval.evaluate.machine import MemoryGauge

gauge = MemoryGauge()
gauge.start()
taken = np.ones(80 * 10**6, dtype=np.uint8)
assert len(taken) > 0
del taken
print(gauge.growth())
gauge.start()
print(gauge.growth())
"""


def test_the_gauge_measures_what_was_taken_at_the_peak_and_given_back():
    # In a process of its own: libraries that earlier tests used give memory back when they please.
    done = subprocess.run(
        [sys.executable, "-c", GAUGED], check=True, capture_output=True, text=True
    )
    taken, later = map(int, done.stdout.split())
    assert 70e6 <= taken <= 120e6
    assert later < 20e6


def test_the_gauge_says_nothing_where_the_system_does_not_count(tmp_path):
    gauge = MemoryGauge(tmp_path / "nowhere")
    gauge.start()
    assert gauge.growth() is None


def test_a_containers_share_of_time_limits_the_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(32)), raising=False)
    assert cores(tmp_path) == 32
    for said, found in (("250000 100000", 3), ("50000 100000", 1), ("max 100000", 32)):
        (tmp_path / "cpu.max").write_text(f"{said}\n")
        assert cores(tmp_path) == found
    (tmp_path / "cpu.max").unlink()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu/cpu.cfs_period_us").write_text("100000\n")
    for said, found in (("200000", 2), ("-1", 32)):
        (tmp_path / "cpu/cpu.cfs_quota_us").write_text(f"{said}\n")
        assert cores(tmp_path) == found
