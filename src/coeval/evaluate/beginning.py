"""Where a trial's training begins: from nothing, or from the checkpoint of the trial that it continues.

A trial that goes on draws below the seed of the trial where its chain began, so that it ends with the very
numbers of one that was trained in one go, whether the checkpoint still exists or has to be trained again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coeval.errors import RunError
from coeval.evaluate.plan import Plan, Refusal
from coeval.space.digest import candidate_digest
from coeval.trial import Artifacts, Trial

Arrays = Mapping[str, np.ndarray]

WEIGHTS, STATE, PREDICTIONS = "weights", "state", "predictions"


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """Where training begins.

    Attributes:
        root: Number of the trial where the chain began; its seed is the chain's.
        states: A fold each, to go on from; empty where nothing is continued.
        seconds: A fold each, what the chain spent before; empty where nothing is continued.
        data: What the measurement says about it.
    """

    root: int
    states: tuple[Arrays, ...] = ()
    seconds: tuple[float, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    def epochs(self, fold: int) -> int:
        """Return how many epochs the chain had trained a fold before."""
        return int(self.states[fold]["epochs"]) if self.states else 0


def beginning_of(trial: Trial, plan: Plan, artifacts: Artifacts | None) -> Beginning:
    """Return where a trial begins. A checkpoint that is gone is no error: it is trained again, and the data say so.

    Raises:
        Refusal: The trial continues one of another candidate, or one that was trained for longer.
    """
    proposal = trial.proposal
    if proposal.continues is None:
        return Beginning(trial.number)
    source = trial.kin.get(proposal.continues)
    if source is None or source.measurement is None:
        why = f"trial {proposal.continues} has no measurement to go on from"
        return Beginning(trial.number, data={"from_scratch": why})
    _check_kin(trial, source)
    root = int(source.measurement.data.get("root", source.number))
    states = _states(source, plan.folds, artifacts)
    if states is None:
        why = f"the checkpoint of trial {source.number} is gone"
        return Beginning(root, data={"root": root, "from_scratch": why})
    known = source.measurement.data
    seconds = known.get("fold_seconds", [0.0] * plan.folds)
    # Measured once, before the first epoch of the chain.
    before = {name: known[name] for name in ("signals", "inherited") if name in known}
    data = {"root": root, "continued_from": source.number, **before}
    return Beginning(root, states=states, seconds=tuple(seconds), data=data)


def artifact_name(kind: str, fold: int) -> str:
    """Return the name of a fold's artifact.

    Example:
        >>> artifact_name(STATE, 0), artifact_name(STATE, 2)
        ('state', 'state-2')
    """
    return kind if fold == 0 else f"{kind}-{fold}"


def _check_kin(trial: Trial, source: Trial) -> None:
    here, there = trial.proposal, source.proposal
    if candidate_digest(here.candidate) != candidate_digest(there.candidate):
        raise Refusal(
            f"trial {trial.number} continues trial {source.number}, which trained another candidate. "
            "A promotion must propose the very candidate that it continues."
        )
    mine, theirs = here.fidelity, there.fidelity
    if (mine.rows, mine.width) != (theirs.rows, theirs.width) or mine.epochs < theirs.epochs:
        raise Refusal(
            f"trial {trial.number} at {mine} cannot go on from trial {source.number} at {theirs}: rows and width "
            "must be equal and epochs not fewer. Leave continues out to train from scratch."
        )


def _states(source: Trial, folds: int, artifacts: Artifacts | None) -> tuple[Arrays, ...] | None:
    measurement = source.measurement
    if artifacts is None or measurement is None:
        return None
    try:
        digests = [measurement.artifacts[artifact_name(STATE, fold)] for fold in range(folds)]
        return tuple([artifacts.get(one) for one in digests])
    except (
        KeyError,
        RunError,
    ):  # never written (a fold was cut inside an epoch), pruned, or damaged
        return None
