"""The benchmarks that the command line knows by name: a space, and the table of its training results."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from coeval.errors import SpaceError, did_you_mean
from coeval.evaluate import table_keys as keys
from coeval.evaluate.table import Table
from coeval.evaluate.table_nasbench201 import DATASETS, FULL, SHORT, nasbench201_table
from coeval.space import nasbench201
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
    return found


CATALOGUE: Mapping[str, Entry] = _catalogue()
