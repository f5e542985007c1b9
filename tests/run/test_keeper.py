"""A long run's weights and checkpoints stay under the limit, and what is still needed stays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.run.keeper import Keeper
from coeval.store.artifacts import FileArtifacts, MemoryArtifacts
from coeval.strategy.asha import AsynchronousHalving
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS
from coeval.trial import Fidelity, Measurement, Proposal, State, Trial, best, finish
from tests.run.fakes import candidate
from tests.strategy.rungs import SPACE, THREE


def arrays(number, kilobytes):
    return {"a": np.full(128 * kilobytes, number, dtype=np.float64)}


class Run:
    """Trials that write weights and states, and a keeper that follows them."""

    def __init__(self, artifacts, limit=10**9, best_count=2):
        self.artifacts = artifacts
        self.trials = {}
        self.keeper = Keeper(artifacts, LOSS, self.best, limit=limit)
        self.best_count = best_count

    def best(self):
        able = [one for one in self.trials.values() if one.is_comparable]
        return sorted(able, key=LOSS.cost)[: self.best_count]

    def start(self, number, share=1.0, **asked):
        trial = Trial(number, Proposal(candidate(number), Fidelity(epochs=share), **asked))
        self.keeper.record(trial)
        return trial

    def end(self, trial, loss, *, weights=1, state=4, cached_from=None):
        written = {"weights": self.artifacts.put(arrays(2 * trial.number, weights))}
        if not trial.proposal.fidelity.is_full:
            written["state"] = self.artifacts.put(arrays(2 * trial.number + 1, state))
        done = finish(
            trial, Measurement({"loss": loss}, artifacts=written, cached_from=cached_from)
        )
        self.trials[trial.number] = done
        self.keeper.record(done)
        self.keeper.tidy()
        return done

    def has(self, number, name):
        return self.artifacts.size(self.trials[number].measurement.artifacts[name]) > 0


@pytest.fixture(params=["files", "memory"])
def artifacts(request, tmp_path):
    return FileArtifacts(tmp_path) if request.param == "files" else MemoryArtifacts()


def test_below_the_limit_only_continued_checkpoints_go(artifacts):
    run = Run(artifacts)
    for number in range(5):
        run.end(run.start(number, 1 / 3), float(number))
    promoted = run.start(5, 1.0, continues=1)
    assert run.has(1, "state")  # the promotion may still be killed
    run.end(promoted, 1.0)
    assert [run.has(number, "state") for number in range(5)] == [True, False, True, True, True]
    assert all(run.has(number, "weights") for number in range(6))


def test_what_another_trial_holds_too_stays(artifacts):
    run = Run(artifacts)
    first = run.end(run.start(0, 1 / 9), 1.0)
    again = run.start(1, 1 / 3, continues=0)
    same = Measurement({"loss": 1.0}, artifacts=dict(first.measurement.artifacts))
    run.trials[1] = finish(again, same)  # training had given up: no epoch more, the same state
    run.keeper.record(run.trials[1])
    run.keeper.tidy()
    assert run.has(1, "state")


def test_beyond_the_limit_badly_ranked_checkpoints_go_first_and_then_old_weights(artifacts):
    run = Run(artifacts, limit=72 * 1024)
    for number in range(12):
        run.end(run.start(number, 1 / 3), float(number))
    states = [run.has(number, "state") for number in range(12)]
    assert states[0]
    assert states[1]
    assert not all(states[6:])
    assert run.keeper.size < 72 * 1024
    assert all(run.has(number, "weights") for number in range(12))


def test_what_running_trials_start_from_stays_whatever_it_takes(artifacts):
    run = Run(artifacts, limit=40 * 1024)
    run.end(run.start(0, 1 / 3), 9.0)
    run.end(run.start(1), 8.0)
    run.start(2, 1.0, continues=0)
    run.start(3, 1.0, parent=1)
    for number in range(4, 30):
        run.end(run.start(number, 1 / 3), 1.0 / number)
    assert run.has(0, "state")
    assert run.has(0, "weights")
    assert run.has(1, "weights")


def test_the_checkpoint_behind_a_copy_is_the_trained_trials(artifacts):
    run = Run(artifacts)
    source = run.end(run.start(0, 1 / 3), 1.0)
    copy = run.start(1, 1 / 3)
    run.trials[1] = finish(
        copy,
        Measurement({"loss": 1.0}, artifacts=source.measurement.artifacts, cached_from=0),
    )
    run.keeper.record(run.trials[1])
    run.end(run.start(2, 1.0, continues=1), 0.5)
    assert not run.has(0, "state")


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**6), limit=st.integers(60, 400))
def test_a_long_run_of_many_rungs_stays_under_its_limit_and_keeps_its_best(seed, limit):
    artifacts = MemoryArtifacts()
    run = Run(artifacts, limit=limit * 1024)
    rng = np.random.default_rng(seed)
    strategy = AsynchronousHalving(RandomSearch(SPACE, seed), LOSS, fidelities=THREE)
    lost = 0
    for number in range(120):
        (proposal,) = strategy.ask(1)
        trial = Trial(number, proposal)
        for told in (strategy.tell, run.keeper.record):
            told(trial)
        source = proposal.continues
        lost += source is not None and not run.has(source, "state")
        strategy.tell(run.end(trial, float(rng.random())))
        held = sum(artifacts.size(digest) for digest in artifacts._arrays)
        assert held == run.keeper.size <= limit * 1024
        winner = best(run.trials.values(), LOSS)
        assert winner is None or run.has(winner.number, "weights")
    # Of about 40 promotions, checkpoints of those that their rung ranks best are there when they are asked for.
    assert lost <= 4


def test_recording_takes_no_time_that_grows_with_the_run():
    run = Run(MemoryArtifacts())
    run.keeper._artifacts = Sizeless()
    for number in range(3000):
        trial = Trial(number, Proposal(candidate(number), Fidelity(epochs=1 / 3)))
        done = finish(trial, Measurement({"loss": 1.0}, artifacts={"state": f"{number}"}))
        run.keeper.record(trial)
        run.keeper.record(done)
        run.keeper.tidy()
    assert run.keeper._artifacts.asked == 3000
    assert run.keeper.size == 3000
    assert done.state is State.DONE


class Sizeless:
    """Artifacts of one byte each, which count how often their size was asked for."""

    asked = 0

    def size(self, digest):
        self.asked += 1
        return 1

    def delete(self, digests):
        raise AssertionError(f"nothing had to go, but {list(digests)} went")
