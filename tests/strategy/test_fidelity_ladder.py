import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.strategy.fidelity_ladder import Ladder, geometric
from coeval.testing.fakes import ladder_space
from coeval.trial import Fidelity, Proposal

CANDIDATE = next(iter(ladder_space()))


@given(st.floats(0.001, 1e4), st.floats(1, 1e5), st.integers(2, 20))
def test_a_geometric_ladder_rises_by_eta_from_no_less_than_the_least_to_all(least, factor, eta):
    shares = geometric(least, least * factor, eta)
    ladder = Ladder(shares, eta)
    assert ladder.top == len(shares) - 1
    assert shares[0] * least * factor >= least * (1 - 1e-6)
    assert shares[0] / eta * factor < 1 + 1e-6
    assert [high / low for low, high in itertools.pairwise(shares)] == pytest.approx(
        [eta] * ladder.top
    )


def test_a_proposal_stands_on_the_rung_of_its_epochs_only_if_it_holds_back_nothing_else():
    ladder = Ladder((0.25, 1.0))
    assert ladder.rung(Proposal(CANDIDATE)) == 1
    assert ladder.rung(Proposal(CANDIDATE, ladder.fidelity(0))) == 0
    assert ladder.rung(Proposal(CANDIDATE, Fidelity(epochs=0.3))) is None
    assert ladder.rung(Proposal(CANDIDATE, Fidelity(epochs=0.25, rows=0.5))) is None
    assert ladder.rung(Proposal(CANDIDATE, Fidelity(width=0.5))) is None


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ((), "at least one share"),
        ((0.5, 0.25, 1.0), r"rise strictly.*got \(0.5, 0.25, 1.0\)"),
        ((0.5, 0.5, 1.0), "rise strictly"),
        ((0.0, 1.0), "positive"),
        ((-1.0, 1.0), "positive"),
        ((float("nan"), 1.0), "positive"),
        ((0.1, 0.5), "last of fidelities must be 1.0.*got 0.5"),
        ((12.0, 200.0), "divide epochs by the longest training's"),
    ],
)
def test_shares_that_do_not_rise_to_one_are_refused(shares, message):
    with pytest.raises(ValueError, match=message):
        Ladder(shares)


def test_an_eta_that_promotes_all_is_refused():
    with pytest.raises(ValueError, match="eta must be at least 2, got 1"):
        Ladder((0.5, 1.0), eta=1)
    with pytest.raises(ValueError, match="eta must be at least 2, got 1"):
        geometric(1, 9, eta=1)


@pytest.mark.parametrize("least", [0, -3, 201])
def test_a_least_that_is_not_positive_or_above_the_most_is_refused(least):
    with pytest.raises(
        ValueError, match=f"least must be positive and at most most=200, got {least}"
    ):
        geometric(least, 200)


def test_rungs_of_rows_train_whole_schedules_on_some_rows():
    ladder = Ladder((0.25, 1.0), continues=False, of="rows")
    assert ladder.fidelity(0) == Fidelity(rows=0.25)
    assert ladder.rung(Proposal(CANDIDATE, Fidelity(rows=0.25))) == 0
    assert ladder.rung(Proposal(CANDIDATE)) == 1
    assert ladder.rung(Proposal(CANDIDATE, Fidelity(epochs=0.25))) is None


def test_rungs_of_rows_cannot_continue():
    with pytest.raises(ValueError, match="continues=False"):
        Ladder((0.25, 1.0), of="rows")
