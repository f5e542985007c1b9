"""What a killed training leaves behind, and who may go on from it."""

import numpy as np
import pytest

from coeval.errors import RunError
from coeval.evaluate import slices as module
from coeval.evaluate.slices import Slicer, identity_of
from coeval.evaluate.training import TrainingEvaluator
from coeval.store.artifacts import MemoryArtifacts
from coeval.store.slices import FileSlices
from coeval.trial import Fidelity, Proposal, Trial
from tests.evaluate.tasks import Decoder, task_of
from tests.evaluate.test_beginning import climb, evaluated, noisy, same


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """Write a slice after every epoch and fold."""
    monkeypatch.setattr("coeval.train.fit.SLICE_SECONDS", 0.0)
    monkeypatch.setattr(module, "_UNSAVED", 0.0)


class Killed(BaseException):
    """What ends a process: nothing catches it."""


class Ear:
    """Counts epochs, and kills the training when it was told so many."""

    def __init__(self, most=10**9):
        self.most, self.heard = most, []

    def __call__(self, number, progress, values):
        if progress and progress not in self.heard:
            self.heard.append(progress)
            if len(self.heard) >= self.most:
                raise Killed
        return True


def interrupted(evaluator, trial, epochs):
    with pytest.raises(Killed):
        list(evaluator.evaluate([trial], Ear(epochs)))


def resumed(evaluator, trial):
    ear = Ear()
    ((_, found),) = evaluator.evaluate([trial], ear)
    return found, len(ear.heard)


def evaluator_of(task, folder, **options):
    return TrainingEvaluator(
        task,
        Decoder(),
        seed=5,
        artifacts=MemoryArtifacts(),
        slices=None if folder is None else FileSlices(folder),
        **options,
    )


@pytest.mark.parametrize(("folds", "killed_after"), [(1, 4), (3, 2), (3, 6), (3, 14)])
def test_a_killed_trial_goes_on_from_its_last_epoch_to_the_same_numbers(
    folds, killed_after, tmp_path
):
    task = task_of("wine", folds=folds)
    trial = Trial(3, Proposal(noisy(task, epochs=5, lr=1e-3)))
    whole = evaluated(evaluator_of(task, None), trial).measurement
    interrupted(evaluator_of(task, tmp_path), trial, killed_after)
    found, epochs = resumed(evaluator_of(task, tmp_path), trial)
    assert same(found, whole)
    assert epochs <= 5 * folds - killed_after + 1
    assert found.cost["epochs"] == whole.cost["epochs"]
    assert found.data["spent_epochs"] == whole.data["spent_epochs"]


def test_a_killed_promotion_goes_on_from_its_slice_and_not_from_the_rung_below(tmp_path):
    task = task_of("wine")
    chosen = noisy(task, epochs=9, lr=1e-3)
    evaluator = evaluator_of(task, tmp_path)
    paused, last = climb(evaluator, chosen, (1 / 3, 1.0), (0, 1))
    evaluator.slices.drop(1)
    trial = Trial(1, last.proposal, kin={0: paused})
    interrupted(evaluator, trial, 4)
    found, epochs = resumed(evaluator, trial)
    assert same(found, last.measurement)
    assert epochs <= 3
    assert found.cost["epochs"] == 6


def test_a_slice_of_another_trial_is_never_used(tmp_path):
    task = task_of("wine")
    trial = Trial(3, Proposal(noisy(task, epochs=5, lr=1e-3)))
    interrupted(evaluator_of(task, tmp_path), trial, 4)
    for other in (
        Trial(3, Proposal(noisy(task, epochs=5, lr=1e-4))),
        Trial(3, Proposal(noisy(task, epochs=5, lr=1e-3), Fidelity(epochs=0.8))),
        Trial(3, Proposal(noisy(task, epochs=5, lr=1e-3), repeat=1)),
    ):
        _, epochs = resumed(evaluator_of(task, tmp_path), other)
        assert epochs >= 4


def test_identities_tell_seed_number_root_and_task_apart():
    task = task_of("wine")
    proposal = Proposal(noisy(task))
    one = {"seed": 0, "number": 1, "root": 1, "task": "a"}
    others = [{**one, "seed": 1}, {**one, "number": 2}, {**one, "root": 0}, {**one, "task": "b"}]
    assert len({identity_of(proposal, **each) for each in (one, *others)}) == 5
    assert identity_of(proposal, **one) == identity_of(Proposal(noisy(task)), **one)


def test_a_full_disk_costs_the_slice_and_not_the_trial():
    class Full:
        def put(self, number, fold, identity, state):
            raise RunError("No space left on device.")

        def get(self, number, fold, identity):
            return None

    slicer = Slicer(Full(), 0, "x")
    assert slicer.begin(0) is None
    slicer.keep(0, {"a": np.zeros(1)})
    assert slicer.seconds(0) == 0


def test_what_killed_sittings_spent_is_counted(tmp_path):
    kept = FileSlices(tmp_path)
    first = Slicer(kept, 4, "x")
    first.begin(0)
    first._began -= 7.0
    first.keep(0, {"epochs": np.array(3)})
    second = Slicer(kept, 4, "x")
    assert set(second.begin(0)) == {"epochs"}
    assert second.seconds(0) == pytest.approx(7.0, abs=0.5)
