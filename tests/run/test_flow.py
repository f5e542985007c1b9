from coeval.run.flow import Flow
from coeval.trial import Measurement, Proposal, Trial

from . import fakes


def trial(number, x=None):
    return Trial(number, Proposal(fakes.candidate(float(number if x is None else x))))


def parity(proposal):
    return str(proposal.candidate.settings("recipe")["x"] % 2)


def numbers(trials):
    return [one.number for one in trials]


def flow(batch=2, count=0, bucket=parity):
    made = Flow(bucket, batch)
    for number in range(count):
        made.add(trial(number), str(number))
    return made


def test_a_batch_holds_the_first_trials_of_the_first_trials_bucket():
    found = flow(batch=2, count=6)
    assert [numbers(found.next_batch()) for _ in range(5)] == [[0, 2], [1, 3], [4], [5], []]
    assert found.batches == 4
    assert found.unmeasured == [0, 1, 2, 3, 4, 5]


def test_the_next_batch_does_not_depend_on_the_order_of_arrival():
    found = flow(batch=3)
    for number in (5, 2, 0, 4, 1):
        found.add(trial(number), str(number))
    assert numbers(found.next_batch()) == [0, 2, 4]


def test_buckets_are_not_asked_for_where_batches_hold_one_trial():
    found = flow(batch=1, count=2, bucket=lambda proposal: 1 / 0)
    assert numbers(found.next_batch()) == [0]


def test_a_batch_comes_back_as_a_whole_in_the_order_of_numbers():
    found = flow(batch=2, count=4)
    found.next_batch()
    found.next_batch()
    assert found.measure(2, Measurement({"loss": 2.0})) == []
    assert found.measure(3, Measurement({"loss": 3.0})) == []
    assert found.unmeasured == [0, 1]
    done = found.measure(0, Measurement({"loss": 0.0}))
    assert [(one.number, one.measurement.values["loss"]) for one, _ in done] == [(0, 0.0), (2, 2.0)]
    assert [name for _, name in done] == ["0", "2"]
    assert (found.batches, len(found)) == (1, 2)


def test_a_second_measurement_is_ignored():
    found = flow(batch=1, count=1)
    found.next_batch()
    assert len(found.measure(0, Measurement({"loss": 1.0}))) == 1
    assert found.measure(0, Measurement({"loss": 2.0})) == []
    assert found.measure(9, Measurement({"loss": 2.0})) == []


def test_an_equal_trial_is_held_until_the_first_is_released():
    found = flow(batch=4)
    for number, name in enumerate(("a", "b", "b", "a")):
        found.add(trial(number, 0), name)
    assert numbers(found.next_batch()) == [0, 1]
    assert len(found) == 4
    found.measure(1, Measurement())
    found.measure(0, Measurement())
    assert numbers(found.release(["a", "b"])) == [2, 3]
    assert len(found) == 0
    assert found.release(["a"]) == []


def test_a_trial_waits_again_under_a_name_that_came_back():
    found = flow(batch=1)
    found.add(trial(0), "a")
    found.next_batch()
    found.measure(0, Measurement())
    found.add(trial(1), "a")
    assert numbers(found.next_batch()) == [1]
