"""Grows the trees of a ``TreeEnsemble``: gradient boosting by scikit-learn, scored a round at a time.

A round is to trees what an epoch is to networks: training ends early when validation has not improved for a while, and a
refit on more rows takes as many rounds as were best. How trees are grown is settings of their component; a recipe,
which says how gradients are followed, has no say but in the classes' weights, which come with the data.
"""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from coeval.architecture.component import Value
from coeval.build.modules.trees import TreeEnsemble
from coeval.build.network import Network
from coeval.seed import entropy
from coeval.task.metric import Metric
from coeval.task.task import Problem
from coeval.train.data import Examples, Inputs, Scale, TrainingData, target_scale, to_inputs
from coeval.train.fit import Fitted, OnEpoch, Stopped
from coeval.train.predict import predictions_of

ROUNDS = 10
"""Grown at once; between them the clock is asked."""
PATIENCE = 20
"""Rounds without a better score."""

Floats = npt.NDArray[np.float64]


def ensemble_of(network: torch.nn.Module) -> tuple[TreeEnsemble, Mapping[str, Value]] | None:
    """Return the trees of a network that is nothing else, and the settings of their component."""
    if not isinstance(network, Network) or len(network.architecture.body.steps) != 1:
        return None
    (step,), (ensemble,) = network.architecture.body.steps, network.values()
    return (ensemble, dict(step.settings)) if isinstance(ensemble, TreeEnsemble) else None


def grow(
    ensemble: TreeEnsemble,
    settings: Mapping[str, Value],
    data: TrainingData,
    *,
    seed: int,
    metric: Metric | None = None,
    share: float = 1.0,
    on_epoch: OnEpoch = lambda epoch, values: True,
    should_stop: Callable[[], bool] = lambda: False,
) -> Fitted:
    """Grow trees in place, as many rounds as are best on validation, or as asked for.

    Args:
        ensemble: Gets the trees; what it held is overwritten.
        settings: Of the component.
        data: Training rows and, optionally, validation rows.
        seed: Of the draws of bins and features.
        metric: What early stopping follows; required with validation rows.
        share: Of the rounds that are grown at most.
        on_epoch: Told each round (from 1) and its values; answers whether to go on.
        should_stop: Asked every ``ROUNDS`` rounds.

    Raises:
        ValueError: There are validation rows and no metric.
    """
    if data.validation is not None and metric is None:
        raise ValueError("a metric is needed to stop early on validation rows, got None.")
    started = time.monotonic()
    scale = target_scale(data.problem, data.train)
    model = _model(settings, data.problem, seed)
    table, target = _table(data.train), _target(data.train, data.problem, scale)
    rounds = len(ensemble.value)
    length = max(1, round(share * rounds))
    judge = None if data.validation is None else _Judge(ensemble, data, metric, scale)
    stopped, grown = Stopped.EPOCHS, 0
    while grown < length and stopped is Stopped.EPOCHS:
        wanted = min(grown + ROUNDS, length)
        model.set_params(max_iter=wanted)
        with threadpool_limits(torch.get_num_threads()):
            model.fit(table, target, sample_weight=data.train.weights)
        load(ensemble, model, grown)
        for number in range(grown + 1, wanted + 1):
            values = {} if judge is None else judge.look(number)
            if not on_epoch(number, values):
                stopped = Stopped.ASKED
        grown = wanted
        if judge is not None and judge.is_barren(grown):
            stopped = Stopped.PATIENCE
        if grown < length and stopped is Stopped.EPOCHS and should_stop():
            stopped = Stopped.ASKED
    best = grown if judge is None else judge.best_round
    _forget(ensemble, best)
    curve = {} if judge is None else judge.curve
    return Fitted(
        epochs=grown,
        best_epoch=best,
        score=math.nan if judge is None else judge.best_score,
        curve=curve,
        scale=scale,
        schedule_epochs=rounds,
        stopped=stopped,
        seconds=time.monotonic() - started,
        engine="trees",
    )


def load(ensemble: TreeEnsemble, model: Any, first: int = 0) -> None:
    """Copy a fitted scikit-learn model's trees from a round on into an ensemble.

    Args:
        ensemble: Of at least as many rounds.
        model: ``HistGradientBoostingClassifier`` or ``-Regressor`` fitted without missing values and native categories.
        first: The first round that is copied.
    """
    with torch.no_grad():
        base = torch.tensor(np.ravel(model._baseline_prediction), dtype=torch.float32)
        ensemble.offset.copy_(base)
        for number, grown in enumerate(model._predictors[first:], start=first):
            deepest = 0
            for output, tree in enumerate(grown):
                deepest = max(deepest, int(tree.nodes["depth"].max()))
                _copy(ensemble, (number, output), tree.nodes)
            ensemble.levels[number] = deepest


def _copy(ensemble: TreeEnsemble, place: tuple[int, int], nodes: npt.NDArray[Any]) -> None:
    count, own = len(nodes), np.arange(len(nodes))
    leaf = nodes["is_leaf"].astype(bool)
    found = {
        "feature": np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
        "threshold": _at_most(np.where(leaf, 0.0, nodes["num_threshold"])),
        "left": np.where(leaf, own, nodes["left"]).astype(np.int32),
        "right": np.where(leaf, own, nodes["right"]).astype(np.int32),
        "value": np.where(leaf, nodes["value"], 0.0).astype(np.float32),
    }
    for name, values in found.items():
        getattr(ensemble, name)[place][:count] = torch.from_numpy(values)


def _at_most(thresholds: Floats) -> npt.NDArray[np.float32]:
    """Return the largest float32 numbers not above: they split float32 numbers just as the thresholds do."""
    near = thresholds.astype(np.float32)
    return np.where(near > thresholds, np.nextafter(near, np.float32(-np.inf)), near)


def _forget(ensemble: TreeEnsemble, rounds: int) -> None:
    """Empty all rounds beyond the first so many."""
    with torch.no_grad():
        for name in ("feature", "threshold", "left", "right", "levels", "value"):
            getattr(ensemble, name)[rounds:] = 0


class _Judge:
    """Scores validation rows after each round, without asking earlier rounds again."""

    def __init__(
        self, ensemble: TreeEnsemble, data: TrainingData, metric: Metric | None, scale: Scale
    ) -> None:
        assert data.validation is not None  # checked by the caller, as is the metric
        assert metric is not None
        self.best_round, self.best_score = 0, math.nan
        self.curve: dict[str, tuple[float, ...]] = {metric.name: ()}
        self._ensemble, self._problem, self._scale = ensemble, data.problem, scale
        self._examples, self._metric = data.validation, metric
        self._rows: Inputs = to_inputs(data.validation.rows, torch.device("cpu"))
        self._sum: torch.Tensor | None = None
        self._best_cost = math.inf

    @torch.inference_mode()
    def look(self, number: int) -> Mapping[str, float]:
        """Add a round, counted from 1, and return the score by name."""
        numeric, codes, tokens = self._rows
        added = self._ensemble.rounds((numeric, codes, tokens), number - 1, number)
        self._sum = added if self._sum is None else self._sum + added
        predicted = predictions_of(self._sum + self._ensemble.offset, self._problem, self._scale)
        known = self._examples
        score = float(self._metric.score(known.target, predicted, known.weights))
        cost = -score if self._metric.maximise else score
        if cost < self._best_cost or not self.best_round:
            self._best_cost = cost if math.isfinite(cost) else math.inf
            self.best_round, self.best_score = number, score
        name = self._metric.name
        self.curve[name] = (*self.curve[name], score)
        return {name: score}

    def is_barren(self, grown: int) -> bool:
        """Return whether the last rounds brought nothing."""
        return grown - self.best_round >= PATIENCE


def _model(settings: Mapping[str, Value], problem: Problem, seed: int) -> Any:
    # A second of imports that a worker which trains networks alone need not pay.
    from sklearn import ensemble  # noqa: PLC0415

    options: dict[str, Any] = {
        "learning_rate": settings["shrinkage"],
        "max_leaf_nodes": settings["leaves"],
        "min_samples_leaf": settings["least"],
        "l2_regularization": settings["penalty"],
        "max_features": settings["share"],
        "max_iter": ROUNDS,
        "warm_start": True,
        "early_stopping": False,
        "categorical_features": None,
        "random_state": entropy(seed, "trees") % 2**32,
    }
    if problem is Problem.REGRESSION:
        return ensemble.HistGradientBoostingRegressor(**options)
    return ensemble.HistGradientBoostingClassifier(**options)


def _table(examples: Examples) -> npt.NDArray[np.float32]:
    numeric, codes = examples.rows[0], examples.rows[1]
    return np.concatenate([numeric, codes.astype(np.float32)], axis=1)


def _target(examples: Examples, problem: Problem, scale: Scale) -> npt.NDArray[Any]:
    if problem is not Problem.REGRESSION:
        return examples.target
    return (np.asarray(examples.target, np.float64) - scale.mean) / scale.std
