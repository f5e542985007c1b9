"""What a report says of a search inside one network."""

from dataclasses import replace

import pytest

from coeval.oneshot.strategy import OneShot
from coeval.report import one_shot
from coeval.report.facts import Facts, Timed
from coeval.testing.fakes import drive
from coeval.trial import Objective, State
from tests.oneshot.fakes import FakeOneShot
from tests.oneshot.searches import SPACE


class Full(FakeOneShot):
    """Ticks that say all that a real one says."""

    def _measure(self, trial, report):
        found = super()._measure(trial, report)
        if "steps" in found.data:
            found.data["steps"] |= {"architecture": 100, "published": 19_550}
            found.data.update(lr=0.05, train_loss=1.25, scored=5)
        return found


def facts(method, name=None, trials=40, **fake):
    log = drive(OneShot(SPACE, method, steps=200, ticks=20), Full(**fake), trials)
    trials = tuple(Timed(one, 0.0, 1.0) for one in log if one.measurement is not None)
    capsule = {"strategy": {"name": name or method}}
    return Facts("run", capsule, Objective("loss"), "loss", trials=trials)


@pytest.mark.parametrize("method", ["darts", "darts-es"])
def test_slices_stand_in_a_table_with_skips_and_curvature_where_it_was_measured(method):
    text = str(one_shot.section(facts(method)))
    assert "200 of 200 steps" in text
    assert "No collapse" in text
    assert text.count("<tr>") == 1 + one_shot.ROWS
    assert "curvature" in text
    assert "no score of the supernet is compared" in text


def test_a_method_that_scores_paths_says_how_many():
    text = str(one_shot.section(facts("spos")))
    assert "5 paths were scored on shared weights" in text
    assert "<table" not in text


def test_a_run_of_another_strategy_has_no_such_section():
    assert one_shot.section(facts("darts", name="evolution")) == ""
    assert one_shot.lines(facts("darts", name="evolution")) == []


def test_the_terminal_says_whether_skips_took_over():
    assert one_shot.lines(facts("darts")) == [
        "No collapse: 0% of the slots hold a skip connection (over the slices 0%, 0%, 0%)."
    ]


def test_a_search_that_the_clock_cut_says_so():
    said, skips = one_shot.lines(facts("darts", most=50))
    assert "after 25% of its steps; the rest needs a new run" in said
    assert "No collapse" in skips


def test_a_search_that_was_interrupted_amid_its_slices_blames_no_budget():
    said, _ = one_shot.lines(facts("darts", trials=6))
    assert said.startswith("The search ended when darts's supernet had 30% of its steps")
    assert "budget" not in said


def test_a_search_whose_find_was_never_trained_says_that_the_budget_was_too_short():
    said, _ = one_shot.lines(facts("darts", trials=20))
    assert (
        said
        == "Nothing that darts found was trained alone: the budget was too short for it. Raise it."
    )


def test_a_search_without_a_slice_says_so_in_place_of_its_course():
    found = facts("darts", trials=1)
    (said,) = one_shot.lines(replace(found, trials=()))
    assert said.startswith("darts did not train its supernet for a single slice: the search ended")
    assert said.endswith("Raise the budget, or resume.")
    failed = replace(found.trials[0].trial, state=State.FAILED)
    found = replace(found, trials=(replace(found.trials[0], trial=failed),))
    (said,) = one_shot.lines(found)
    assert "a resume does not try again what failed" in said
    assert "for a single slice: the budget was too short" in str(one_shot.section(found))


def test_ticks_are_no_candidates():
    found = facts("spos")
    assert found.candidates == 3
    assert len(found.trials) > 20
