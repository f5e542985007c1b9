"""The early end inside a search: it stops on its own, a resume stops after the same trial, and switches leave it out."""

from dataclasses import dataclass

import pytest

from coeval.run.budget import Budget
from coeval.run.finish import ended_early
from coeval.run.search import search
from coeval.seed import generator
from coeval.store.memory import MemoryStore
from coeval.store.protocol import Note
from coeval.store.queries import notes
from coeval.strategy.early_end import EarlyEnd
from coeval.strategy.repeats import Repeats
from coeval.testing.fakes import LOSS, ladder_space
from coeval.trial import Measurement, Proposal, Trial
from tests.run import fakes

SPACE = ladder_space()
ENOUGH = 400


@dataclass
class Noise:
    """Measures every candidate alike, but for the seed."""

    def evaluate(self, trials, report):
        for trial in trials:
            noise = generator(1, "noise", trial.number).normal()
            yield trial.number, Measurement({"loss": 5 + 0.1 * noise}, cost={"seconds": 0.0})

    def bucket(self, proposal):
        return ""


class Numbers:
    """Asks for a new candidate each time."""

    def __init__(self):
        self.numbers = set()

    def ask(self, count):
        first = len(self.numbers)
        return [Proposal(fakes.candidate(float(first + place))) for place in range(count)]

    def tell(self, trial):
        self.numbers.add(trial.number)


def sitting(store, trials=ENOUGH):
    """Search as ``run.fit`` does: the log so far first, then each record as it comes."""
    early = EarlyEnd(LOSS)

    def follow(record):
        if isinstance(record, Trial):
            early.record(record)

    for event in list(store.events()):
        follow(event.body)
    run = search(
        fakes.task(),
        fakes.space(),
        Repeats(Numbers(), LOSS, every=5, most=8),
        Noise(),
        Budget(trials=trials),
        objective=LOSS,
        store=store,
        on_event=follow,
        stop=lambda: early.ending is not None,
    )
    return run, early


def test_a_search_of_nothing_but_noise_ends_before_its_budget():
    run, early = sitting(MemoryStore())
    assert run.why == "stopped"
    assert len(run.trials) < ENOUGH
    assert early.ending.trial == run.trials[-1].number


@pytest.mark.parametrize("cut", [1, 60, 130])
def test_a_search_that_was_interrupted_ends_after_the_same_trial(cut):
    whole, undisturbed = sitting(MemoryStore())
    store = MemoryStore()
    sitting(store, trials=cut)
    run, early = sitting(store)
    assert early.ending == undisturbed.ending
    assert [one.measurement.values for one in run.trials] == [
        one.measurement.values for one in whole.trials
    ]


def test_a_search_that_had_ended_early_asks_nothing_more_when_it_is_resumed():
    store = MemoryStore()
    first, _ = sitting(store)
    again, early = sitting(store)
    assert again.trials == first.trials
    assert early.ending is not None


class _Site:
    def __init__(self):
        self.store = MemoryStore()

    def record(self, *found: Note):
        self.store.append(found)


def test_the_reason_is_recorded_with_its_numbers():
    run, early = sitting(MemoryStore())
    site = _Site()
    found = ended_early(site, run, early)
    (noted,) = notes(site.store.events(), "ended_early")
    assert found.why == "early"
    assert noted["trial"] == early.ending.trial
    assert max(noted["improved"], noted["expected"]) < noted["floor"]["low"]


def test_a_search_that_ended_otherwise_says_nothing_of_it():
    run, early = sitting(MemoryStore(), trials=20)
    site = _Site()
    assert ended_early(site, run, early) is run
    assert list(site.store.events()) == []
