"""What a user says of a comparison, as objectives, limits and strategies."""

import math
import re
from collections.abc import Sequence
from functools import partial

from coeval.errors import SpaceError, did_you_mean
from coeval.evaluate.table import Table
from coeval.evaluate.table_catalogue import Benchmark
from coeval.run.bench import Entrant
from coeval.run.strategies import STRATEGIES, Need, check_strategy, plain
from coeval.trial import Limit, Objective

DEFAULTS = ("portfolio", "gaussian-process", "cooperative", "evolution", "local")
"""Compared unless the user names others: the best of their kinds that search a table in a second or two."""
_BOUND = re.compile(r"(?P<name>[\w-]+)\s*<?=\s*(?P<number>[^=<>]+)")
_DEVICES = " Latency and energy on devices come with --data DIR, see coeval bench --list."


def parse_objectives(texts: Sequence[str], table: Table) -> tuple[Objective, ...]:
    """Return what the user wants optimised; the table's own objective if nothing is said.

    Args:
        texts: ``NAME`` or ``NAME=GOAL``, a soft limit beyond which more is worth nothing. The table's own objective
            goes its way; whatever else it holds is a cost, and less is better.
        table: Whose values they are.

    Raises:
        SpaceError: The table has no such value, a goal is no number, or a name is given twice.
    """
    if not texts:
        return (table.objective,)
    found = []
    for text in texts:
        name, goal = _split(text, "--objective") if "=" in text else (text, None)
        _check_value(name, table, "--objective")
        maximise = table.objective.maximise if name == table.objective.name else False
        found.append(Objective(name, maximise, goal))
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        raise SpaceError(f"--objective names must differ, got {', '.join(names)}.")
    return tuple(found)


def parse_limits(texts: Sequence[str], table: Table) -> tuple[Limit, ...]:
    """Return the user's hard limits, given as ``NAME=MOST``.

    Raises:
        SpaceError: The table has no such value, or a limit is no number.
    """
    found = []
    for text in texts:
        name, most = _split(text, "--limit")
        _check_value(name, table, "--limit")
        found.append(Limit(name, most))
    return tuple(found)


def entrants(
    names: Sequence[str], benchmark: Benchmark, objectives: tuple[Objective, ...]
) -> tuple[list[Entrant], list[str]]:
    """Return the strategies that run, and why any of the default ones does not.

    Args:
        names: Named by the user, each once; empty for the default ones.
        benchmark: What they are to search.
        objectives: What they are to optimise.

    Raises:
        SpaceError: There is no such strategy, or one that the user named cannot work here.
    """
    found, notes = [], []
    for name in dict.fromkeys(names or DEFAULTS):
        check_strategy(name)
        try:
            _check_needs(name, benchmark.table)
            make = partial(plain, name, fidelities=benchmark.table.fidelities())
            make(benchmark.space, objectives, 0)
        except (SpaceError, ValueError) as error:
            if names:
                raise SpaceError(
                    f"--strategy {name} cannot search {benchmark.table.name}: {error}"
                ) from error
            notes.append(f"{name} is left out: {error}")
            continue
        found.append(Entrant(name, make))
    return found, notes


def _check_needs(name: str, table: Table) -> None:
    needs = STRATEGIES[name].needs
    if needs is Need.FIDELITY and len(table.fidelities()) == 1:
        raise SpaceError(
            "it trains at several fidelities, and the table knows full training only. "
            "nasbench201-cifar10 has two, spikenasbench every epoch."
        )
    if needs is Need.SUPERNET:
        raise SpaceError(
            "it trains one network for the whole space, and a table holds results only. Use coeval fit on images, with "
            "--preset nasbench201 say."
        )


def _split(text: str, option: str) -> tuple[str, float]:
    match = _BOUND.fullmatch(text.strip())
    try:
        number = float(match["number"]) if match else math.nan
    except ValueError:
        number = math.nan
    if match is None or not math.isfinite(number):
        raise SpaceError(
            f"{option} must read NAME=NUMBER, such as flops=5e7 for at most so much, got {text!r}."
        )
    return match["name"], number


def _check_value(name: str, table: Table, option: str) -> None:
    known = table.columns()
    if name not in known:
        has_devices = any("latency" in one for one in known)
        more = _DEVICES if table.name.startswith("nasbench201") and not has_devices else ""
        raise SpaceError(
            f"{option} must name a value of {table.name}: {', '.join(known)}; got {name!r}."
            f"{did_you_mean(name, known)}{more}"
        )
