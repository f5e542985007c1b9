"""Searches in batches: what is recorded together, and that a resume makes the same batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.run.budget import Budget
from coeval.run.processes import ProcessExecutor
from coeval.run.search import search
from coeval.run.serial import SerialExecutor
from coeval.store.memory import MemoryStore
from coeval.trial import Failure, Measurement, Proposal, Reason, State, Trial

from . import fakes


class Transactions(MemoryStore):
    """A store that remembers what was appended together."""

    def __init__(self):
        super().__init__()
        self.appended = []

    def append(self, records):
        super().append(records)
        trials = [one for one in records if isinstance(one, Trial)]
        if trials:
            self.appended.append(trials)

    def facts(self):
        return [[(one.number, one.state.value) for one in records] for records in self.appended]


@dataclass
class Together(fakes.Parabola):
    """Every measurement depends on the whole batch: equal journals mean equal batches."""

    def evaluate(self, trials, report) -> Iterator[tuple[int, Measurement]]:
        numbers = [trial.number for trial in trials]
        for trial in trials:
            x = float(trial.proposal.candidate.settings("recipe")["x"])
            if int(x) % 5 == 4:
                yield trial.number, Measurement(failure=Failure(Reason.DIVERGED, f"{numbers}"))
            else:
                yield trial.number, Measurement({"loss": (x - 1) ** 2}, data={"batch": numbers})

    def bucket(self, proposal: Proposal) -> str:
        return str(int(proposal.candidate.settings("recipe")["x"]) % 3)


@dataclass
class Generational(fakes.Climber):
    """Waits for a generation's results before the next; rounds its numbers, so that many are equal."""

    size: int = 7

    def ask(self, count: int) -> list[Proposal]:
        told = len({trial.number for trial in self.told})
        finished = sum(trial.state is not State.RUNNING for trial in self.told)
        first = told // self.size * self.size
        if finished < first:
            return []
        return super().ask(min(count, first + self.size - told))


def find(strategy, store, *, trials=30, batch=4, evaluator=None, **options):
    return search(
        fakes.task(),
        fakes.space(),
        strategy,
        evaluator or Together(),
        Budget(None, trials),
        store=store,
        batch=batch,
        **options,
    )


def bodies(store):
    return [e.body for e in store.events() if isinstance(e.body, Trial)]


def test_the_starts_of_a_batch_are_one_record_and_so_are_its_measurements():
    store = Transactions()
    find(fakes.Listed([0.0, 3.0, 6.0, 7.0, 10.0]), store, batch=4)
    assert store.facts() == [
        [(0, "running"), (1, "running"), (2, "running"), (3, "running")],
        [(0, "done"), (1, "done"), (2, "done")],  # one bucket; 3 is of another and waits
        [(4, "running")],
        [(3, "done"), (4, "done")],
    ]


def test_what_is_told_was_recorded_with_its_whole_batch():
    store = MemoryStore()

    class Watching(fakes.Climber):
        def tell(self, trial: Trial) -> None:
            written = {(one.number, one.state) for one in bodies(store)}
            assert (trial.number, trial.state) in written
            super().tell(trial)

    strategy = Watching(digits=1)
    find(strategy, store)
    assert strategy.told == bodies(store)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 1000),
    st.sampled_from([1, 2, 4, 9, 50]),
    st.sampled_from([3, 7, 20]),
    st.integers(0, 1),
)
def test_a_search_cut_between_any_two_records_goes_on_as_if_it_were_not(seed, batch, size, digits):
    def strategy():
        return Generational(seed, digits, size=size)

    whole = Transactions()
    find(strategy(), whole, batch=batch)
    for cut in range(len(whole.appended)):
        part = MemoryStore()
        for records in whole.appended[:cut]:
            part.append(records)
        find(strategy(), part, batch=batch)
        assert bodies(part) == bodies(whole)


def test_sittings_of_any_length_make_the_batches_of_one_sitting():
    whole, parts = MemoryStore(), MemoryStore()
    find(fakes.Listed([float(x) for x in range(0, 60, 3)]), whole, trials=20, batch=5)
    for trials in (10, 20):
        find(fakes.Listed([float(x) for x in range(0, 60, 3)]), parts, trials=trials, batch=5)
    assert bodies(parts) == bodies(whole)


def test_equal_candidates_of_one_batch_are_evaluated_once():
    store = Transactions()
    run = find(fakes.Listed([3.0, 6.0, 3.0, 3.0]), store, batch=4)
    assert [one.measurement.cached_from for one in run.trials] == [None, None, 0, 0]
    assert store.facts()[1:] == [[(0, "done"), (1, "done")], [(2, "done"), (3, "done")]]


def test_equal_candidates_of_one_that_failed_are_evaluated_one_after_the_other():
    store = Transactions()
    run = find(fakes.Listed([4.0, 4.0, 4.0]), store, batch=4)
    assert [one.state for one in run.trials] == [State.FAILED] * 3
    assert store.facts()[1:] == [[(0, "failed")], [(1, "failed")], [(2, "failed")]]


def test_a_measurement_that_no_journal_can_hold_fails_alone():
    run = find(fakes.Listed([2.0, 19.0, 16.0, 3.0]), Transactions(), evaluator=Slips(), batch=4)
    reasons = [one.measurement.failure and one.measurement.failure.reason for one in run.trials]
    assert reasons == [None, Reason.ERROR, None, None]
    assert "plain JSON" in run.trials[1].measurement.failure.detail


class Slips(fakes.Misbehaving):
    def _measure(self, number, x, report):
        return super()._measure(number, x if x == 19 else 2.0, report)


def test_an_evaluator_that_raises_fails_the_rest_of_its_batch():
    run = find(
        fakes.Listed([2.0, 16.0, 3.0]), MemoryStore(), evaluator=fakes.Misbehaving(), batch=4
    )
    assert [one.state for one in run.trials] == [State.DONE, State.FAILED, State.FAILED]


def test_batches_go_to_several_workers():
    class Counting(SerialExecutor):
        slots = 2

        def submit(self, trials, deadline=None):
            submitted.append([trial.number for trial in trials])
            super().submit(trials, deadline)

    submitted: list[Sequence[int]] = []
    executor = Counting(Together(), batch=3)
    run = find(fakes.Listed([float(x) for x in range(0, 27, 3)]), MemoryStore(), executor=executor)
    assert submitted == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert run.counts.total == 9


def test_processes_evaluate_batches():
    executor = ProcessExecutor(Together(), 2, batch=5)
    try:
        run = find(fakes.Climber(digits=2), MemoryStore(), executor=executor, evaluator=Together())
    finally:
        executor.close()
    assert run.counts.total == 30
    assert run.counts.running == 0
    together = {tuple(one.measurement.data.get("batch", ())) for one in run.trials}
    assert max(map(len, together)) > 1


def test_time_that_ends_leaves_what_was_not_handed_out_to_a_resume():
    store = Transactions()
    calls = []

    def stop():
        calls.append(None)
        return len(store.appended) >= 2

    run = find(fakes.Listed([0.0, 1.0, 3.0, 4.0]), store, stop=stop)
    assert run.why == "stopped"
    assert [one.state.value for one in run.trials] == ["done", "running", "done", "running"]
    whole = MemoryStore()
    find(fakes.Listed([0.0, 1.0, 3.0, 4.0]), whole)
    find(fakes.Listed([0.0, 1.0, 3.0, 4.0]), store)
    assert bodies(store) == bodies(whole)


def test_a_barren_generation_does_not_end_a_search_of_large_batches():
    run = find(fakes.Listed([2.0] * 4000), MemoryStore(), trials=4000, batch=100)
    assert run.why == "exhausted"
    assert 2000 <= run.counts.cached < 2200


@pytest.mark.parametrize("batch", [0, -3])
def test_a_batch_holds_at_least_one_trial(batch):
    with pytest.raises(ValueError, match="batch must be 1 or more"):
        find(fakes.Listed([]), MemoryStore(), batch=batch)


def test_a_problem_without_a_metric_needs_an_objective():
    @dataclass(frozen=True)
    class Points:
        fingerprint: str = "points"

    def run(**options):
        return search(
            Points(), fakes.space(), fakes.Listed([2.0]), Together(), Budget(None, 1), **options
        )

    with pytest.raises(ValueError, match="search of a Points needs an objective"):
        run()
    assert run(objective=fakes.LOSS).best.number == 0
