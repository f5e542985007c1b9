"""When two proposals ask for the same measurement."""

from collections.abc import Mapping
from dataclasses import replace

from coeval.space.digest import candidate_digest
from coeval.trial import Measurement, Proposal, Trial

_SPENT = ("seconds", "epochs")


def key(proposal: Proposal, fingerprint: str) -> str:
    """Return the cache key: candidate over all parts, task, fidelity, cases and repeat."""
    name = f"{candidate_digest(proposal.candidate)}/{fingerprint}"
    fidelity = proposal.fidelity
    if fidelity.is_full and proposal.cases is None and proposal.repeat == 0:
        return name
    spent = f"{fidelity.epochs},{fidelity.rows},{fidelity.width}"
    return f"{name}/{spent}/{proposal.repeat}/{proposal.cases!r}"


def reuse(source: Trial) -> Measurement:
    """Return what a repeated proposal is told: the finished trial's measurement at no cost of its own."""
    measurement = source.measurement
    if measurement is None:
        raise ValueError(f"trial {source.number} has no measurement to reuse")
    cost: Mapping[str, float] = {
        name: 0.0 if name in _SPENT else value for name, value in measurement.cost.items()
    }
    origin = source.number if measurement.cached_from is None else measurement.cached_from
    return replace(measurement, cost=cost, cached_from=origin)
