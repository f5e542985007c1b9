"""What the display of a run says of an interruption."""

from types import SimpleNamespace

import pytest

from coeval.cli.fit import Display
from coeval.run.budget import Budget
from coeval.store.protocol import Note
from tests.run import fakes


def interrupted(display):
    with pytest.raises(KeyboardInterrupt), display:
        raise KeyboardInterrupt


def test_before_there_is_a_run_none_is_said_to_be_kept(capsys):
    interrupted(Display(silent=True))
    assert capsys.readouterr().err == "coeval: interrupted before the search began\n"


def test_once_there_is_one_it_is_named_and_told_what_the_first_signal_did(capsys):
    site = SimpleNamespace(
        task=fakes.task(),
        budget=Budget(60.0),
        folder=SimpleNamespace(path="runs/x"),
        objective=fakes.LOSS,
    )
    display = Display(silent=False)
    display.begin(site, 0.0, ())
    display.record(Note("interrupted", {"seconds": 20.0}))
    interrupted(display)
    said = capsys.readouterr().err
    assert "finishing the best so far, at most 20 s; again to stop at once" in said
    assert "What was finished is kept: coeval resume runs/x" in said
