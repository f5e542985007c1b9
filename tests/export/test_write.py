from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from coeval.architecture.serial import from_json as architecture_from_json
from coeval.component.library import TABULAR
from coeval.errors import ExportError
from coeval.export import write
from coeval.export.card import CardFacts
from coeval.export.folder import read_manifest
from coeval.export.write import write_model
from coeval.task.preparation_json import from_json
from coeval.task.task import Problem
from tests.export.models import model_for
from tests.task.tables import mixed_table

FILES = ["architecture.json", "card.md", "model.onnx", "network.py", "weights.safetensors"]


@pytest.mark.parametrize("problem", list(Problem), ids=str)
def test_a_folder_is_complete_and_agrees_with_the_model(problem: Problem, tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table, problem)
    written = write_model(tmp_path / "run" / "model", model, table, np.arange(40), CardFacts())
    assert sorted(path.name for path in written.folder.iterdir()) == FILES == sorted(written.files)
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["model"]
    assert written.parity.rows == 40
    assert max(written.parity.onnx, written.parity.source) < 1e-6
    assert 0 < written.latency_ms["one"] < written.latency_ms["thousand"]


def test_what_was_written_can_be_built_again(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    folder = write_model(tmp_path / "model", model, table, np.arange(60), CardFacts()).folder
    manifest = read_manifest(folder)
    assert architecture_from_json(manifest["architecture"], TABULAR) == model.architecture
    again = from_json(manifest["preparation"])
    for one, other in zip(again.transform(table), model.preparation.transform(table), strict=True):
        assert np.array_equal(one, other)
    weights = load_file(folder / "weights.safetensors")
    assert weights.keys() == model.weights.keys()
    assert all(np.array_equal(weights[name], model.weights[name]) for name in weights)


def test_an_older_folder_is_replaced(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    older = write_model(tmp_path / "model", model, table, np.arange(5), CardFacts()).folder
    (older / "card.md").write_text("older")
    (older / "__pycache__").mkdir()
    write_model(tmp_path / "model", model, table, np.arange(5), CardFacts())
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == FILES
    assert (older / "card.md").read_text() != "older"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    (tmp_path / "model").mkdir()
    write_model(tmp_path / "model", model, table, np.arange(5), CardFacts())
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == FILES


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["thesis.tex"], r"'thesis\.tex'"),
        (["architecture.json", "model.onnx", "thesis.tex"], r"'thesis\.tex'"),
        (["network.py"], r"'network\.py' but no architecture\.json"),
    ],
)
def test_a_folder_that_holds_more_than_a_model_is_left_alone(
    tmp_path: Path, names: list[str], said: str
) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    (tmp_path / "mine").mkdir()
    for name in names:
        (tmp_path / "mine" / name).write_text("years of work")
    with pytest.raises(ExportError, match=f"found {said}, which is not deleted.*another folder"):
        write_model(tmp_path / "mine", model, table, np.arange(5), CardFacts())
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert {path.read_text() for path in (tmp_path / "mine").iterdir()} == {"years of work"}


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    (tmp_path / "model").write_text("years of work")
    with pytest.raises(ExportError, match="found a file, which is not deleted"):
        write_model(tmp_path / "model", model, table, np.arange(5), CardFacts())
    assert (tmp_path / "model").read_text() == "years of work"


def test_an_export_that_disagrees_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    write_model(tmp_path / "model", model, table, np.arange(60), CardFacts())
    (tmp_path / "model" / "card.md").write_text("kept")
    right = write.predict
    monkeypatch.setattr(write, "predict", lambda *given: right(*given) + 2e-4)
    with pytest.raises(ExportError, match=r"model\.onnx must agree .* differs by 0\.0002 in prob"):
        write_model(tmp_path / "model", model, table, np.arange(60), CardFacts())
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == FILES
    assert (tmp_path / "model" / "card.md").read_text() == "kept"


def test_a_model_that_diverged_is_refused(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    weights = {name: np.full_like(value, np.nan) for name, value in model.weights.items()}
    broken = replace(model, weights=weights)
    with pytest.raises(ExportError, match="row 0 is not finite"):
        write_model(tmp_path / "model", broken, table, np.arange(60), CardFacts())


def test_no_rows_to_verify_on_is_an_error(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    with pytest.raises(ExportError, match="At least one row"):
        write_model(tmp_path / "model", model, table, np.arange(0), CardFacts())


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match=r"cannot be written to .*file/model"):
        write_model(tmp_path / "file" / "model", model, table, np.arange(9), CardFacts())
