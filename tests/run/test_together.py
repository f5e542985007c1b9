"""Searches whose trials train in one tensor."""

import dataclasses
from collections import Counter
from collections.abc import Sequence

import pytest

from coeval.architecture.component import Setting
from coeval.component.channel import DROPOUT, LINEAR, RELU
from coeval.evaluate.training import TrainingEvaluator
from coeval.run.budget import Budget
from coeval.run.search import search
from coeval.space.choices import ChoiceSpace
from coeval.space.limits import Limits
from coeval.space.product import ProductSpace
from coeval.space.tabular import Typing, head_for, sequence_space
from coeval.store.memory import MemoryStore
from coeval.strategy.random import RandomSearch
from coeval.task.preparation import columns_for
from coeval.trial import Fidelity, Proposal, State, Trial
from tests.evaluate.tasks import task_of

TASK = task_of("wine")
TRIALS = 24


def space():
    """A few steps, near widths, one batch size: many candidates of one structure."""
    columns = columns_for({}, TASK.table, TASK.splits.train)
    head, settings = head_for(TASK)
    architecture = sequence_space(
        columns,
        head,
        settings,
        components=(LINEAR, RELU, DROPOUT),
        ladder=(9, 12, 16),
        choices={"linear.bias": (True,), "dropout.rate": (0.1, 0.3)},
        limits=Limits(length=3, depth=0),
    )
    recipe = (
        Setting("lr", (1e-3, 4e-3, 1e-2), 4e-3),
        Setting("epochs", (8, 12, 16), 8),
        Setting("batch_size", (64,), 64),
    )
    parts = {
        "preparation": ChoiceSpace((), "preparation"),
        "architecture": architecture,
        "recipe": ChoiceSpace(recipe, "recipe"),
    }
    return ProductSpace(parts, typing=Typing(TASK))


class OneEpoch:
    """Random candidates at the fidelity of one epoch."""

    def __init__(self, seed=0):
        self._inner = RandomSearch(space(), seed)

    def ask(self, count: int) -> list[Proposal]:
        return [
            dataclasses.replace(one, fidelity=Fidelity(epochs=1e-3))
            for one in self._inner.ask(count)
        ]

    def tell(self, trial: Trial) -> None:
        self._inner.tell(trial)


def find(batch, store=None, *, trials=TRIALS, strategy=None, joint="always"):
    return search(
        TASK,
        space(),
        strategy or OneEpoch(),
        TrainingEvaluator(TASK, space(), joint=joint),
        Budget(None, trials),
        store=store or MemoryStore(),
        batch=batch,
    )


def batches(trials: Sequence[Trial]) -> list[list[int]]:
    return [trial.measurement.data.get("batch", [trial.number]) for trial in trials]


def test_a_search_in_batches_finds_the_scores_of_one_that_trains_one_by_one():
    together, alone = find(8), find(1)
    sizes = Counter(len(one) for one in batches(together.trials))
    assert max(sizes) > 2
    for one, other in zip(together.trials, alone.trials, strict=True):
        assert one.proposal == other.proposal
        assert one.measurement.cost["epochs"] == other.measurement.cost["epochs"] == 1
        found, expected = one.measurement.values, other.measurement.values
        assert found["log_loss"] == pytest.approx(expected["log_loss"], abs=1e-4)


def test_a_search_that_was_cut_between_any_two_records_forms_the_same_batches():
    class Transactions(MemoryStore):
        def __init__(self):
            super().__init__()
            self.appended = []

        def append(self, records):
            super().append(records)
            self.appended.append(list(records))

    whole = Transactions()
    run = find(4, whole, trials=12)
    expected = batches(run.trials)
    assert any(len(one) > 1 for one in expected)
    for cut in range(1, len(whole.appended) - 1, 5):
        part = MemoryStore()
        for records in whole.appended[:cut]:
            part.append(records)
        resumed = find(4, part, trials=12)
        assert batches(resumed.trials) == expected
        for one, other in zip(resumed.trials, run.trials, strict=True):
            assert one.measurement.values == other.measurement.values


def test_without_a_reason_to_train_together_every_batch_is_one_trial():
    store = MemoryStore()
    run = find(8, store, joint="auto", trials=6)
    assert all(trial.state is State.DONE for trial in run.trials)
    assert batches(run.trials) == [[number] for number in range(6)]
