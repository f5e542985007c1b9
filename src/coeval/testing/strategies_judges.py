"""Evaluators for the contract of strategies: values from a digest, infeasible ones, values that are none."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from coeval.evaluate.protocol import Evaluator, Report, never_stop
from coeval.space.digest import candidate_digest
from coeval.trial import Failure, Measurement, Proposal, Reason, Trial, finish

FAILED = Measurement(failure=Failure(Reason.CRASHED, "by the contract suite"))
NO_VALUE = (None, math.nan, math.inf, -math.inf)
"""What stands where a value should: nothing, or no finite number."""
HUGE = 1e30
"""A finite value as of a network that diverged: no failure, and no reason to overflow."""


@dataclass(frozen=True, slots=True)
class DigestEvaluator:
    """Measures any candidate: every value is drawn in 0..1 from the candidate's digest, at once.

    Attributes:
        names: Of the values.
        constant: Those of them that are 0 for every candidate.
        turned: Those of them whose sign is turned.
    """

    names: tuple[str, ...] = ("loss",)
    constant: tuple[str, ...] = ()
    turned: tuple[str, ...] = ()

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's values."""
        for trial in trials:
            yield trial.number, Measurement({name: self._value(trial, name) for name in self.names})

    def bucket(self, proposal: Proposal) -> str:
        """Return one key for all."""
        return "all"

    def _value(self, trial: Trial, name: str) -> float:
        if name in self.constant:
            return 0.0
        value = share(trial, name)
        return -value if name in self.turned else value


@dataclass(frozen=True, slots=True)
class Disturbed:
    """Measures as another evaluator does, but some candidates, chosen by their digest, turn out otherwise.

    Attributes:
        inner: Who measures.
        infeasible: Share of the candidates that break a hard limit.
        strange: Share of the candidates of which every value is replaced.
        values: By which of these; ``None`` leaves the value out.
        shift: Added to every value of an infeasible candidate.
        failing: Share of the candidates that fail.
    """

    inner: Evaluator
    infeasible: float = 0.0
    strange: float = 0.0
    values: tuple[float | None, ...] = NO_VALUE
    shift: float = 0.0
    failing: float = 0.0

    def evaluate(
        self, trials: Sequence[Trial], report: Report
    ) -> Iterator[tuple[int, Measurement]]:
        """Yield each trial's disturbed measurement."""
        by_number = {trial.number: trial for trial in trials}
        for number, measurement in self.inner.evaluate(trials, report):
            yield number, self._disturbed(by_number[number], measurement)

    def bucket(self, proposal: Proposal) -> str:
        """Return the inner evaluator's key."""
        return self.inner.bucket(proposal)

    def _disturbed(self, trial: Trial, measured: Measurement) -> Measurement:
        if measured.failure is not None:
            return measured
        if share(trial, "failing") < self.failing:
            return FAILED
        values = dict(measured.values)
        if share(trial, "strange") < self.strange:
            for place, name in enumerate(measured.values):
                which = int(share(trial, "which") * len(self.values)) + place
                value = self.values[which % len(self.values)]
                values.pop(name)
                values |= {} if value is None else {name: value}
        excess = self.infeasible - share(trial, "infeasible")
        if excess > 0:
            values = {name: value + self.shift for name, value in values.items()}
        return replace(measured, values=values, violations={"limit": max(0.0, excess)})


def share(trial: Trial, name: str) -> float:
    """Return a number in 0..1 that belongs to the trial's candidate and a name."""
    text = f"{candidate_digest(trial.proposal.candidate)}:{name}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest()) / 2.0**32


def evaluated(trial: Trial, evaluator: Evaluator) -> tuple[Trial, Trial]:
    """Return the trial RUNNING and finished."""
    measured = dict(evaluator.evaluate([trial], never_stop))
    return trial, finish(trial, measured[trial.number])
