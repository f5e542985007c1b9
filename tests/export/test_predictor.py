import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from coeval.errors import DataError, ExportError
from coeval.export.card import CardFacts
from coeval.export.feeds import iso_dates
from coeval.export.predictor import Predictor
from coeval.export.write import write_model
from coeval.task.table import Kind, Table
from coeval.task.task import Problem
from coeval.train.data import Scale
from coeval.train.predict import predict
from tests.export.models import model_for
from tests.task.tables import mixed_table


def frame_of(table: Table) -> pd.DataFrame:
    data = {}
    for one in table.columns:
        if one.kind is Kind.DATE:
            data[one.name] = [text or None for text in iso_dates(one.values)]
        elif one.name == "code":
            data[one.name] = [float((*one.levels, "nan")[code]) for code in one.values]
        elif one.levels:
            data[one.name] = [(*one.levels, None)[code] for code in one.values]
        else:
            data[one.name] = one.values
    return pd.DataFrame(data)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory):
    table = mixed_table()
    model, network = model_for(table)
    folder = tmp_path_factory.mktemp("run") / "model"
    write_model(folder, model, table, np.arange(60), CardFacts())
    expected = predict(network, model.preparation.transform(table), model.problem)
    return folder, table, expected


def probabilities(found: pd.DataFrame) -> np.ndarray:
    return found[["probability_a", "probability_b", "probability_ü"]].to_numpy()


def test_a_frame_gets_labels_and_probabilities_in_any_order_of_columns(written) -> None:
    folder, table, expected = written
    frame = frame_of(table).iloc[:, ::-1].assign(further=1)
    found = Predictor(folder).predict(frame)
    assert np.abs(probabilities(found) - expected).max() < 1e-6
    labels = np.array(["a", "b", "ü"])[expected.argmax(axis=1)]
    assert found["prediction"].tolist() == labels.tolist()


def test_a_file_gets_the_same_predictions(written, tmp_path: Path) -> None:
    folder, table, expected = written
    frame_of(table).to_csv(tmp_path / "rows.csv", index=False)
    found = Predictor(folder.parent).predict(tmp_path / "rows.csv")
    assert np.abs(probabilities(found) - expected).max() < 1e-6


def test_no_rows_get_no_predictions(written) -> None:
    folder, table, _ = written
    found = Predictor(folder).predict(frame_of(table).head(0))
    assert found.shape == (0, 4)


def test_many_rows_are_predicted_in_pieces(written, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, table, expected = written
    monkeypatch.setattr("coeval.export.session.CELLS", 42)  # 7 rows of 6 columns
    assert np.abs(Predictor(folder).predict_table(table) - expected).max() < 1e-6


def test_values_are_predicted_in_the_users_units(tmp_path: Path) -> None:
    table = mixed_table()
    model, network = model_for(table, Problem.REGRESSION)
    write_model(tmp_path / "model", model, table, np.arange(60), CardFacts())
    found = Predictor(tmp_path).predict(frame_of(table))
    rows = model.preparation.transform(table)
    expected = predict(network, rows, model.problem, Scale(model.mean, model.std))
    assert found.columns.tolist() == ["prediction"]
    assert np.abs(found["prediction"] - expected).max() < 1e-3


def test_labels_beyond_the_integers_are_predicted_as_what_they_are(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table, classes=("-1e20", "0", "1e20"))
    write_model(tmp_path / "model", model, table, np.arange(60), CardFacts())
    found = Predictor(tmp_path).predict(frame_of(table))["prediction"]
    assert set(found) <= {-1e20, 0.0, 1e20}


def test_labels_that_are_numbers_are_predicted_as_numbers(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table, classes=("0", "1", "10"))
    write_model(tmp_path / "model", model, table, np.arange(60), CardFacts())
    assert Predictor(tmp_path).predict(frame_of(table))["prediction"].dtype == np.int64


def test_a_missing_column_is_named(written) -> None:
    folder, table, _ = written
    with pytest.raises(DataError, match="colour"):
        Predictor(folder).predict(frame_of(table).drop(columns="colour"))


@pytest.mark.parametrize("library", [pd, pl])
def test_a_series_is_no_table(written, library) -> None:
    with pytest.raises(DataError, match=r"got a (pandas|polars) Series. Pass a frame"):
        Predictor(written[0]).predict(library.Series([1.0, 2.0]))


def test_a_column_of_another_type_is_named(written) -> None:
    folder, table, _ = written
    with pytest.raises(DataError, match="'number'"):
        Predictor(folder).predict(frame_of(table).assign(number="many"))


def test_predicting_imports_neither_torch_nor_scikit_learn_nor_onnx(written) -> None:
    folder, table, _ = written
    rows = folder.parent / "rows.csv"
    frame_of(table).to_csv(rows, index=False)
    code = (
        "import json, sys\n"
        "from coeval.export.predictor import Predictor\n"
        f"Predictor({str(folder)!r}).predict({str(rows)!r})\n"
        "print(json.dumps(sorted({'torch', 'sklearn', 'onnx', 'scipy'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    assert done.stderr == ""


def damaged(folder: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    return copy


@pytest.mark.parametrize("name", ["model.onnx", "weights.safetensors", "network.py"])
def test_a_file_that_is_missing_or_cut_or_changed_is_named(
    written, name: str, tmp_path: Path
) -> None:
    copy = damaged(written[0], tmp_path)
    content = (copy / name).read_bytes()
    (copy / name).write_bytes(content[:-1])
    with pytest.raises(ExportError, match=rf"{name} is not the file that was verified"):
        Predictor(copy)
    (copy / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ExportError, match=rf"{name} is not the file that was verified"):
        Predictor(copy)
    (copy / name).unlink()
    with pytest.raises(ExportError, match=rf"{name} cannot be read \(No such file"):
        Predictor(copy)


def test_a_changed_or_cut_or_foreign_manifest_is_an_error(written, tmp_path: Path) -> None:
    copy = damaged(written[0], tmp_path)
    path = copy / "architecture.json"
    text = path.read_text(encoding="utf-8")
    cases = {
        text.replace('"mean": 0.0', '"mean": 0.5'): "was changed after it was written",
        text[:-100]: "is not whole JSON",
        "[]": "must hold a JSON object",
        text.replace('"format": 1', '"format": 9', 1): "has format 9",
        '{"format": 1, "steps": []}': "describes no model",  # as coeval approximate writes
    }
    for changed, message in cases.items():
        assert changed != text
        path.write_text(changed, encoding="utf-8")
        with pytest.raises(ExportError, match=message):
            Predictor(copy)
    path.unlink()
    with pytest.raises(ExportError, match="cannot be read"):
        Predictor(copy)


def test_a_card_may_be_edited(written, tmp_path: Path) -> None:
    copy = damaged(written[0], tmp_path)
    (copy / "card.md").write_text("mine")
    assert Predictor(copy).description.target == "goal"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="nowhere is not there"):
        Predictor(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="file is a file"):
        Predictor(tmp_path / "file")
