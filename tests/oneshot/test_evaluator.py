"""Ticks on a real supernet: exact continuation, choices, and everything else handed on."""

import pickle
import time

import numpy as np
import pytest

from coeval.errors import SpaceError
from coeval.evaluate.training import TrainingEvaluator
from coeval.oneshot.evaluator import OneShotEvaluator
from coeval.oneshot.method import METHODS, Choice
from coeval.oneshot.tick import Kind, Tick
from coeval.store.artifacts import MemoryArtifacts
from coeval.testing.fakes import ladder_space
from coeval.trial import Measurement, Proposal, Reason, State, Trial
from tests.oneshot.searches import OPEN, SPACE, TASK, evaluator, slices, ticked

QUICK = ("spos", "gdas", "enas")
LONG = ("darts", "darts2", "pc-darts", "drnas", "darts-es", "fair-darts", "proxylessnas", "fairnas")
RESUMED = [*QUICK, *[pytest.param(one, marks=pytest.mark.slow) for one in LONG]]


def supernet(trial, artifacts):
    return artifacts.get(trial.measurement.artifacts["state"])


@pytest.mark.parametrize("method", RESUMED)
def test_a_search_cut_into_slices_ends_with_the_very_supernet_of_one_that_was_not(method):
    kept = MemoryArtifacts()
    judge = evaluator(kept)
    whole = slices(judge, method, total=6, cuts=())[-1]
    parts = slices(judge, method, total=6, cuts=(2, 5))[-1]
    expected, found = supernet(whole, kept), supernet(parts, kept)
    assert expected.keys() == found.keys()
    assert all(np.array_equal(expected[name], found[name], equal_nan=True) for name in expected)
    assert whole.measurement.data["picks"] == parts.measurement.data["picks"]


def test_a_supernet_that_is_gone_is_trained_again_and_the_tick_says_so():
    kept = MemoryArtifacts()
    with_it = slices(evaluator(kept), "gdas", total=6, cuts=(3,))[-1]
    without = slices(evaluator(None), "gdas", total=6, cuts=(3,))[-1]
    assert "from_scratch" not in with_it.measurement.data
    assert without.measurement.data["from_scratch"] == "the supernet of trial 0 is gone"
    assert with_it.measurement.data["alphas"] == without.measurement.data["alphas"]


def test_a_tick_says_where_the_search_stands():
    (one,) = slices(evaluator(MemoryArtifacts()), "gdas", total=4, cuts=())
    data = one.measurement.data
    assert data["steps"] == {
        "done": 4,
        "total": 4,
        "architecture": 4,
        "published": METHODS["gdas"].published.steps,
    }
    assert [len(slot) for slot in data["alphas"]] == [5] * 6
    assert data["skips"] == sum(pick == 1 for pick in data["picks"]) / 6
    assert data["lr"] > METHODS["gdas"].published.lr
    assert one.measurement.values == {}
    assert np.isfinite(data["train_loss"])


@pytest.mark.parametrize("method", ["rsws", "enas", pytest.param("spos", marks=pytest.mark.slow)])
def test_a_choice_by_scores_names_the_best_paths_first(method):
    judge = evaluator(MemoryArtifacts())
    last = slices(judge, method, total=4, cuts=())[-1]
    tick = Tick(method, Kind.CHOOSE, 4, 4, 4, tries=6)
    data = ticked(judge, tick, number=1, before=last).measurement.data
    scores = [score for _, score in data["best"]]
    assert scores == sorted(scores)  # log loss: less is better
    assert data["scored"] == len(scores) == 6
    assert all(SPACE.contains(OPEN.candidate(tuple(picks))) for picks, _ in data["best"])


@pytest.mark.slow
def test_a_choice_by_perturbation_names_one_member():
    assert METHODS["darts-pt"].choice is Choice.PERTURBATION
    judge = evaluator(MemoryArtifacts())
    last = slices(judge, "darts-pt", total=2, cuts=())[-1]
    tick = Tick("darts-pt", Kind.CHOOSE, 2, 2, 2, tries=1)
    ((picks, _),) = ticked(judge, tick, number=1, before=last).measurement.data["best"]
    assert SPACE.contains(OPEN.candidate(tuple(picks)))


def test_the_measuring_tick_leaves_no_supernet_and_says_what_things_take():
    found = ticked(evaluator(MemoryArtifacts()), Tick("spos", Kind.MEASURE, 0, 0, 0)).measurement
    assert not found.artifacts
    assert found.data["step_seconds"] > 0 < found.data["score_seconds"]
    assert found.data["steps"]["done"] == 0
    assert found.data["epoch_steps"] == 165 // 64


def test_whatever_is_no_tick_goes_to_the_inner_evaluator():
    class Inner:
        def evaluate(self, trials, report):
            yield from ((trial.number, Measurement({"loss": 1.0})) for trial in trials)

        def bucket(self, proposal):
            return "ordinary"

    judge = OneShotEvaluator(Inner(), TASK, SPACE)
    ordinary = Proposal(OPEN.base)
    assert judge.bucket(ordinary) == "ordinary"
    assert judge.bucket(Tick("spos", Kind.TRAIN, 0, 1, 2).proposal(OPEN.base, None)) != "ordinary"
    found = dict(judge.evaluate([Trial(3, ordinary), Trial(4, ordinary)], lambda *_: True))
    assert found == {3: Measurement({"loss": 1.0}), 4: Measurement({"loss": 1.0})}


def test_a_tick_that_continues_what_is_no_tick_is_refused():
    before = Trial(0, Proposal(OPEN.base), State.DONE, Measurement())
    proposal = Tick("spos", Kind.TRAIN, 2, 4, 4).proposal(OPEN.base, 0)
    trial = Trial(1, proposal, kin={0: before})
    ((_, found),) = evaluator().evaluate([trial], lambda *_: True)
    assert found.failure.reason is Reason.REFUSED
    assert "continues trial 0, which is none" in found.failure.detail


def test_a_tick_told_to_stop_says_how_far_it_came():
    asked = iter([True] * 3)
    trial = Trial(0, Tick("spos", Kind.TRAIN, 0, 50, 50).proposal(OPEN.base, None))
    ((_, found),) = evaluator(MemoryArtifacts()).evaluate([trial], lambda *_: next(asked, False))
    assert found.data["steps"]["done"] < 50
    ((_, found),) = evaluator().evaluate([trial], lambda *_: False)
    assert found.failure is not None


def test_the_evaluator_travels_to_workers():
    inner = TrainingEvaluator(TASK, SPACE, signals=False)
    judge = pickle.loads(pickle.dumps(OneShotEvaluator(inner, TASK, SPACE, seed=3)))
    here = slices(OneShotEvaluator(inner, TASK, SPACE, seed=3), "gdas", total=2, cuts=())[0]
    there = slices(judge, "gdas", total=2, cuts=())[0]
    assert here.measurement.data["alphas"] == there.measurement.data["alphas"]


def test_a_space_without_choices_is_one_clear_error():
    with pytest.raises(SpaceError, match="Weight sharing needs a space of"):
        OneShotEvaluator(TrainingEvaluator(TASK, SPACE), TASK, ladder_space())


@pytest.mark.parametrize(
    ("tick", "said"),
    [
        (Tick("gdas", Kind.MEASURE, 0, 0, 0), "after 0 steps, of which 10 are the least"),
        (Tick("gdas", Kind.TRAIN, 0, 4, 4), "after 0 steps, of which 1 are the least"),
    ],
)
def test_a_tick_without_time_for_a_step_is_refused(tick, said):
    judge = evaluator(MemoryArtifacts(), deadlines={tick.kind: time.monotonic()})
    ((_, found),) = judge.evaluate([Trial(0, tick.proposal(OPEN.base, None))], lambda *_: True)
    assert found.failure.reason is Reason.REFUSED
    assert said in found.failure.detail


def test_a_later_slice_that_the_clock_cuts_keeps_what_was_learnt():
    kept = MemoryArtifacts()
    (first,) = slices(evaluator(kept), "gdas", total=2, cuts=())
    judge = evaluator(kept, deadlines={Kind.TRAIN: time.monotonic()})
    cut = ticked(judge, Tick("gdas", Kind.TRAIN, 2, 4, 4), number=1, before=first)
    assert cut.measurement.data["steps"]["done"] == 2
    assert cut.measurement.data["picks"] == first.measurement.data["picks"]
