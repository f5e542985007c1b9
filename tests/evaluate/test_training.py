"""The training evaluator on real data: what it measures, and how every failure becomes a value."""

import math
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.component.library import TABULAR
from coeval.errors import RunError
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.space.protocol import Candidate
from coeval.task.metric import Metric
from coeval.trial import Fidelity, Proposal, Reason, Trial
from tests.evaluate.tasks import Decoder, candidate, task_of


class Kept(dict):
    """Artifacts in a dictionary."""

    def put(self, arrays):
        digest = f"digest {len(self)}"
        self[digest] = arrays
        return digest


class Full:
    """Artifacts on a full disk."""

    def put(self, arrays):
        raise RunError(f"Cannot write {len(arrays)} arrays: No space left on device.")


def measure(task, proposal, number=0, report=never_stop, **options):
    ((_, measurement),) = TrainingEvaluator(task, Decoder(), **options).evaluate(
        [Trial(number, proposal)], report
    )
    return measurement


def stop_after(calls):
    """Return a report that says stop at its n-th call with an epoch's values, and go on before."""
    seen = []

    def report(number, progress, values):
        seen.append((number, progress, dict(values)))
        return sum(1 for _, epoch, _ in seen if epoch) < calls

    return report


@pytest.mark.parametrize(
    ("name", "good"), [("breast_cancer", 0.2), ("digits", 0.4), ("diabetes", 65.0)]
)
def test_a_small_network_learns_and_everything_is_measured(name, good):
    task = task_of(name)
    found = measure(task, Proposal(candidate(task, epochs=16)), artifacts=(kept := Kept()))
    assert found.failure is None
    assert found.values[task.metric.name] < good
    expected = (
        {"rmse", "r2", "mae"}
        if name == "diabetes"
        else {"log_loss", "accuracy", "balanced_accuracy", "roc_auc", "macro_f1"}
    )
    assert set(found.values) == expected
    assert set(found.cost) == {"seconds", "epochs", "parameters", "macs", "memory_bytes"}
    assert len(found.curve[task.metric.name]) == found.cost["epochs"]
    best = found.data["best_epochs"][0]
    assert found.curve[task.metric.name][best - 1] == pytest.approx(found.values[task.metric.name])
    weights = kept[found.artifacts["weights"]]
    assert found.cost["parameters"] == sum(array.size for array in weights.values())


def test_several_folds_are_scored_together_out_of_fold():
    task = task_of("wine", folds=3)
    found = measure(task, Proposal(candidate(task, epochs=16)))
    assert len(found.data["best_epochs"]) == len(found.data["fold_scores"]) == 3
    sizes = [len(judged) for _, judged in task.folds]
    # log loss is a mean over rows, so the whole is the mean of the folds
    assert found.values["log_loss"] == pytest.approx(
        np.average(found.data["fold_scores"], weights=sizes)
    )
    assert len(found.curve["log_loss"]) <= 16


def test_the_same_trial_measures_the_same_and_another_number_draws_anew():
    task = task_of("wine")
    proposal = Proposal(candidate(task))
    first, again = measure(task, proposal, 3), measure(task, proposal, 3)
    assert first.values == again.values
    assert first.curve == again.curve
    assert first.values != measure(task, proposal, 4).values


def test_the_order_of_trials_and_what_was_prepared_before_change_nothing():
    task = task_of("diabetes")
    one = Trial(0, Proposal(candidate(task)))
    two = Trial(1, Proposal(candidate(task, preparation=(("scaling", "standard"),))))
    evaluator = TrainingEvaluator(task, Decoder())
    ahead = dict(evaluator.evaluate([one, two], never_stop))
    back = dict(evaluator.evaluate([two, one], never_stop))
    assert ahead[0].values == back[0].values
    assert ahead[1].values == back[1].values != ahead[0].values


def test_a_shared_fidelity_trains_fewer_epochs_on_fewer_rows():
    task = task_of("breast_cancer")
    found = measure(task, Proposal(candidate(task, epochs=8), Fidelity(epochs=0.25, rows=0.5)))
    assert found.failure is None
    assert found.cost["epochs"] == 2
    assert found.data["schedule_epochs"] == 8
    assert found.data["train_rows"] == math.ceil(len(task.splits.train) / 2)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"cases": "digest"}, "cases"),
        ({"fidelity": Fidelity(width=0.0)}, "width"),
        ({"fidelity": Fidelity(rows=-0.5)}, "rows"),
        ({"fidelity": Fidelity(epochs=2.0)}, "epochs"),
    ],
)
def test_what_it_does_not_do_is_refused_by_name(asked, said):
    task = task_of("wine")
    found = measure(task, Proposal(candidate(task), **asked))
    assert found.failure.reason is Reason.REFUSED
    assert said in found.failure.detail
    assert found.values == {}


def test_what_needs_too_much_memory_is_refused_before_it_starts():
    task = task_of("wine")
    found = measure(task, Proposal(candidate(task)), limits=Limits(memory_bytes=1000))
    assert found.failure.reason is Reason.REFUSED
    assert "parameters" in found.failure.detail
    assert "0 MB may be used" in found.failure.detail


def test_what_cannot_finish_before_the_deadline_is_refused_before_it_starts():
    task = task_of("wine")
    limits = Limits(deadline=time.monotonic() + 1e-6)
    found = measure(task, Proposal(candidate(task)), limits=limits)
    assert found.failure.reason is Reason.REFUSED
    assert "are left" in found.failure.detail
    far = Limits(deadline=time.monotonic() + 60)
    assert measure(task, Proposal(candidate(task)), limits=far).failure is None


def test_a_loss_that_explodes_is_a_divergence():
    task = task_of("diabetes")
    recipe = {"optimizer": "sgd", "lr": 1e30, "epochs": 8}
    found = measure(task, Proposal(candidate(task, **recipe)))
    assert found.failure.reason is Reason.DIVERGED
    assert "learning rate" in found.failure.detail


def test_training_told_to_stop_keeps_the_best_so_far():
    task = task_of("breast_cancer")
    found = measure(task, Proposal(candidate(task, epochs=64)), report=stop_after(3))
    assert found.failure is None
    assert found.cost["epochs"] == 3
    assert found.data["stopped_early"] is True


def endless(task):
    """A candidate whose patience outlasts every test, in compiled loops too."""
    return candidate(task, width=128, batch_size=8, epochs=10_000)


def test_a_trial_stops_itself_after_its_own_time():
    task = task_of("breast_cancer")
    found = measure(task, Proposal(endless(task)), limits=Limits(seconds=0.5))
    assert found.failure is None
    assert found.data["stopped_early"] is True
    assert found.cost["seconds"] < 3


def test_a_trial_on_several_folds_shares_its_time_among_them():
    task = task_of("breast_cancer", folds=3)
    found = measure(task, Proposal(endless(task)), limits=Limits(seconds=0.6))
    assert found.failure is None
    assert found.data["stopped_early"] is True
    assert min(found.data["fold_epochs"]) > 2
    assert max(found.data["fold_seconds"]) < 2 * min(found.data["fold_seconds"]) + 0.3


def test_a_trial_is_cut_short_in_time_to_be_scored_before_the_deadline():
    task = task_of("breast_cancer", folds=2)
    limits = Limits(deadline=time.monotonic() + 1.0)
    found = measure(task, Proposal(endless(task)), limits=limits)
    assert found.failure is None
    assert time.monotonic() < limits.deadline


def test_training_told_to_stop_before_it_began_has_timed_out():
    task = task_of("wine")
    found = measure(task, Proposal(candidate(task)), report=lambda *_: False)
    assert found.failure.reason is Reason.TIMED_OUT


def test_folds_that_were_not_trained_cannot_be_scored():
    task = task_of("wine", folds=3)
    found = measure(task, Proposal(candidate(task, epochs=8)), report=stop_after(10))
    assert found.failure.reason is Reason.TIMED_OUT
    assert "fold 2 of 3" in found.failure.detail


def test_progress_is_reported_after_each_epoch_and_counts_on_over_folds():
    task = task_of("wine", folds=2)
    seen = []

    def report(number, progress, values):
        seen.append((number, progress, "log_loss" in values))
        return True

    measure(task, Proposal(candidate(task, epochs=4)), 7, report)
    assert {number for number, _, _ in seen} == {7}
    assert [progress for _, progress, _ in seen] == list(range(9))
    assert all(has_metric for _, progress, has_metric in seen if progress)


def test_an_error_is_a_failure_that_says_where():
    task = task_of("wine")
    wrong = Metric("own", False, lambda *_: 1 / 0)
    found = measure(task_of("wine", metric=wrong), Proposal(candidate(task)))
    assert found.failure.reason is Reason.ERROR
    assert found.failure.detail.startswith("ZeroDivisionError")
    assert any("ZeroDivisionError" in line for line in found.data["traceback"])


@pytest.mark.parametrize(
    "error", [MemoryError("numpy"), RuntimeError("DefaultCPUAllocator: can't allocate memory")]
)
def test_a_failed_allocation_is_out_of_memory(error):
    def score(*_):
        raise error

    task = task_of("wine", metric=Metric("own", False, score))
    found = measure(task, Proposal(candidate(task)))
    assert found.failure.reason is Reason.OUT_OF_MEMORY


def test_a_metric_without_a_value_on_validation_is_a_failure():
    task = task_of("wine", metric=Metric("own", False, lambda *_: math.nan))
    found = measure(task, Proposal(candidate(task)))
    assert found.failure.reason is Reason.ERROR
    assert "undefined" in found.failure.detail


def test_an_architecture_that_does_not_fit_the_task_is_a_failed_trial():
    task = task_of("wine")
    given = candidate(task)
    broken = Architecture(given.architecture.inputs, sequence(1, [step(TABULAR["relu"], 0)]))
    parts = tuple((name, broken if name == "architecture" else part) for name, part in given.parts)
    found = measure(task, Proposal(Candidate(parts)))
    assert found.failure.reason is Reason.ERROR
    assert found.failure.detail.startswith("SpaceError")


def test_it_travels_to_another_process_without_what_it_has_prepared():
    task = task_of("wine")
    evaluator = TrainingEvaluator(task, Decoder(), seed=5)
    trial = Trial(2, Proposal(candidate(task)))
    ((_, here),) = evaluator.evaluate([trial], never_stop)
    packed = pickle.dumps(evaluator)
    assert len(packed) < 2 * len(pickle.dumps(task)) + 1000
    ((_, there),) = pickle.loads(packed).evaluate([trial], never_stop)
    assert here.values == there.values


def test_sample_weights_count_in_training_and_in_scores():
    plain = task_of("breast_cancer")
    heavy = task_of("breast_cancer", weights=np.where(plain.target.values == 0, 20.0, 1.0))
    light = measure(plain, Proposal(candidate(plain)))
    weighted = measure(heavy, Proposal(candidate(heavy)))
    assert weighted.failure is None
    assert weighted.values["log_loss"] != pytest.approx(light.values["log_loss"], rel=0.01)


def test_the_driver_can_make_one_without_importing_torch_or_scikit_learn():
    code = (
        "import coeval.evaluate.training, coeval.evaluate.baselines, sys;"
        "print([name for name in ('torch', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_a_full_disk_costs_the_weights_but_not_the_score():
    task = task_of("wine")
    found = measure(task, Proposal(candidate(task, epochs=2)), artifacts=Full())
    assert found.failure is None
    assert "log_loss" in found.values
    assert dict(found.artifacts) == {}
    assert "No space left" in found.data["weights_lost"]
