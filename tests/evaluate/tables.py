"""A table small enough to check by hand: four numbers 0..3 twice, and a space for it."""

from collections.abc import Hashable

import numpy as np

from coeval.architecture.component import Setting
from coeval.evaluate.table import Curves, Table
from coeval.evaluate.table_catalogue import Benchmark
from coeval.space.choices import ChoiceSpace
from coeval.space.product import ProductSpace
from coeval.space.protocol import Candidate
from coeval.trial import Objective

SIDE = 4
SPACE = ProductSpace(
    {"cell": ChoiceSpace(tuple(Setting(n, tuple(range(SIDE)), 0) for n in "ab"), "cell")}
)
CELLS = [(a, b) for a in range(SIDE) for b in range(SIDE)]


def candidate(a: int, b: int) -> Candidate:
    return Candidate((("cell", (("a", a), ("b", b))),))


def key(one: Candidate) -> Hashable:
    return tuple(one.settings("cell").values())


def table(*, curves: bool = False, missing: tuple[int, int] | None = None) -> Table:
    """Return accuracy = 10 a + b, after 10 of 100 epochs half as much; latency = a, absent where a = 3; test = accuracy / 2."""
    accuracy = np.array([10.0 * a + b for a, b in CELLS])
    latency = np.array([np.nan if a == SIDE - 1 else float(a) for a, _ in CELLS])
    rows = {cell: row for row, cell in enumerate(CELLS) if cell != missing}
    lengths = np.array([10 if a else 20 for a, _ in CELLS])
    steps = np.full((len(CELLS), 20), np.nan, dtype=np.float32)
    for row, length in enumerate(lengths):
        steps[row, :length] = accuracy[row] * np.arange(1, length + 1) / length
    return Table(
        name="small",
        objective=Objective("accuracy", maximise=True),
        key=key,
        rows=rows,
        epochs=100,
        schedules={100: {"accuracy": accuracy}}
        if curves
        else {10: {"accuracy": accuracy / 2}, 100: {"accuracy": accuracy}},
        facts={"latency": latency, "flops": np.array([float(b) for _, b in CELLS])},
        test=accuracy / 2,
        curves=Curves("accuracy", steps, lengths) if curves else None,
        seconds=np.full(len(CELLS), 60.0) if curves else None,
    )


def benchmark() -> Benchmark:
    return Benchmark(SPACE, table())
