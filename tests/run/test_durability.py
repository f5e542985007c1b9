"""Real processes, real SIGKILLs; ``benchmarks/durability.py`` does a hundred of them."""

import pytest
from benchmarks.durability import kill_often, uninterrupted


def folders(tmp_path):
    made = tmp_path / "killed", tmp_path / "whole"
    for folder in made:
        folder.mkdir()
    return made


@pytest.mark.parametrize("kills", [3, pytest.param(25, marks=pytest.mark.slow)])
def test_a_run_killed_and_resumed_equals_an_undisturbed_one(tmp_path, kills):
    killed, whole = folders(tmp_path)
    outcome = kill_often(killed, kills=kills, trials=kills * 8, seed=2)
    assert (outcome.lost, outcome.twice) == (0, 0)
    assert outcome.orphans > 0 or kills < 10  # few kills may all miss a running trial
    assert len(outcome.bodies) == 2 * kills * 8
    assert outcome.bodies == uninterrupted(whole, trials=kills * 8)


@pytest.mark.slow
def test_a_run_with_workers_loses_nothing_and_evaluates_nothing_twice(tmp_path):
    killed, _ = folders(tmp_path)
    outcome = kill_often(killed, kills=20, trials=160, workers=2)
    assert (outcome.lost, outcome.twice) == (0, 0)
    assert len({trial.number for trial in outcome.bodies}) == 160
