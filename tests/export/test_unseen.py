"""Categories that training did not have are told of, where they are most of a column."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coeval.cli.model import predict_command
from coeval.export.card import CardFacts
from coeval.export.predictor import Predictor
from coeval.export.unseen import known_levels, unseen_notes
from coeval.export.write import write_model
from coeval.task.preparation_category import CategoryCodes
from coeval.task.table import Kind, Table
from tests.export.models import model_for
from tests.export.test_predictor import frame_of
from tests.task.tables import encoded, mixed_table

ZIP = CategoryCodes("zip", ("01234", "04109", "", "09111"), 0.0)


def zips(*values):
    return Table((encoded("zip", Kind.CATEGORICAL, list(values)),), len(values))


def test_values_that_training_never_had_are_named_beside_its_own():
    (note,) = unseen_notes(zips("1234", "1234", "4109"), [ZIP])
    assert note == (
        "column 'zip': 100 % of its values never occurred in training (such as '1234'); training had '01234', '04109' and the like"
    )


@pytest.mark.parametrize(
    "values", [("01234", "1234"), ("01234", None), (None, None), ("", None), (), ("04109",)]
)
def test_nothing_is_said_of_half_or_less_and_of_missing_values(values):
    assert unseen_notes(zips(*values), [ZIP]) == ()


def test_missing_values_do_not_count():
    assert unseen_notes(zips("1234", None, None, None, ""), [ZIP])


@pytest.mark.parametrize(("rest", "said"), [(0.4, True), (0.5, False), (1.0, False)])
def test_where_many_values_were_rare_in_training_more_have_to_be_unknown(rest, said):
    known = CategoryCodes("zip", ZIP.levels, rest)
    notes = unseen_notes(zips("1234", "4109", "9111", "01234"), [known])
    assert bool(notes) == said
    assert all("75 % of its values never or hardly ever occurred" in one for one in notes)


def test_a_level_that_any_member_knows_is_known():
    members = [
        {"categories": [{"name": "zip", "levels": ["a"], "rest": 0.5}]},
        {"targets": [{"name": "zip", "levels": ["a", "b"], "rest": 0.2, "effects": []}]},
        {"image": "an image's has none"},
    ]
    assert known_levels(members) == (CategoryCodes("zip", ("a", "b"), 0.2),)


def test_a_model_of_an_older_version_says_nothing():
    known = known_levels([{"categories": [{"name": "zip", "levels": ["01234"]}]}])
    assert unseen_notes(zips("1234"), known) == ()


def test_a_predictor_and_the_command_line_tell_it(tmp_path: Path, capsys: pytest.CaptureFixture):
    table = mixed_table()
    model, _ = model_for(table)
    write_model(tmp_path / "model", model, table, np.arange(60), CardFacts())
    predictor, frame = Predictor(tmp_path), frame_of(table)
    predictor.predict(frame)
    assert predictor.notes == ()
    other = frame.assign(colour=frame["colour"].str.upper())
    predictor.predict(other)
    assert [one[:40] for one in predictor.notes] == ["column 'colour': 100 % of its values nev"]
    pd.DataFrame(other).to_csv(tmp_path / "rows.csv", index=False)
    predict_command(tmp_path, tmp_path / "rows.csv", None)
    assert "note: column 'colour': 100 % of its values" in capsys.readouterr().err
