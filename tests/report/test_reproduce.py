"""How to get a result again, and what to do next: commands that can be copied."""

import pytest

from coeval.report.facts import collect
from coeval.report.page import render
from coeval.report.reproduce import files, next_commands, reproduction
from tests.report import examples
from tests.report.test_markup import read


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("coeval fit 'my data.csv' --overwrite --seed 1", "coeval fit 'my data.csv' --seed 1"),
        (["coeval", "fit", "a.csv", "--overwrite"], "coeval fit a.csv"),
        ("coeval fit it's.csv --overwrite", "coeval fit it's.csv"),
    ],
)
def test_the_command_that_repeats_a_run_never_overwrites_one(command, shown):
    facts = collect("run", examples.capsule() | {"command": command}, examples.journal(3))
    assert shown in read(reproduction(facts)).text
    assert "--overwrite" not in render(facts)


def test_the_next_commands_name_the_folder_as_the_run_was_told_it():
    told = examples.capsule() | {"options": {"out": "my runs/run"}}
    assert "coeval show 'my runs/run'" in read(files(collect("run", told, ()))).text
    assert "coeval show moved" in read(files(collect("moved", told, ()))).text


@pytest.mark.parametrize(
    ("seconds", "trials", "options"),
    [
        (300, None, "--budget 10m"),
        (45.0, 8, "--budget 90s --trials 16"),
        (1800, None, "--budget 60m"),
        (None, 8, "--trials 16"),
    ],
)
def test_searching_on_takes_twice_the_budget_of_all_sittings(seconds, trials, options):
    told = examples.capsule() | {"budget": {"seconds": seconds, "trials": trials}}
    facts = collect("run", told, examples.journal(3))
    assert ("search on", f"coeval resume run {options}") in next_commands("run", facts)
