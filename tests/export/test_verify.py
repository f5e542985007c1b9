from pathlib import Path

import numpy as np
import pytest

from coeval.errors import ExportError
from coeval.export.card import CardFacts
from coeval.export.verify import check_imports, difference, source_predictions
from coeval.export.write import write_model
from coeval.task.task import Problem
from tests.export.models import model_for
from tests.task.tables import mixed_table


def test_differences_are_in_probability_or_in_standard_deviations() -> None:
    table = mixed_table()
    classes, _ = model_for(table)
    values, _ = model_for(table, Problem.REGRESSION)
    assert difference(np.array([[0.5, 0.5]]), np.array([[0.4, 0.6]]), classes) == pytest.approx(0.1)
    assert difference(np.array([500.0]), np.array([0.0]), values) == pytest.approx(2.0)


def test_another_shape_or_a_nan_never_agrees() -> None:
    model, _ = model_for(mixed_table())
    assert difference(np.zeros((2, 3)), np.zeros((1, 3)), model) == np.inf
    assert np.isnan(difference(np.array([[np.nan]]), np.array([[0.5]]), model))


@pytest.mark.parametrize(
    "text", ["import coeval", "from coeval.build import x", "import numpy", "from . import y"]
)
def test_source_that_imports_more_than_torch_is_refused(text: str) -> None:
    with pytest.raises(ExportError, match="must import only"):
        check_imports(f"import torch\n\ndef f():\n    {text}\n")


def test_weights_of_another_network_are_an_error(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table)
    folder = write_model(tmp_path / "model", model, table, np.arange(9), CardFacts()).folder
    (folder / "weights.safetensors").write_bytes(b"\x00" * 16)
    with pytest.raises(ExportError, match=r"network\.py does not run with weights\.safetensors"):
        source_predictions(folder, model, [model.preparation.transform(table)])
