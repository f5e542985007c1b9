"""From the candidates of the benchmarks' spaces to the rows of their tables; functions, so that evaluators can be pickled."""

from collections.abc import Hashable

from coeval.architecture.step import Architecture
from coeval.space.nasbench201 import official_string
from coeval.space.protocol import Candidate


def nasbench201(candidate: Candidate) -> Hashable:
    """Return a cell's official string."""
    return official_string(_part(candidate, "cell"))


def _part(candidate: Candidate, name: str) -> Architecture:
    part = candidate.part(name)
    assert isinstance(part, Architecture)
    return part
