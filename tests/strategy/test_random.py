from coeval.space.digest import candidate_digest
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LadderEvaluator, drive, ladder_space
from coeval.trial import State


def digests(log):
    return [candidate_digest(one.proposal.candidate) for one in log if one.state is State.RUNNING]


def test_no_candidate_is_proposed_twice_while_others_are_left():
    space = ladder_space(settings=2, choices=8, parts=1)
    log = drive(RandomSearch(space, 0), LadderEvaluator(), 30, batch=3)
    assert len(set(digests(log))) == 30


def test_a_space_that_is_used_up_still_yields_proposals():
    space = ladder_space(settings=1, choices=3, parts=1)
    log = drive(RandomSearch(space, 0), LadderEvaluator(), 10)
    assert len(digests(log)) == 10
    assert len(set(digests(log))) == 3


def test_seeds_differ():
    space = ladder_space()
    assert RandomSearch(space, 0).ask(5) != RandomSearch(space, 1).ask(5)


def test_what_was_measured_does_not_matter():
    space = ladder_space()
    first = drive(RandomSearch(space, 0), LadderEvaluator(target=0), 20)
    second = drive(RandomSearch(space, 0), LadderEvaluator(target=7), 20)
    assert digests(first) == digests(second)
