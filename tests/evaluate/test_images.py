"""Image tasks go through the evaluator that trains, with images mapped from a run's cache."""

import pickle

import numpy as np
import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Grid
from coeval.component.channel import RELU
from coeval.component.grid import CONV, GLOBAL_AVERAGE_POOL
from coeval.component.head import CLASS_HEAD
from coeval.component.norm import BATCH_NORM
from coeval.evaluate.folds import prepare_fold
from coeval.evaluate.training import TrainingEvaluator
from coeval.space.protocol import Candidate
from coeval.task import memory
from coeval.task.preparation_image import fit_images
from coeval.trial import Fidelity, Proposal, State, Trial, finish
from tests.evaluate.tasks import Decoder
from tests.evaluate.test_training import Kept
from tests.task.pictures import picture_task

TASK = picture_task()


def conv_net(grid, width=8):
    steps = [
        step(CONV, 0, width=width, kernel=3),
        step(BATCH_NORM, 1),
        step(RELU, 2),
        step(GLOBAL_AVERAGE_POOL, 3),
        step(CLASS_HEAD, 4, classes=3),
    ]
    return Architecture((grid,), sequence(1, steps))


def candidate(task, resolution="full", **recipe):
    preparation = (("resolution", resolution),)
    (grid,) = fit_images(dict(preparation), task.table).inputs
    chosen = {"lr": 1e-2, "epochs": 20, "batch_size": 16, **recipe}
    parts = ("preparation", preparation), ("architecture", conv_net(grid))
    return Candidate((*parts, ("recipe", tuple(chosen.items()))))


def measure(source, one, *, fidelity=None, **options):
    evaluator = pickle.loads(pickle.dumps(TrainingEvaluator(source, Decoder(), **options)))
    trial = Trial(0, Proposal(one, fidelity or Fidelity()), State.RUNNING)
    ((_, measurement),) = evaluator.evaluate([trial], lambda *_: True)
    assert measurement.failure is None, measurement.failure
    return measurement


@pytest.mark.parametrize("folds", [1, 2])
def test_a_convolutional_network_learns_an_image_task_from_the_cache(tmp_path, folds):
    task = picture_task(folds=folds)
    memory.save(task, tmp_path / "cache")
    found = measure(tmp_path / "cache", candidate(task))
    assert found.values["accuracy"] > 0.9
    assert found.data["signals"]


def test_mapped_images_train_the_network_that_those_in_memory_train(tmp_path):
    memory.save(TASK, tmp_path)
    mapped, held = (measure(one, candidate(TASK, epochs=1)) for one in (tmp_path, TASK))
    assert mapped.values == held.values


def test_images_at_half_the_resolution_train_a_network_of_smaller_inputs():
    half, full = (measure(TASK, candidate(TASK, one, epochs=1)) for one in ("half", "full"))
    assert half.cost["macs"] < 0.3 * full.cost["macs"]
    assert half.cost["parameters"] == full.cost["parameters"]


def test_fewer_images_and_features_are_a_cheaper_fidelity():
    cheap = Fidelity(epochs=0.5, rows=0.5, width=0.5)
    found = measure(TASK, candidate(TASK), fidelity=cheap)
    assert found.data["train_rows"] == 83  # of 165, rounded up


def test_a_fold_of_neighbouring_images_is_no_copy_of_them(tmp_path):
    memory.save(TASK, tmp_path)
    task = memory.load(tmp_path)
    fold = prepare_fold(task, (), 0)
    for rows in (fold.train, fold.judged):
        assert np.shares_memory(rows[0], task.table.columns[0].values)
    assert fold.size == 0
    coarse = prepare_fold(task, (("resolution", "half"),), 0)
    assert coarse.size == 210 * 4 * 4  # train and validation
    assert Grid(*fold.train[0].shape[1:]) == fold.preparation.inputs[0]


def test_a_training_that_changes_its_images_leaves_the_tasks_alone(tmp_path):
    memory.save(TASK, tmp_path)
    changing = {"flip": True, "crop": 0.2, "augmentation": "trivial", "mixup": 0.4, "epochs": 2}
    measure(tmp_path, candidate(TASK, **changing))
    held = memory.load_task(tmp_path).table.columns[0].values
    assert (held == TASK.table.columns[0].values).all()


def test_a_wider_network_begins_with_its_parents_weights():
    kept = Kept()
    evaluator = TrainingEvaluator(TASK, Decoder(), artifacts=kept, inherit="any")
    first = candidate(TASK, epochs=4)
    (grid,) = first.architecture.inputs
    ((_, measurement),) = evaluator.evaluate([Trial(0, Proposal(first))], lambda *_: True)
    parent = finish(Trial(0, Proposal(first)), measurement)
    wider = Candidate(
        tuple(
            (name, conv_net(grid, 12) if name == "architecture" else part)
            for name, part in first.parts
        )
    )
    child = Trial(1, Proposal(wider, parent=0), kin={0: parent})
    ((_, found),) = evaluator.evaluate([child], lambda *_: True)
    assert found.failure is None
    assert found.data["inherited"]["share"] > 0.5
