"""Images as bytes through the whole exported graph: preparation, network, meaning."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from coeval.errors import DataError, ExportError
from coeval.export.card import CardFacts
from coeval.export.fitting import predict_table
from coeval.export.folder import read_manifest
from coeval.export.manifest import description
from coeval.export.session import Session
from coeval.export.write import write_model
from coeval.task.preparation_json import from_json, to_json
from coeval.task.table import Column, Kind, Table
from coeval.task.task import Problem
from tests.export.images import image_model, picture_table

FILES = ["architecture.json", "card.md", "model.onnx", "network.py", "weights.safetensors"]


@pytest.mark.parametrize("problem", list(Problem), ids=str)
def test_a_folder_is_complete_and_agrees_with_the_model(problem: Problem, tmp_path: Path) -> None:
    table = picture_table()
    model = image_model(table, problem)
    written = write_model(tmp_path / "model", model, table, np.arange(20), CardFacts())
    assert sorted(path.name for path in written.folder.iterdir()) == FILES
    assert written.parity.rows == 20
    assert max(written.parity.onnx, written.parity.source) < 1e-6
    assert 0 < written.latency_ms["one"] < written.latency_ms["hundred"]


@pytest.mark.parametrize("resolution", ["half", "quarter"])
@pytest.mark.parametrize("features", [1, 3])
def test_the_graph_reduces_images_as_the_preparation_does(
    resolution: str, features: int, tmp_path: Path
) -> None:
    table = picture_table(50, 18, 17, features)
    model = image_model(table, resolution=resolution)
    folder = write_model(tmp_path / "model", model, table, np.arange(50), CardFacts()).folder
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    (given,) = session.get_inputs()
    assert (given.name, given.type, given.shape) == (
        "image",
        "tensor(uint8)",
        ["rows", 18, 17, features],
    )
    (found,) = session.run(["probabilities"], {"image": table.columns[0].values})
    assert np.ptp(found, axis=0).max() > 1e-3  # it looks at the image
    np.testing.assert_allclose(found, predict_table(model, table), atol=1e-6)


def test_no_images_give_no_predictions(tmp_path: Path) -> None:
    table = picture_table()
    model = image_model(table, resolution="half")
    folder = write_model(tmp_path / "model", model, table, np.arange(9), CardFacts()).folder
    session = Session((folder / "model.onnx").read_bytes(), description(read_manifest(folder)))
    assert session.predict(table.take(np.arange(0))).shape == (0, 3)


def test_images_of_another_size_are_refused(tmp_path: Path) -> None:
    table = picture_table()
    model = image_model(table)
    folder = write_model(tmp_path / "model", model, table, np.arange(9), CardFacts()).folder
    known = description(read_manifest(folder))
    session = Session((folder / "model.onnx").read_bytes(), known)
    turned = table.columns[0].values.transpose(0, 2, 1, 3)
    wrong = Table((Column("image", Kind.IMAGE, turned),), table.rows)
    with pytest.raises(DataError, match=r"images of shape \(9, 8, 3\).*got \(8, 9, 3\). Resize"):
        session.predict(wrong)


def test_the_manifest_restores_the_preparation(tmp_path: Path) -> None:
    table = picture_table()
    model = image_model(table, resolution="half")
    folder = write_model(tmp_path / "model", model, table, np.arange(9), CardFacts()).folder
    assert from_json(read_manifest(folder)["preparation"]) == model.preparation


def test_the_card_speaks_of_images(tmp_path: Path) -> None:
    table = picture_table()
    model = image_model(table)
    folder = write_model(tmp_path / "model", model, table, np.arange(9), CardFacts()).folder
    text = (folder / "card.md").read_text()
    assert "from an image of 9 by 8 pixels, in colour." in text
    assert "(rows, 9, 8, 3), bytes from 0 (dark) to 255" in text
    assert "for 1 image, " in text
    assert "table" not in text
    assert " row," not in text


@pytest.mark.parametrize(
    "wrong", [{"source": [9, 8]}, {"settings": {"resolution": "eighth"}}, {"settings": {}}]
)
def test_a_damaged_preparation_is_refused(wrong: dict[str, Any]) -> None:
    value = to_json(image_model(picture_table()).preparation)
    with pytest.raises(ExportError, match="The preparation is damaged"):
        from_json(value | wrong)
