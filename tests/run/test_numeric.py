"""Numeric searches: killed at any moment, a journal goes on as that of an undisturbed search."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from coeval.evaluate.numeric import NumericEvaluator
from coeval.run.processes import ProcessExecutor
from coeval.store.memory import MemoryStore
from coeval.trial import Trial

from . import numeric

ROOT = Path(__file__).parents[2]


def test_a_numeric_search_finds_a_good_team():
    run = numeric.find(MemoryStore(), 320)
    assert run.why == "trials"
    assert run.counts.failed > 0
    assert run.best.measurement.values["nmse"] < 0.05
    assert len(run.best.measurement.data["weights"]) == 4


def test_a_journal_cut_between_batches_goes_on_as_if_it_were_not():
    whole = MemoryStore()
    numeric.find(whole, 96)
    records = [e.body for e in whole.events() if isinstance(e.body, Trial)]
    for cut in range(0, len(records), numeric.BATCH):
        part = MemoryStore()
        part.append(records[:cut])
        numeric.find(part, 96)
        assert numeric.timeless(part) == numeric.timeless(whole)


def test_a_killed_numeric_run_resumes_with_the_same_journal(tmp_path):
    whole = MemoryStore()
    trials = 1200
    numeric.find(whole, trials)
    rng = random.Random(5)
    command = [sys.executable, "-m", "tests.run.numeric", str(tmp_path), str(trials)]
    for _ in range(3):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        process.stdout.readline()  # the first new record
        time.sleep(rng.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    journal = numeric.journal(tmp_path)
    before = numeric.timeless(journal)
    assert 0 < len(before) < 2 * trials
    numeric.find(journal, trials)
    assert numeric.timeless(journal) == numeric.timeless(whole)
    journal.close()


def test_one_worker_process_writes_the_journal_that_this_process_does():
    made = numeric.POINTS
    executor = ProcessExecutor(
        NumericEvaluator(made.columns, made.target, numeric.OPERATIONS), 1, batch=numeric.BATCH
    )
    here, there = MemoryStore(), MemoryStore()
    numeric.find(here, 48)
    try:
        numeric.find(there, 48, executor=executor)
    finally:
        executor.close()
    assert numeric.timeless(there) == numeric.timeless(here)
