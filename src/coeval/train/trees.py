"""Grows the trees of a ``TreeEnsemble``, boosted by LightGBM or scikit-learn, or a forest's, scored a round at a time.

A round is to trees what an epoch is to networks: training ends early when validation has not improved for a while, and a
refit on more rows takes as many rounds as were best. A forest has all its trees, since more of them are never worse. How trees are grown is settings of their component; a recipe,
which says how gradients are followed, has no say but in the classes' weights, which come with the data.
"""

import math
import time
from collections.abc import Callable, Mapping

import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from coeval.architecture.component import Value
from coeval.build.modules.trees import TreeEnsemble
from coeval.seed import entropy
from coeval.task.metric import Metric
from coeval.train.course import Course
from coeval.train.data import Scale, TrainingData, target_scale, to_inputs
from coeval.train.fit import Fitted, OnEpoch, Stopped
from coeval.train.predict import predictions_of
from coeval.train.trees_forest import grow_forest, smoothed
from coeval.train.trees_lightgbm import grow_lightgbm, is_installed
from coeval.train.trees_sklearn import grow_sklearn
from coeval.train.trees_stored import forget
from coeval.train.trees_table import Learnt
from coeval.train.trees_walk import added

PATIENCE = 20
"""Rounds without a better score, at the usual shrinkage; at smaller ones in proportion more."""
USUAL_SHRINKAGE = 0.1


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
        should_stop: Asked after each round.

    Raises:
        ValueError: There are validation rows and no metric.
    """
    if data.validation is not None and metric is None:
        raise ValueError("a metric is needed to stop early on validation rows, got None.")
    started = time.monotonic()
    scale = target_scale(data.problem, data.train)
    length = max(1, round(share * len(ensemble.value)))
    judge = None if data.validation is None else _Judge(ensemble, settings, data, metric, scale)
    patience = math.inf if ensemble.is_forest else _patience(settings)
    following = _Following(judge, length, patience, on_epoch, should_stop)
    learnt = Learnt.of(data.train, data.problem, scale, ensemble)
    draws = entropy(seed, "trees") % 2**32
    with threadpool_limits(torch.get_num_threads()):
        if ensemble.is_forest:
            grow_forest(ensemble, settings, learnt, length, draws, following)
        elif is_installed():
            grow_lightgbm(ensemble, settings, learnt, length, draws, following)
        else:
            grow_sklearn(ensemble, settings, learnt, length, draws, following)
    if judge is None:
        best, score = following.grown, math.nan
    elif ensemble.is_forest:
        best, score = following.grown, judge.latest
    else:
        best, score = judge.course.number, judge.course.score
    forget(ensemble, best)
    return Fitted(
        epochs=following.grown,
        best_epoch=best,
        score=score,
        curve={} if judge is None else judge.course.curve,
        scale=scale,
        schedule_epochs=len(ensemble.value),
        stopped=following.stopped,
        seconds=time.monotonic() - started,
        engine="trees",
    )


def _patience(settings: Mapping[str, Value]) -> int:
    """Return after how many rounds without a better score it is over: small steps take more of them."""
    return max(PATIENCE, round(PATIENCE * USUAL_SHRINKAGE / float(settings["shrinkage"])))


class _Following:
    """Scores every round that was grown and says when to stop."""

    def __init__(
        self,
        judge: "_Judge | None",
        length: int,
        patience: float,
        on_epoch: OnEpoch,
        should_stop: Callable[[], bool],
    ) -> None:
        self.grown, self.stopped = 0, Stopped.EPOCHS
        self._judge, self._length, self._patience = judge, length, patience
        self._on_epoch, self._should_stop = on_epoch, should_stop

    def __call__(self, number: int) -> bool:
        """Take a round into account, counted from 1, and return whether to grow another."""
        self.grown = number
        values = {} if self._judge is None else self._judge.look(number)
        if not self._on_epoch(number, values):
            self.stopped = Stopped.ASKED
        elif number < self._length:
            if self._judge is not None and number - self._judge.course.number >= self._patience:
                self.stopped = Stopped.PATIENCE
            elif self._should_stop():
                self.stopped = Stopped.ASKED
        return self.stopped is Stopped.EPOCHS


class _Judge:
    """Scores validation rows after each round, without asking earlier rounds again."""

    def __init__(
        self,
        ensemble: TreeEnsemble,
        settings: Mapping[str, Value],
        data: TrainingData,
        metric: Metric | None,
        scale: Scale,
    ) -> None:
        assert data.validation is not None  # checked by the caller, as is the metric
        assert metric is not None
        self.course = Course(metric, data.problem, data.validation)
        self.latest = math.nan
        self._settings = settings
        self._ensemble, self._problem, self._scale = ensemble, data.problem, scale
        rows = to_inputs(data.validation.rows, torch.device("cpu"))
        self._features = ensemble.features(rows)
        self._sum: torch.Tensor | None = None

    @torch.inference_mode()
    def look(self, number: int) -> Mapping[str, float]:
        """Add a round, counted from 1, and return the score by name."""
        more = added(self._ensemble, self._features, number - 1, number)
        self._sum = more if self._sum is None else self._sum + more
        predicted = predictions_of(self._outputs(number), self._problem, self._scale)
        values = self.course.look(number, predicted)
        (self.latest,) = values.values()
        return values

    def _outputs(self, number: int) -> torch.Tensor:
        """Return what so many rounds say; a forest's are divided by their number at its end."""
        assert self._sum is not None  # a round was added
        if self._ensemble.is_forest:
            offset = torch.tensor(smoothed(self._settings, number))
            return self._ensemble.linked(self._sum / number, offset)
        return self._sum + self._ensemble.offset
