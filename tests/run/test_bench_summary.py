import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.run.bench import Search
from coeval.run.bench_summary import first_within, mean_interval, summarise


def search(*regret: float, seed: int = 0, test: tuple[float, ...] = ()) -> Search:
    return Search("mine", seed, regret, test, len(regret), len(regret), 0.5)


def test_the_mean_the_median_and_the_share_that_gets_near():
    found = summarise(
        [search(3, 1, 1), search(2, 2, 0), search(4, 4, 4), search(1, 0, 0)], within=1.0
    )
    assert found.regret == (2.5, 1.75, 1.25)
    assert (found.median, found.reached) == (2.0, 0.75)
    assert found.at(3).value == 1.25
    assert found.low[2] <= 1.25 <= found.high[2]


def test_a_median_that_fewer_than_half_reach_is_infinite():
    assert summarise([search(3.0), search(2.0), search(0.0)], within=1.0).median == math.inf


def test_the_error_of_the_test_regret_is_the_standard_error():
    found = summarise([search(1, test=(1.0,)), search(1, test=(3.0,))], within=0.0)
    assert found.test_regret == (2.0,)
    assert found.test_error == (pytest.approx(np.std([1, 3], ddof=1) / math.sqrt(2)),)


def test_of_one_search_nothing_can_be_said_about_certainty():
    found = summarise([search(1.0, test=(1.0,))], within=0.0)
    assert math.isnan(found.low[0])
    assert math.isnan(found.test_error[0])


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.floats(0, 100))
def test_near_is_first_reached_where_the_regret_says(values, within):
    falling = np.minimum.accumulate(values).tolist()
    when = first_within(falling, within)
    assert all(value > within for value in falling[: int(min(when, len(falling) + 1)) - 1])
    assert when == math.inf or falling[int(when) - 1] <= within + 1e-9


def test_the_interval_of_a_mean_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    draws = [mean_interval(rng.normal(size=(40, 1))) for _ in range(80)]
    covered = np.mean([low[0] <= 0 <= high[0] for low, high in draws])
    assert 0.85 < covered < 1.0
