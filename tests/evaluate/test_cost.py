"""The time model learns from what it sees."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.architecture.component import Cost
from coeval.architecture.step import Region, Step, sequence, step
from coeval.component.library import TABULAR
from coeval.evaluate.cost import MemoryModel, TimeModel, Work, layers, megabytes

WORK = Work(Cost(10_000, 10_000, 200), 8, 5000, 1000, 256, 20)


@given(st.floats(0.05, 20), st.integers(1, 100))
def test_a_few_trainings_of_a_kind_teach_what_that_kind_takes(factor, epochs):
    model = TimeModel()
    seconds = factor * model.predict(WORK, epochs)
    model.observe(WORK, epochs, seconds)
    assert seconds / 1.6 <= model.predict(WORK, epochs) <= seconds * 1.6
    for _ in range(9):
        model.observe(WORK, epochs, seconds)
    assert model.predict(WORK, epochs) == pytest.approx(seconds, rel=0.05)


def test_it_learns_that_another_engine_spends_its_time_elsewhere():
    """A compiled engine saves the dispatch of layers and not the arithmetic: no single factor fits both."""
    rng = np.random.default_rng(2)

    def compiled(work):
        return 0.1 * WORK.seconds + 1.5e-10 * work.rows * work.cost.macs

    model, errors = TimeModel(), []
    for _ in range(80):
        macs, depth = int(10 ** rng.uniform(2, 6.5)), int(rng.integers(2, 30))
        batch = int(rng.choice([64, 128, 256, 512]))
        work = Work(Cost(macs, macs, 200), depth, 5000, 1000, batch, 20)
        seconds = 10 * compiled(work) * float(rng.lognormal(0, 0.1))
        errors.append(abs(math.log(model.predict(work, 10) / seconds)))
        model.observe(work, 10, seconds)
    assert np.median(errors[40:]) < 0.35
    assert np.median(errors[:3]) > 2 * np.median(errors[40:])


@given(st.lists(st.floats(0.2, 5), min_size=3, max_size=30), st.integers(1, 50))
def test_the_lower_estimate_lies_below_the_expected_one_and_says_so_of_the_truth(factors, epochs):
    model = TimeModel()
    for factor in factors:
        assert 0 < model.at_least(WORK, epochs) < model.predict(WORK, epochs)
        model.observe(WORK, epochs, factor * WORK.seconds * epochs)


def test_one_slow_training_does_not_decide_alone():
    model = TimeModel()
    usual = model.predict(WORK, 10)
    for _ in range(10):
        model.observe(WORK, 10, usual)
    model.observe(WORK, 10, 30 * usual)
    assert usual < model.predict(WORK, 10) < 2 * usual


def test_it_is_more_careful_to_refuse_before_enough_was_measured():
    model = TimeModel()
    before = model.at_least(WORK, 2)
    for _ in range(6):
        assert model.at_least(WORK, 2) == before
        model.observe(WORK, 2, model.predict(WORK, 2))
    assert before < model.at_least(WORK, 2) < model.predict(WORK, 2)


def test_slow_first_trainings_do_not_make_it_refuse_what_is_quick():
    model = TimeModel()
    usual = TimeModel().predict(WORK, 2)
    for _ in range(5):
        model.observe(WORK, 2, 60 * usual)  # compiling, on a machine that was busy
    model.observe(WORK, 2, usual)
    assert model.at_least(WORK, 2) < usual


def test_more_rows_smaller_batches_and_wider_networks_take_longer():
    base = WORK.seconds
    assert Work(WORK.cost, 8, 10_000, 1000, 256, 20).seconds > 1.5 * base
    assert Work(WORK.cost, 8, 5000, 1000, 32, 20).seconds > base
    assert Work(Cost(10**6, 10**6, 200), 8, 5000, 1000, 256, 20).seconds > base


def test_a_measurement_of_nothing_teaches_nothing():
    model = TimeModel()
    model.observe(WORK, 3, 0.0)
    assert model.observed == 0
    assert model.predict(WORK, 3) == TimeModel().predict(WORK, 3)


def test_repeated_regions_count_as_often_as_they_run():
    inner: Region = sequence(1, [step(TABULAR["relu"], 0), step(TABULAR["relu"], 1)])
    repeat: Step = step(TABULAR["repeat"], 0, inner, times=3)
    residual: Step = step(TABULAR["residual"], 1, inner)
    assert layers(sequence(1, [repeat, residual])) == 1 + 3 * 2 + 1 + 2


def test_sizes_read_well():
    assert megabytes(1536 * 2**20) == "1.5 GB"
    assert megabytes(10 * 2**20) == "10 MB"


def test_what_it_knows_travels():
    model = TimeModel()
    model.observe(WORK, 3, 5.0)
    copy = pickle.loads(pickle.dumps(model))
    assert copy.predict(WORK, 7) == model.predict(WORK, 7)


def test_memory_estimates_are_corrected_upwards_only():
    model = MemoryModel()
    model.observe(100e6, 60e6)
    assert model.predict(100e6) == 100e6
    model.observe(100e6, 130e6)
    model.observe(100e6, 90e6)
    assert model.predict(200e6) == pytest.approx(260e6)
    model.observe(1e6, 30e6)
    assert model.factor == pytest.approx(1.3)
