"""Trees grown by scikit-learn's histogram gradient boosting, which draws neither rows nor thresholds: it takes all, and the best.

It knows no class that no row is of: of several classes without one it numbers the others anew, and of two that are left it
grows one tree, not two. Here the trees stand at the outputs of the classes that they are of, and the other classes stay unlikely.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from coeval.architecture.component import Value
from coeval.build.modules.trees import TreeEnsemble
from coeval.task.task import Problem
from coeval.train.trees_stored import Tree, forget, store
from coeval.train.trees_table import Follow, Learnt

UNSEEN = 1e-3
"""Of how many rows a class without rows is taken to be."""
_NODE, _ZERO = np.zeros(1, np.int64), np.zeros(1)
NO_TREE = Tree(_NODE, _ZERO, left=_NODE, right=_NODE, value=_ZERO, depth=0)
"""A leaf of value 0."""


def grow_sklearn(
    ensemble: TreeEnsemble,
    settings: Mapping[str, Value],
    learnt: Learnt,
    rounds: int,
    seed: int,
    follow: Follow,
) -> None:
    """Grow rounds of trees into an ensemble until enough or told to end.

    Args:
        ensemble: Gets them, a round as soon as it is grown.
        settings: Of the component.
        learnt: From what.
        rounds: At most.
        seed: Of the draws of bins and features.
        follow: Told each round when it is stored, and answers whether to go on.
    """
    seen = None if learnt.problem is Problem.REGRESSION else np.unique(learnt.target).tolist()
    if seen is not None and len(seen) == 1:
        _place_offsets(ensemble, seen, np.zeros(0), len(learnt.target))
        forget(ensemble, 0)
        follow(1)
        return

    def score(model: Any, rows: object, target: object, sample_weight: object = None) -> float:
        """Store the last round; scikit-learn goes on as long as this rises, and asks after every round."""
        number = len(model._predictors)
        if not number:
            return 0.0
        load(ensemble, model, number - 1, seen)
        return float(number) if follow(number) else -1.0

    model = _model(settings, learnt.problem, rounds, seed, score)
    model.fit(learnt.table, learnt.target, sample_weight=learnt.weights)


def load(
    ensemble: TreeEnsemble, model: Any, first: int = 0, seen: Sequence[int] | None = None
) -> None:
    """Copy a fitted scikit-learn model's trees from a round on into an ensemble.

    Args:
        ensemble: Of at least as many rounds.
        model: ``HistGradientBoostingClassifier`` or ``-Regressor`` fitted without missing values and native categories.
        first: The first round that is copied.
        seen: The classes that rows were of, at least two, rising; ``None`` for a regression.
    """
    base = np.ravel(model._baseline_prediction)
    _place_offsets(ensemble, seen, base, int(model._predictors[0][0].nodes["count"][0]))
    outputs = _outputs(ensemble, seen)
    for number, grown in enumerate(model._predictors[first:], start=first):
        trees = [NO_TREE] * len(ensemble.offset)
        for output, one in zip(outputs, grown, strict=True):
            trees[output] = _tree(one.nodes)
        store(ensemble, number, trees)


def _outputs(ensemble: TreeEnsemble, seen: Sequence[int] | None) -> Sequence[int]:
    """Return the output that each tree of a round adds to: of two classes there is one tree, for the second."""
    if seen is None or len(ensemble.offset) == 1:
        return [0]
    return seen[1:] if len(seen) <= 2 else seen


@torch.no_grad()
def _place_offsets(
    ensemble: TreeEnsemble, seen: Sequence[int] | None, base: npt.NDArray[Any], rows: int
) -> None:
    """Give an ensemble what boosting begins with, one number for each output with a tree; classes that were not seen are unlikely."""
    rare = math.log(UNSEEN / rows)
    if len(ensemble.offset) == 1:
        is_alone = seen is not None and len(seen) == 1
        value = (-rare if seen == [1] else rare) if is_alone else float(base[0])
        ensemble.offset.fill_(value)
        return
    assert seen is not None  # a regression has one output
    known = np.zeros(len(seen))
    known[len(seen) - len(base) :] = base  # of two classes, or of one, the first has 0
    offset = np.full(len(ensemble.offset), np.logaddexp.reduce(known) + rare)
    offset[list(seen)] = known
    ensemble.offset.copy_(torch.from_numpy(offset))


def _tree(nodes: npt.NDArray[Any]) -> Tree:
    leaf, own = nodes["is_leaf"].astype(bool), np.arange(len(nodes))
    return Tree(
        feature=np.where(leaf, 0, nodes["feature_idx"]),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        left=np.where(leaf, own, nodes["left"]),
        right=np.where(leaf, own, nodes["right"]),
        value=np.where(leaf, nodes["value"], 0.0),
        depth=int(nodes["depth"].max()),
    )


def _model(
    settings: Mapping[str, Value], problem: Problem, rounds: int, seed: int, score: Any
) -> Any:
    # A second of imports that a worker which trains networks alone need not pay.
    from sklearn import ensemble  # noqa: PLC0415

    options: dict[str, Any] = {
        "learning_rate": settings["shrinkage"],
        "max_leaf_nodes": settings["leaves"],
        "min_samples_leaf": settings["least"],
        "l2_regularization": settings["penalty"],
        "max_features": settings["share"],
        "max_iter": rounds,
        # No rows are held out for it: it is how one is told of every round without a new start, which bins and predicts anew.
        "early_stopping": True,
        "scoring": score,
        "validation_fraction": None,
        "n_iter_no_change": 1,
        "tol": 0.0,
        "categorical_features": None,
        "random_state": seed,
    }
    if problem is Problem.REGRESSION:
        return ensemble.HistGradientBoostingRegressor(**options)
    return ensemble.HistGradientBoostingClassifier(**options)
