from pathlib import Path

import pytest

from coeval.errors import RunError
from coeval.run.options import Options

ASKED = Options(Path("my data.csv"), "y", Path("run"), trials=3, overwrite=True, seed=7)


def test_options_come_back_from_json():
    assert Options.from_json(ASKED.to_json()) == ASKED


def test_the_command_repeats_the_run_but_never_deletes_one():
    assert ASKED.command() == "coeval fit 'my data.csv' --target y --out run --trials 3 --seed 7"


def test_an_unknown_option_is_named():
    with pytest.raises(RunError, match=r"got 'worker'\. Did you mean 'workers'\?.*Restore"):
        Options.from_json(ASKED.to_json() | {"worker": 2})


@pytest.mark.parametrize("name", ["data", "target", "out"])
@pytest.mark.parametrize("value", [None, 3])
def test_an_option_that_is_needed_must_be_there(name, value):
    with pytest.raises(RunError, match=f"must hold '{name}' as text, got {value}"):
        Options.from_json(ASKED.to_json() | {name: value})
