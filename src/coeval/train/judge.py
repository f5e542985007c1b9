"""Early stopping: scores each epoch on validation rows and keeps the weights of the best."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from coeval.task.metric import Metric
from coeval.train.data import Examples, Scale, TrainingData, to_inputs
from coeval.train.engine import Engine, State
from coeval.train.errors import Diverged
from coeval.train.predict import predictions_of


class Judge:
    """Scores a network in training, and remembers its best state.

    Args:
        network: The network in training.
        engine: What trains it, and predicts.
        data: Must hold validation rows.
        scale: The target's.
        metric: What is better.
        device: Where the network is.
    """

    def __init__(
        self,
        network: nn.Module,
        engine: Engine,
        data: TrainingData,
        scale: Scale,
        metric: Metric,
        device: torch.device,
    ) -> None:
        if data.validation is None:
            raise ValueError("validation rows are needed to stop early, got None.")
        self.validation: Examples = data.validation
        self.best_epoch = 0
        self.best_score = math.nan
        self.metric = metric
        self._engine = engine
        self._problem = data.problem
        self._scale = scale
        self._inputs = to_inputs(data.validation.rows, device)
        self._best_cost = math.inf
        self._improved = 0
        self._live = dict(network.state_dict(keep_vars=True))
        self._kept = {name: torch.empty_like(value) for name, value in self._live.items()}

    def look(self, epoch: int) -> float:
        """Score the network after an epoch, keep its weights if none were better, and return the score.

        Of equal scores the later one's weights are kept: accuracy stands still long before the
        network stops learning. But only a better score counts as an improvement.

        Raises:
            Diverged: A prediction is not finite.
        """
        predicted = predictions_of(self._engine.outputs(self._inputs), self._problem, self._scale)
        if not np.isfinite(predicted).all():
            raise Diverged(
                f"predictions are not finite after epoch {epoch}. Lower the learning rate."
            )
        score = float(self.metric.score(self.validation.target, predicted, self.validation.weights))
        cost = -score if self.metric.maximise else score
        if math.isnan(cost):
            cost = math.inf
        if cost < self._best_cost or not self._improved:
            self._improved = epoch
        if cost <= self._best_cost:
            self._best_cost, self.best_score, self.best_epoch = cost, score, epoch
            with torch.no_grad():
                for name, live in self._live.items():
                    self._kept[name].copy_(live)
        return score

    def since_improvement(self, epoch: int) -> int:
        """Return how many epochs ago the score last improved."""
        return epoch - self._improved

    @torch.no_grad()
    def restore(self) -> None:
        """Give the network the best weights again."""
        for name, live in self._live.items():
            live.copy_(self._kept[name])

    def state(self) -> State:
        """Return the best so far and its weights."""
        known = np.array([self._best_cost, self.best_score, self.best_epoch, self._improved])
        weights = {
            f"best/{name}": value.detach().cpu().numpy().copy()
            for name, value in self._kept.items()
        }
        return {**weights, "judged": known}

    @torch.no_grad()
    def load(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what ``state`` returned."""
        self._best_cost, self.best_score = (float(one) for one in state["judged"][:2])
        self.best_epoch, self._improved = (int(one) for one in state["judged"][2:])
        for name, value in self._kept.items():
            value.copy_(torch.from_numpy(np.array(state[f"best/{name}"])))
