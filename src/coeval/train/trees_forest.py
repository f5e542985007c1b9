"""Forests grown by scikit-learn, a tree at a time: with random thresholds on all rows, or the best on rows drawn with replacement."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from coeval.architecture.component import Value
from coeval.build.modules.trees import TreeEnsemble
from coeval.task.task import Problem
from coeval.train.trees_stored import Tree, store
from coeval.train.trees_table import Follow, Learnt


def grow_forest(
    forest: TreeEnsemble,
    settings: Mapping[str, Value],
    learnt: Learnt,
    rounds: int,
    seed: int,
    follow: Follow,
) -> None:
    """Grow trees into a forest until enough or told to end, then let each say its part of the mean.

    Args:
        forest: Of any kind but ``"sum"``; gets them, each as soon as it is grown, with its whole word.
        settings: Of the component.
        learnt: From what.
        rounds: Trees at most.
        seed: Of the draws of thresholds, features and rows.
        follow: Told the number of each tree when it is stored, and answers whether to go on.
    """
    # A second of imports that a worker which trains networks alone need not pay.
    from sklearn import tree  # noqa: PLC0415

    is_random = settings["splits"] == "random"
    grower = (
        tree.DecisionTreeRegressor
        if learnt.problem is Problem.REGRESSION
        else tree.DecisionTreeClassifier
    )
    draws = np.random.default_rng(seed)
    for number in range(1, rounds + 1):
        grown = grower(
            splitter=settings["splits"],
            max_leaf_nodes=settings["leaves"],
            min_samples_leaf=settings["least"],
            max_features=settings["share"],
            random_state=int(draws.integers(2**31)),
        )
        grown.fit(learnt.table, learnt.target, _weights(learnt, None if is_random else draws))
        store(forest, number - 1, [_tree(grown, learnt.problem)])
        if not follow(number):
            break
    with torch.no_grad():
        forest.value.div_(number)
        forest.offset[:] = smoothed(settings, number)


def smoothed(settings: Mapping[str, Value], trees: int) -> float:
    """Return what is added to each share of the votes of so many trees; 0 where they say values."""
    return 0.0 if settings["kind"] == "value" else float(settings["smoothing"]) / trees


def _weights(learnt: Learnt, draws: np.random.Generator | None) -> npt.NDArray[np.float64] | None:
    """Return what each row counts: its weight, times how often it was drawn with replacement where rows are."""
    if draws is None:
        return learnt.weights
    count = len(learnt.target)
    drawn = np.bincount(draws.integers(count, size=count), minlength=count).astype(np.float64)
    return drawn if learnt.weights is None else drawn * learnt.weights


def _tree(grown: Any, problem: Problem) -> Tree:
    nodes = grown.tree_
    leaf, own = nodes.children_left < 0, np.arange(nodes.node_count)
    found = Tree(
        feature=np.where(leaf, 0, nodes.feature),
        threshold=np.where(leaf, 0.0, nodes.threshold),
        left=np.where(leaf, own, nodes.children_left),
        right=np.where(leaf, own, nodes.children_right),
        value=nodes.value[:, 0, 0],
        depth=int(nodes.max_depth),
    )
    if problem is Problem.REGRESSION:
        return replace(found, value=np.where(leaf, found.value, 0.0))
    shares = np.zeros((len(leaf), max(2, int(grown.classes_.max()) + 1)))
    shares[:, grown.classes_] = nodes.value[:, 0]
    if problem is Problem.BINARY:
        return replace(found, value=np.where(leaf, shares[:, 1], 0.0))
    speaks = np.where(leaf, shares.argmax(axis=1), 0)
    return replace(found, value=np.where(leaf, 1.0, 0.0), speaks=speaks)
