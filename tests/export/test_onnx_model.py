import json

import numpy as np
import onnxruntime
import pytest

from coeval.export.feeds import feeds
from coeval.export.model import Model, raw_inputs
from coeval.export.onnx_model import onnx_model
from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Problem
from coeval.train.data import Scale
from coeval.train.predict import predict
from tests.export.models import model_for
from tests.task.tables import encoded, mixed_table


def run(model: Model, network, table: Table) -> dict[str, np.ndarray]:
    content = onnx_model(model, network).SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds(raw_inputs(model.schema), table)), strict=True))


@pytest.mark.parametrize("problem", [Problem.BINARY, Problem.MULTICLASS])
def test_classes_come_as_probabilities_and_a_label(problem: Problem) -> None:
    table = mixed_table()
    model, network = model_for(table, problem)
    found = run(model, network, table)
    assert list(found) == ["probabilities", "label"]
    expected = predict(network, model.preparation.transform(table), problem)
    assert np.abs(found["probabilities"] - expected).max() < 1e-6
    labels = [model.classes[index] for index in found["probabilities"].argmax(axis=1)]
    assert found["label"].tolist() == labels


def test_values_come_in_the_users_units_as_doubles() -> None:
    table = mixed_table()
    model, network = model_for(table, Problem.REGRESSION)
    found = run(model, network, table)
    assert list(found) == ["value"]
    assert found["value"].dtype == np.float64
    scale = Scale(model.mean, model.std)
    expected = predict(network, model.preparation.transform(table), Problem.REGRESSION, scale)
    assert np.abs(found["value"] - expected).max() / model.std < 1e-6


@pytest.mark.parametrize(
    ("classes", "kind"),
    [
        (("0", "1", "10"), np.int64),
        (("0.5", "1", "2"), np.float64),
        (("-1e20", "0", "1e20"), np.float64),
    ],
)
def test_labels_that_are_numbers_come_as_numbers(classes: tuple[str, ...], kind: type) -> None:
    table = mixed_table()
    model, network = model_for(table, classes=classes)
    label = run(model, network, table)["label"]
    assert label.dtype == kind
    assert set(label.tolist()) <= {float(one) for one in classes}


def test_columns_may_have_any_name() -> None:
    names = ["label", "probabilities", "coeval/0", "", "a b/ç:0"]
    columns = [Column(name, Kind.NUMERIC, np.arange(9.0) * n) for n, name in enumerate(names)]
    columns.append(encoded("coeval/constant0", Kind.CATEGORICAL, list("abcabcabc")))
    table = Table(tuple(columns), 9)
    model, network = model_for(table)
    found = run(model, network, table)
    assert list(found) == ["probabilities_", "label_"]
    expected = predict(network, model.preparation.transform(table), model.problem)
    assert np.abs(found["probabilities_"] - expected).max() < 1e-6


def test_dropped_columns_are_no_inputs() -> None:
    table = mixed_table()
    model, _ = model_for(table)
    schema = Schema((ColumnSchema("id", Kind.DROP), *model.schema.columns))
    assert [one.name for one in raw_inputs(schema)] == [one.name for one in table.columns]


@pytest.mark.parametrize("kind", [Kind.NUMERIC, Kind.DATE, Kind.CATEGORICAL, Kind.TEXT], ids=str)
def test_one_kind_of_column_is_enough(kind: Kind) -> None:
    full = mixed_table()
    table = Table(tuple(one for one in full.columns if one.kind is kind), full.rows)
    model, network = model_for(table, missing_flags=False)
    expected = predict(network, model.preparation.transform(table), model.problem)
    assert np.abs(run(model, network, table)["probabilities"] - expected).max() < 1e-6


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_are_enough(rows: int) -> None:
    table = mixed_table()
    model, network = model_for(table)
    found = run(model, network, table.take(np.arange(rows)))
    assert found["probabilities"].shape == (rows, 3)


def test_the_file_says_what_it_is() -> None:
    table = mixed_table()
    model, network = model_for(table)
    props = {one.key: one.value for one in onnx_model(model, network).metadata_props}
    assert json.loads(props["classes"]) == ["a", "b", "ü"]
    assert (props["problem"], props["target"], props["metric"]) == (
        "multiclass",
        "goal",
        "log_loss",
    )
    columns = json.loads(props["schema"])
    assert columns[4] == {"column": "code", "input": "code", "kind": "categorical", "number": True}
