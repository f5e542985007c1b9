"""From the candidates of the benchmarks' spaces to the rows of their tables. All are picklable."""

from collections.abc import Hashable

from coeval.architecture.component import Setting
from coeval.evaluate.table_nasbench201 import OPERATIONS
from coeval.space.choices import ChoiceSpace
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate, CandidateSpace

_EDGES = ("e01", "e02", "e12", "e03", "e13", "e23")


def nasbench201_space(dataset: str) -> CandidateSpace:
    """Return NAS-Bench-201's cells."""
    del dataset
    return ProductSpace(
        {"cell": ChoiceSpace(tuple(Setting(e, OPERATIONS, OPERATIONS[1]) for e in _EDGES), "cell")}
    )


def nasbench201(candidate: Candidate) -> Hashable:
    """Return a cell's official string."""
    a, b, c, d, e, f = candidate.settings("cell").values()
    return f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"
