"""A whole run whose finalists predict together: what the journal, the report, the card and the exported model say of it."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coeval.cli.model import show_command
from coeval.errors import ExportError
from coeval.export import ensemble_final
from coeval.export.ensemble import Ensemble
from coeval.export.ensemble_choice import Guarded
from coeval.export.folder import read_manifest
from coeval.export.predictor import Predictor
from coeval.export.retrain import Rows
from coeval.export.seeds import SEEDS
from coeval.report.page import write
from coeval.run import finish
from coeval.run.bench_evaluation import Silent
from coeval.run.fit import fit
from coeval.run.options import Options

pytestmark = pytest.mark.slow
write_single = finish.write


def three(predictions, judged, start):
    """Choose three candidates, one of those that would be taken otherwise first, whatever the rows say."""
    others = [one for one in range(len(predictions)) if one != start[0]][:2]
    weights = np.zeros(len(predictions))
    weights[[start[0], *others]] = 0.5, 0.3, 0.2
    return weights


def refused(folder, model, *others):
    """Write single models alone."""
    if isinstance(model, Ensemble):
        raise ExportError("model.onnx differs from the searched model by 0.5")
    return write_single(folder, model, *others)


def rows(seed: int = 0, count: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    age, town = rng.normal(size=count), rng.choice(["a", "b", "c"], count)
    bought = (age + (town == "a") + rng.normal(0, 0.5, count) > 0.3).astype(int)
    return pd.DataFrame({"age": age, "town": town, "bought": bought})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    place = tmp_path_factory.mktemp("together")
    rows().to_csv(place / "rows.csv", index=False)
    options = Options(
        place / "rows.csv", "bought", place / "run", budget="10m", trials=3, workers=1
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ensemble_final, "are_few", lambda task: False)  # else none is calibrated
        patch.setattr(ensemble_final, "greedy", three)
        patch.setattr(ensemble_final, "calibrate", lambda *_: (1.5, Guarded(0.01, 18, 20)))
        return fit(options, Silent(), began=time.monotonic())


def test_the_journal_says_who_the_members_are(run):
    members = run.final["members"]
    shares = {}
    for one in members:
        shares[one["trial"]] = shares.get(one["trial"], 0.0) + one["weight"]
    assert list(shares.values()) == pytest.approx([0.5, 0.3, 0.2])
    assert len(members) == 3 * SEEDS
    assert {one["rows"] for one in members} == {Rows.KNOWN.value, Rows.ALL.value}
    assert run.final["temperature"] == 1.5
    assert "The mean of 3 finalists" in run.final["provenance"]
    assert "logits are divided by 1.5" in run.final["provenance"]
    assert run.final["trial"] == members[0]["trial"]


def test_parameters_are_those_of_all_members(run):
    manifest = read_manifest(run.folder.path / "model")
    assert len(manifest["ensemble"]["members"]) == 3 * SEEDS
    card = (run.folder.path / "model" / "card.md").read_text()
    assert f"{run.final['parameters']:,} trainable parameters" in card
    assert "weight 0.5 together:" in card
    assert "calibrated on rows held out" in card


def test_the_exported_file_scores_as_the_journal_says(run):
    predictor = Predictor(run.folder.path)
    found = predictor.predict(rows(seed=1))
    assert found["probability_0"].add(found["probability_1"]).to_numpy() == pytest.approx(1.0)
    right = (found["prediction"] == rows(seed=1)["bought"]).mean()
    assert right > 0.75
    assert max(run.final["parity"].values()) < 1e-4


def test_report_and_terminal_show_the_members(run, capsys):
    page = Path(write(run.folder.path)).read_text()
    assert "weighted mean of" in page
    assert "logits divided by" in page
    show_command(run.folder.path, None, None, as_json=False)
    assert f"The heaviest of {3 * SEEDS} members" in capsys.readouterr().out


def test_an_ensemble_whose_files_differ_leaves_its_heaviest_member(tmp_path, monkeypatch):
    rows().to_csv(tmp_path / "rows.csv", index=False)
    options = Options(
        tmp_path / "rows.csv", "bought", tmp_path / "run", budget="10m", trials=2, workers=1
    )
    monkeypatch.setattr(finish, "write", refused)
    found = fit(options, Silent(), began=time.monotonic())
    assert "members" not in found.final
    assert "the heaviest is taken alone: model.onnx differs" in found.final["provenance"]
    assert "ensemble" not in read_manifest(found.folder.path / "model")
    predicted = Predictor(found.folder.path).predict(rows(seed=1))
    assert predicted["probability_0"].between(0, 1).all()
