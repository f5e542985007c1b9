import json
from pathlib import Path

import numpy as np
import pytest

from coeval.errors import RunError, SpaceError
from coeval.run.approximate import approximate
from coeval.run.approximate_components import material
from coeval.run.approximate_folder import JOURNAL, RESULT, journal, keep, prepare
from coeval.run.approximate_plan import Plan
from coeval.store.protocol import Note
from coeval.store.queries import trials
from coeval.task.points import make_points

X = np.linspace(0.1, 2.9, 30)
POINTS = make_points([X], np.exp(-X) * np.sin(3 * X) + np.tan(X / 2.1))
MADE = material(("add", "mul", "sin", "exp", "const"))
PLAN = Plan(length=20, seconds=2.0)


def test_the_journal_holds_the_coevolution_and_can_be_read_again(tmp_path):
    prepare(tmp_path)
    with journal(tmp_path, POINTS, MADE, PLAN) as store:
        found = approximate(POINTS, MADE, PLAN, store=store)
    keep(tmp_path, found)
    assert json.loads((tmp_path / RESULT).read_text()) == json.loads(json.dumps(found.to_json()))
    with journal(tmp_path, POINTS, MADE, PLAN) as store:
        kept = trials(store.events())
    assert 0 < len(kept) <= found.trials
    assert any(len(one.proposal.candidate.parts) > 1 for one in kept)


def test_an_earlier_result_comes_back_where_its_successor_never_ends(tmp_path):
    (tmp_path / RESULT).write_text("old")
    with pytest.raises(RunError, match="--overwrite"):
        prepare(tmp_path)
    prepare(tmp_path, overwrite=True)
    assert not (tmp_path / RESULT).exists()
    with pytest.raises(RunError, match="already holds"):  # as if the search had been killed
        prepare(tmp_path)
    assert (tmp_path / RESULT).read_text() == "old"


def test_a_search_that_fails_leaves_the_folder_as_it_was(tmp_path):
    wrong = Plan(length=0, seconds=2.0)
    for _ in range(2):  # the first has left nothing that the second would have to overwrite
        prepare(tmp_path)
        with pytest.raises(SpaceError), journal(tmp_path, POINTS, MADE, wrong) as store:
            approximate(POINTS, MADE, wrong, store=store)
        assert list(tmp_path.iterdir()) == []
    (tmp_path / RESULT).write_text("old")
    prepare(tmp_path, overwrite=True)
    with pytest.raises(SpaceError), journal(tmp_path, POINTS, MADE, wrong) as store:
        approximate(POINTS, MADE, wrong, store=store)
    assert (tmp_path / RESULT).read_text() == "old"


def test_the_trials_of_a_search_that_fails_stay(tmp_path):
    prepare(tmp_path)
    opened = journal(tmp_path, POINTS, MADE, PLAN)
    opened.__enter__().append([Note("strategy", {})])
    opened.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    with pytest.raises(RunError, match=r"already holds run\.sqlite"):
        prepare(tmp_path)


def test_a_folder_that_is_being_written_is_left_alone(tmp_path):
    prepare(tmp_path)
    with journal(tmp_path, POINTS, MADE, PLAN):
        for overwrite in (False, True):
            with pytest.raises(RunError, match="already being written by process"):
                prepare(tmp_path, overwrite=overwrite)
    assert (tmp_path / JOURNAL).exists()


def test_what_is_no_result_is_never_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match=r"'thesis.txt' in it, which is not deleted"):
        prepare(tmp_path, overwrite=True)
    with pytest.raises(RunError, match="found a file"):
        prepare(tmp_path / "thesis.txt")
    with pytest.raises(RunError, match="Cannot write"):
        prepare(Path("/proc/nothing"))
