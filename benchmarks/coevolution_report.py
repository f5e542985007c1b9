"""What ``benchmarks.coevolution`` found, as tables: medians and wins of each table, and one paired test over all."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.stats import wilcoxon

from benchmarks.runs import table

GENOME, TEAMS, CONTROL = "evolution", "cooperative", "random"
RESAMPLES = 10_000
SCORES = ("validation", "test")
Line = Mapping
Cell = tuple[str, int]
"""Table and seed."""


def report(lines: Sequence[Line]) -> str:
    """Return all tables, a part and budget each."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for one in lines:
        groups.setdefault(tuple(one["key"][:2]), []).append(one)
    return "\n\n".join(_part(*name, group) for name, group in sorted(groups.items()))


def _part(part: str, budget: str, lines: Sequence[Line]) -> str:
    said = {
        "fit": f"**The whole command, `--budget {budget} --workers 1`**: scores of the exported model.",
        "search": f"**The search alone, {budget} of one core after the same trained seeds**: the best trial on validation, its own weights on test.",
    }
    pieces = [said[part], _tables(lines)]
    for first, second in ((TEAMS, GENOME), (TEAMS, CONTROL), (GENOME, CONTROL)):
        pieces += [_verdict(first, second, lines)] if _pairs(first, second, lines) else []
    return "\n\n".join(pieces)


def _tables(lines: Sequence[Line]) -> str:
    """Return a row a table: medians over the seeds that both have, and wins."""
    engines = [one for one in (GENOME, TEAMS, CONTROL) if any(_engine(x) == one for x in lines)]
    rows = []
    for name in dict.fromkeys(one["key"][2] for one in lines):
        mine = [one for one in lines if one["key"][2] == name]
        pairs = _pairs(TEAMS, GENOME, mine)
        cells = [name]
        for score in SCORES:
            for engine in engines:
                values = [one[score] for one in mine if _engine(one) == engine]
                cells.append(f"{np.median(values):.5g}" if values else "-")
            changes = [_change(*pair, score) for pair in pairs.values()]
            wins, losses = sum(one < 0 for one in changes), sum(one > 0 for one in changes)
            cells.append(f"{wins} : {losses} of {len(changes)}")
        trials = [
            np.median([x["trials"] for x in mine if _engine(x) == one] or [0]) for one in engines
        ]
        rows.append([*cells, " / ".join(f"{one:g}" for one in trials)])
    heads = [head for score in SCORES for head in (*(f"{score}, {one}" for one in engines), "wins")]
    return table(["table", *heads, "trials"], rows)


def _verdict(first: str, second: str, lines: Sequence[Line]) -> str:
    """Return what the pairs say of two engines: relative differences of losses, their test and interval."""
    pairs = _pairs(first, second, lines)
    said = []
    for score in SCORES:
        changes = {cell: _change(*pair, score) for cell, pair in pairs.items()}
        values = np.array(list(changes.values()))
        low, high = interval(changes)
        chance = wilcoxon(values).pvalue if np.any(values != 0) else 1.0
        said.append(
            f"{score}: median {100 * np.median(values):+.2f} %, mean {100 * values.mean():+.2f} % "
            f"(95 % {100 * low:+.2f} to {100 * high:+.2f}), better in {int((values < 0).sum())}, worse in "
            f"{int((values > 0).sum())}, equal in {int((values == 0).sum())}, Wilcoxon p = {chance:.2g}"
        )
    return (
        f"`{first}` against `{second}`, {len(pairs)} pairs of table and seed, relative difference of the loss "
        f"(or of 1 - score; below 0 is better). {'. '.join(one[0].upper() + one[1:] for one in said)}."
    )


def interval(changes: Mapping[Cell, float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean over tables and seeds: tables are drawn anew, then seeds within each."""
    rng = np.random.default_rng(0)
    groups: dict[str, list[float]] = {}
    for (name, _), value in changes.items():
        groups.setdefault(name, []).append(value)
    every = [np.array(one) for one in groups.values()]
    means = np.empty(RESAMPLES)
    for place in range(RESAMPLES):
        drawn = [every[one] for one in rng.integers(len(every), size=len(every))]
        means[place] = np.mean([rng.choice(one, len(one)).mean() for one in drawn])
    low, high = np.percentile(means, (2.5, 97.5))
    return float(low), float(high)


def _pairs(first: str, second: str, lines: Sequence[Line]) -> dict[Cell, tuple[Line, Line]]:
    known = {(*one["key"][2:4], _engine(one)): one for one in lines}
    return {
        cell: (known[*cell, first], known[*cell, second])
        for cell in _cells(lines)
        if (*cell, first) in known and (*cell, second) in known
    }


def _cells(lines: Sequence[Line]) -> Iterator[Cell]:
    yield from dict.fromkeys((one["key"][2], one["key"][3]) for one in lines)


def _engine(line: Line) -> str:
    return str(line["key"][4])


def _change(first: Line, second: Line, score: str) -> float:
    """Return the relative difference of the losses, of 1 - score where more is better."""
    mine, other = (1 - one[score] if one["maximise"] else one[score] for one in (first, second))
    return float((mine - other) / abs(other)) if other else 0.0
