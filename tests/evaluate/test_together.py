"""Trials of a batch that train in one tensor measure what they measure alone, whatever their company."""

import time

import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.component.library import TABULAR
from coeval.evaluate import together
from coeval.evaluate.protocol import never_stop
from coeval.evaluate.together import batch_for, bucket_of, joins
from coeval.evaluate.training import TrainingEvaluator
from coeval.evaluate.watch import Limits
from coeval.space.protocol import Candidate
from coeval.testing.evaluators import check_evaluator
from coeval.trial import Fidelity, Proposal, Reason, State, Trial, finish
from tests.evaluate.tasks import Decoder, candidate, task_of

WIDTHS = (16, 12, 9, 16)


def proposals(task, **recipe):
    return [Proposal(candidate(task, width=width, epochs=6, **recipe)) for width in WIDTHS]


def evaluate(task, given, *, joint, report=never_stop, **options):
    """Return measurements by number, of trials that are Proposals or Trials."""
    trials = [
        one if isinstance(one, Trial) else Trial(number, one) for number, one in enumerate(given)
    ]
    evaluator = TrainingEvaluator(task, Decoder(), joint=joint, **options)
    return dict(evaluator.evaluate(trials, report))


def check_same(together, alone):
    assert together.keys() == alone.keys()
    for number, one in alone.items():
        other = together[number]
        assert other.failure is one.failure is None
        for name, value in one.values.items():
            assert other.values[name] == pytest.approx(value, rel=1e-3, abs=1e-4)
        assert other.data["best_epochs"] == one.data["best_epochs"]
        assert other.cost["epochs"] == one.cost["epochs"]


@pytest.mark.parametrize(("name", "folds"), [("breast_cancer", 1), ("wine", 3), ("diabetes", 1)])
def test_scores_are_those_of_trials_alone(name, folds):
    task = task_of(name, folds=folds)
    joint = evaluate(task, proposals(task), joint="always")
    check_same(joint, evaluate(task, proposals(task), joint="never"))
    assert all(one.data["batch"] == [0, 1, 2, 3] for one in joint.values())


def test_signals_are_measured_before_training_as_ever():
    task = task_of("wine")
    joint = evaluate(task, proposals(task), joint="always")
    alone = evaluate(task, proposals(task), joint="never")
    for number, one in alone.items():
        assert joint[number].data["signals"] == one.data["signals"]


def test_the_seconds_of_a_batch_are_shared_out_among_its_trials():
    task = task_of("wine")
    began = time.monotonic()
    joint = evaluate(task, proposals(task), joint="always")
    whole = time.monotonic() - began
    spent = sum(one.cost["seconds"] for one in joint.values())
    assert 0.5 * whole < spent <= whole


def test_what_fits_no_group_is_trained_alone_in_the_same_batch():
    task = task_of("wine")
    given = [
        *proposals(task)[:2],
        Proposal(candidate(task, epochs=6, batch_size=32)),
        Proposal(candidate(task), fidelity=Fidelity(epochs=0)),
    ]
    found = evaluate(task, given, joint="always")
    assert [found[number].data.get("batch") for number in range(4)] == [[0, 1], [0, 1], None, None]
    assert found[2].values
    assert found[3].data["signals"]


def test_a_divergence_and_a_refusal_fail_alone():
    task = task_of("diabetes")
    given = [
        *proposals(task)[:2],
        Proposal(candidate(task, lr=1e30, epochs=6)),
        Proposal(candidate(task), cases="some"),
    ]
    found = evaluate(task, given, joint="always")
    assert [found[number].failure is None for number in range(4)] == [True, True, False, False]
    assert found[2].failure.reason is Reason.DIVERGED
    assert found[2].data["batch"] == [0, 1, 2]
    assert found[3].failure.reason is Reason.REFUSED


def test_trials_on_a_rung_pause_together_and_go_on_together(tmp_path):
    task = task_of("wine")

    class Kept(dict):
        def put(self, arrays):
            self[f"digest {len(self)}"] = arrays
            return f"digest {len(self) - 1}"

        def get(self, digest):
            return self[digest]

    kept = Kept()
    half, whole = Fidelity(epochs=0.5), [Proposal(one.candidate) for one in proposals(task)]
    first = [Proposal(one.candidate, fidelity=half) for one in whole]
    paused = evaluate(task, first, joint="always", artifacts=kept)
    assert all(one.cost["epochs"] == 3 for one in paused.values())
    later = [
        Trial(
            4 + number,
            Proposal(one.candidate, continues=number),
            kin={number: finish(Trial(number, first[number]), paused[number])},
        )
        for number, one in enumerate(whole)
    ]
    found = evaluate(task, later, joint="always", artifacts=kept)
    alone = evaluate(task, whole, joint="never")
    for number, one in alone.items():
        other = found[4 + number]
        assert other.cost["epochs"] == 3
        assert other.data["continued_from"] == number
        assert other.data["batch"] == [4, 5, 6, 7]
        assert other.values == pytest.approx(one.values, rel=1e-3, abs=1e-4)


class Slices(dict):
    """States of running trials in a dictionary."""

    def put(self, number, fold, identity, state):
        self[number, fold] = identity, dict(state)

    def get(self, number, fold, identity):
        known, state = self.get_pair(number, fold)
        return dict(state) if known == identity else None

    def get_pair(self, number, fold):
        return super().get((number, fold), (None, {}))


def test_a_killed_batch_goes_on_from_its_slices_be_they_of_one_epoch_or_not(monkeypatch):
    from coeval.train import population  # noqa: PLC0415

    monkeypatch.setattr(population, "SLICE_SECONDS", 0.0)
    task, slices = task_of("wine"), Slices()

    class Killed(BaseException):
        pass

    def report(number, progress, values):
        if progress == 3 and number == 1:
            raise Killed
        return True

    began = time.monotonic()
    with pytest.raises(Killed):
        evaluate(task, proposals(task), joint="always", slices=slices, report=report)
    assert {int(state["epochs"]) for _, state in slices.values()} == {2}
    spent = sum(float(state["slice/seconds"]) for _, state in slices.values())
    assert 0 < spent <= time.monotonic() - began  # each has its share of the time
    del slices[2, 0]  # one was not written in time
    epochs = {number: [] for number in range(4)}

    def follow(number, progress, values):
        epochs[number].append(progress)
        return True

    found = evaluate(task, proposals(task), joint="always", slices=slices, report=follow)
    check_values = evaluate(task, proposals(task), joint="never")
    for number, one in check_values.items():
        assert found[number].values == pytest.approx(one.values, rel=1e-3, abs=1e-4)
    assert min(one for one in epochs[2] if one) == 1
    assert min(one for one in epochs[0] if one) == 3


def test_groups_that_would_pass_the_memory_limit_are_divided():
    task = task_of("wine")
    found = evaluate(task, proposals(task), joint="always")
    each = int(found[0].cost["memory_bytes"])
    limits = Limits(memory_bytes=int(2.5 * each))
    found = evaluate(task, proposals(task), joint="always", limits=limits)
    assert [found[number].data["batch"] for number in range(4)] == [[0, 1], [0, 1], [2, 3], [2, 3]]


def test_a_batch_that_is_told_to_stop_scores_what_it_has():
    task = task_of("wine")

    def report(number, progress, values):
        return progress < 2

    found = evaluate(task, proposals(task), joint="always", report=report)
    assert all(one.cost["epochs"] == 2 for one in found.values())
    assert all(one.data["stopped_early"] for one in found.values())


def bucket(proposal, **options):
    return bucket_of(Decoder(), proposal, joins=True, **options)


def test_proposals_of_one_structure_and_near_widths_share_a_bucket():
    task = task_of("wine")
    known = bucket(Proposal(candidate(task, width=16)))
    assert known == bucket(Proposal(candidate(task, width=9, lr=1e-3, epochs=20)))
    different = [
        Proposal(candidate(task, width=8)),
        Proposal(candidate(task, width=17)),
        Proposal(candidate(task, batch_size=32)),
        Proposal(candidate(task, optimizer="sgd")),
        Proposal(candidate(task, class_weights="sqrt")),
        Proposal(candidate(task, preparation=(("numeric", "quantile"),))),
        Proposal(candidate(task), fidelity=Fidelity(epochs=0.5)),
        Proposal(candidate(task), continues=0),
    ]
    keys = {known, *(bucket(one) for one in different)}
    assert len(keys) == len(different) + 1


def test_what_gains_nothing_by_company_has_a_bucket_of_its_own():
    task = task_of("wine")
    one, other = Proposal(candidate(task, width=16)), Proposal(candidate(task, width=12))
    alone = [bucket_of(Decoder(), given, joins=False) for given in (one, other)]
    heir = Proposal(candidate(task, width=14), parent=0)
    untrained = [Proposal(given.candidate, fidelity=Fidelity(epochs=0)) for given in (one, other)]
    keys = [*alone, bucket(heir, inherits=True), *(bucket(given) for given in untrained)]
    assert len(set(keys)) == len(keys)
    assert bucket(heir) == bucket(one)


def test_a_cpu_trains_one_by_one_unless_it_is_told_otherwise():
    devices = {"cpu": False, "cuda": True, "cuda:1": True, "mps": True}
    assert {device: joins(device, "auto") for device in devices} == devices
    assert joins("cpu", "always")
    assert not joins("cuda", "never")
    assert (batch_for("cpu"), batch_for("cuda")) == (1, together.BATCH)


def test_an_accelerator_that_was_not_named_is_found_without_torch(monkeypatch, tmp_path):
    monkeypatch.setattr(together.platform, "system", lambda: "Linux")
    for device, exists in ((tmp_path, True), (tmp_path / "none", False)):
        monkeypatch.setattr(together, "NVIDIA", device)
        assert joins("auto", "auto") is exists


def test_what_fails_in_company_is_tried_alone(monkeypatch):
    from coeval.evaluate import together_trainer  # noqa: PLC0415

    def fails(*given, **named):
        raise MemoryError("no room for four")

    monkeypatch.setattr(together_trainer, "train_population", fails)
    task = task_of("wine")
    found = evaluate(task, proposals(task)[:2], joint="always")
    assert all(one.values and "batch" not in one.data for one in found.values())


def test_an_evaluator_that_trains_together_keeps_the_contract():
    task = task_of("wine")
    evaluator = TrainingEvaluator(task, Decoder(), joint="always")
    check_evaluator(evaluator, proposals(task)[:3], objective=task.metric.name)


def test_where_torch_has_no_accelerator_after_all_trials_train_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(together, "NVIDIA", tmp_path)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    task = task_of("wine")
    found = evaluate(task, proposals(task)[:2], joint="auto", device="auto")
    assert all(one.values and "batch" not in one.data for one in found.values())


def test_a_step_that_nothing_needs_is_no_reason_to_fail():
    task = task_of("wine")
    steps = [
        step(TABULAR["numeric_entry"], 0),
        step(TABULAR["linear"], 1, width=8),
        step(TABULAR["linear"], 1, width=5),
        step(TABULAR["class_head"], 2, classes=task.outputs),
    ]
    idle = Architecture((Columns(len(task.table.columns)),), sequence(1, steps))
    parts = dict(candidate(task, epochs=3).parts) | {"architecture": idle}
    given = [Proposal(Candidate(tuple(parts.items())))] * 2
    found = evaluate(task, given, joint="always")
    assert all(one.failure is None and "batch" not in one.data for one in found.values())
    assert Trial(0, given[0]).state is State.RUNNING
