"""Who was the best in the search is not forgotten where the contest had no time for it."""

import dataclasses

import pytest

from coeval.export.final import Resources, make_final
from coeval.export.finalists import choose_finalists
from coeval.export.retrain import Retrained, Rows
from tests.evaluate.tasks import Decoder, candidate, task_of
from tests.export.test_final import Kept, finalists_of, objective, searched


def late(trial, *, also=()):
    """Return a way to run jobs in which a finalist's contest, and what else is named, is cut short."""

    def run(function, jobs):
        for job in jobs:
            if job.finalist.trial == trial and job.rows in (Rows.KNOWN, *also):
                yield Retrained(trial, 0, job.rows, None, 0, 1.0, None, is_complete=False)
            else:
                yield function(job)

    return run


@pytest.mark.parametrize("also", [(), (Rows.ALL,)])
def test_a_clear_favourite_that_had_no_time_in_the_contest_is_still_the_model(also):
    task, kept = task_of("breast_cancer"), Kept()
    trials = searched(
        task, *(candidate(task, width=8, epochs=one) for one in (20, 1)), artifacts=kept
    )
    finalists = choose_finalists(trials, Decoder(), objective(task))
    resources = Resources(task, rounds=1, mapped=late(0, also=also))
    final = make_final(finalists, resources, kept)
    assert final.trial == 0
    assert final.rows is (Rows.SEARCHED if also else Rows.ALL)
    assert final.provenance.startswith("Trial 0, the best on validation; ")
    unknown = make_final(finalists, resources)
    assert unknown.trial == 1
    assert "without trial 0, the best on validation (not trained" in unknown.provenance


def test_a_favourite_within_the_noise_that_had_no_time_leaves_the_place_to_the_next():
    task, kept = task_of("breast_cancer"), Kept()
    first, second = finalists_of(task, 8, 16, artifacts=kept)
    second = dataclasses.replace(second, predictions=first.predictions)
    final = make_final([first, second], Resources(task, rounds=1, mapped=late(first.trial)), kept)
    assert final.trial == second.trial
    assert "the best on validation (not trained to its end in time)" in final.provenance
