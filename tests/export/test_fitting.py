"""The final training, on rows that do not see their own target."""

import numpy as np
import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.component.linear_model import LINEAR_MODEL
from coeval.export import fitting
from coeval.export.retrain import Finalist, Job, Rows, row_indices
from coeval.task.table import Column, Kind
from coeval.task.task import Problem
from tests.evaluate.tasks import task_from

ENCODED = (("target_encoding", "all"),)


def grouped_task(values):
    codes = (np.arange(150) % 12).astype(np.int32)
    column = Column("c", Kind.CATEGORICAL, codes, tuple(f"l{one}" for one in range(12)))
    return task_from("grouped", Problem.REGRESSION, (column,), values)


def finalist():
    made = sequence(1, [step(LINEAR_MODEL, 0, outputs=1)])
    return Finalist(
        trial=0,
        validation=0.0,
        architecture=Architecture((Columns(1, (13,)),), made),
        preparation=ENCODED,
        recipe=(),
        epochs=3,
        schedule_epochs=14,
        epoch_seconds=0.1,
        train_rows=80,
    )


@pytest.mark.parametrize("rows", list(Rows))
def test_no_row_of_the_final_training_has_its_own_target_in_its_features(rows, monkeypatch):
    seen = []
    fit = fitting.fit

    def watched(network, data, *given, **options):
        seen.append(data)
        return fit(network, data, *given, **options)

    monkeypatch.setattr(fitting, "fit", watched)
    values = np.arange(150) % 12 + np.random.default_rng(0).normal(size=150)
    task = grouped_task(values)
    index = row_indices(task, rows)
    model, _ = fitting.train(task, Job(task, finalist(), rows, seed=0))
    place = len(index) // 2
    changed = values.copy()
    changed[index[place]] += 100.0
    other = grouped_task(changed)
    fitting.train(other, Job(other, finalist(), rows, seed=0))
    before, after = (one.train.rows.numeric for one in seen)
    assert np.array_equal(before[place], after[place])
    assert not np.array_equal(before, after)
    # What the model does with rows to be predicted is another matter: there all rows have a say.
    assert not np.array_equal(model.preparation.transform(task.table.take(index)).numeric, before)
