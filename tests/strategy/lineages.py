"""Lineages made by real moves in a real space, with made-up scores."""

import numpy as np

from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.space.tabular import space_for
from coeval.task.frame import from_arrays
from coeval.trial import Fidelity, Measurement, Proposal, Trial, finish

NINTH = Fidelity(epochs=1 / 9)


def space() -> ProductSpace:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(240, 4))
    return space_for(from_arrays(values, values[:, 0] * values[:, 1]), models="neural")


def trial(number, candidate, value=0.5, **proposal):
    found = Measurement({"rmse": value}, cost={"seconds": 0.1})
    return finish(Trial(number, Proposal(candidate, **proposal)), found)


def bred(space, steps, seed=0, value=1.0):
    """Return a seed and its line of children: each bred from the last by one mutation."""
    rng = np.random.default_rng(seed)
    candidate = space.seeds()["linear"]
    found = [trial(0, candidate, value, origin="seed:linear")]
    while len(found) <= steps:
        child = space.mutate(candidate, rng)
        candidate = child.genotype
        found.append(
            trial(
                len(found),
                candidate,
                value - 0.01 * len(found),
                parent=len(found) - 1,
                moves=child.moves,
                origin="evolution:mutation",
            )
        )
    return found


def with_setting(candidate: Candidate, part: str, key: str, value) -> Candidate:
    settings = candidate.settings(part)
    changed = tuple({**settings, key: value}.items())
    return Candidate(tuple((n, changed if n == part else one) for n, one in candidate.parts))
