"""Ticks in a run: forecasts let them pass, their supernets go when they were continued, and a note tells of them."""

from types import SimpleNamespace

import pytest

from coeval.evaluate.plan import Refusal
from coeval.oneshot.strategy import OneShot
from coeval.oneshot.tick import Kind, Tick
from coeval.run.keeper import Keeper
from coeval.run.options import Options
from coeval.run.ticks import TicksPass, note_one_shot, with_ticks
from coeval.store.artifacts import MemoryArtifacts
from coeval.testing.fakes import LOSS, drive
from coeval.trial import Measurement, Proposal, Trial, finish
from tests.oneshot.fakes import FakeOneShot
from tests.oneshot.searches import OPEN, SPACE, evaluator, slices
from tests.report.test_one_shot import Full


class Refusing:
    def observe(self, measurement):
        self.seen = measurement

    def check(self, trial, deadline):
        raise Refusal("too late")


def test_a_forecast_is_asked_of_candidates_and_not_of_ticks():
    gate = TicksPass(Refusing())
    gate.check(Trial(0, Tick("darts", Kind.TRAIN, 0, 1, 2).proposal(OPEN.base, None)), 1.0)
    with pytest.raises(Refusal, match="too late"):
        gate.check(Trial(1, Proposal(OPEN.base)), 1.0)


def test_a_supernet_goes_when_the_next_slice_was_trained_from_it_and_the_last_one_stays():
    kept = MemoryArtifacts()
    found = slices(evaluator(kept), "gdas", total=3, cuts=(1, 2))
    keeper = Keeper(kept, LOSS, lambda: [])
    for trial in found:
        keeper.record(Trial(trial.number, trial.proposal))
        keeper.record(trial)
        keeper.tidy()
    assert keeper.digests == {found[-1].measurement.artifacts["state"]}
    with pytest.raises(KeyError):
        kept.get(found[0].measurement.artifacts["state"])


def site(strategy):
    notes = []
    options = Options("data", "target", "out", strategy=strategy)
    return SimpleNamespace(options=options, record=notes.append), notes


def test_a_note_says_what_the_ticks_came_to():
    log = drive(OneShot(SPACE, "darts", steps=100, ticks=4), Full(), 20)
    place, notes = site("darts")
    note_one_shot(place, [one for one in log if one.measurement is not None])
    (note,) = notes
    assert note.kind == "one_shot"
    assert note.data["method"] == "darts"
    assert note.data["collapsed"] is False
    assert "19,550 were published" in " ".join(note.data["said"])


def test_other_strategies_keep_their_evaluator_and_leave_no_note():
    place, notes = site("evolution")
    inner = FakeOneShot()
    assert with_ticks(place, inner, 1.0) is inner
    note_one_shot(place, [finish(Trial(0, Proposal(OPEN.base)), Measurement())])
    assert notes == []
