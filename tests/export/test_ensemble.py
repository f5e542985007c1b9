"""An ensemble is a model: it predicts, is written, read and described as one."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coeval.architecture.inference import infer
from coeval.export.card import CardFacts
from coeval.export.ensemble import Ensemble, combined, cost_of, members_of, tempered
from coeval.export.fitting import predict_table
from coeval.export.folder import read_manifest
from coeval.export.predictor import Predictor
from coeval.export.write import write_model
from coeval.task.task import Problem
from tests.export.models import model_for
from tests.task.tables import mixed_table

FILES = ["architecture.json", "card.md", "model.onnx", "network.py", "weights.safetensors"]


def ensemble_for(table, problem=Problem.MULTICLASS, temperature=1.0):
    """Return three members: two preparations, two sets of weights, and targets of two scales."""
    first = shaken(model_for(table, problem)[0], 0)
    other = shaken(model_for(table, problem, scaling="standard")[0], 1)
    if problem is Problem.REGRESSION:
        other = replace(other, mean=other.mean + 50.0)
    return Ensemble((first, shaken(first, 2), other), (0.5, 0.3, 0.2), temperature)


def shaken(model, seed):
    """Return the model with larger weights, so that predictions differ from row to row and from member to member."""
    rng = np.random.default_rng(seed)
    weights = {
        name: value + rng.normal(0, 0.5, value.shape).astype(np.float32)
        if name.endswith("weight")
        else value
        for name, value in model.weights.items()
    }
    return replace(model, weights=weights)


@pytest.mark.parametrize("problem", list(Problem), ids=str)
@pytest.mark.parametrize("temperature", [1.0, 1.7])
def test_a_written_ensemble_agrees_with_its_members(
    problem: Problem, temperature: float, tmp_path: Path
) -> None:
    table = mixed_table()
    ensemble = ensemble_for(table, problem, temperature)
    written = write_model(tmp_path / "model", ensemble, table, np.arange(40), CardFacts())
    assert sorted(path.name for path in written.folder.iterdir()) == FILES
    assert max(written.parity.onnx, written.parity.source) < 1e-5
    parts = [predict_table(one, table) for one in ensemble.members]
    mean = 0.5 * parts[0] + 0.3 * parts[1] + 0.2 * parts[2]
    wanted = mean if problem is Problem.REGRESSION else tempered(mean, temperature)
    np.testing.assert_allclose(predict_table(ensemble, table), wanted)
    found = Predictor(tmp_path / "model").predict_table(table)
    unit = ensemble.std
    np.testing.assert_allclose(found / unit, wanted / unit, atol=1e-5)
    assert (
        min(np.ptp(parts[0] - one) for one in parts[1:]) / unit > 0.01
    )  # members that say the same would hide a mix-up


def test_one_calibrated_model_is_written_too(tmp_path: Path) -> None:
    table = mixed_table()
    model, _ = model_for(table, Problem.BINARY)
    calibrated = Ensemble((model,), (1.0,), 2.5)
    folder = write_model(tmp_path / "model", calibrated, table, np.arange(60), CardFacts()).folder
    found = Predictor(folder).predict_table(table)
    np.testing.assert_allclose(found, tempered(predict_table(model, table), 2.5), atol=1e-6)
    card = (folder / "card.md").read_text()
    assert "logits are divided by 2.5" in card
    assert "have not been calibrated" not in card
    assert "Member" not in card


def test_the_folder_says_what_the_members_are(tmp_path: Path) -> None:
    table = mixed_table()
    ensemble = ensemble_for(table)
    folder = write_model(tmp_path / "model", ensemble, table, np.arange(9), CardFacts()).folder
    manifest = read_manifest(folder)
    members = manifest["ensemble"]["members"]
    assert [one["weight"] for one in members] == [0.5, 0.3, 0.2]
    assert manifest["architecture"] == members[0]["architecture"]
    assert manifest["preparation"] == members[0]["preparation"]
    assert members[2]["preparation"] != members[0]["preparation"]
    card = (folder / "card.md").read_text()
    assert "weighted mean of what 3 members predict" in card
    assert "Members 1, 2, 3, weight 1 together:" in card
    assert "predict(network, (numeric, codes, tokens), (numeric" in card
    assert json.dumps(manifest)  # plain values


def test_costs_add_up() -> None:
    table = mixed_table()
    ensemble = ensemble_for(table)
    each = [infer(one.architecture).cost for one in ensemble.members]
    assert cost_of(ensemble).parameters == sum(one.parameters for one in each)
    assert cost_of(ensemble).macs == sum(one.macs for one in each)
    assert cost_of(ensemble.first) == each[0]


def test_a_single_model_is_its_own_only_member() -> None:
    model, _ = model_for(mixed_table())
    assert members_of(model) == (model,)
    only = np.ones((3, 3)) / 3
    assert combined(model, [only]) is only


def test_extreme_probabilities_stay_finite() -> None:
    sure = np.array([[1.0, 0.0], [0.0, 1.0]])
    for temperature in (0.1, 10.0):
        found = tempered(sure, temperature)
        assert np.isfinite(found).all()
        assert found.argmax(axis=1).tolist() == [0, 1]


@pytest.mark.parametrize("weights", [(0.5,), (0.5, 0.6), (1.0, 0.0)])
def test_weights_are_shares(weights: tuple[float, ...]) -> None:
    model, _ = model_for(mixed_table())
    with pytest.raises(ValueError, match="weight"):
        Ensemble((model, model), weights)


def test_a_temperature_is_positive() -> None:
    model, _ = model_for(mixed_table())
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        Ensemble((model,), (1.0,), 0.0)
