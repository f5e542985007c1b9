import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coeval.errors import DataError
from coeval.task.split import FOLDS, Shares, Structure, fold, split, strata
from coeval.task.task import Problem, Target

NONE = Structure()


def parts(splits):
    return [splits.train, splits.validation, splits.selection, splits.test]


def rng():
    return np.random.default_rng(0)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(24, 400),
    st.integers(2, 6),
    st.integers(0, 10**6),
    st.sampled_from([Shares(), Shares(test=0.0), Shares(selection=0.0, test=0.0)]),
)
def test_splits_hold_every_row_once_and_training_every_class(rows, classes, seed, shares):
    layers = np.random.default_rng(seed).integers(0, classes, rows)
    splits = split(layers, NONE, shares, np.random.default_rng(seed), classes=True)
    assert sorted(np.concatenate(parts(splits)).tolist()) == list(range(rows))
    assert set(layers[splits.train]) == set(layers)
    for part, share in zip(parts(splits), shares.all, strict=True):
        assert (len(part) > 0) == (share > 0)
        assert abs(len(part) - share * rows) <= classes + 1


def test_every_split_gets_its_share_of_each_class():
    layers = np.repeat([0, 1, 2], [700, 250, 50])
    splits = split(layers, NONE, Shares(), rng(), classes=True)
    for part, share in zip(parts(splits), Shares().all, strict=True):
        counts = np.bincount(layers[part], minlength=3)
        assert np.abs(counts - share * np.array([700, 250, 50])).max() <= 1.5


def test_values_are_spread_over_all_splits():
    values = np.sort(np.random.default_rng(1).lognormal(size=1000))
    layers = strata(Target("y", values), Problem.REGRESSION)
    splits = split(layers, NONE, Shares(), rng(), classes=False)
    medians = [np.median(values[part]) for part in parts(splits)]
    assert max(medians) / min(medians) < 1.05


def test_the_same_seed_gives_the_same_splits_and_another_seed_others():
    layers = np.arange(100) % 2
    one, same = (split(layers, NONE, Shares(), rng(), classes=True) for _ in range(2))
    other = split(layers, NONE, Shares(), np.random.default_rng(1), classes=True)
    assert (one.test == same.test).all()
    assert (one.test != other.test).any()


@settings(max_examples=40, deadline=None)
@given(st.integers(4, 40), st.integers(0, 10**6))
def test_no_group_lies_on_two_sides(count, seed):
    draw = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(count), draw.integers(0, count, 200)])
    layers = draw.integers(0, 3, len(groups))
    structure = Structure(groups=groups)
    splits = split(layers, structure, Shares(), draw, classes=True)
    held = [set(groups[part]) for part in parts(splits)]
    assert sum(map(len, held)) == count
    assert set(layers[splits.train]) == set(layers)
    for train, validation in fold(layers, structure, splits, draw, several=True, classes=True):
        assert not set(groups[train]) & set(groups[validation])


def test_many_groups_are_split_near_the_shares():
    groups = np.random.default_rng(3).integers(0, 200, 2000)
    layers = np.random.default_rng(4).integers(0, 2, 2000)
    splits = split(layers, Structure(groups=groups), Shares(), rng(), classes=True)
    shares = np.array([len(part) for part in parts(splits)]) / 2000
    assert np.abs(shares - Shares().all).max() < 0.02


def test_fewer_groups_than_splits_are_refused():
    groups = np.arange(60) % 3
    with pytest.raises(DataError, match="3 groups, but 4 splits"):
        split(groups * 0, Structure(groups=groups), Shares(), rng(), classes=False)


@settings(max_examples=40, deadline=None)
@given(st.integers(20, 300), st.integers(10, 300), st.integers(0, 10**6))
def test_in_time_every_split_follows_the_one_before(rows, moments, seed):
    time = np.random.default_rng(seed).integers(0, moments, rows).astype(float)
    splits = split(np.zeros(rows, int), Structure(time=time), Shares(), rng(), classes=False)
    assert sorted(np.concatenate(parts(splits)).tolist()) == list(range(rows))
    for before, after in zip(parts(splits), parts(splits)[1:], strict=False):
        assert time[before].max() <= time[after].min()


def test_equal_moments_stay_on_one_side():
    time = np.repeat(np.arange(40.0), 10)
    splits = split(np.zeros(400, int), Structure(time=time), Shares(), rng(), classes=False)
    held = [set(time[part]) for part in parts(splits)]
    assert sum(map(len, held)) == 40


def test_a_time_of_one_moment_is_refused():
    with pytest.raises(DataError, match="1 different moments"):
        split(np.zeros(60, int), Structure(time=np.zeros(60)), Shares(), rng(), classes=False)


def test_windows_in_time_validate_on_what_follows():
    time = np.random.default_rng(0).permutation(120).astype(float)
    structure = Structure(time=time)
    splits = split(np.zeros(120, int), structure, Shares(), rng(), classes=False)
    folds = fold(np.zeros(120, int), structure, splits, rng(), several=True, classes=False)
    assert len(folds) == FOLDS
    for train, validation in folds:
        assert time[train].max() < time[validation].min()
        assert time[validation].max() < time[splits.selection].min()


@settings(max_examples=40, deadline=None)
@given(st.integers(20, 200), st.integers(2, 5), st.integers(0, 10**6))
def test_folds_leave_each_row_of_train_and_validation_out_at_most_once(rows, classes, seed):
    draw = np.random.default_rng(seed)
    layers = draw.integers(0, classes, rows)
    splits = split(layers, NONE, Shares(), draw, classes=True)
    usable = set(splits.train) | set(splits.validation)
    folds = fold(layers, NONE, splits, draw, several=True, classes=True)
    out = np.concatenate([validation for _, validation in folds])
    assert len(folds) == FOLDS or rows < 40  # a fold of classes of one row alone is none
    assert len(set(out)) == len(out)
    for train, validation in folds:
        assert set(train) | set(validation) == usable
        assert not set(train) & set(validation)
        assert set(layers[validation]) <= set(layers[train])


def test_a_class_of_one_row_is_trained_on_in_every_fold():
    layers = np.array([0] * 50 + [1] * 49 + [2])
    splits = split(layers, NONE, Shares(selection=0.0, test=0.0), rng(), classes=True)
    folds = fold(layers, NONE, splits, rng(), several=True, classes=True)
    assert all(99 in train for train, _ in folds)


def test_one_fold_is_the_split_itself():
    layers = np.arange(40) % 2
    splits = split(layers, NONE, Shares(), rng(), classes=True)
    ((train, validation),) = fold(layers, NONE, splits, rng(), several=False, classes=True)
    assert train is splits.train
    assert validation is splits.validation


def test_fewer_rows_than_splits_need_are_refused():
    with pytest.raises(DataError, match="need at least 8"):
        split(np.zeros(5, int), NONE, Shares(), rng(), classes=False)
