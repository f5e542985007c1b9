import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.task.preparation import fit, training_rows
from coeval.task.preparation_target import (
    FOLDS,
    count_outputs,
    fit_target,
    level_codes,
)
from coeval.task.table import Column, Kind, Table
from coeval.task.task import Target
from tests.task.tables import encoded

FINITE = st.floats(-1e6, 1e6)


def out_of_fold(codes, column, rows, target):
    return fit_target(codes, column, rows, target).out_of_fold(column, rows, target)


def column_of(codes: np.ndarray) -> Column:
    return encoded("c", Kind.CATEGORICAL, [None if one < 0 else f"l{one}" for one in codes])


def classes(values, count: int) -> Target:
    return Target("y", np.asarray(values, dtype=np.int64), tuple("abcdefghijklmn"[:count]))


@st.composite
def problems(draw: st.DrawFn) -> tuple[Column, Target]:
    """Draw a categorical column with a target of values, of two classes or of four."""
    rows = draw(st.integers(2, 40))
    codes = draw(st.lists(st.integers(-1, 5), min_size=rows, max_size=rows))
    kind = draw(st.sampled_from(["value", 2, 4]))
    if kind == "value":
        values = draw(st.lists(FINITE, min_size=rows, max_size=rows))
        return column_of(np.array(codes)), Target("y", np.array(values))
    labels = draw(st.lists(st.integers(0, kind - 1), min_size=rows, max_size=rows))
    return column_of(np.array(codes)), classes(labels, kind)


@given(problems(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_no_row_to_learn_from_sees_its_own_target(problem, random) -> None:
    column, target = problem
    rows = np.arange(len(target.values))
    codes = level_codes(column, rows)
    before = out_of_fold(codes, column, rows, target)
    row = random.randrange(len(rows))
    values = target.values.copy()
    values[row] = (values[row] + 1) % len(target.classes) if target.classes else values[row] + 1e3
    changed = Target("y", values, target.classes)
    after = out_of_fold(codes, column, rows, changed)
    assert np.array_equal(before[row], after[row])
    assert before.shape == (len(rows), count_outputs(target))
    assert np.isfinite(before).all()


def test_the_targets_of_other_rows_are_seen() -> None:
    column = column_of(np.arange(60) % 3)
    target = Target("y", (np.arange(60) % 3).astype(float))
    found = out_of_fold(level_codes(column, np.arange(60)), column, np.arange(60), target)
    means = [found[np.arange(60) % 3 == level].mean() for level in range(3)]
    assert means[0] < -0.9
    assert abs(means[1]) < 0.2
    assert means[2] > 0.9


def test_levels_that_say_nothing_are_told_apart_by_nothing_out_of_fold() -> None:
    # Sixty levels of five rows and a random target: encoded in fold, the target would seem to be known.
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(60), 5)
    column, target = column_of(codes), Target("y", rng.normal(size=300))
    found = out_of_fold(level_codes(column, np.arange(300)), column, np.arange(300), target)
    within = fit_target(level_codes(column, np.arange(300)), column, np.arange(300), target)
    assert abs((found[:, 0] * target.values).mean()) < 0.1
    assert (within.transform(column)[:, 0] * target.values).mean() >= 0.0


def test_rare_levels_are_shrunk_and_frequent_ones_hardly() -> None:
    rng = np.random.default_rng(0)
    codes = np.concatenate([np.repeat(np.arange(20), 200), np.repeat([20], 2)])
    effects = np.append(rng.normal(size=20), 3.0)
    target = Target("y", effects[codes] + rng.normal(size=len(codes)) * 2.0)
    column = column_of(codes)
    rows = np.arange(len(codes))
    fitted = fit_target(level_codes(column, rows), column, rows, target)
    one_each = column_of(np.arange(21))
    found = fitted.transform(one_each)[:, 0]
    centred = effects[:20] - target.values.mean()
    assert np.corrcoef(found[:20], centred)[0, 1] > 0.98
    assert np.polyfit(centred, found[:20] * np.std(target.values), 1)[0] == pytest.approx(
        1, abs=0.1
    )
    raw = target.values[-2:].mean() - target.values.mean()
    assert 0.05 < found[20] * np.std(target.values) / raw < 0.7


def test_what_was_never_seen_has_the_effect_of_rare_levels() -> None:
    codes = np.array([0] * 50 + [1] * 50 + list(range(2, 32)))
    target = Target(
        "y", np.concatenate([np.zeros(50), np.ones(50), np.full(30, 5.0)]) + np.arange(130) % 2
    )
    column = column_of(codes)
    fitted = fit_target(level_codes(column, np.arange(130)), column, np.arange(130), target)
    never = encoded("c", Kind.CATEGORICAL, ["never seen"])
    assert fitted.codes.levels == ("l0", "l1")
    assert (
        fitted.transform(never)[0, 0]
        > fitted.transform(column)[60, 0]
        > fitted.transform(column)[0, 0]
    )


def test_a_class_each_has_its_own_numbers_and_too_many_classes_none() -> None:
    assert count_outputs(classes([0, 1], 2)) == 1
    assert count_outputs(classes([0, 1, 2], 3)) == 3
    assert count_outputs(Target("y", np.array([1.0]))) == 1
    assert count_outputs(classes([0, 1], 11)) == 0


def test_codes_are_out_of_folds_that_no_target_decides() -> None:
    # All rows of a level in one fold would make the encoding of that level empty: folds mix the rows.
    codes = np.repeat(np.arange(4), 25)
    column, target = column_of(codes), Target("y", codes.astype(float))
    found = out_of_fold(level_codes(column, np.arange(100)), column, np.arange(100), target)
    assert len(np.unique(found)) <= 4 * FOLDS
    assert (found != 0).all()


def test_a_group_learns_nothing_of_its_own_rows() -> None:
    # A level that occurs in one group alone says nothing of a new group.
    groups = np.repeat(np.arange(20), 6)
    column = column_of(groups)
    target = Target("y", np.random.default_rng(0).normal(size=20)[groups])
    rows = np.arange(len(groups))
    fitted = fit_target(level_codes(column, rows), column, rows, target)
    tells = np.abs(np.corrcoef(fitted.out_of_fold(column, rows, target)[:, 0], target.values))
    assert tells[0, 1] > 0.9
    assert np.ptp(fitted.out_of_fold(column, rows, target, groups)) < 0.5


def table_of(codes: np.ndarray) -> Table:
    numbers = Column("n", Kind.NUMERIC, np.arange(len(codes), dtype=np.float64))
    return Table((numbers, column_of(codes)), len(codes))


@pytest.mark.parametrize("chosen", ["many", "all"])
def test_training_rows_differ_from_predicted_rows_in_nothing_but_the_encoding(chosen: str) -> None:
    codes = np.arange(200) % 17
    table, target = table_of(codes), Target("y", np.sin(codes) + np.arange(200) % 3)
    rows = np.arange(0, 200, 2)
    preparation = fit({"target_encoding": chosen}, table, rows, target)
    learnt = training_rows(preparation, table, rows, target)
    predicted = preparation.transform(table.take(rows))
    assert np.array_equal(learnt.numeric[:, :-1], predicted.numeric[:, :-1])
    assert np.array_equal(learnt.codes, predicted.codes)
    assert not np.array_equal(learnt.numeric[:, -1], predicted.numeric[:, -1])


@given(st.integers(0, 79), st.booleans())
@settings(max_examples=20, deadline=None)
def test_a_rows_training_features_do_not_depend_on_its_target(row: int, values: bool) -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 12, 80)
    table = table_of(codes)
    target = Target("y", codes + rng.normal(size=80)) if values else classes(codes % 3, 3)
    changed_values = target.values.copy()
    changed_values[row] = 2 if changed_values[row] != 2 else 0
    changed = Target("y", changed_values, target.classes)
    found = []
    for one in (target, changed):
        preparation = fit({"target_encoding": "all"}, table, np.arange(80), one)
        found.append(training_rows(preparation, table, np.arange(80), one).numeric)
    assert np.array_equal(found[0][row], found[1][row])
    assert not np.array_equal(found[0], found[1])
