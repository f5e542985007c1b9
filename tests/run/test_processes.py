import dataclasses
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from coeval.errors import RunError
from coeval.run.budget import Budget
from coeval.run.forkserver import prestart, thread_limits
from coeval.run.processes import ProcessExecutor
from coeval.run.search import search
from coeval.testing.executors import check_executor
from coeval.trial import Measurement, Proposal, Reason, Trial

from . import fakes

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _light_server():
    prestart(preload=("coeval.run.worker", "tests.run.fakes"))  # these evaluators need no torch


@pytest.fixture
def executor(request):
    made = ProcessExecutor(fakes.Misbehaving(seconds=0), getattr(request, "param", 1))
    yield made
    made.close()


def trial(number, x):
    return Trial(number, Proposal(fakes.candidate(x)))


def collect(executor, count, seconds=10.0):
    found, end = {}, time.monotonic() + seconds
    while len(found) < count and time.monotonic() < end:
        found.update(executor.completed(0.1))
    return found


def test_the_contract_of_executors_holds():
    check_executor(lambda evaluator: ProcessExecutor(evaluator, 2))


def test_measurements_come_back_from_another_process(executor):
    executor.submit([trial(0, 1.0), trial(1, 2.0)])
    found = collect(executor, 2)
    assert [found[n].values["loss"] for n in (0, 1)] == [1.0, 2.0]
    assert found[0].data["process"] == found[1].data["process"] != os.getpid()


def test_more_batches_than_workers_wait_for_their_turn(executor):
    assert executor.slots == 1
    for number in range(5):
        executor.submit([trial(number, 1.0)])
    assert sorted(collect(executor, 5)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("x", "said"), [(13, "SIGKILL"), (14, "exit code 3")])
def test_a_crash_fails_its_own_trial_and_the_worker_is_replaced(executor, x, said):
    executor.submit([trial(0, 1.0)])
    first = collect(executor, 1)[0].data["process"]
    executor.submit([trial(1, x)])
    failure = collect(executor, 1)[1].failure
    assert failure.reason is Reason.CRASHED
    assert said in failure.detail
    executor.submit([trial(2, 2.0)])
    assert collect(executor, 1)[2].data["process"] not in (first, os.getpid())


@pytest.mark.parametrize("executor", [2], indirect=True)
def test_a_crash_leaves_the_other_worker_undisturbed(executor):
    executor.submit([trial(0, 13)])
    executor.submit([trial(1, 2.0)])
    found = collect(executor, 2)
    assert found[0].failure.reason is Reason.CRASHED
    assert found[1].values == {"loss": 2.0}


def test_a_trial_that_was_measured_before_the_crash_of_its_batch_is_kept(executor):
    executor.submit([trial(0, 2.0), trial(1, 14), trial(2, 3.0)])
    found = collect(executor, 3)
    assert found[0].values == {"loss": 2.0}
    assert {found[n].failure.reason for n in (1, 2)} == {Reason.CRASHED}


def test_a_worker_that_ignores_its_deadline_is_killed(executor):
    executor.submit([trial(0, 1.0)])
    collect(executor, 1)  # the worker is up
    start = time.monotonic()
    executor.submit([trial(1, 15)], start + 0.2)
    found = collect(executor, 1)
    assert found[1].failure.reason is Reason.TIMED_OUT
    assert 0.4 < time.monotonic() - start < 0.8
    executor.submit([trial(2, 2.0)])
    assert collect(executor, 1)[2].values == {"loss": 2.0}


def test_a_batch_that_no_worker_was_free_for_times_out(executor):
    executor.submit([trial(0, 15)])
    executor.submit([trial(1, 1.0)], time.monotonic() + 0.1)
    assert collect(executor, 1)[1].failure.reason is Reason.TIMED_OUT


def test_a_trial_is_told_to_stop_at_its_deadline():
    executor = ProcessExecutor(fakes.Parabola(seconds=30), 1)
    executor.submit([trial(0, 1.0)], time.monotonic() + 1.0)
    assert collect(executor, 1)[0].failure.detail == "told to stop"
    executor.close()


def test_errors_and_results_that_cannot_be_sent_are_values(executor):
    for number, x in enumerate((16, 17, 18)):
        executor.submit([trial(number, x)])
    found = collect(executor, 3)
    assert [found[n].failure.reason for n in range(3)] == [
        Reason.ERROR,
        Reason.OUT_OF_MEMORY,
        Reason.ERROR,
    ]
    assert "broke down" in found[0].failure.detail
    assert "plain values" in found[2].failure.detail


def test_waiting_without_work_returns_at_once(executor):
    start = time.monotonic()
    assert list(executor.completed(5.0)) == []
    assert time.monotonic() - start < 1.0


def test_closing_ends_every_worker_and_may_be_repeated():
    executor = ProcessExecutor(fakes.Misbehaving(), 2)
    executor.submit([trial(0, 1.0)])
    executor.submit([trial(1, 15)])
    worker = psutil.Process(collect(executor, 1)[0].data["process"])
    executor.close()
    executor.close()
    psutil.wait_procs([worker], timeout=2)
    assert not worker.is_running()


def test_an_evaluator_that_cannot_be_sent_is_refused_at_once():
    evaluator = fakes.Parabola()
    evaluator.log = lambda: None
    with pytest.raises(TypeError, match="can be pickled"):
        ProcessExecutor(evaluator, 1)


def test_an_evaluator_that_workers_cannot_load_ends_the_search_with_its_reason():
    executor = ProcessExecutor(Unloadable(), 1)
    executor.submit([trial(0, 1.0)])
    with pytest.raises(RunError, match="only in the driver"):
        collect(executor, 1)
    executor.close()


class Unloadable(fakes.Parabola):
    def __reduce__(self):
        return _load, (os.getpid(),)


def _load(driver):
    if os.getpid() != driver:
        raise ImportError("this evaluator loads only in the driver")


def test_workers_have_one_numeric_thread_and_the_driver_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    with thread_limits(1):
        assert os.environ["OMP_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_a_search_with_workers_finds_as_much_and_keeps_its_deadline():
    executor = ProcessExecutor(fakes.Parabola(seconds=0.01), 2)
    start = time.monotonic()
    run = search(
        fakes.task(),
        fakes.space(),
        fakes.Climber(),
        fakes.Parabola(),
        Budget(60),
        executor=executor,
        deadline=start + 1.5,
    )
    assert time.monotonic() - start < 1.9
    assert run.why == "time"
    assert run.counts.done > 20
    assert run.counts.running <= 2  # in flight, where a busy machine does not answer in time
    executor.close()


SCRIPT = """
    import sys, time
    from coeval.run.forkserver import prestart
    from coeval.run.processes import ProcessExecutor
    from coeval.trial import Proposal, Trial
    from tests.run import fakes

    if __name__ == "__main__":
        prestart(preload=("coeval.run.worker",))
        executor = ProcessExecutor(fakes.Misbehaving(), 2)
        executor.submit([Trial(0, Proposal(fakes.candidate(1.0)))])
        while not (found := dict(executor.completed(0.1))):
            pass
        executor.submit([Trial(1, Proposal(fakes.candidate(15)))])  # never reports
        print(found[0].data["process"], flush=True)
        time.sleep(float(sys.argv[1]))
        assert "torch" not in sys.modules
"""


def start_script(tmp_path, seconds):
    file = tmp_path / "script.py"
    file.write_text(textwrap.dedent(SCRIPT))
    process = subprocess.Popen(
        [sys.executable, str(file), str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    process.stdout.readline()
    return process, psutil.Process(process.pid).children(recursive=True)


def test_no_process_outlives_a_killed_driver(tmp_path):
    process, children = start_script(tmp_path, 60)
    assert len(children) >= 3  # the server, two workers, and Python's resource tracker
    process.kill()
    process.communicate(timeout=10)
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []


def test_a_driver_that_forgets_to_close_ends_all_the_same(tmp_path):
    process, children = start_script(tmp_path, 0)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0, errors
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []


def test_a_terminals_ctrl_c_reaches_only_the_driver(tmp_path):
    process, children = start_script(tmp_path, 60)
    workers = [child for child in children if not child.children()]
    for child in children:
        child.send_signal(signal.SIGINT)
    _, alive = psutil.wait_procs(workers, timeout=0.3)
    process.kill()
    assert len(alive) == len(workers)
    _, errors = process.communicate(timeout=10)
    assert "Traceback" not in errors


def test_workers_that_die_at_once_are_reported_with_an_option_that_exists():
    executor = ProcessExecutor(fakes.Deadly(), 1)
    executor.submit([trial(0, 1.0)])
    try:
        with pytest.raises(
            RunError, match=r"die before they are ready \(3 in a row\).*--workers 1"
        ):
            collect(executor, 1)
    finally:
        executor.close()


@pytest.fixture
def ahead():
    made = ProcessExecutor(fakes.Misbehaving(seconds=0), 1, look_ahead=True)
    yield made
    made.close()


def test_a_worker_begins_its_next_batch_while_the_driver_thinks(ahead):
    assert ahead.slots == 2
    ahead.submit([trial(0, 1.0)])
    collect(ahead, 1)  # the worker is up
    for number in (1, 2):
        ahead.submit([trial(number, 20)])
    time.sleep(1.0)
    found = collect(ahead, 2)
    assert found[2].data["began"] - found[1].data["ended"] < 0.2


def test_the_contract_of_executors_holds_with_batches_in_advance():
    check_executor(lambda evaluator: ProcessExecutor(evaluator, 2, look_ahead=True))


@pytest.mark.parametrize("x", [13, 14])
def test_a_crash_spares_the_batch_that_was_not_begun(ahead, x):
    for number, what in enumerate((1.0, x, 2.0, 3.0)):
        ahead.submit([trial(number, what)])
    found = collect(ahead, 4)
    assert found[1].failure.reason is Reason.CRASHED
    assert [found[n].values["loss"] for n in (0, 2, 3)] == [1.0, 2.0, 3.0]


def test_a_worker_that_is_killed_for_its_deadline_leaves_the_next_batch_to_another(ahead):
    ahead.submit([trial(0, 1.0)])
    collect(ahead, 1)
    ahead.submit([trial(1, 15)], time.monotonic() + 0.1)
    ahead.submit([trial(2, 2.0)], time.monotonic() + 30.0)
    found = collect(ahead, 2)
    assert found[1].failure.reason is Reason.TIMED_OUT
    assert found[2].values == {"loss": 2.0}


def test_a_batch_too_large_for_a_pipe_waits_with_the_driver(ahead):
    ahead.submit([trial(0, 1.0)])
    collect(ahead, 1)
    kin = {
        7: Trial(
            7, Proposal(fakes.candidate(1.0)), measurement=Measurement(data={"x": "y" * 10**6})
        )
    }
    start = time.monotonic()
    ahead.submit([trial(1, 20)])
    ahead.submit([dataclasses.replace(trial(2, 2.0), kin=kin)])
    assert time.monotonic() - start < 0.25  # sending did not wait for the first trial's end
    assert sorted(collect(ahead, 2)) == [1, 2]
