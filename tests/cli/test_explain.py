"""``coeval show`` tells how a model was found and what its columns are worth, as text and as JSON."""

import json
from pathlib import Path

import pytest

from tests.cli.commands import Command
from tests.report import examples, whys
from tests.report.test_page import folder

LOG = whys.trials()
PLAN = {"of": 4, "decisions": [{"part": "recipe", "what": "lr 1 → 2", "trial": 2}], "stuck": []}
TRAINED = [(-1, 1.00), (-1, 1.02), (0, 1.30)]


@pytest.fixture
def coeval(monkeypatch, capsys) -> Command:
    return Command(monkeypatch, capsys)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return folder(tmp_path, whys.events(LOG, PLAN, TRAINED), examples.capsule(metric=whys.RMSE))


def test_a_run_without_a_model_folder_still_tells_its_winners_lineage(coeval, run):
    code, out, _ = coeval("show", run)
    assert code == 0
    assert "4 accepted steps from trial 0, the seed linear, to trial 4" in out
    for trial in LOG[1:]:
        assert f"trial {trial.number}, a mutation" in out


def test_the_lineage_of_any_trial_is_told(coeval, run):
    _, out, _ = coeval("show", run, "--trial", 2)
    assert "2 accepted steps from trial 0, the seed linear, to trial 2" in out


def test_columns_are_listed_with_their_intervals(coeval, run):
    code, out, _ = coeval("show", run, "--columns")
    assert code == 0
    assert "Permutation importance of the raw columns" in out
    assert out.index("relationship") < out.index("education")
    assert "+0.0561 to +0.0663" in out


def test_as_json_columns_are_nothing_but_what_was_recorded(coeval, run):
    code, out, _ = coeval("show", run, "--columns", "--json")
    assert code == 0
    assert json.loads(out) == whys.COLUMNS


def test_a_run_that_measured_no_columns_says_why(coeval, tmp_path):
    place = folder(tmp_path, whys.events(LOG, importance=None))
    code, _, error = coeval("show", place, "--columns")
    assert code == 2
    assert "The importance of the columns was not measured" in error


def test_a_run_on_images_has_no_columns_to_measure(coeval, tmp_path):
    capsule = examples.capsule()
    capsule["task"] = {**capsule["task"], "image": [8, 8, 1]}
    place = folder(tmp_path, whys.events(LOG, importance=None), capsule)
    code, _, error = coeval("show", place, "--columns")
    assert code == 2
    assert "takes images, and --columns is about the columns of tables" in error


def test_a_run_without_a_model_has_no_columns_to_show(coeval, tmp_path):
    place = folder(tmp_path, examples.journal(12, finished=False))
    code, _, error = coeval("show", place, "--columns")
    assert code == 2
    assert "holds no finished model yet" in error


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--columns", "--cells"), "--columns and --cells"),
        (("--columns", "--trial", 1), "--columns and --trial"),
        (("--cells", "--trial", 1), "--cells and --trial"),
        (("--columns", "--svg", "drawing.svg"), "--columns and --svg"),
    ],
)
def test_options_that_ask_for_different_things_are_refused(coeval, run, options, named):
    code, out, error = coeval("show", run, *options)
    assert (code, out) == (2, "")
    assert f"{named} each ask for something else" in error


def test_a_command_in_a_message_can_be_copied_where_the_folder_has_blanks(coeval, tmp_path):
    place = tmp_path / "my run"
    place.mkdir()
    folder(place, examples.journal(3, finished=False))
    _, _, error = coeval("show", place, "--columns")
    assert f"coeval resume '{place}'" in error
