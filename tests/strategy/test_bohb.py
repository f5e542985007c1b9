import statistics

import pytest

from coeval.strategy.bohb import BOHB
from coeval.strategy.hyperband import Hyperband
from coeval.strategy.random import RandomSearch
from coeval.testing.fakes import LOSS, drive, ladder_space
from coeval.testing.strategies import check_strategy
from coeval.trial import State
from tests.strategy.rungs import SPACE, THREE, Epochs, asked, shares

SMALL = ladder_space(settings=3, choices=4)


def bohb(space=SPACE, seed=3, **options):
    return BOHB(space, LOSS, seed, **{"fidelities": THREE, **options})


def test_keeps_the_contract_of_strategies():
    check_strategy(lambda: bohb(SMALL, enough=8), SMALL, trials=18)


def test_brackets_are_hyperband_s():
    log = drive(bohb(), Epochs(), 40)
    other = drive(Hyperband(RandomSearch(SPACE), LOSS, fidelities=THREE), Epochs(), 40)
    assert shares(log) == shares(other)


def test_candidates_come_from_the_densities_as_soon_as_a_rung_has_enough_values():
    origins = [one.origin for one in asked(drive(bohb(), Epochs(), 60))]
    entries = [one for one in origins if one != "hyperband:promotion"]
    assert set(entries[:8]) == {"hyperband:density:sample"}
    assert entries[9:].count("hyperband:density:mutation") > len(entries[9:]) / 3


@pytest.mark.slow
def test_finds_better_ones_than_hyperband_of_random_samples():
    def found(strategy):
        log = drive(strategy, Epochs(), 90)
        whole = [one for one in log if one.state is State.DONE and one.is_comparable]
        return min(map(LOSS.cost, whole))

    dense = [found(bohb(seed=seed)) for seed in range(3)]
    drawn = [
        found(Hyperband(RandomSearch(SPACE, seed), LOSS, fidelities=THREE)) for seed in range(3)
    ]
    assert statistics.mean(dense) < statistics.mean(drawn) - 10


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fidelities": (0.5, 0.1, 1.0)}, "rise strictly"),
        ({"eta": 1}, "eta must be at least 2, got 1"),
        ({"random_share": -0.1}, "random_share is a probability in 0..1, got -0.1"),
    ],
)
def test_settings_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        bohb(**options)
