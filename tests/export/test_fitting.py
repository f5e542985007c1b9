"""The final training, on rows that do not see their own target."""

import dataclasses

import numpy as np
import pytest

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.build.network import network_for
from coeval.build.weights import load
from coeval.component.linear_model import LINEAR_MODEL
from coeval.export import fitting
from coeval.export.onnx_model import onnx_model
from coeval.export.retrain import Finalist, Job, Rows, row_indices
from coeval.export.session import Session
from coeval.export.write import describe
from coeval.task.preparation import columns_for
from coeval.task.prepare import prepare
from coeval.task.table import Column, Kind
from coeval.task.task import Problem
from tests.evaluate.tasks import task_from
from tests.task.tables import encoded, mixed_table, schema_of

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


@pytest.mark.parametrize("problem", list(Problem))
def test_an_encoded_linear_model_predicts_in_onnx_what_it_predicts_in_python(problem):
    table = mixed_table(200)
    rng = np.random.default_rng(0)
    signal = rng.normal(size=200) + table.columns[3].values
    values = signal if problem is Problem.REGRESSION else (signal > 1).astype(np.int64)
    if problem is Problem.MULTICLASS:
        values = np.digitize(signal, [0, 1.5])
    task = task_from("mixed", problem, table.columns, values)
    task = dataclasses.replace(task, schema=schema_of(table))
    outputs = sequence(1, [step(LINEAR_MODEL, 0, outputs=task.outputs)])
    columns = columns_for({}, task.table, task.splits.train)
    one = dataclasses.replace(finalist(), architecture=Architecture((columns,), outputs))
    model, _ = fitting.train(task, Job(task, one, Rows.KNOWN, 0))
    network = network_for(model.architecture)
    load(network, model.weights)
    session = Session(onnx_model(model, network).SerializeToString(), describe(model))
    found, expected = session.predict(task.table), fitting.predict_table(model, task.table)
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


def test_what_texts_say_is_learnt_once_for_all_seeds(monkeypatch):
    learnt = []

    def counted(settings, task, index):
        learnt.append(len(index))
        return prepare(settings, task, index)

    monkeypatch.setattr(fitting, "prepare", counted)
    notes = encoded("note", Kind.TEXT, [f"w{one % 12} w{one % 5} end" for one in range(150)])
    task = task_from("told", Problem.REGRESSION, (notes,), np.arange(150.0) % 12)
    settings = {"text_effects": "words"}
    columns = columns_for(settings, task.table, row_indices(task, Rows.KNOWN), task.target)
    made = sequence(1, [step(LINEAR_MODEL, 0, outputs=1)])
    told = dataclasses.replace(
        finalist(),
        architecture=Architecture((columns,), made),
        preparation=tuple(settings.items()),
    )
    jobs = [Job(task, told, rows, seed) for rows in (Rows.KNOWN, Rows.ALL) for seed in (0, 1)]
    found = [fitting.train(task, job)[0] for job in jobs]
    assert learnt == [len(row_indices(task, rows)) for rows in (Rows.KNOWN, Rows.ALL)]
    assert found[0].preparation is found[1].preparation is not found[2].preparation
