"""The shared records: what a strategy asks for, what an evaluator measures, what the journal keeps.

All are immutable values. They carry every method without being reopened: a promotion in successive
halving is a new trial that ``continues`` a finished one; inheritance is ``parent`` and ``moves``; a
coevolved test set is ``cases``; one tick of a supernet is a trial whose weights are an artifact.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import numpy as np

from coeval.space.protocol import Candidate, Move


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How much an evaluation spends, as shares of the whole: 1 is all of it."""

    epochs: float = 1.0
    rows: float = 1.0
    width: float = 1.0

    @property
    def is_full(self) -> bool:
        """Return whether nothing is held back."""
        return self.epochs == self.rows == self.width == 1.0

    @property
    def share(self) -> float:
        """Return how much is spent as one number."""
        return self.epochs * self.rows * self.width


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a strategy asks to have evaluated.

    Attributes:
        candidate: One genotype a part of the space.
        fidelity: How much to spend.
        continues: Number of the finished trial whose training goes on, if any.
        parent: Number of the trial whose weights are inherited, if any.
        moves: The edits that led from the parent to this candidate.
        cases: The examples to be judged on, written out; ``None`` for all.
        repeat: 0 for the first evaluation; others are deliberate repeats under another seed.
        origin: Who proposed it: ``"seed:mlp"``, ``"random"``, ``"evolution"`` …
    """

    candidate: Candidate
    fidelity: Fidelity = Fidelity()
    continues: int | None = None
    parent: int | None = None
    moves: tuple[Move, ...] = ()
    cases: str | None = None
    repeat: int = 0
    origin: str = ""


class State(StrEnum):
    """Where a trial stands. DONE and FAILED are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a trial failed."""

    DIVERGED = "diverged"
    OUT_OF_MEMORY = "out of memory"
    TIMED_OUT = "timed out"
    REFUSED = "refused"
    CRASHED = "crashed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed evaluation, as a value."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What an evaluator found.

    Attributes:
        values: Score by name, with the sign a user reads.
        violations: By how much each hard limit is exceeded; empty or 0 when feasible.
        curve: Score by name after each step (an epoch, say).
        cost: What it spent: ``"seconds"``, ``"epochs"``, ``"parameters"``, ``"macs"``, ``"memory_bytes"`` …
        data: Further plain JSON values.
        artifacts: Digest by name.
        cached_from: Number of the trial that was really trained, for a cache hit.
        failure: Set when the evaluation failed; then ``values`` is empty.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    violations: Mapping[str, float] = field(default_factory=dict)
    curve: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    cost: Mapping[str, float] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    cached_from: int | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Trial:
    """A proposal under its number, with what was measured (``None`` while it runs).

    Attributes:
        number: Consecutive from 0.
        proposal: What is evaluated.
        state: Where it stands.
        measurement: What was found.
        kin: The finished trials that it ``continues`` or whose weights it inherits (``parent``), by number: for
            the evaluator, which may work in another process. Not part of the record: neither compared nor kept.
    """

    number: int
    proposal: Proposal
    state: State = State.RUNNING
    measurement: Measurement | None = None
    kin: Mapping[int, "Trial"] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_comparable(self) -> bool:
        """Return whether it may be the best: finished, full fidelity, all cases, no repeat, no violation.

        A repeat measures the noise; as a contender it would give its candidate a second draw of luck.
        """
        return (
            self.state is State.DONE
            and self.proposal.repeat == 0
            and self.proposal.fidelity.is_full
            and self.proposal.cases is None
            and self.measurement is not None
            and not any(excess > 0 for excess in self.measurement.violations.values())
        )


def measured(measurement: Measurement, name: str) -> float | None:
    """Return the score of a name, or else the cost; ``None`` if there is neither."""
    return measurement.values.get(name, measurement.cost.get(name))


@dataclass(frozen=True, slots=True)
class Objective:
    """A measured value to be optimised. Inside coeval everything is minimised; the sign turns here.

    Attributes:
        name: Of a score, or of a cost such as ``"parameters"``.
        maximise: Whether more is better.
        goal: A soft limit: values beyond it count as equal to it, so that nothing is paid for more.
    """

    name: str
    maximise: bool = False
    goal: float | None = None

    def cost(self, trial: Trial) -> float:
        """Return the trial's value as a cost to be minimised; infinity when it has none."""
        value = None if trial.measurement is None else measured(trial.measurement, self.name)
        if value is None or math.isnan(value):
            return math.inf
        if self.goal is not None:
            value = min(value, self.goal) if self.maximise else max(value, self.goal)
        return -value if self.maximise else value


@dataclass(frozen=True, slots=True)
class Limit:
    """A hard limit on a measured value; what breaks it is infeasible, not bad.

    Attributes:
        name: Of a score, or of a cost such as ``"parameters"``.
        most: What it may be at most.
    """

    name: str
    most: float

    def violation(self, value: float) -> float:
        """Return by how much a value exceeds the limit, as a share of it; 0 when it does not, infinity for a NaN."""
        if math.isnan(value):  # nothing says that it keeps the limit
            return math.inf
        return max(0.0, value - self.most) / (abs(self.most) or 1.0)


def finish(trial: Trial, measurement: Measurement) -> Trial:
    """Return the trial DONE or FAILED with its measurement."""
    state = State.DONE if measurement.failure is None else State.FAILED
    return Trial(trial.number, trial.proposal, state, measurement)


def best(trials: Iterable[Trial], objective: Objective) -> Trial | None:
    """Return the comparable trial of least finite cost, the earliest of equals; ``None`` if there is none."""
    comparable = [trial for trial in trials if trial.is_comparable]
    ranked = [t for t in comparable if math.isfinite(objective.cost(t))]
    return min(ranked, key=lambda trial: (objective.cost(trial), trial.number), default=None)


class Artifacts(Protocol):
    """Content-addressed arrays. Workers write; only the driver journals digests and prunes."""

    def put(self, arrays: Mapping[str, np.ndarray]) -> str:
        """Store arrays by name and return their digest."""
        ...

    def get(self, digest: str) -> dict[str, np.ndarray]:
        """Return the arrays of a digest.

        Raises:
            KeyError: Nothing is stored under this digest.
        """
        ...
