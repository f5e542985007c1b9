"""The evaluator of one-shot searches: ticks train a supernet, everything else goes to the ordinary evaluator.

This file imports no torch: only a worker that trains needs one.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from coeval.errors import RunError
from coeval.evaluate.beginning import STATE
from coeval.evaluate.failure import failed
from coeval.evaluate.folds import FoldCache
from coeval.evaluate.plan import Refusal
from coeval.evaluate.protocol import Evaluator, Report
from coeval.oneshot.tick import Kind, Tick, tick_of
from coeval.seed import entropy
from coeval.space.open import OpenSpace, open_space
from coeval.space.protocol import CandidateSpace
from coeval.task.memory import TaskSource, load_task
from coeval.trial import Artifacts, Measurement, Proposal, Trial

if TYPE_CHECKING:
    from coeval.oneshot.slices import Sliced

Costs = tuple[tuple[float, ...], ...]
"""What each option of each slot adds, in milliseconds say."""


class OneShotEvaluator:
    """Trains the slices of a supernet, and hands every other trial on.

    A tick goes on from the artifact of the tick that it continues, and ends with the very weights of a search that was never
    cut into slices. An artifact that is gone is trained again, and the data say so.

    Args:
        inner: Evaluates candidates.
        source: The task, or the folder that ``task.memory`` wrote it to.
        space: Whose architecture is decided by choices.
        seed: The run's.
        threads: That one operation may use.
        artifacts: Where supernets go between two ticks; without it every tick begins anew.
        costs: For methods that punish latency; multiplications stand in where it is not given.
        deadlines: ``time.monotonic()`` seconds at which ticks of a kind end, wherever they are.

    Raises:
        SpaceError: The space has no choices.
    """

    def __init__(
        self,
        inner: Evaluator,
        source: TaskSource,
        space: CandidateSpace,
        *,
        seed: int = 0,
        threads: int = 1,
        artifacts: Artifacts | None = None,
        costs: Costs | None = None,
        deadlines: Mapping[Kind, float] = MappingProxyType({}),
    ) -> None:
        self.inner = inner
        self.source = source
        self.space = space
        self.seed = seed
        self.threads = threads
        self.artifacts = artifacts
        self.costs = costs
        self.deadlines = dict(deadlines)
        self._folds = FoldCache()
        self._open: OpenSpace = open_space(space)

    def bucket(self, proposal: Proposal) -> str:
        """Return the inner evaluator's key; ticks have one of their own."""
        tick = tick_of(proposal)
        return self.inner.bucket(proposal) if tick is None else f"tick/{tick.share}"

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's number and measurement as it finishes."""
        ticks = {trial.number: tick_of(trial.proposal) for trial in trials}
        for trial in trials:
            tick = ticks[trial.number]
            if tick is not None:
                yield trial.number, self._measure(trial, tick, report)
        others = [trial for trial in trials if ticks[trial.number] is None]
        if others:
            yield from self.inner.evaluate(others, report)

    def _measure(self, trial: Trial, tick: Tick, report: Report) -> Measurement:
        started = time.monotonic()
        try:
            if not report(trial.number, 0, {}):
                return failed(Refusal("told to stop before the tick began."), started)
            found, said = self._sliced(trial, tick, report)
            kept, lost = self._kept(found.state)
            return Measurement(
                cost={"seconds": time.monotonic() - started},
                data={**found.data, **said, **lost},
                artifacts=kept,
            )
        except Exception as error:  # noqa: BLE001 - the contract: a failure is a value
            return failed(error, started)

    def _sliced(self, trial: Trial, tick: Tick, report: Report) -> tuple["Sliced", dict[str, Any]]:
        """Do what the tick asks for; return it, and what is to be said of where it began.

        Raises:
            Refusal: It continues what is no tick of the same search.
        """
        from coeval.oneshot.slices import Slicing, sliced  # noqa: PLC0415 - loads torch
        from coeval.train.device import configure  # noqa: PLC0415 - loads torch

        configure(self.threads)
        task = load_task(self.source)
        settings = tuple(self._open.base.settings("preparation").items())
        fold = self._folds.get(task, settings, 0, seed=self.seed)
        state, said = self._state(trial, tick)

        deadline = self.deadlines.get(tick.kind, math.inf)

        def should_stop() -> bool:
            late = time.monotonic() >= deadline
            return late or not report(trial.number, tick.first, {})

        slicing = Slicing(
            task=task,
            fold=fold,
            open=self._open,
            # Of the search, not of the trial: a search whose supernet is lost trains the same one again.
            seed=entropy(self.seed, "one-shot", tick.method),
            costs=self.costs,
            should_stop=should_stop,
        )
        return sliced(slicing, tick, state), said

    def _state(
        self, trial: Trial, tick: Tick
    ) -> tuple[Mapping[str, np.ndarray] | None, dict[str, Any]]:
        """Return the supernet to go on from; without one the tick trains all steps before it too."""
        continues = trial.proposal.continues
        if continues is None:
            return None, {}
        before = trial.kin.get(continues)
        if before is not None:
            _check_kin(trial, tick, before)
        measured = None if before is None else before.measurement
        digest = None if measured is None else measured.artifacts.get(STATE)
        if digest is not None and self.artifacts is not None:
            try:
                return self.artifacts.get(digest), {}
            except (KeyError, RunError):
                pass
        return None, {"from_scratch": f"the supernet of trial {continues} is gone"}

    def _kept(
        self, state: Mapping[str, np.ndarray] | None
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Store a supernet; a full disk must not cost the tick."""
        if state is None or self.artifacts is None:
            return {}, {}
        try:
            return {STATE: self.artifacts.put(state)}, {}
        except RunError as error:
            return {}, {"weights_lost": str(error)}


def _check_kin(trial: Trial, tick: Tick, before: Trial) -> None:
    other = tick_of(before.proposal)
    if other is None or other.method != tick.method or other.kind is not Kind.TRAIN:
        raise Refusal(
            f"trial {trial.number}, a tick of {tick.method}, continues trial {before.number}, which is none. "
            "A tick continues the last slice of the same search."
        )
