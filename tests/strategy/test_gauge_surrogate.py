"""The gauge's surrogate: what it is judged on, it was never fitted to."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coeval.architecture.step import Architecture, sequence, step
from coeval.architecture.types import Columns
from coeval.component import library
from coeval.seed import generator
from coeval.space.protocol import Candidate
from coeval.space.tabular import space_for
from coeval.strategy.gauge_surrogate import Description, described, fit
from coeval.testing.fakes import ladder_space
from tests.space.test_tabular import task

SPACE = ladder_space(settings=3, choices=6)


def known(count, seed=0):
    candidates = [SPACE.sample(generator(seed, "candidate", number)) for number in range(count)]
    return [described(one) for one in candidates], generator(seed, "gains").normal(size=count)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 20))
def test_later_trials_change_no_earlier_prediction(seed, count):
    descriptions, gains = known(24, seed)
    other = gains.copy()
    other[count:] += 5.0
    first, second = fit(descriptions, gains).ahead, fit(descriptions, other).ahead
    assert first[: count + 1] == pytest.approx(second[: count + 1], abs=1e-6)


def test_the_step_ahead_is_the_prediction_from_what_came_before():
    descriptions, gains = known(20)
    again = [*descriptions, descriptions[3]]  # known: its distances change no median by much
    ahead = fit(again, np.append(gains, 5.0)).ahead[-1]
    (before,) = fit(descriptions, gains).expect(again[-1:])
    assert ahead == pytest.approx(before, abs=0.02)


def test_what_was_measured_is_remembered_and_the_unlike_is_near_the_mean():
    descriptions, gains = known(20)
    again = fit(descriptions, gains).expect(descriptions)
    assert np.corrcoef(again, gains)[0, 1] > 0.95


def test_settings_that_are_words_and_numbers_that_do_not_vary_are_no_trouble():
    descriptions, gains = known(1)
    assert fit(descriptions * 5, np.repeat(gains, 5)).ahead == pytest.approx(
        [0, *[gains[0]] * 4], abs=0.05
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(), st.integers(), st.booleans(), st.text(max_size=3)),
        min_size=1,
        max_size=12,
    ),
    st.floats(),
)
@example([0.0, -3.611762012582005e-157], 0.0)
@example([0.0, 5e-324], 0.0)
def test_whatever_the_settings_are_predictions_are_numbers(values, constant):
    def candidate(value):
        return Candidate((("recipe", (("a", value), ("b", constant), ("c", 0.1 + 0.2))),))

    descriptions = [described(candidate(value)) for value in values]
    gains = np.linspace(-1.7, 1.7, len(values))
    found = fit(descriptions, gains)
    assert np.isfinite(found.ahead).all()
    assert np.isfinite(found.expect([described(candidate(7.5))])).all()


def test_a_number_that_differs_by_rounding_alone_does_not_vary():
    values = [0.0001 * (1 + place * 1e-16) for place in range(7)]
    descriptions = [described(Candidate((("recipe", (("lr", one),)),))) for one in values]
    assert np.isfinite(fit(descriptions, np.linspace(-1, 1, 7)).ahead).all()


def test_candidates_of_a_tabular_space_are_described_by_architecture_and_settings():
    space = space_for(task())
    sample = described(space.sample(generator(0, "one")))
    assert any(name.startswith("linear(") for name in sample.bag)
    assert any(name.startswith("recipe.optimizer=") for name in sample.bag)
    assert "recipe.lr" in sample.numbers


def test_an_architecture_that_is_not_legal_is_described_by_nothing():
    illegal = Architecture((Columns(3, ()),), sequence(1, [step(library.LINEAR, 0, width=8)]))
    assert described(Candidate((("architecture", illegal),))) == Description({}, {})
