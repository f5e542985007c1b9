"""The rules of ``benchmarks.selection``: each turns what the candidates of one search predict into predictions for the test rows.

``all`` is one training on all rows but the test rows, ``seeds`` the mean of four of them (of two, of tables with one split), ``folds``
the mean of the networks that the search trained on its folds.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from coeval.export.confidence_set import confidence_set
from coeval.export.ensemble_choice import greedy, halves
from coeval.export.judged import Judged
from coeval.task.metric import Metric
from coeval.task.metrics import LOG_LOSS, RMSE

Floats = npt.NDArray[np.float64]
BASE = "best validation, one training (before, without ensemble)"
NOW = "now, but four seeds each where the code takes 16 networks in all: those of 8 that out-of-fold rows cannot tell from the best"
FINALISTS, REPEATED = 8, 12


@dataclass
class Searched:
    """What one search left.

    Attributes:
        facts: Of the search.
        kept: Arrays by name.
        judged: The out-of-fold rows and the selection rows together.
        both: What candidates predict there, ``(candidates, rows, ...)``.
    """

    facts: dict[str, Any]
    kept: dict[str, Floats]
    judged: Judged = field(init=False)
    both: Floats = field(init=False)

    def __post_init__(self) -> None:
        targets = np.concatenate([self.kept["y_oof"], self.kept["y_selection"]])
        self.judged = Judged(self.metric, targets, None)
        self.both = np.concatenate([self.kept["oof"], self.kept["known_selection"]], axis=1)

    @property
    def metric(self) -> Metric:
        """Return what the search optimised."""
        return LOG_LOSS if self.facts["metric"] == "log_loss" else RMSE

    def losses(self, predictions: Floats, targets: Floats) -> Floats:
        """Return the loss of each candidate on each row: its mean, or the root of it, is the metric."""
        if self.metric is RMSE:
            return (predictions - targets) ** 2
        chosen = predictions[:, np.arange(len(targets)), targets.astype(int)]
        return -np.log(np.clip(chosen, np.finfo(float).eps, 1.0))

    def test(self, predictions: Floats) -> float:
        """Return the score of predictions for the test rows."""
        return float(self.metric.score(self.kept["y_test"], predictions, None))

    def one(self, number: int, form: str) -> float:
        """Return a candidate's test score."""
        return self.test(self.kept[f"{form}_test"][number])

    def mean(self, weights: Floats, form: str) -> float:
        """Return the test score of a weighted mean of the first candidates."""
        return self.test(np.tensordot(weights, self.kept[f"{form}_test"][: len(weights)], 1))


def load(path: Path) -> Searched:
    """Return a search as ``benchmarks.selection`` kept it; the first candidate has the best validation score."""
    with np.load(path) as file:
        kept = {name: file[name] for name in file.files}
    facts = json.loads(str(kept.pop("facts")))
    floats = {k: v.astype(float) if v.dtype == np.float32 else v for k, v in kept.items()}
    return Searched(facts, floats)


def standard_error(first: Floats, second: Floats) -> float:
    """Return that of a paired difference of mean losses."""
    return float((first - second).std(ddof=1) / np.sqrt(len(first)))


def shrunk(losses: Floats) -> int:
    """Return the best after shrinkage to the mean of all by empirical Bayes, with the covariance of the rows' losses.

    The spread of the true means is that of the observed ones less what the rows explain (Efron & Morris 1975,
    doi:10.1080/01621459.1975.10479864).
    """
    means, (count, rows) = losses.mean(axis=1), losses.shape
    apart = losses - losses.mean(axis=0)
    noise = apart @ apart.T / (rows - 1) / rows
    deviations = means - means.mean()
    total = float(deviations @ deviations)
    spread = max((total - np.trace(noise)) / (count - 1), 1e-3 * total / (count - 1))
    ridge = 1e-9 * np.trace(noise) * np.eye(count)
    posterior = spread * np.linalg.solve(spread * np.eye(count) + noise + ridge, deviations)
    return int(posterior.argmin())


def simplest(losses: Floats, parameters: Floats) -> int:
    """Return the smallest within a standard error of the best (Breiman et al. 1984, section 3.4.3, paired)."""
    means = losses.mean(axis=1)
    best = int(means.argmin())
    tied = [
        one
        for one in range(len(means))
        if means[one] - means[best] <= standard_error(losses[one], losses[best])
    ]
    return min(tied, key=lambda one: parameters[one])


def rules(found: Searched) -> Iterator[tuple[str, float]]:
    """Yield each rule's name and test score."""
    kept, lines = found.kept, found.facts["candidates"]
    losses = found.losses(kept["oof"], kept["y_oof"])
    pooled = found.losses(found.both, found.judged.targets)
    parameters = np.array([one["parameters"] for one in lines])
    again = np.array([one["again"] for one in lines[:REPEATED] if "again" in one])
    scores = np.array([one["validation"] for one in lines])
    common = int(np.argmin([min(one["curve"]) for one in lines]))
    yield BASE, found.one(0, "all")
    if len(again):
        repeated = int((scores[: len(again)] + again).argmin())
        yield "two repeats of k-fold", found.one(repeated, "all")
    yield "out-of-fold and selection rows", found.one(int(pooled.mean(axis=1).argmin()), "all")
    yield "shrunk by empirical Bayes", found.one(shrunk(losses), "all")
    yield "smallest within a standard error", found.one(simplest(losses, parameters), "all")
    yield "folds scored at one common epoch", found.one(common, "all")
    yield "the best on test (oracle)", min(found.one(one, "all") for one in range(len(lines)))
    yield "best validation, as many steps, not epochs", found.one(0, "steps")
    yield "best validation, several seeds", found.one(0, "all_seeds")
    yield "best validation, the folds' networks", found.one(0, "folds")
    known = Judged(found.metric, kept["y_oof"], None)
    start = confidence_set(kept["oof"][:FINALISTS], 0, known)
    level = np.bincount(start, minlength=min(FINALISTS, len(lines))) / len(start)
    yield NOW, found.mean(level, "all_seeds")
    yield "the same, one training each", found.mean(level, "all")
    best = int(pooled[:FINALISTS].mean(axis=1).argmin())
    plain = greedy(found.both[:FINALISTS], found.judged, [best])
    yield "mean chosen greedily on both among 8, several seeds", found.mean(plain, "all_seeds")
    even = np.full(min(4, len(lines)), 1 / min(4, len(lines)))
    yield "even mean of the 4 best, one training each", found.mean(even, "all")
    yield "even mean of the 4 best, several seeds each", found.mean(even, "all_seeds")
    for name in ("linear_model", "gradient_boosting"):
        yield f"({name.replace('_', ' ')})", found.test(kept[f"{name}/test"])


def optimism(found: Searched) -> dict[str, float]:
    """Return the winner's score as it is believed and as it is, each as a ratio to the test score of one training."""
    kept, first = found.kept, found.facts["candidates"][0]
    many, targets = found.both[:FINALISTS], found.judged.targets
    halved = []
    for chosen_on, compared_on in halves(len(targets), 0):
        costs = [found.judged.take(chosen_on).cost(one[chosen_on]) for one in many]
        best = many[int(np.argmin(costs))]
        halved.append(found.judged.take(compared_on).cost(best[compared_on]))
    test = found.one(0, "all")
    selected = found.metric.score(kept["y_selection"], kept["known_selection"][0], None)
    return {
        "validation: each fold at its own best epoch, best of all": first["validation"] / test,
        "each fold at one common epoch": min(first["curve"]) / test,
        "other folds and seeds": first.get("again", np.nan) / test,
        "chosen on half of the rows, scored on the others": float(np.mean(halved)) / test,
        "selection rows": selected / test,
        "test, mean of several trainings": found.one(0, "all_seeds") / test,
        "test, one training": 1.0,
    }
