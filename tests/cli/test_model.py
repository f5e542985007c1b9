"""What is done with a run: shown before it is finished, exported without loss, predicted with what was ignored said."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coeval.architecture.serial import from_json
from coeval.architecture.text import one_line
from coeval.cli.model import export_command, predict_command, show_command
from coeval.component.library import TABULAR
from coeval.errors import DataError, ExportError, RunError
from coeval.export.card import CardFacts
from coeval.export.ensemble import Ensemble
from coeval.export.write import write_model
from coeval.report.page import gather
from tests.export.models import model_for
from tests.export.test_predictor import frame_of
from tests.report import examples
from tests.report.test_page import folder
from tests.task.tables import mixed_table


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    return folder(tmp_path, examples.journal(12, finished=False))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("finished")
    table = mixed_table()
    model, _ = model_for(table)
    write_model(run / "model", model, table, np.arange(20), CardFacts())
    frame_of(table).assign(agee=1, answer="a").to_csv(run / "rows.csv", index=False)
    return run


def test_an_unfinished_run_shows_its_best_trial_and_says_so(unfinished: Path, capsys):
    show_command(unfinished, None, None, as_json=False)
    said = capsys.readouterr().out
    best = gather(unfinished).winner
    assert said.startswith(f"No final model yet: this is trial {best.number}, the best so far.")
    assert one_line(best.proposal.candidate.architecture) in said
    assert "recipe: " in said
    assert said.rstrip().endswith("components: not Turing equivalent: every component halts")


def test_as_json_the_best_so_far_is_nothing_but_json(unfinished: Path, capsys):
    show_command(unfinished, None, None, as_json=True)
    said = capsys.readouterr()
    found = from_json(json.loads(said.out), TABULAR)
    assert found == gather(unfinished).winner.proposal.candidate.architecture
    assert "best so far" in said.err


def test_an_ensemble_shows_every_member(tmp_path: Path, capsys):
    table = mixed_table()
    first, _ = model_for(table, scaling="standard")
    other, _ = model_for(table)
    whole = Ensemble((first, other), (0.75, 0.25), 1.5)
    write_model(tmp_path / "model", whole, table, np.arange(20), CardFacts())
    show_command(tmp_path, None, None, as_json=False)
    said = capsys.readouterr().out
    assert said.startswith(one_line(first.architecture))
    assert "The heaviest of 2 members, weight 0.75. Beside it:" in said
    assert said.count("class_head") == 2  # in each outline
    assert "temperature: 1.5" in said
    show_command(tmp_path, None, None, as_json=True)
    assert from_json(json.loads(capsys.readouterr().out), TABULAR) == first.architecture


def test_a_trial_that_is_asked_for_is_not_called_the_best(unfinished: Path, capsys):
    show_command(unfinished, 2, None, as_json=False)
    assert "best so far" not in (said := capsys.readouterr().out)
    assert "trial 2: done, proposed by seed:mlp" in said
    with pytest.raises(RunError, match="got 99"):
        show_command(unfinished, 99, None, as_json=False)


def test_a_run_in_which_nothing_succeeded_has_nothing_to_show(tmp_path: Path):
    run = folder(tmp_path, examples.journal(1, finished=False)[:1])
    with pytest.raises(RunError, match="nor a trial that succeeded"):
        show_command(run, None, None, as_json=False)


def test_a_drawing_that_cannot_be_written_is_one_clear_error(unfinished: Path):
    with pytest.raises(ExportError, match="Name another file with --svg"):
        show_command(unfinished, None, unfinished / "nowhere" / "a.svg", as_json=False)


def test_an_export_never_replaces_another_content(finished: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "card.md").write_text("my own notes")
    with pytest.raises(ExportError, match=r"card\.md would be replaced .* -o"):
        export_command(finished, "onnx", None)
    assert (tmp_path / "card.md").read_text() == "my own notes"
    assert not (tmp_path / "model.onnx").exists(), "refused before anything was written"
    export_command(finished, "onnx", tmp_path / "taken")
    assert (tmp_path / "taken/model.onnx").exists()
    with pytest.raises(ExportError, match=r"card\.md would be replaced"):
        export_command(finished, "source", tmp_path / "card.md")


def test_an_export_may_be_repeated(finished: Path, tmp_path: Path, capsys):
    for _ in range(2):
        export_command(finished, "source", tmp_path / "net.py")
        assert capsys.readouterr().out.strip() == str(tmp_path / "net.py")
    assert (tmp_path / "net.py").read_bytes() == (finished / "model/network.py").read_bytes()


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("found.parquet", pd.read_parquet),
        ("found.feather", pd.read_feather),
        ("found.tsv", lambda path: pd.read_csv(path, sep="\t")),
        ("found.csv.gz", pd.read_csv),
        ("found", pd.read_csv),
    ],
)
def test_predictions_are_written_as_the_file_is_called(finished: Path, tmp_path: Path, name, read):
    predict_command(finished, finished / "rows.csv", tmp_path / name)
    found = read(tmp_path / name)
    assert found.columns[0] == "prediction"
    assert len(found) == 60


@pytest.mark.parametrize("name", ["found.xlsx", "found.parquet.gz"])
def test_predictions_of_no_known_format_are_refused(finished: Path, tmp_path: Path, name):
    with pytest.raises(DataError, match=r"ends in \.csv, .* or \.csv\.gz, got .*found"):
        predict_command(finished, finished / "rows.csv", tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_columns_that_the_model_does_not_know_are_named_on_standard_error(finished: Path, capsys):
    predict_command(finished, finished / "rows.csv", None)
    said = capsys.readouterr()
    assert "'agee', 'answer'" in said.err
    assert said.out.startswith("prediction,")
    rows = frame_of(mixed_table())
    rows.to_csv(finished / "exact.csv", index=False)
    predict_command(finished, finished / "exact.csv", None)
    assert capsys.readouterr().err == ""


def test_predictions_never_replace_the_rows_to_predict(finished: Path):
    rows = (finished / "rows.csv").read_bytes()
    with pytest.raises(DataError, match="which holds the rows to predict"):
        predict_command(finished, finished / "rows.csv", finished / "model" / ".." / "rows.csv")
    assert (finished / "rows.csv").read_bytes() == rows


def test_a_folder_that_is_not_there_is_named_before_anything_is_predicted(finished: Path):
    with pytest.raises(DataError, match=r"in a folder that is there, got .*none.found\.csv"):
        predict_command(finished, finished / "absent.csv", finished / "none" / "found.csv")
