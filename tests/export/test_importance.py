import math
import time

import numpy as np
import pytest

from coeval.export.importance import (
    LEAST,
    LEAST_ROWS,
    REPEATS,
    TOGETHER,
    Held,
    permutation_importance,
)
from coeval.export.judged import Judged
from coeval.seed import generator
from coeval.task import metrics
from coeval.task.table import Column, Kind, Table


def numbers(*columns, levels=0):
    found = [Column(f"x{n}", Kind.NUMERIC, one) for n, one in enumerate(columns)]
    if levels:
        codes = np.arange(len(columns[0]), dtype=np.int32) % levels
        found.append(Column("code", Kind.CATEGORICAL, codes, tuple("abcdefgh"[:levels])))
    return Table(tuple(found), len(columns[0]))


def normal(rows, columns, seed=0):
    return generator(seed, "importance test").normal(size=(columns, rows))


def value(table, name):
    return next(one.values for one in table.columns if one.name == name).astype(np.float64)


def judged(table, targets, metric="rmse", weights=None):
    known = (*metrics.CLASSIFICATION, *metrics.REGRESSION)
    chosen = next(one for one in known if one.name == metric)
    return Held(table, Judged(chosen, targets, weights))


def test_a_linear_models_mean_squared_error_grows_by_twice_the_variance_that_a_column_explains():
    # Fisher et al. 2019, section 7: dealt out, x becomes independent of the target, so E(bx - bx')^2 = 2 b^2 var(x).
    data = normal(4000, 3)
    table = numbers(*data)

    def predict(rows):
        return 3 * value(rows, "x0") + value(rows, "x1")

    targets = 3 * data[0] + data[1] + 0.1 * normal(4000, 1, seed=1)[0]
    found = permutation_importance(predict, judged(table, targets))
    assert [one.name for one in found.columns] == ["x0", "x1", "x2"]
    losses = [(found.score + one.loss) ** 2 - found.score**2 for one in found.columns]
    assert losses == pytest.approx([18, 2, 0], rel=0.06, abs=1e-9)
    assert all(one.low < one.loss < one.high for one in found.columns[:2])
    assert found.columns[1].low > 0
    assert found.columns[2].loss == found.columns[2].high == 0
    assert found.rows == 4000
    assert found.left == 0


def test_the_interval_holds_the_true_loss_about_as_often_as_it_says():
    held = 0
    for seed in range(60):
        first, other, noise = normal(300, 3, seed=seed)
        table = numbers(first, other)
        found = permutation_importance(
            lambda rows: value(rows, "x0"), judged(table, first + noise, "mae"), seed=seed
        )
        truth = math.sqrt(2 / math.pi) * (math.sqrt(3) - 1)  # mean |N(0, 3)| less mean |N(0, 1)|
        held += found.columns[0].low <= truth <= found.columns[0].high
    assert 54 <= held <= 60


def test_of_a_metric_that_is_maximised_the_loss_is_what_is_missing():
    data = normal(400, 2)
    targets = (data[0] > 0).astype(np.int64)

    def predict(rows):
        chance = 1 / (1 + np.exp(-4 * value(rows, "x0")))
        return np.stack([1 - chance, chance], axis=1)

    found = permutation_importance(predict, judged(numbers(*data), targets, "roc_auc"))
    assert found.score == 1.0
    assert found.columns[0].name == "x0"
    assert 0.4 < found.columns[0].low < found.columns[0].loss < 0.6


def test_nobody_keeps_a_value_of_ones_own():
    table = numbers(np.arange(50.0), np.zeros(50))
    seen = []

    def predict(rows):
        seen.append(value(rows, "x0"))
        return value(rows, "x0")

    permutation_importance(predict, judged(table, np.arange(50.0)))
    copies = [one for rows in seen for one in np.split(rows, len(rows) // 50)]
    dealt = [one for one in copies if not np.array_equal(one, np.arange(50.0))]
    assert len(dealt) == REPEATS
    for one in dealt:
        assert sorted(one) == list(np.arange(50.0))
        assert not (one == np.arange(50.0)).any()


def test_columns_that_are_predicted_together_say_what_each_says_alone(monkeypatch):
    data = normal(300, 3)
    inputs = judged(numbers(*data, levels=3), data[0] + data[1])

    def predict(rows):
        return value(rows, "x0") + 0.5 * value(rows, "code")

    together = permutation_importance(predict, inputs)
    monkeypatch.setattr("coeval.export.importance.TOGETHER", 1)
    assert permutation_importance(predict, inputs) == together


def test_it_says_the_same_again_and_other_dealings_under_another_seed():
    data = normal(200, 2)
    inputs = judged(numbers(*data, levels=3), data[0])

    def found(seed):
        return permutation_importance(lambda rows: value(rows, "x0"), inputs, seed=seed).to_json()

    assert found(1) == found(1)
    assert found(1)["columns"][0] != found(2)["columns"][0]


def test_a_columns_importance_does_not_hang_on_the_order_of_the_columns():
    data = normal(200, 2)
    table = numbers(*data, levels=4)
    turned = Table(table.columns[::-1], table.rows)

    def predict(rows):
        return value(rows, "x0") - value(rows, "code")

    first, second = (
        permutation_importance(predict, judged(one, data[0])) for one in (table, turned)
    )
    assert first == second


def test_weights_count():
    data = normal(400, 2)
    weights = np.where(np.arange(400) % 2, 1.0, 0.0)
    targets = np.where(weights > 0, data[0], data[1])

    def predict(rows):
        return value(rows, "x0")

    plain = permutation_importance(predict, judged(numbers(*data), targets))
    weighted = permutation_importance(predict, judged(numbers(*data), targets, weights=weights))
    assert weighted.score == 0
    assert weighted.columns[0].loss > plain.columns[0].loss


def test_with_little_time_fewer_rows_and_then_the_columns_that_predictions_go_along_with():
    data = normal(2000, 30)
    calls = []

    def slow(rows):
        calls.append(rows.rows)
        time.sleep(1e-4 * rows.rows)
        return 5 * value(rows, "x17") + value(rows, "x3")

    found = permutation_importance(slow, judged(numbers(*data), data[17]), seconds=0.8)
    assert found.rows == LEAST_ROWS
    assert set(calls[1:]) == {TOGETHER // LEAST_ROWS * LEAST_ROWS}
    assert 0 < found.left < 30
    assert found.left + len(found.columns) == 30
    assert found.columns[0].name == "x17"


@pytest.mark.parametrize(
    ("rows", "columns", "seconds"), [(LEAST - 1, 2, 9.0), (50, 1, 9.0), (50, 2, 0.0)]
)
def test_too_few_rows_one_column_or_no_time_is_no_importance(rows, columns, seconds):
    data = normal(rows, columns)
    inputs = judged(numbers(*data), data[0])
    found = permutation_importance(lambda rows: value(rows, "x0"), inputs, seconds=seconds)
    assert found is None


def test_a_column_without_which_the_score_is_undefined_is_left_out():
    number, data = np.arange(100.0), normal(100, 1)[0]

    def predict(rows):
        return np.where(value(rows, "x1") == value(rows, "x2"), value(rows, "x0"), np.nan)

    found = permutation_importance(predict, judged(numbers(data, number, number), data, "mae"))
    assert [one.name for one in found.columns] == ["x0"]
    assert found.left == 2
