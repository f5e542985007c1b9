"""Where good candidates are dense and others are not: the source of configurations of BOHB.

Follows Falkner et al. 2018 (BOHB, arXiv:1807.01774), section 3.2, which follows the tree Parzen estimator
(Bergstra et al. 2011): of many candidates near good ones, that with the largest ratio of two kernel densities.
Hard limits are a second ratio (Watanabe & Hutter 2023, c-TPE, arXiv:2211.14411, section 3): feasible against infeasible.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coeval.seed import generator
from coeval.space.protocol import Candidate, Move, Space
from coeval.strategy.log import REDRAWS, Log
from coeval.strategy.objectives import Objectives, violation
from coeval.trial import Objective, Proposal, Trial

Points = npt.NDArray[np.float64]

FAR = 0.125
"""Share of the candidates that are drawn from the space rather than near a good trial."""
LEAST_BANDWIDTH = 0.3
"""In standard deviations over all points: a value that all good trials share must not become a law."""


class DensityRatio:
    """Proposes the most promising of ``candidates`` draws by the ratio of good to other trials' densities.

    Densities are products of Gaussian kernels over ``space.encode``. Candidates are good trials, mutated at
    least once: for any space, that is what drawing from the good trials' density with a wide bandwidth means.

    Args:
        space: Where to sample and mutate; its ``encode`` places candidates.
        objective: What is optimised; several are ranked by fronts.
        seed: Below which every draw has its address.
        random_share: Probability that a proposal is a sample of the space instead.
        top: Share of the trials that count as good.
        candidates: Draws that are compared for one proposal.
        least: Trials that each of both densities needs.

    Raises:
        ValueError: A number is out of its range.
    """

    def __init__(
        self,
        space: Space[Candidate],
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        random_share: float = 1 / 3,
        top: float = 0.15,
        candidates: int = 64,
        least: int = 4,
    ) -> None:
        if not 0 <= random_share <= 1:
            raise ValueError(f"random_share is a probability in 0..1, got {random_share}.")
        if not 0 < top < 1:
            raise ValueError(
                f"top must lie between 0 and 1, got {top}: a share is good, others not."
            )
        if candidates < 1:
            raise ValueError(f"candidates must be at least 1, got {candidates}.")
        if least < 2:
            raise ValueError(f"least must be at least 2 trials for a density, got {least}.")
        self.space = space
        self.seed = seed
        self.random_share = random_share
        self.top = top
        self.candidates = candidates
        self.least = least
        self._objectives = Objectives(objective)
        self._log = Log()
        self._judged: list[Trial] = []
        self._points: dict[int, Points] = {}  # by trial number
        self._fitted: _Fit | None = None

    def ask(self, count: int) -> list[Proposal]:
        """Return ``count`` proposals: samples until both densities have trials enough."""
        return self._log.ask(count, self._propose)

    def tell(self, trial: Trial) -> None:
        """Record a trial; a judged one belongs to one of the densities."""
        self._log.tell(trial)
        if self._objectives.is_judged(trial):
            self._judged.append(trial)
            self._fitted = None

    def _propose(self, number: int, taken: set[str]) -> Proposal:
        rng = generator(self.seed, "density", number)
        if rng.random() < self.random_share or len(self._judged) < 2 * self.least:
            return self._sample(rng, taken)
        fit = self._fit()
        drawn = [self._draw(rng, fit.good) for _ in range(self.candidates)]
        points = np.array([self.space.encode(one.candidate) for one in drawn])
        for index in np.argsort(-fit.score(points), kind="stable"):
            if not self._log.knows(drawn[int(index)].candidate, taken):
                return drawn[int(index)]
        return self._sample(rng, taken)

    def _sample(self, rng: np.random.Generator, taken: set[str]) -> Proposal:
        samples = (
            Proposal(self.space.sample(rng), origin="density:sample") for _ in range(1 + REDRAWS)
        )
        return self._log.fresh(samples, taken)

    def _draw(self, rng: np.random.Generator, good: Sequence[Trial]) -> Proposal:
        if rng.random() < FAR:
            return Proposal(self.space.sample(rng), origin="density:far")
        parent = good[int(rng.integers(len(good)))]
        candidate, moves = parent.proposal.candidate, list[Move]()
        for _ in range(int(rng.geometric(0.5))):
            child = self.space.mutate(candidate, rng)
            candidate, moves = child.genotype, [*moves, *child.moves]
        return Proposal(
            candidate, parent=parent.number, moves=tuple(moves), origin="density:mutation"
        )

    def _fit(self) -> "_Fit":
        """Return both densities. It follows from what was told, in whichever order, and is kept until the next."""
        if self._fitted is None:
            ranked = self._objectives.order(self._judged)
            feasible = [trial for trial in ranked if violation(trial) == 0]
            # Too few feasible ones leave only the order of all: by violation, towards feasibility.
            pool = feasible if len(feasible) >= 2 * self.least else ranked
            cut = max(self.least, math.ceil(self.top * len(pool)))
            others = [trial for trial in ranked if violation(trial) > 0] if pool is feasible else []
            pairs = [(self._encode(pool[:cut]), self._encode(pool[cut:]))]
            if len(others) >= self.least:
                pairs.append((self._encode(feasible), self._encode(others)))
            self._fitted = _Fit(pool[:cut], pairs, self._encode(ranked))
        return self._fitted

    def _encode(self, trials: Sequence[Trial]) -> Points:
        for trial in trials:
            if trial.number not in self._points:
                self._points[trial.number] = self.space.encode(trial.proposal.candidate)
        return np.array([self._points[trial.number] for trial in trials])


class _Fit:
    """The good trials, and the densities that candidates are scored by."""

    def __init__(
        self, good: Sequence[Trial], pairs: Sequence[tuple[Points, Points]], every: Points
    ) -> None:
        self.good = good
        spread = every.std(axis=0)
        self._used = spread > 0
        self._scale = spread[self._used]
        self._centre = self._scaled(every).mean(axis=0)
        self._pairs = [(self._scaled(near), self._scaled(far)) for near, far in pairs]

    def score(self, points: Points) -> Points:
        """Return the log ratio of the densities at ``(candidates, features)`` points, summed over the pairs."""
        scaled = self._scaled(points)
        total = np.zeros(len(points))
        for near, far in self._pairs:
            total += log_density(scaled, near, self._centre) - log_density(
                scaled, far, self._centre
            )
        return total

    def _scaled(self, points: Points) -> Points:
        return np.asarray(points[:, self._used] / self._scale)


def log_density(at: Points, points: Points, centre: Points) -> Points:
    """Return the log of a kernel density, up to a constant.

    Args:
        at: ``(candidates, features)``, where to evaluate; features in standard deviations.
        points: ``(trials, features)``, which carry one Gaussian kernel each, its bandwidth after the
            normal reference rule (Scott 1992), at least ``LEAST_BANDWIDTH``.
        centre: ``(features,)`` of one more kernel of bandwidth 1: the prior, which keeps ratios bounded.

    Returns:
        ``(candidates,)``.
    """
    count, features = points.shape
    rule = 1.06 * points.std(axis=0) * count ** (-1 / (4 + features))
    width = np.maximum(rule, LEAST_BANDWIDTH)
    a, b = at / width, points / width
    squares = (a**2).sum(1)[:, None] - 2 * a @ b.T + (b**2).sum(1)[None, :]
    kernels = -0.5 * np.maximum(squares, 0.0) - np.log(width).sum()
    prior = -0.5 * ((at - centre) ** 2).sum(axis=1, keepdims=True)
    logs = np.concatenate([kernels, prior], axis=1)
    highest = logs.max(axis=1)
    total: Points = (
        highest + np.log(np.exp(logs - highest[:, None]).sum(axis=1)) - np.log(count + 1)
    )
    return total
