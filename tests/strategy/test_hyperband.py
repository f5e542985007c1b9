import pytest

from coeval.strategy.control import WithControl
from coeval.strategy.hyperband import Hyperband, shapes
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, drive
from coeval.trial import State
from tests.strategy.rungs import SPACE, THREE, Epochs, Spy, asked, shares


def test_brackets_are_those_of_the_paper():
    """Table 1 of Li et al. 2018: R = 81, eta = 3."""
    assert [(one.first, one.sizes) for one in shapes(5, 3)] == [
        (0, (81, 27, 9, 3, 1)),
        (1, (34, 11, 3, 1)),
        (2, (15, 5, 1)),
        (3, (8, 2)),
        (4, (5,)),
    ]


def test_brackets_that_stop_early_less_early_and_not_at_all_take_turns():
    log = drive(Hyperband(RandomSearch(SPACE, 1), LOSS, fidelities=THREE), Epochs(), 31)
    low, middle, high = THREE
    first = [low] * 9 + [middle] * 3 + [high]
    assert shares(log) == [*first, *[middle] * 5, high, *[high] * 3, *first[:9]]
    assert [one.continues is None for one in asked(log)][13:22] == [True] * 5 + [False] + [True] * 3


def test_a_control_that_takes_places_of_batches_costs_no_value():
    spy = Spy()
    inner = Hyperband(spy, LOSS, fidelities=THREE)
    log = drive(WithControl(inner, RandomSearch(SPACE, 2), every=3), Epochs(), 120, batch=6)
    for rung, share in enumerate(THREE):
        mine = [
            one for one in log if one.state is State.DONE and one.proposal.fidelity.epochs == share
        ]
        told = [one for name, one in spy.heard if name == rung and one.state is State.DONE]
        assert sorted(map(LOSS.cost, mine)) == sorted(map(LOSS.cost, told))
    assert shares(log).count(1.0) > 120 / 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fidelities": (1.0, 0.5)}, "rise strictly"),
        ({"fidelities": (0.1, 0.5)}, "last of fidelities must be 1.0"),
        ({"fidelities": (0.1, 1.0), "eta": 1}, "eta must be at least 2, got 1"),
    ],
)
def test_a_ladder_that_is_none_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Hyperband(RandomSearch(SPACE, 1), LOSS, **options)
