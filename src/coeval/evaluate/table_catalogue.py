"""The benchmarks that the command line knows by name: a space, and the table of its training results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from coeval.errors import DataError, SpaceError, did_you_mean
from coeval.evaluate import table_keys as keys
from coeval.evaluate.table import Table
from coeval.evaluate.table_folder import (
    MACRO,
    ORIGINS,
    SPIKE,
    TASKS,
    TRANSNAS,
    macro_table,
    spike_table,
    transnas_table,
)
from coeval.evaluate.table_nasbench201 import DATASETS, FULL, SHORT, nasbench201_table
from coeval.space import nasbench201, nasbench_macro, spikenas, transnas
from coeval.space.protocol import CandidateSpace

ALIASES: Mapping[str, str] = {"nasbench201": "nasbench201-cifar10"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A benchmark by name.

    Attributes:
        line: What it is.
        file: Read from the user's folder; empty for a table that ships with coeval.
        space: Makes the space.
        table: Reads the table, given the user's folder if there is one.
    """

    line: str
    file: str
    space: Callable[[], CandidateSpace]
    table: Callable[[Path | None], Table]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A space with the table of its training results."""

    space: CandidateSpace
    table: Table


@cache
def load_benchmark(name: str, data: Path | None = None) -> Benchmark:
    """Return a benchmark by name.

    Args:
        name: One of ``CATALOGUE``, or an alias.
        data: The folder with the tables that do not ship.

    Raises:
        SpaceError: There is no such benchmark.
        DataError: It needs a folder, or the folder does not hold its table.
    """
    name = ALIASES.get(name, name)
    if name not in CATALOGUE:
        raise SpaceError(
            f"There is no table {name!r}.{did_you_mean(name, [*CATALOGUE, *ALIASES])} "
            f"There are {', '.join(CATALOGUE)}."
        )
    entry = CATALOGUE[name]
    return Benchmark(entry.space(), entry.table(data))


def _nasbench201(dataset: str, epochs: int, data: Path | None) -> Table:
    return nasbench201_table(dataset, keys.nasbench201, epochs, data)


def _macro(data: Path | None) -> Table:
    return macro_table(keys.macro, _given(data, MACRO))


def _transnas(task: str, data: Path | None) -> Table:
    return transnas_table(task, keys.transnas_macro, _given(data, TRANSNAS))


def _spike(data: Path | None) -> Table:
    return spike_table(keys.spike, _given(data, SPIKE))


def _given(data: Path | None, file: str) -> Path:
    if data is None:
        raise DataError(
            f"This table does not ship with coeval: name the folder that holds {file} with --data. "
            f"It comes from {ORIGINS[file]}."
        )
    return data


def _catalogue() -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for epochs in (FULL, SHORT):
        for dataset in DATASETS:
            name = f"nasbench201-{dataset}" + ("" if epochs == FULL else f"-{epochs}epochs")
            found[name] = Entry(
                f"15,625 cells, {epochs} epochs",
                file="",
                space=partial(nasbench201.space, dataset),
                table=partial(_nasbench201, dataset, epochs),
            )
    found["nasbench-macro"] = Entry("6,561 chains, cifar10", MACRO, nasbench_macro.space, _macro)
    for task, value in TASKS.items():
        found[f"transnas-{task}"] = Entry(
            f"3,256 networks, {value.replace('_', ' ')}",
            TRANSNAS,
            transnas.space,
            partial(_transnas, task),
        )
    found["spikenasbench"] = Entry(
        "15,625 spiking cells, 100 epochs", SPIKE, spikenas.space, _spike
    )
    return found


CATALOGUE: Mapping[str, Entry] = _catalogue()
