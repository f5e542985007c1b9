import os
import re
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.errors import BudgetError
from coeval.evaluate.protocol import Report
from coeval.run.forkserver import prestart
from coeval.run.memory_limit import memory_plan, parse_size, plan_memory, size
from coeval.run.pool import Pool
from coeval.run.processes import ProcessExecutor
from coeval.trial import Measurement, Proposal, Reason, Trial
from tests.run import fakes

MEGABYTE = 10**6


@pytest.fixture(scope="module", autouse=True)
def _light_server():
    prestart(preload=("coeval.run.worker", "tests.run.fakes"))  # these evaluators need no torch


class Greedy:
    """Takes as many megabytes as a candidate says, each byte written to."""

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        for trial in trials:
            megabytes = int(trial.proposal.candidate.settings("recipe")["x"])
            taken = np.ones(megabytes * MEGABYTE, dtype=np.uint8)
            data = {"process": os.getpid(), "sum": int(taken[::4096].sum())}
            yield trial.number, Measurement({"loss": float(megabytes)}, data=data)

    def bucket(self, proposal: Proposal) -> str:
        return ""


def take(megabytes):
    return len(np.ones(megabytes * MEGABYTE, dtype=np.uint8))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2GB", 2 * 10**9),
        (" 800 mb", 8 * 10**8),
        ("1.5GiB", 1610612736),
        ("123", 123),
        ("4k", 4000),
    ],
)
def test_sizes_are_read_as_people_write_them(text, expected):
    assert parse_size(text) == expected


@pytest.mark.parametrize("text", ["", "GB", "2 gigabytes", "-1GB", "2GBs", "1,5GB", "2 G B"])
def test_what_is_no_size_is_refused_with_examples(text):
    message = f"--memory must be a size, got {text!r}. Write a number with its unit: 800MB"
    with pytest.raises(BudgetError, match=re.escape(message)):
        parse_size(text)


@given(st.integers(1, 10**13))
def test_a_size_that_is_said_can_be_read(count):
    assert parse_size(size(count)) == pytest.approx(count, rel=0.01, abs=0.5 * MEGABYTE)


@given(st.integers(0, 64 * 10**9), st.integers(1, 16), st.integers(0, 10**9))
def test_all_shares_stay_within_the_limit(limit, workers, table):
    try:
        plan = plan_memory(limit, workers, table)
    except BudgetError as error:
        least = parse_size(re.search(r"at least (\S+) ", str(error))[1])
        assert least > limit
        assert plan_memory(int(least * 1.01), workers, table).workers >= 1
        return
    from coeval.run.memory_limit import DRIVER_BYTES, SERVER_BYTES, WORKER_BYTES  # noqa: PLC0415

    each = WORKER_BYTES + plan.worker_bytes
    assert DRIVER_BYTES + SERVER_BYTES + plan.rival_bytes + plan.workers * each <= limit
    assert plan.trial_bytes + plan.cache_bytes < plan.share_bytes < plan.worker_bytes
    assert 1 <= plan.workers <= workers
    assert bool(plan.said) == (plan.workers < workers)


def test_a_limit_that_is_enough_for_fewer_workers_says_so():
    plan = plan_memory(10**9, 8, 0)
    assert plan.workers < 8
    assert plan.said.startswith(f"1GB of memory are enough for {plan.workers} of 8 workers")


def test_a_limit_below_one_worker_is_refused_with_the_least_that_works():
    with pytest.raises(
        BudgetError, match=r"at least \d+MB for one worker on this table, got 100MB"
    ):
        memory_plan("100MB", 2, fakes.task())
    assert memory_plan(None, 2, fakes.task()) is None


def test_a_greedy_candidate_fails_alone_and_its_worker_lives_on():
    executor = ProcessExecutor(Greedy(), 1, memory=60 * MEGABYTE)
    try:
        for number, megabytes in enumerate([10, 2000, 20]):
            executor.submit([Trial(number, Proposal(fakes.candidate(megabytes)))])
        found, end = {}, time.monotonic() + 20
        while len(found) < 3 and time.monotonic() < end:
            found.update(executor.completed(0.1))
    finally:
        executor.close()
    assert found[1].failure.reason is Reason.OUT_OF_MEMORY
    assert found[0].failure is found[2].failure is None
    assert found[0].data["process"] == found[2].data["process"]


def test_without_a_limit_the_same_candidate_is_measured():
    executor = ProcessExecutor(Greedy(), 1)
    try:
        executor.submit([Trial(0, Proposal(fakes.candidate(200)))])
        found, end = {}, time.monotonic() + 20
        while not found and time.monotonic() < end:
            found.update(executor.completed(0.1))
    finally:
        executor.close()
    assert found[0].failure is None


def test_a_pool_s_processes_are_held_to_their_share():
    pool = Pool(1, 60 * MEGABYTE)
    try:
        assert pool.submit(take, 10).result() == 10 * MEGABYTE
        with pytest.raises(MemoryError):
            pool.submit(take, 500).result()
        assert pool.submit(take, 20).result() == 20 * MEGABYTE
    finally:
        pool.close()
