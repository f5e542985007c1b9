"""A gate that lets nothing over a limit be trained: such a trial is answered with its violations and costs at once."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from coeval.oneshot.tick import ORIGIN
from coeval.space.protocol import Candidate
from coeval.trial import Measurement, Trial


class Priced(Protocol):
    """Knows what candidates cost."""

    def of(self, candidate: Candidate) -> Mapping[str, float]:
        """Return costs by name."""
        ...

    def confirmed(self, candidate: Candidate) -> Mapping[str, float]:
        """Return by how much each limit is exceeded, as a share of it, by what is about to be trained."""
        ...


class Held:
    """A ``Gate`` at which every measurement gets the candidate's costs, and nothing over a limit passes.

    Ticks of a supernet are held to no limit: their candidate is only what the supernet holds so far.

    Args:
        costs: What candidates cost, and the limits.
    """

    def __init__(self, costs: Priced) -> None:
        self._costs = costs

    def answer(self, trial: Trial, deadline: float | None) -> Measurement | None:
        """Answer what breaks a limit."""
        candidate = trial.proposal.candidate
        excess = {} if _is_tick(trial) else self._costs.confirmed(candidate)
        if not excess:
            return None
        costs = {"seconds": 0.0, "epochs": 0.0, **self._costs.of(candidate)}
        return Measurement(violations=excess, cost=costs)

    def passed(self, trial: Trial, measurement: Measurement) -> Measurement:
        """Add the costs of the candidate."""
        if _is_tick(trial) or measurement.failure is not None:
            return measurement
        costs = {**self._costs.of(trial.proposal.candidate), **measurement.cost}
        return replace(measurement, cost=costs)


def _is_tick(trial: Trial) -> bool:
    return trial.proposal.origin.startswith(ORIGIN)
