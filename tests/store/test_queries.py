import pytest

from coeval.store import queries
from coeval.store.protocol import Event, Note
from coeval.trial import Failure, Fidelity, Measurement, Objective, Proposal, Reason, Trial, finish
from tests.run.fakes import candidate


def trial(number, **options):
    return Trial(number, Proposal(candidate(0.0), **options))


def events(*bodies):
    return [Event(i + 1, float(i), body) for i, body in enumerate(bodies)]


FAILED = Measurement(failure=Failure(Reason.DIVERGED))
LOG = events(
    Note("sitting", {}),
    trial(0),
    finish(trial(0), Measurement({"loss": 2.0})),
    trial(1),
    finish(trial(1), FAILED),
    trial(2),
    finish(trial(2), Measurement({"loss": 2.0}, cached_from=0)),
    trial(3, fidelity=Fidelity(epochs=0.1)),
    finish(trial(3, fidelity=Fidelity(epochs=0.1)), Measurement({"loss": 0.1})),
    trial(4),
)


def test_every_trial_is_given_once_as_it_stands():
    found = queries.trials(LOG)
    assert [t.number for t in found] == [0, 1, 2, 3, 4]
    assert [t.state.value for t in found] == ["done", "failed", "done", "done", "running"]


def test_the_best_is_complete_and_the_earliest_of_equals():
    assert queries.best(LOG, Objective("loss")).number == 0
    assert queries.best(events(), Objective("loss")) is None


def test_counts_add_up():
    assert queries.counts(queries.trials(LOG)) == queries.Counts(5, 1, 3, 1, 1)


def test_notes_are_found_by_kind():
    assert queries.notes(LOG, "sitting") == ({},)
    assert queries.notes(LOG, "final") == ()


def log(*timed):
    return [Event(i + 1, when, body) for i, (when, body) in enumerate(timed)]


@pytest.mark.parametrize(
    ("timed", "seconds"),
    [
        ((), 0.0),
        (((5.0, Note("sitting", {})),), 0.0),
        (((5.0, Note("sitting", {"started": 2.0})), (9.0, Note("stopped", {}))), 7.0),
        (((5.0, Note("any", {})), (9.0, Note("any", {}))), 4.0),
        (
            (
                (5.0, Note("sitting", {})),
                (9.0, trial(0)),  # killed here; resumed much later
                (105.0, Note("sitting", {"started": 103.0})),
                (106.0, Note("stopped", {})),
            ),
            7.0,
        ),
        # a clock that was set back, or a wrong start, never counts what was counted
        (
            ((5.0, Note("sitting", {})), (9.0, trial(0)), (9.5, Note("sitting", {"started": 1.0}))),
            4.0,
        ),
    ],
)
def test_only_time_at_work_counts(timed, seconds):
    assert queries.active_seconds(log(*timed)) == pytest.approx(seconds)


def test_the_clock_of_a_run_never_goes_back():
    sitting = Note("sitting", {"started": 3.0})
    events = log((5.0, sitting), (9.0, trial(0)), (8.0, trial(1)), (20.0, Note("sitting", {})))
    assert queries.active_clock(events) == {1: 2.0, 2: 6.0, 3: 6.0, 4: 6.0}
    assert queries.active_seconds(events) == 6.0
