"""From the candidates of the benchmarks' spaces to the rows of their tables; functions, so that evaluators can be pickled."""

from collections.abc import Hashable

from coeval.architecture.step import Architecture
from coeval.space import nasbench201 as nasbench201_cells
from coeval.space import nasbench_macro, spikenas, transnas
from coeval.space.protocol import Candidate


def nasbench201(candidate: Candidate) -> Hashable:
    """Return a cell's official string."""
    return nasbench201_cells.official_string(_part(candidate, "cell"))


def macro(candidate: Candidate) -> Hashable:
    """Return a chain's eight digits."""
    return nasbench_macro.key(_part(candidate, "chain"))


def transnas_macro(candidate: Candidate) -> Hashable:
    """Return a network's modules, such as ``1-1-2-4``."""
    return transnas.key(_part(candidate, "macro"))


def spike(candidate: Candidate) -> Hashable:
    """Return a cell's six operation numbers."""
    return spikenas.operations(_part(candidate, "cell"))


def _part(candidate: Candidate, name: str) -> Architecture:
    part = candidate.part(name)
    assert isinstance(part, Architecture)
    return part
