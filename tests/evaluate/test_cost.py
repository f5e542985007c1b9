"""The time model learns from what it sees."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.component import Cost
from coeval.architecture.step import Region, Step, sequence, step
from coeval.component.library import TABULAR
from coeval.evaluate.cost import TimeModel, Work, layers, megabytes

WORK = Work(Cost(10_000, 10_000, 200), 8, 5000, 1000, 256, 20)


@given(st.floats(0.05, 20), st.integers(1, 100))
def test_after_one_training_it_predicts_that_training(factor, epochs):
    model = TimeModel()
    seconds = factor * model.predict(WORK, epochs)
    model.observe(WORK, epochs, seconds)
    assert model.predict(WORK, epochs) == pytest.approx(seconds)


def test_one_slow_training_does_not_decide_alone():
    model = TimeModel()
    usual = model.predict(WORK, 10)
    for _ in range(10):
        model.observe(WORK, 10, usual)
    model.observe(WORK, 10, 30 * usual)
    assert usual < model.predict(WORK, 10) < 3 * usual


def test_it_is_more_careful_to_refuse_before_anything_was_measured():
    model = TimeModel()
    before = model.at_least(WORK, 2)
    model.observe(WORK, 2, model.predict(WORK, 2))
    assert before < model.at_least(WORK, 2) < model.predict(WORK, 2)


def test_more_rows_smaller_batches_and_wider_networks_take_longer():
    base = WORK.seconds
    assert Work(WORK.cost, 8, 10_000, 1000, 256, 20).seconds > 1.5 * base
    assert Work(WORK.cost, 8, 5000, 1000, 32, 20).seconds > base
    assert Work(Cost(10**6, 10**6, 200), 8, 5000, 1000, 256, 20).seconds > base


def test_a_measurement_of_nothing_teaches_nothing():
    model = TimeModel()
    model.observe(WORK, 3, 0.0)
    assert (model.factor, model.observed) == (1.0, 0)
    assert math.isfinite(model.predict(WORK, 3))


def test_repeated_regions_count_as_often_as_they_run():
    inner: Region = sequence(1, [step(TABULAR["relu"], 0), step(TABULAR["relu"], 1)])
    repeat: Step = step(TABULAR["repeat"], 0, inner, times=3)
    residual: Step = step(TABULAR["residual"], 1, inner)
    assert layers(sequence(1, [repeat, residual])) == 1 + 3 * 2 + 1 + 2


def test_sizes_read_well():
    assert megabytes(1536 * 2**20) == "1.5 GB"
    assert megabytes(10 * 2**20) == "10 MB"
