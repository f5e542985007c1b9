"""When two proposals ask for the same measurement."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from coeval.space.digest import candidate_digest
from coeval.store.serial import dumps
from coeval.trial import Measurement, Proposal, Trial

_SPENT = ("seconds", "epochs")


def key(proposal: Proposal, fingerprint: str) -> str:
    """Return the cache key: candidate over all parts, task, fidelity, cases and repeat."""
    fidelity = proposal.fidelity
    facts = [
        candidate_digest(proposal.candidate),
        fingerprint,
        [fidelity.epochs, fidelity.rows, fidelity.width],
        proposal.cases,
        proposal.repeat,
    ]
    return hashlib.blake2b(dumps(facts).encode(), digest_size=16).hexdigest()


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
