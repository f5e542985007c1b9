"""The baselines' models, by scikit-learn: fitted on some rows of a task, predicting others.

Each is a function ``(task, train, judged, seed, max_seconds) -> (predictions, detail)``. ``detail``
says what was given up to stay within the time.
"""

import math
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped]
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from coeval.seed import generator
from coeval.task import preparation
from coeval.task.preparation_image import shrunk
from coeval.task.table import Column, Kind, Rows
from coeval.task.task import Index, Problem, Task, evened

Floats = npt.NDArray[np.float64]
Found = tuple[Floats, str]

_LOGISTIC_CELLS = 1.5e8
"""Row-feature-class products a second in one iteration of L-BFGS, on one core."""

_PIXEL_SIDE = 14
"""Pixels of a side that a linear model is given at least: enough for it, and few enough to be fitted in seconds."""

_PIXEL_ITERATIONS = 40
"""For so many there is time, or rows are given up: pixels are many, alike, and slow to converge."""

_TREE_CELLS = 1.0e7
"""Row-feature products a second in binning and one tree, on one core; decides how many rows are used."""

_TREE_LEVELS = 254
"""Categories a gradient-boosted tree can tell apart; rarer ones count as missing."""

_TREE_WORDS = 100
"""Most frequent words of each text column that a tree may ask for."""


@contextmanager
def quiet(threads: int) -> Iterator[None]:
    """Limit the threads of the libraries below and silence their warnings: a baseline that has not converged is still one."""
    with warnings.catch_warnings(), threadpool_limits(threads):
        warnings.simplefilter("ignore")
        yield


def constant(task: Task, train: Index, judged: Index, seed: int, max_seconds: float) -> Found:
    """Predict the class frequencies, or the mean (the median where the metric is the absolute error)."""
    del seed, max_seconds
    target, weights = task.target.values[train], task.weights_of(train)
    if task.problem is not Problem.REGRESSION:
        shares = np.bincount(target, weights, minlength=len(task.target.classes))
        return np.tile(shares / shares.sum(), (len(judged), 1)), ""
    is_median = task.metric.name == "mae"
    middle = _median(target, weights) if is_median else np.average(target, weights=weights)
    return np.full(len(judged), float(middle)), ""


def _median(values: Any, weights: Floats | None) -> float:
    """Return the value that splits the weight of the rows in halves."""
    if weights is None:
        return float(np.median(values))
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(below, below[-1] / 2)])


def _weights(task: Task, rows: Index) -> Floats | None:
    weights = task.weights_of(rows)
    return None if weights is None else evened(weights)


def linear_model(task: Task, train: Index, judged: Index, seed: int, max_seconds: float) -> Found:
    """Fit ridge or logistic regression on scaled numbers, one-hot categories and word counts."""
    budgeted = _fewer(train, seed, _LOGISTIC_CELLS * max_seconds / 60)
    prepared = preparation.fit(_defaults(task), task.table, budgeted)
    known, asked = _features(prepared.transform(task.table), budgeted, judged)
    found = _linear(task, budgeted, known, asked, max_seconds)
    return found, _told(budgeted, train)


def pixel_model(task: Task, train: Index, judged: Index, seed: int, max_seconds: float) -> Found:
    """Fit ridge or logistic regression on the pixels, blocks of them averaged until a side has fewer than 28."""
    (column,) = task.table.columns
    side = max(1, min(column.values.shape[1:3]) // _PIXEL_SIDE)
    pixels = math.prod(column.values.shape[1:]) // side**2
    most = _LOGISTIC_CELLS * max_seconds / (_PIXEL_ITERATIONS * pixels * max(task.outputs, 1))
    budgeted = _fewer(train, seed, most)
    known, asked = (_pixels(column, rows, side) for rows in (budgeted, judged))
    found = _linear(task, budgeted, known, asked, max_seconds)
    return found, _told(budgeted, train)


def _linear(task: Task, budgeted: Index, known: Any, asked: Any, max_seconds: float) -> Floats:
    """Fit ridge or logistic regression on features ``(rows, features)`` and predict others."""
    target, weights = task.target.values[budgeted], _weights(task, budgeted)
    if task.problem is Problem.REGRESSION:
        ridge = Ridge(alpha=1.0).fit(known, target, sample_weight=weights)
        return np.asarray(ridge.predict(asked), dtype=np.float64)
    products = (known.nnz if sparse.issparse(known) else known.size) * max(task.outputs, 1)
    iterations = int(np.clip(max_seconds * _LOGISTIC_CELLS / max(products, 1), 10, 300))
    model = LogisticRegression(C=1.0, max_iter=iterations)
    model.fit(known, target, sample_weight=weights)
    return _all_classes(task, model, model.predict_proba(asked))


def _pixels(column: Column, rows: Index, side: int) -> npt.NDArray[np.float32]:
    """Return ``(rows, pixels)`` from -1 to 1, the means of blocks of side by side pixels."""
    whole: npt.NDArray[np.uint8] = np.asarray(column.values, np.uint8)
    reduced = shrunk(whole[rows], side).reshape(len(rows), -1)
    return reduced.astype(np.float32) / 127.5 - 1


def gradient_boosting(
    task: Task, train: Index, judged: Index, seed: int, max_seconds: float
) -> Found:
    """Fit histogram gradient boosting with scikit-learn's settings, categories by their codes, missing values as they are.

    It grows a few trees first and then as many more as the time allows, up to 100 rounds (200 on more
    than 10,000 rows, where an inner holdout stops early).
    """
    started = time.perf_counter()
    columns = max(len(task.table.columns), 1)
    budgeted = _fewer(train, seed, _TREE_CELLS * max_seconds / columns / 4)
    table, categorical = _tree_table(task, budgeted)
    regression = task.problem is Problem.REGRESSION
    target, weights = task.target.values[budgeted], _weights(task, budgeted)
    # The inner holdout is drawn by class, which a class of a single row does not allow.
    drawable = regression or np.unique(target, return_counts=True)[1].min() > 1
    early = len(budgeted) > 10_000 and bool(drawable)
    wanted, first = 200 if early else 100, 5
    options: dict[str, Any] = {
        "max_iter": first,
        "warm_start": True,
        "early_stopping": early,
        "categorical_features": categorical,
        "random_state": seed % 2**32,
    }
    if regression:
        loss = "absolute_error" if task.metric.name == "mae" else "squared_error"
        model = HistGradientBoostingRegressor(loss=loss, **options)
    else:
        model = HistGradientBoostingClassifier(**options)
    growing = time.perf_counter()
    model.fit(table[budgeted], target, sample_weight=weights)
    each = (time.perf_counter() - growing) / first
    left = max_seconds - (time.perf_counter() - started)
    rounds = int(np.clip(first + left / each, first, wanted))
    if rounds > first:
        model.set_params(max_iter=rounds).fit(table[budgeted], target, sample_weight=weights)
    told = "; ".join(
        one
        for one in (
            _told(budgeted, train),
            f"{rounds} of {wanted} rounds" if rounds < wanted else "",
        )
        if one
    )
    if regression:
        return np.asarray(model.predict(table[judged]), dtype=np.float64), told
    return _all_classes(task, model, model.predict_proba(table[judged])), told


def _defaults(task: Task) -> dict[str, Any]:
    return {one.name: one.default for one in preparation.settings_for(task.schema)}


def _fewer(rows: Index, seed: int, most: float) -> Index:
    """Return at most so many of the rows, at random, but never fewer than 1,000."""
    keep = max(int(most), 1000)
    if len(rows) <= keep:
        return rows
    return np.sort(generator(seed, "rows").choice(rows, keep, replace=False))


def _told(used: Index, train: Index) -> str:
    return f"fitted on {len(used):,} of {len(train):,} rows" if len(used) < len(train) else ""


def _features(rows: Rows, train: Index, judged: Index) -> tuple[Any, Any]:
    """Return ``(rows, features)`` of both, dense where that is small."""
    both = (train, judged)
    blocks = [[sparse.csr_matrix(rows.numeric[one].astype(np.float64)) for one in both]]
    if rows.codes.shape[1]:
        encoder = OneHotEncoder(handle_unknown="ignore", dtype=np.float64).fit(rows.codes[train])
        blocks.append([encoder.transform(rows.codes[one]) for one in both])
    if rows.tokens.shape[1]:
        vocabulary = int(rows.tokens.max(initial=0)) + 1
        blocks.append([_words(rows.tokens[one], vocabulary) for one in both])
    known, asked = (sparse.hstack(parts, format="csr") for parts in zip(*blocks, strict=True))
    return (known.toarray(), asked.toarray()) if known.shape[1] <= 200 else (known, asked)


def _words(tokens: npt.NDArray[np.int64], vocabulary: int) -> sparse.csr_matrix:
    """Return how often each token occurs in each row ``(rows, vocabulary)``, as a share of the row's tokens."""
    row, position = np.nonzero(tokens)
    lengths = np.maximum((tokens > 0).sum(axis=1), 1)
    return sparse.csr_matrix(
        (1.0 / lengths[row], (row, tokens[row, position])), shape=(len(tokens), vocabulary)
    )


def _all_classes(task: Task, model: Any, probabilities: npt.NDArray[Any]) -> Floats:
    """Return a column for each class of the task, 0 for those that the model has never seen."""
    wide = np.zeros((len(probabilities), len(task.target.classes)))
    wide[:, np.asarray(model.classes_, dtype=np.intp)] = probabilities
    return wide


def _tree_table(task: Task, train: Index) -> tuple[Floats, list[bool]]:
    """Return ``(rows, features)`` with NaN for missing values, and which features are categories."""
    features: list[Floats] = []
    categorical: list[bool] = []
    for column in task.table.columns:
        if column.kind is Kind.TEXT:
            words = _frequent_words(column, train)
            features.extend(words)
            categorical.extend([False] * len(words))
        elif column.kind is Kind.CATEGORICAL:
            features.append(_frequent_levels(column, train))
            categorical.append(True)
        else:
            features.append(np.asarray(column.values, dtype=np.float64))
            categorical.append(False)
    return np.column_stack(features), categorical


def _frequent_levels(column: Column, train: Index) -> Floats:
    """Return the codes of the most frequent levels, the most frequent first, NaN for all else."""
    codes = np.asarray(column.values, dtype=np.int64)
    counts = np.bincount(codes[train] + 1, minlength=len(column.levels) + 1)[1:]
    order = np.argsort(-counts, kind="stable")[:_TREE_LEVELS]
    kept = order[counts[order] > 0]
    rank = np.full(len(column.levels) + 1, np.nan)  # the last entry is read by code -1: missing
    rank[kept] = np.arange(len(kept))
    return rank[codes]


def _frequent_words(column: Column, train: Index) -> list[Floats]:
    """Return for each of the most frequent words of the training rows whether a row has it."""
    of_level = [set(text.lower().split()) for text in column.levels]
    codes = np.asarray(column.values, dtype=np.int64)
    counts: dict[str, int] = {}
    for code in codes[train]:
        for word in of_level[code] if code >= 0 else ():
            counts[word] = counts.get(word, 0) + 1
    frequent = sorted(counts, key=lambda word: (-counts[word], word))[:_TREE_WORDS]
    has = np.array([[word in words for word in frequent] for words in of_level], dtype=np.float64)
    has = np.vstack([has.reshape(len(of_level), len(frequent)), np.zeros((1, len(frequent)))])
    return list(has[codes].T)
