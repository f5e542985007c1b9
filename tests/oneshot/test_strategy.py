"""One-shot methods behind ask and tell: ticks, what they found, then plain evolution."""

import pytest

from coeval.errors import SpaceError
from coeval.oneshot.method import ELASTIC, METHODS, Choice
from coeval.oneshot.strategy import FOUND, OneShot
from coeval.oneshot.tick import Kind, tick_of
from coeval.space.protocol import Candidate
from coeval.strategy.evolution import RegularisedEvolution
from coeval.testing.fakes import LOSS, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import Failure, Measurement, Proposal, Reason, State, Trial, finish
from tests.oneshot.fakes import FakeOneShot
from tests.oneshot.searches import OPEN, SPACE

CHOOSING = [name for name, one in METHODS.items() if one.choice is not Choice.LARGEST]


def oneshot(method="darts", *, after=True, **options):
    evolution = RegularisedEvolution(SPACE, LOSS, 1, population=8, sample_size=3, warm_up=0)
    given = {"seconds": 10.0, "ticks": 4, **options}
    return OneShot(SPACE, method, after=evolution if after else None, **given)


def asked(log):
    return [record.proposal for record in log if record.state is State.RUNNING]


def ticks(log):
    return [tick for one in asked(log) if (tick := tick_of(one)) is not None]


@pytest.mark.parametrize("method", ["darts", "spos", "darts-es"])
def test_the_contract_of_strategies_holds(method):
    check_strategy(lambda: oneshot(method), SPACE, FakeOneShot(failing=15), trials=14)


@pytest.mark.parametrize("method", [one for one in METHODS if one != ELASTIC])
def test_a_search_is_a_measurement_slices_that_follow_each_other_and_a_choice(method):
    log = drive(oneshot(method), FakeOneShot(), 30)
    found = ticks(log)
    assert found[0].kind is Kind.MEASURE
    slices = [one for one in found if one.kind is Kind.TRAIN]
    assert len(slices) == 4
    assert [one.first for one in slices] == [0, *[one.last for one in slices[:-1]]]
    assert slices[-1].last == slices[-1].total
    assert (found[-1].kind is Kind.CHOOSE) == (method in CHOOSING)
    numbers = [n for n, one in enumerate(asked(log)) if tick_of(one)]
    continued = [one.continues for one in asked(log) if tick_of(one)]
    assert continued[:2] == [None, None]
    assert continued[2:] == numbers[1:-1]


@pytest.mark.parametrize("method", ["darts", "spos"])
def test_what_was_found_is_trained_whole_and_evolution_goes_on_around_it(method):
    log = drive(oneshot(method), FakeOneShot(), 30)
    origins = [one.origin for one in asked(log)]
    first = origins.index(method)
    derived = [one for one in asked(log) if one.origin == method]
    assert len(derived) == (FOUND if method in CHOOSING else 1)
    assert all(one.fidelity.is_full and one.parent is None for one in derived)
    later = asked(log)[first + len(derived) :]
    assert {one.origin.partition(":")[0] for one in later} == {"evolution"}
    numbers = [n for n, one in enumerate(asked(log)) if one.origin == method]
    assert later[0].parent in numbers


def test_recipe_and_preparation_stay_at_their_defaults_while_ticks_run():
    for one in filter(tick_of, asked(drive(oneshot(), FakeOneShot(), 8))):
        assert one.candidate.part("recipe") == OPEN.base.part("recipe")
        assert one.candidate.part("preparation") == OPEN.base.part("preparation")


def test_a_tick_is_never_whole_and_no_two_ask_for_the_same():
    log = drive(oneshot("spos"), FakeOneShot(), 8)
    shares = [one.fidelity.epochs for one in asked(log) if tick_of(one)]
    assert all(0 < one < 1 for one in shares)
    assert len(set(shares)) == len(shares)
    assert not any(trial.is_comparable for trial in log if tick_of(trial.proposal))


def test_the_search_fills_its_seconds_and_a_choice_by_scores_gets_its_share():
    found = ticks(drive(oneshot(seconds=10.0), FakeOneShot(step_seconds=0.01), 8))
    assert found[1].total == 950
    found = ticks(drive(oneshot("spos", seconds=10.0), FakeOneShot(step_seconds=0.01), 8))
    assert found[1].total == 750
    assert (
        found[-1].tries == 6
    )  # 2.5 s at half a second a path would be 5; it is at least twice what is found


def test_no_search_is_longer_than_the_published_number_of_epochs():
    found = ticks(drive(oneshot(seconds=1e6), FakeOneShot(), 3))
    assert found[1].total == 50 * 20


@pytest.mark.parametrize("method", ["darts", "spos"])
def test_a_slice_that_the_clock_cut_is_the_last_and_what_was_found_follows(method):
    log = drive(oneshot(method, steps=100), FakeOneShot(most=60), 12)
    found = ticks(log)
    assert [one.last for one in found if one.kind is Kind.TRAIN] == [25, 50, 75]
    after = asked(log)[len(found) :]
    assert after[0].origin == method
    if method == "darts":
        assert OPEN.picks(after[0].candidate) == tuple((60 + slot) % 5 for slot in range(6))


def test_without_time_a_number_of_steps_may_be_given():
    found = ticks(drive(oneshot(seconds=None, steps=100), FakeOneShot(), 10))
    assert [(one.first, one.last) for one in found] == [(0, 25), (25, 50), (50, 75), (75, 100)]


def test_a_rising_curvature_stops_the_search_and_takes_it_back():
    strategy = oneshot("darts-es", ticks=20)
    log = drive(strategy, FakeOneShot(rises=True), 40)
    slices = [one for one in ticks(log) if one.kind is Kind.TRAIN]
    assert len(slices) < 20
    trained = [one for one in log if one.state is State.DONE and tick_of(one.proposal)][1:]
    (derived,) = [one for one in asked(log) if one.origin == "darts-es"]
    place = [tuple(one.measurement.data["picks"]) for one in trained].index(
        OPEN.picks(derived.candidate)
    )
    assert place < len(slices) - 1


def test_a_tick_that_fails_is_asked_again_and_three_in_a_row_end_the_one_shot_search():
    strategy, failed = oneshot(), Measurement(failure=Failure(Reason.CRASHED, "for the test"))
    for number in range(3):
        (proposal,) = strategy.ask(1)
        assert tick_of(proposal).kind is Kind.MEASURE
        strategy.tell(finish(Trial(number, proposal), failed))
    assert tick_of(strategy.ask(1)[0]) is None


def test_while_a_tick_runs_another_worker_is_given_ordinary_candidates():
    strategy = oneshot()
    (first,) = strategy.ask(4)
    strategy.tell(Trial(0, first))
    (beside,) = strategy.ask(1)
    assert beside.origin.startswith("evolution")
    assert oneshot(after=False).ask(1) != []
    lonely = oneshot(after=False)
    lonely.tell(Trial(0, first))
    assert lonely.ask(1) == []


def test_a_search_without_a_follower_ends_with_what_it_found():
    log = drive(oneshot("spos", after=False), FakeOneShot(), 60)
    assert [one.origin for one in asked(log)][-FOUND:] == ["spos"] * FOUND


def test_a_tick_that_says_too_little_counts_as_failed():
    strategy = oneshot()
    for number in range(3):
        strategy.tell(finish(Trial(number, strategy.ask(1)[0]), Measurement()))
    assert tick_of(strategy.ask(1)[0]) is None
    assert strategy.found == ()


def test_the_schedule_of_a_search_stands_whatever_a_later_sitting_may_spend():
    log = drive(oneshot(), FakeOneShot(), 4)
    later = oneshot(seconds=1000.0)
    for record in log:
        later.tell(record)
    assert tick_of(later.ask(1)[0]).total == ticks(log)[-1].total


def test_a_space_without_choices_is_one_clear_error():
    with pytest.raises(
        SpaceError, match="Expected a space whose architecture is decided by choices"
    ):
        OneShot(ladder_space(), "darts")


@pytest.mark.parametrize("wrong", [{"ticks": 0}, {"steps": 0}, {"seconds": 0.0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        oneshot(**wrong)


def test_a_proposal_of_others_is_no_tick():
    assert tick_of(Proposal(Candidate(()), origin="random")) is None
    assert tick_of(Proposal(Candidate(()), origin="tick:darts")) is None
