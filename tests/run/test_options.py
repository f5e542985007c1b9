from pathlib import Path

import pytest

from coeval.errors import RunError
from coeval.run.options import Options

ASKED = Options(Path("my data.csv"), "y", Path("run"), trials=3, overwrite=True, seed=7)


def test_options_come_back_from_json():
    assert Options.from_json(ASKED.to_json()) == ASKED


def test_the_command_repeats_the_run_but_never_deletes_one():
    assert ASKED.command() == "coeval fit 'my data.csv' --target y --out run --trials 3 --seed 7"


def test_switches_and_sizes_are_repeated_too():
    asked = Options(Path("a.csv"), "y", Path("run"), memory="2 GB", early_end=False)
    wanted = "coeval fit a.csv --target y --out run --memory '2 GB' --no-early-end"
    assert asked.command() == wanted
    assert Options.from_json(asked.to_json()) == asked


def test_a_capsule_from_before_the_switches_has_them_at_their_defaults():
    kept = {name: v for name, v in ASKED.to_json().items() if name not in ("memory", "early_end")}
    assert Options.from_json(kept) == ASKED


def test_an_unknown_option_is_named():
    with pytest.raises(RunError, match=r"got 'worker'\. Did you mean 'workers'\?.*Restore"):
        Options.from_json(ASKED.to_json() | {"worker": 2})


@pytest.mark.parametrize(
    ("name", "value"), [("data", None), ("data", 3), ("out", None), ("out", 3), ("target", 3)]
)
def test_an_option_that_is_needed_must_be_there(name, value):
    with pytest.raises(RunError, match=f"must hold '{name}' as text, got {value}"):
        Options.from_json(ASKED.to_json() | {name: value})
