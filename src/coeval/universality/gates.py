"""The integer gate that a component set has, as the function that its witnesses are run with."""

from collections.abc import Mapping, Sequence

import numpy as np

from coeval.universality.activation import Array
from coeval.universality.capability import Capability as Has
from coeval.universality.capability import Facts
from coeval.universality.closure import Source
from coeval.universality.probe import probe
from coeval.universality.witness.gate import Gate


def _positive_part(n: Array) -> Array:
    return np.maximum(n, 0.0)


def _positive(n: Array) -> Array:
    return np.asarray(n > 0, dtype=np.float64)


_DECISIONS = (
    (Has.MAXIMUM, "{name}(n, 0)", _positive_part),
    (Has.EXTREMUM, "-{name}(-n, 0)", _positive_part),
    (Has.COMPARISON, "{name}(0, n)", _positive),
    (Has.SELECTION, "{name}(n, 1, 0)", _positive),
)
"""How a gate is written with what compares numbers, and what that computes."""


def gate_of(facts: Sequence[Facts], sources: Mapping[Has, Source]) -> Gate | None:
    """Return the gate that the set builds, an exact one before one that only saturates, or ``None``.

    Args:
        facts: The component set.
        sources: Its closed capabilities.
    """
    if Has.SATURATING_GATE not in sources:
        return None
    gates = [*_of_activations(facts, sources), *_of_decisions(facts, sources)]
    return next((one for one in gates if one.exact), gates[0] if gates else None)


def _of_activations(facts: Sequence[Facts], sources: Mapping[Has, Source]) -> list[Gate]:
    gates = []
    for one in facts:
        found = probe(one.activation) if one.activation is not None else None
        if found is None or not found.proved:
            continue
        scalable = Has.RECTIFIER in one.grants or Has.AFFINE in sources
        # On a state that is never negative |n| = n, so the linear term passes through the absolute value.
        line = Has.SKIP in sources or Has.ABSOLUTE in one.grants
        if scalable and (line or not found.linear):
            gates.append(found.gate)
    return gates


def _of_decisions(facts: Sequence[Facts], sources: Mapping[Has, Source]) -> list[Gate]:
    if Has.CONSTANT not in sources:
        return []
    return [
        Gate(one.name, text.format(name=one.name), apply, exact=True)
        for capability, text, apply in _DECISIONS
        for one in facts
        if capability in one.grants
    ]
