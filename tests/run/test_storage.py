"""The weights folder of a run, sitting after sitting."""

from types import SimpleNamespace

import numpy as np
import pytest

from coeval.run.folder import RunFolder
from coeval.run.storage import Storage
from coeval.store.artifacts import FileArtifacts
from coeval.testing.fakes import LOSS
from coeval.trial import Fidelity, Measurement, Proposal, Trial, finish
from tests.run.fakes import candidate

STATE = {"epochs": np.array(3)}


@pytest.fixture
def site(tmp_path):
    folder = RunFolder(tmp_path)
    artifacts = FileArtifacts(folder.weights)
    return SimpleNamespace(folder=folder, artifacts=artifacts, objective=LOSS)


def trial(number, share=1.0, **asked):
    return Trial(number, Proposal(candidate(number), Fidelity(epochs=share), **asked))


def measured(site, running, loss=1.0):
    kept = {"weights": site.artifacts.put({"a": np.full(8, running.number)})}
    if not running.proposal.fidelity.is_full:
        kept["state"] = site.artifacts.put({"a": np.full(8, -1 - running.number)})
    return finish(running, Measurement({"loss": loss}, artifacts=kept))


def test_a_trial_in_the_journal_needs_no_slice_and_a_continued_one_no_checkpoint(site):
    storage = Storage(site, lambda: [])
    low, high = trial(0, 1 / 3), trial(1, 1.0, continues=0)
    storage.record(low)
    storage.slices.put(0, 0, "x", STATE)
    done = measured(site, low)
    storage.record(done)
    storage.tidy()
    assert storage.slices.get(0, 0, "x") is None
    storage.record(high)
    storage.tidy()
    assert site.artifacts.get(done.measurement.artifacts["state"])
    storage.record(measured(site, high))
    storage.tidy()
    with pytest.raises(KeyError):
        site.artifacts.get(done.measurement.artifacts["state"])


def test_replaying_a_journal_deletes_nothing_that_later_trials_hold(site):
    first, second = (measured(site, trial(number, 1 / 3)) for number in range(2))
    storage = Storage(site, lambda: [])
    for one in (trial(0, 1 / 3), first, trial(1, 1 / 3), second):
        storage.record(one)
    storage.begin()
    for one in (first, second):
        for digest in one.measurement.artifacts.values():
            assert site.artifacts.get(digest)


def test_a_sitting_begins_without_what_a_killed_one_left_but_for_what_was_running(site):
    orphan = site.artifacts.put({"a": np.full(8, 99.0)})
    storage = Storage(site, lambda: [])
    for number in (3, 4, 7):
        storage.slices.put(number, 0, "x", STATE)
    storage.record(trial(3))
    storage.record(measured(site, trial(3)))
    storage.record(trial(4))
    storage.begin()
    with pytest.raises(KeyError):
        site.artifacts.get(orphan)
    kept = [number for number in (3, 4, 7) if storage.slices.get(number, 0, "x")]
    assert kept == [4]
