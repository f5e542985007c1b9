import math
import os
import signal
import threading
import time

import pytest

from coeval.errors import RunError, SpaceError
from coeval.run.budget import Budget
from coeval.run.run import Run
from coeval.run.search import search
from coeval.run.serial import SerialExecutor
from coeval.run.sitting import sitting
from coeval.store.memory import MemoryStore
from coeval.store.protocol import Note
from coeval.store.queries import active_seconds, notes
from coeval.trial import Failure, Measurement, Proposal, Reason, State, Trial, finish

from . import fakes


def find(strategy=None, evaluator=None, trials=20, seconds=None, **options) -> Run:
    return search(
        fakes.task(),
        fakes.space(),
        strategy or fakes.Climber(),
        evaluator or fakes.Parabola(),
        Budget(seconds, trials),
        **options,
    )


def bodies(store):
    """Everything recorded, without what may differ between sittings: who sat, and when."""
    return [e.body for e in store.events() if isinstance(e.body, Trial)]


def test_a_search_finds_the_minimum_and_says_why_it_ended():
    run = find(trials=60)
    assert run.why == "trials"
    assert run.counts.total == 60
    assert run.counts.running == 0
    assert run.counts.failed > 0
    assert abs(run.best.proposal.candidate.settings("recipe")["x"] - 1) < 0.3


def test_every_event_is_recorded_before_it_is_told():
    store, order = MemoryStore(), []

    class Watching(fakes.Climber):
        def tell(self, trial):
            written = list(store.events())[-1].body
            order.append((trial.number, trial.state) == (written.number, written.state))
            super().tell(trial)

    find(Watching(), trials=10, store=store)
    assert len(order) == 20
    assert all(order)


def test_the_strategy_is_told_exactly_what_the_journal_holds():
    store, strategy = MemoryStore(), fakes.Climber()
    find(strategy, store=store)
    assert strategy.told == bodies(store)


@pytest.mark.parametrize("sittings", [(1, 19), (7, 8, 5), (20, 0)])
def test_a_search_continued_in_sittings_equals_one_in_a_single_sitting(sittings):
    whole, parts = MemoryStore(), MemoryStore()
    find(store=whole)
    total = 0
    for trials in sittings:
        total += trials
        find(trials=total, store=parts)
    assert bodies(parts) == bodies(whole)


def test_an_orphan_is_evaluated_again_under_its_number_and_started_once():
    whole, cut = MemoryStore(), MemoryStore()
    find(store=whole)
    cut.append(bodies(whole)[:7])  # 0..2 finished, 3 running
    assert bodies(cut)[-1].state is State.RUNNING
    find(store=cut)
    assert bodies(cut) == bodies(whole)


def test_an_equal_candidate_is_not_trained_again():
    log = []

    class Counting(fakes.Parabola):
        def evaluate(self, trials, report):
            log.extend(trial.number for trial in trials)
            yield from super().evaluate(trials, report)

    run = find(fakes.Listed([2.0, 3.0, 2.0, 2.0]), Counting())
    assert log == [0, 1]
    assert [t.measurement.cached_from for t in run.trials] == [None, None, 0, 0]
    assert run.trials[3].measurement.values == run.trials[0].measurement.values
    assert run.trials[3].measurement.cost["seconds"] == 0
    assert run.counts.cached == 2


def test_an_evaluator_is_handed_the_trials_that_an_evaluation_starts_from():
    handed = {}

    class Family(fakes.Listed):
        def ask(self, count):
            numbers = [Proposal(fakes.candidate(2.0)), Proposal(fakes.candidate(2.0))]
            numbers += [Proposal(fakes.candidate(3.0), parent=1, continues=0)]
            first = len({t.number for t in self.told})
            return numbers[first : first + 1]

    class Looking(fakes.Parabola):
        def evaluate(self, trials, report):
            handed.update({trial.number: trial.kin for trial in trials})
            yield from super().evaluate(trials, report)

    run = find(Family([]), Looking())
    trained = run.trials[0]  # 1 is a copy of it, and has no weights of its own
    assert handed == {0: {}, 2: {0: trained, 1: trained}}
    assert not any(trial.kin for trial in run.trials)


def test_a_repeat_under_another_seed_is_trained():
    class Repeating(fakes.Listed):
        def ask(self, count):
            number = len({t.number for t in self.told})
            return [Proposal(fakes.candidate(2.0), repeat=number)] if number < 3 else []

    run = find(Repeating([]))
    assert run.counts.cached == 0
    assert run.counts.done == 3


def test_a_strategy_with_no_more_questions_ends_the_search():
    assert find(fakes.Listed([2.0, 3.0])).why == "exhausted"


def test_endless_repetition_of_known_candidates_ends_the_search():
    run = find(fakes.Listed([2.0] * 5000), trials=5000)
    assert run.why == "exhausted"
    assert run.counts.cached == 1000


def test_a_resume_counts_anew_what_teaches_nothing():
    store = MemoryStore()
    find(fakes.Listed([2.0] * 5000), trials=5000, store=store)
    run = find(fakes.Listed([2.0] * 1001 + [3.0] * 5), trials=5000, store=store)
    assert run.trials[-1].measurement.values["loss"] > 3.0


def test_a_pause_is_no_work_even_if_the_next_process_has_the_same_number():
    store = MemoryStore()
    before = sitting(fakes.task(), Budget(trials=3), 0, token="of the process before it")
    store.append([before])
    assert before.data["process"] == os.getpid()
    find(store=store, trials=3)
    assert len(notes(store.events(), "sitting")) == 2


def test_endless_failure_ends_the_search():
    class Failing(fakes.Parabola):
        def _measure(self, number, x, report):
            return Measurement(failure=Failure(Reason.REFUSED, "too large"))

    run = find(evaluator=Failing(), trials=5000)
    assert run.why == "failing"
    assert run.best is None


def test_the_deadline_is_kept_and_the_trial_told_to_stop():
    start = time.monotonic()
    run = find(evaluator=fakes.Parabola(seconds=30), trials=None, seconds=60, deadline=start + 0.3)
    assert time.monotonic() - start < 0.6
    assert run.why == "time"
    assert run.trials[0].measurement.failure.reason is Reason.TIMED_OUT


def test_nothing_is_started_when_no_time_is_left():
    run = find(deadline=time.monotonic())
    assert run.why == "time"
    assert run.trials == ()


def test_the_budget_counts_the_active_time_of_all_sittings():
    store = MemoryStore()
    find(fakes.Climber(), fakes.Parabola(0.05), trials=None, seconds=0.3, store=store)
    first = active_seconds(store.events())
    assert first >= 0.25
    time.sleep(0.4)  # a pause between sittings costs nothing
    run = find(fakes.Climber(), fakes.Parabola(0.05), trials=None, seconds=0.6, store=store)
    assert 0.5 < run.seconds < 0.8
    again = find(fakes.Climber(), fakes.Parabola(0.05), trials=None, seconds=0.6, store=store)
    assert len(again.trials) == len(run.trials)


def test_a_sitting_that_the_caller_opened_counts_from_where_it_says():
    store, budget = MemoryStore(), Budget(1.0)
    store.append([sitting(fakes.task(), budget, 0, started=time.time() - 10, command="coeval fit")])
    run = search(
        fakes.task(), fakes.space(), fakes.Climber(), fakes.Parabola(), budget, store=store
    )
    assert run.why == "time"
    assert run.trials == ()
    assert len(notes(store.events(), "sitting")) == 1


def test_stop_leaves_the_running_trial_to_a_resume():
    store, calls = MemoryStore(), []

    def stop():
        calls.append(None)
        return len(calls) > 20

    run = find(evaluator=fakes.Parabola(seconds=30), store=store, stop=stop)
    assert run.why == "stopped"
    assert [trial.state for trial in run.trials] == [State.RUNNING]
    find(store=store, trials=3)
    whole = MemoryStore()
    find(store=whole, trials=3)
    assert bodies(store) == bodies(whole)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_search_and_keeps_what_was_found(number):
    class Signalling(fakes.Parabola):
        def _measure(self, trial, x, report):
            if trial == 5:
                os.kill(os.getpid(), number)
                time.sleep(10)
            return Measurement({"loss": x})

    before = signal.getsignal(number)
    store = MemoryStore()
    run = find(evaluator=Signalling(), store=store)
    assert run.why == "interrupted"
    assert [t.state for t in run.trials] == [State.DONE] * 5 + [State.RUNNING]
    assert run.best is not None
    assert signal.getsignal(number) is before
    assert notes(store.events(), "stopped")[0]["why"] == "interrupted"


def test_a_search_outside_the_main_thread_leaves_signals_alone():
    runs = []
    thread = threading.Thread(target=lambda: runs.append(find(trials=3)))
    thread.start()
    thread.join()
    assert runs[0].why == "trials"


def test_an_evaluator_that_raises_fails_only_its_trial():
    run = find(fakes.Listed([16, 17, 18, 19, 2]), fakes.Misbehaving())
    failures = [t.measurement.failure for t in run.trials]
    assert [f and f.reason for f in failures] == [
        Reason.ERROR,
        Reason.OUT_OF_MEMORY,
        Reason.ERROR,
        Reason.ERROR,
        None,
    ]
    assert "broke down" in failures[0].detail
    assert "plain JSON" in failures[3].detail


def test_an_evaluator_that_measures_nothing_fails_its_trial():
    class Silent(fakes.Parabola):
        def evaluate(self, trials, report):
            return iter(())

    run = find(evaluator=Silent(), trials=1)
    assert run.trials[0].measurement.failure.reason is Reason.ERROR


def test_an_executor_that_never_answers_is_given_up():
    class Deaf(SerialExecutor):
        def completed(self, timeout):
            time.sleep(min(timeout, 0.1))
            return iter(())

    start = time.monotonic()
    run = find(executor=Deaf(fakes.Parabola()), deadline=start + 0.2)
    assert time.monotonic() - start < 1.2
    assert run.trials[0].measurement.failure.reason is Reason.TIMED_OUT


def test_another_seed_or_task_cannot_continue_a_journal():
    store = MemoryStore()
    find(store=store, trials=2)
    with pytest.raises(RunError, match="begun with seed 0, got 1"):
        find(store=store, trials=3, seed=1)
    with pytest.raises(RunError, match="fingerprint"):
        search(
            fakes.task("other"),
            fakes.space(),
            fakes.Climber(),
            fakes.Parabola(),
            Budget(trials=3),
            store=store,
        )


def test_candidates_of_another_space_are_refused():
    other = fakes.space()
    other.parts = {"architecture": None}
    with pytest.raises(SpaceError, match="Give both the same space"):
        search(fakes.task(), other, fakes.Climber(), fakes.Parabola(), Budget(trials=1))


def test_every_record_is_reported_to_the_caller():
    seen, store = [], MemoryStore()
    find(store=store, on_event=seen.append, trials=4)
    written = [event.body for event in store.events()]
    assert seen == written[1:]  # all but the note that opened the sitting
    assert isinstance(seen[-1], Note)


def test_a_run_without_a_finish_says_how_to_get_a_model():
    with pytest.raises(RunError, match="finish"):
        find(trials=1).model()
    assert find(finish=lambda run: run.best.number).model() >= 0


def test_the_front_trades_score_for_size():
    def trial(number, loss, parameters):
        measured = Measurement({"loss": loss}, cost={"parameters": parameters})
        return finish(Trial(number, Proposal(fakes.candidate(0.0))), measured)

    trials = (trial(0, 1.0, 9), trial(1, 2.0, 3), trial(2, 3.0, 4), trial(3, math.nan, 1))
    run = Run(trials, fakes.LOSS, "trials", 1.0)
    assert [t.number for t in run.front] == [0, 1]
    assert Run((), fakes.LOSS, "time", 0.0).front == ()


class Delayed(SerialExecutor):
    """Two slots; an evaluation ends only when nothing else happened for a while."""

    slots = 2

    def __init__(self, evaluator, rounds=3):
        super().__init__(evaluator)
        self._rounds, self._round, self.submitted = rounds, 0, []

    def submit(self, trials, deadline=None):
        self.submitted += [trial.number for trial in trials]
        super().submit(trials, deadline)

    def completed(self, timeout):
        self._round += 1
        if self._round % self._rounds:
            time.sleep(0.02)
            return iter(())
        return super().completed(timeout)


def test_an_equal_candidate_waits_for_the_one_that_is_running():
    executor = Delayed(fakes.Parabola())
    run = find(fakes.Listed([2.0, 2.0, 2.0, 3.0]), executor=executor)
    assert executor.submitted == [0, 3]
    assert [t.measurement.cached_from for t in run.trials] == [None, 0, 0, None]


def test_an_equal_candidate_is_evaluated_when_the_first_failed():
    class FailingFirst(fakes.Parabola):
        def _measure(self, number, x, report):
            if number == 0:
                return Measurement(failure=Failure(Reason.OUT_OF_MEMORY))
            return Measurement({"loss": x})

    executor = Delayed(FailingFirst())
    run = find(fakes.Listed([2.0, 2.0]), executor=executor)
    assert executor.submitted == [0, 1]
    assert [t.state for t in run.trials] == [State.FAILED, State.DONE]


def test_time_at_work_is_recorded_while_nothing_finishes(monkeypatch):
    monkeypatch.setattr("coeval.run.loop._TICK", 0.05)
    store = MemoryStore()
    find(fakes.Listed([2.0]), executor=Delayed(fakes.Parabola(), rounds=10), store=store)
    assert 2 <= len(notes(store.events(), "tick")) <= 4
