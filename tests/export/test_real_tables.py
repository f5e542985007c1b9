"""The whole way on real tables: raw columns to predictions, ONNX and source against the searched model."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coeval.build.network import Network
from coeval.build.weights import arrays
from coeval.export.card import CardFacts
from coeval.export.model import Model
from coeval.export.predictor import Predictor
from coeval.export.verify import difference
from coeval.export.write import write_model
from coeval.task.preparation import fit
from coeval.task.read import read
from coeval.task.table import Rows
from coeval.task.task import Problem
from coeval.train.data import Scale
from coeval.train.predict import predict
from tests.export.models import architecture_for

FOLDER = Path("/work/shared/data/tabular")
TABLES = (
    pd.read_csv(FOLDER / "manifest.csv")[["file", "target"]].values.tolist()
    if FOLDER.is_dir()
    else []
)
SETTINGS = (
    {"scaling": "quantile", "text_ngrams": "bigrams", "dates": "both"},
    {"scaling": "robust", "dates": "cyclic"},
    {"scaling": "standard", "missing_flags": False},
)


@pytest.mark.slow
@pytest.mark.skipif(not TABLES, reason="the shared data are not on this machine")
@pytest.mark.parametrize(("file", "target"), TABLES, ids=[one[0].split(".")[0] for one in TABLES])
def test_exported_files_agree_with_the_model_on_all_test_rows_of_a_real_table(
    file: str, target: str, tmp_path: Path
) -> None:
    task = read(FOLDER / file, target=target)
    settings = SETTINGS[sum(file.encode()) % 3] if "titanic" not in file else SETTINGS[0]
    preparation = fit(settings, task.table, task.splits.train)
    architecture = architecture_for(preparation.columns, task.problem, len(task.target.classes))
    network = Network(architecture, seed=1)
    rows: Rows = preparation.transform(task.table)
    network.fit_entries(rows.take(task.splits.train))
    values = task.problem is Problem.REGRESSION
    known = task.target.values[task.splits.train]
    model = Model(
        architecture=architecture,
        weights=arrays(network),
        preparation=preparation,
        schema=task.schema,
        problem=task.problem,
        target=task.target.name,
        classes=task.target.classes,
        number=task.target.number,
        mean=float(known.mean()) if values else 0.0,
        std=float(known.std()) if values else 1.0,
    )
    test = task.splits.test
    written = write_model(tmp_path / "model", model, task.table, test, CardFacts())
    assert written.parity.rows == len(test)
    assert max(written.parity.onnx, written.parity.source) <= 1e-5

    # Once more from the file itself, as a user's rows come: typed by pandas, target and all.
    predictor = Predictor(tmp_path)
    raw = pd.read_parquet(FOLDER / file)
    kept = raw[raw[target].notna()]
    assert len(kept) == task.table.rows
    frame = kept.head(500)
    found = predictor.predict(frame)
    expected = predict(
        network, rows.take(np.arange(len(frame))), task.problem, Scale(model.mean, model.std)
    )
    assert difference(predictions(found), expected, model) <= 1e-5
    frame.to_csv(tmp_path / "rows.csv", index=False)
    again = predictor.predict(tmp_path / "rows.csv")
    assert difference(predictions(again), expected, model) <= 1e-5


def predictions(found: pd.DataFrame) -> np.ndarray:
    """Return probabilities, or values, as the model gives them."""
    numbers = found.drop(columns="prediction") if found.shape[1] > 1 else found["prediction"]
    return numbers.to_numpy().astype(np.float64)
