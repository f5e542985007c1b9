"""Levers in a run's capsule."""

import json
from dataclasses import replace

import pytest

from coeval.errors import RunError
from coeval.run.levers import OFF, Levers


@pytest.mark.parametrize("levers", [OFF, Levers(), Levers(rungs=False)])
def test_a_capsule_gives_back_what_it_was_given(levers):
    assert Levers.from_json(json.loads(json.dumps(levers.to_json()))) == levers


def test_a_run_of_before_there_were_levers_goes_on_without_them():
    assert Levers.from_json(None) == OFF
    assert Levers.from_json({"rungs": True}) == replace(OFF, rungs=True)


def test_an_unknown_lever_is_one_clear_error():
    with pytest.raises(RunError, match=r"got 'rung'. Did you mean 'rungs'\?"):
        Levers.from_json({"rung": True})
