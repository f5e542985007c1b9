"""Surrogate search: a model of the finished trials says which candidate to try next.

A Gaussian process on graph features after NAS-BOWL (Ru et al. 2021, arXiv:2006.07556), or an ensemble with independent
Thompson sampling after BANANAS (White et al. 2021, arXiv:1910.11858), whose way to find candidates, edits of the
best, both share. Several objectives: a random weighting for each proposal as in ParEGO (Knowles 2006,
doi:10.1109/TEVC.2005.851274), with a model for each objective; hard limits: a model of feasibility (Gardner et al. 2014,
PMLR 32:937).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from coeval.errors import did_you_mean
from coeval.seed import generator
from coeval.space.features import Features
from coeval.space.protocol import CandidateSpace
from coeval.strategy.acquisition import (
    ACQUISITIONS,
    best_of,
    chebyshev,
    optimistic,
    weights_for,
    with_feasibility,
)
from coeval.strategy.gaussian_process import GaussianProcess
from coeval.strategy.log import Log, draws
from coeval.strategy.objectives import Objectives, violation
from coeval.strategy.signals import FIRST, Signal
from coeval.strategy.surrogate_belief import LEAST, Belief
from coeval.strategy.surrogate_model import Model
from coeval.strategy.surrogate_pool import Entry, Pool
from coeval.trial import Objective, Proposal, State, Trial

Floats = npt.NDArray[np.float64]
START, CHOSEN = "surrogate:start", "surrogate"


class SurrogateSearch:
    """Tries what a model finds most promising among the neighbours of the best trials and some samples.

    Candidates that run count as observed at what is expected of them, so that a batch spreads.

    Args:
        space: Where to sample, and to look for neighbours.
        objective: What is optimised; several for a Pareto front.
        seed: Below which every draw has its address.
        model: Learns the objectives; a ``GaussianProcess`` if not given.
        acquisition: ``"bound"`` (lower confidence bound) or ``"thompson"`` (independent Thompson sampling).
        beta: How much uncertainty attracts.
        starts: Samples before the model is asked.
        centres: How many of the best trials are looked around.
        signals: Cheap scores of candidates by name, more is better, ``None`` where one has nothing to say; as the mean that
            the model starts from, and to find candidates, each in proportion to the lower end of the interval
            of its rank correlation with this run's trials (``signals.py``).

    Raises:
        ValueError: A number is out of its range, or there is no such acquisition.
        SpaceError: The space has no neighbours to offer; it says why.
    """

    def __init__(
        self,
        space: CandidateSpace,
        objective: Objective | Sequence[Objective],
        seed: int = 0,
        *,
        model: Model | None = None,
        acquisition: str = "bound",
        beta: float = 1.0,
        starts: int = 10,
        centres: int = 10,
        signals: Mapping[str, Signal] | None = None,
    ) -> None:
        for name, value in (("starts", starts), ("centres", centres)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}.")
        if beta < 0:
            raise ValueError(f"beta must be at least 0, got {beta}.")
        if acquisition not in ACQUISITIONS:
            raise ValueError(
                f"acquisition must be one of {', '.join(ACQUISITIONS)}, got {acquisition!r}."
                f"{did_you_mean(acquisition, ACQUISITIONS)}"
            )
        self.space = space
        self.seed = seed
        self.acquisition = acquisition
        self.beta = beta
        self.starts = starts
        self.centres = centres
        self._objectives = Objectives(objective)
        self._pool = Pool(space, seed, signals or {})
        said = self._pool.signals
        self._belief = Belief(model or GaussianProcess(), self._objectives, seed, said)
        self._log = Log()
        self._running: dict[int, Features] = {}

    def ask(self, count: int) -> list[Proposal]:
        """Return ``count`` proposals: samples at first, then what the model finds most promising."""
        chosen: list[Entry] = []
        proposals: list[Proposal] = []
        for number in range(self._log.told, self._log.told + count):
            entry = self._propose(number, chosen)
            chosen.append(entry)
            origin = START if self._is_start(number) else CHOSEN
            proposals.append(
                Proposal(entry.candidate, parent=entry.parent, moves=entry.moves, origin=origin)
            )
        return proposals

    def tell(self, trial: Trial) -> None:
        """Record a trial; the models learn from those that were judged."""
        is_new = self._log.tell(trial)
        candidate = trial.proposal.candidate
        if trial.state is State.RUNNING:
            if is_new:
                self._running[trial.number] = self._pool.entry(candidate).features
            return
        self._running.pop(trial.number, None)
        if self._objectives.is_judged(trial):
            entry = self._pool.entry(candidate)
            self._belief.add(trial, entry.features, entry.scores)

    def _is_start(self, number: int) -> bool:
        """Return whether it is too early for the model; signals that are believed end the start sooner."""
        if len(self._belief.trials) < LEAST:
            return True
        nothing = np.zeros((1, len(self._pool.signals)))
        return number < self.starts and self._belief.gain(nothing) is None

    def _propose(self, number: int, chosen: list[Entry]) -> Entry:
        taken = {one.digest for one in chosen}
        if self._is_start(number):
            if len(self._pool.signals) and number < len(FIRST):
                return self._pool.spread(FIRST[number], self._log.digests | taken)
            return self._sample(number, taken)
        centres = self._objectives.order(self._belief.trials)[: self.centres]
        pool: dict[str, Entry] = {}
        found = [*self._pool.around(centres, number), *self._pool.best_said(self._belief.gain)]
        for entry in found:
            if entry.digest not in self._log.digests and entry.digest not in taken:
                pool.setdefault(entry.digest, entry)
        if not pool:
            return self._sample(number, taken)
        pending = [*self._running.values(), *(one.features for one in chosen)]
        entries = list(pool.values())
        return entries[best_of(self._scores(number, pending, entries))]

    def _scores(self, number: int, pending: list[Features], entries: list[Entry]) -> Floats:
        """Return how promising each entry is: more is better."""
        rng = generator(self.seed, "surrogate", "acquisition", number)
        pool = [one.features for one in entries]
        limits = self._belief.limits(pending, pool)
        if limits is not None and all(violation(one) > 0 for one in self._belief.trials):
            return -optimistic(self.acquisition, *limits, self.beta, rng)
        weights = weights_for(len(self._objectives), rng)
        scores = np.array([one.scores for one in entries])
        columns = []
        for index in range(len(self._objectives)):
            prediction, least = self._belief.cost(index, pending, pool, scores)
            columns.append(optimistic(self.acquisition, *prediction, self.beta, rng) - least)
        costs = chebyshev(np.stack(columns, axis=1), weights) if len(columns) > 1 else columns[0]
        return -costs if limits is None else with_feasibility(costs, *limits)

    def _sample(self, number: int, taken: set[str]) -> Entry:
        for rng in draws(self.seed, "surrogate", number):
            entry = self._pool.entry(self.space.sample(rng))
            if entry.digest not in self._log.digests and entry.digest not in taken:
                break
        return entry
