"""The page: every score, mean ranks in both groups, what a tool costs, and the critical-difference diagrams."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.peers.diagram import diagram
from benchmarks.peers.install import absent
from benchmarks.peers.ranks import (
    Block,
    critical_difference,
    friedman,
    normalised,
    over_tables,
    ranks,
)
from benchmarks.peers.rows import names
from benchmarks.peers.tools import ALL, BY_NAME, NETWORKS, TOOLS, Tool
from benchmarks.peers.unseen import SOURCES
from benchmarks.runs import table

DOCS = Path(__file__).parents[2] / "docs"
NEAR = 0.99
"""A tool is near the best with this share of the best tool's gain over a constant answer."""


@dataclass(frozen=True, slots=True)
class Group:
    """Tools that are compared with each other.

    Attributes:
        title: Of its section.
        file: Of its diagram, in ``docs``.
        tools: Ranked: run on every block.
        blocks: Tables and seeds on which all of them ran.
    """

    title: str
    file: str
    tools: tuple[Tool, ...]
    blocks: tuple[Block, ...]


def report(lines: Sequence[dict]) -> str:
    """Return the section on the runs of one budget and so many cores, and write its diagrams into ``docs``."""
    name = _file(lines[0])
    parts = [_extent(lines), scores(lines)]
    for title, kind in (("Networks only", NETWORKS), ("All models", ALL)):
        tools = [tool for tool in TOOLS if kind in tool.groups]
        group = _group(lines, title, f"peers_{kind}_{name}.svg", tools)
        parts.append(f"**{title}.** " + (_ranked(group) if group else "No table is complete."))
    parts += [_costs(lines), _troubles(lines)]
    return "\n\n".join(part for part in parts if part)


def _file(line: dict) -> str:
    """Return what the diagrams of a line's budget, cores and kind of table are called."""
    cores = "" if line["cores"] == 1 else f"_{line['cores']}_cores"
    unseen = "_unseen" if line["table"] in SOURCES else ""
    return f"{line['budget']:g}s{cores}{unseen}"


def _extent(lines: Sequence[dict]) -> str:
    """Return what was run, and what was not."""
    ran = list(dict.fromkeys(one["table"] for one in lines))
    seeds = sorted({one["seed"] for one in lines})
    of = SOURCES if ran[0] in SOURCES else names()
    left = [one for one in of if one not in ran]
    where = "one core" if lines[0]["cores"] == 1 else f"{lines[0]['cores']} cores"
    said = f"Run on {where}: {len(ran)} of {len(ran) + len(left)} tables, seed {', '.join(map(str, seeds))}."
    if left:
        said += f" Not run at all: {', '.join(left)}."
    counts = {
        tool.label: len({one["table"] for one in lines if one["tool"] == tool.name})
        for tool in TOOLS
    }
    for label, count in counts.items():
        if 0 < count < len(ran):
            said += f" {label} ran on {count} of the {len(ran)}."
    without = [label for label, count in counts.items() if not count]
    return f"{said} Without {', '.join(without)}." if without else said


def _group(lines: Sequence[dict], title: str, file: str, tools: Sequence[Tool]) -> Group | None:
    """Return the group's blocks: those of its most-run tools, and every tool that ran on all of them."""
    ran: dict[str, set] = {
        tool.name: {(one["table"], one["seed"]) for one in lines if one["tool"] == tool.name}
        for tool in tools
    }
    most = max(len(one) for one in ran.values())
    often = [one for one in ran.values() if 2 * len(one) >= most > 0]
    shared = set.intersection(*often) if often else set()
    chosen = tuple(tool for tool in tools if ran[tool.name] and ran[tool.name] >= shared)
    if len(chosen) < 2 or not shared:
        return None
    keys = list(dict.fromkeys((one["table"], one["seed"]) for one in lines))
    blocks = tuple(_block(lines, *key) for key in keys if key in shared)
    return Group(title, file, chosen, blocks)


def _block(lines: Sequence[dict], name: str, seed: int) -> Block:
    here = [one for one in lines if (one["table"], one["seed"]) == (name, seed)]
    scores = {one["tool"]: _number(one["score"]) for one in here}
    return Block(name, here[0]["constant"], scores)


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def scores(lines: Sequence[dict]) -> str:
    """Return every score, the mean over seeds; the best is bold."""
    tools = [tool for tool in TOOLS if any(one["tool"] == tool.name for one in lines)]
    rows = []
    for name in dict.fromkeys(one["table"] for one in lines):
        here = [one for one in lines if one["table"] == name]
        means = [_mean([one for one in here if one["tool"] == tool.name]) for tool in tools]
        known = [one for one in means if one is not None and math.isfinite(one)]
        best = min(known, default=None)
        cells = [_cell(one, best) for one in means]
        seeds = len({one["seed"] for one in here})
        rows.append([name, f"{np.mean([one['constant'] for one in here]):.4g}", *cells, str(seeds)])
    return table(["table", "constant", *(tool.label for tool in tools), "seeds"], rows)


def _mean(lines: Sequence[dict]) -> float | None:
    """Return the mean score, NaN where a run failed, ``None`` where none was made."""
    return float(np.mean([_number(one["score"]) for one in lines])) if lines else None


def _cell(value: float | None, best: float | None) -> str:
    if value is None:
        return "not run"
    if math.isnan(value):
        return "failed"
    return f"**{value:.4g}**" if value == best else f"{value:.4g}"


def _ranked(group: Group) -> str:
    """Return mean ranks and normalised scores, and write the diagram."""
    order = [tool.name for tool in group.tools]
    by_table = over_tables(group.blocks, [ranks(one, order) for one in group.blocks])
    share = over_tables(group.blocks, [normalised(one, order) for one in group.blocks])
    mean = by_table.mean(axis=0)
    difference = critical_difference(len(order), len(by_table))
    labels = {tool.label: float(rank) for tool, rank in zip(group.tools, mean, strict=True)}
    tables = "1 table" if len(by_table) == 1 else f"{len(by_table)} tables"
    title = f"Mean ranks, {group.title.lower()}, {tables}"
    (DOCS / group.file).write_text(diagram(labels, difference, title))
    rows = [
        [
            group.tools[place].label,
            f"{mean[place]:.2f}",
            f"{share[:, place].mean():.3f}",
            f"{share[:, place].min():.3f}",
            f"{int((share[:, place] >= NEAR).sum())} of {len(share)}",
            str(int((by_table[:, place] == by_table.min(axis=1)).sum())),
        ]
        for place in np.argsort(mean, kind="stable")
    ]
    head = [
        "tool",
        "mean rank",
        "mean share of the best gain",
        "least share",
        "within 1 %",
        "first",
    ]
    words = (
        f"{tables}; Friedman's test p = {friedman(by_table):.2g}; mean ranks differ significantly (Nemenyi, 5 %) "
        f"when more than {difference:.2f} apart."
    )
    return f"{words}\n\n{table(head, rows)}\n\n![{title}]({group.file})"


def _costs(lines: Sequence[dict]) -> str:
    """Return medians of what the runs that ended took."""
    rows = []
    for tool in TOOLS:
        done = [one for one in lines if one["tool"] == tool.name and one["state"] == "done"]
        if not done:
            continue
        numbers = {
            key: _median([_number(one[key]) for one in done])
            for key in ("seconds", "cpu", "bytes", "row", "onnx")
        }
        most = max(_number(one["seconds"]) for one in done)
        cells = [f"{numbers['seconds']:.1f}", f"{most:.1f}", _said(numbers["cpu"], 1)]
        cells += [f"{numbers['bytes'] / 1e6:.2f}", _said(numbers["row"], 2)]
        rows.append([tool.label, *cells, _said(numbers["onnx"], 3), str(len(done))])
    head = ["tool", "seconds", "most seconds", "CPU seconds", "MB saved", "ms a row"]
    return "**Cost** (medians).\n\n" + table([*head, "ms in ONNX Runtime", "runs"], rows)


def _median(values: Sequence[float]) -> float:
    """Return the median of the values that are known."""
    known = [one for one in values if math.isfinite(one)]
    return float(np.median(known)) if known else math.nan


def _said(value: float, places: int) -> str:
    return f"{value:.{places}f}" if math.isfinite(value) else "-"


def _troubles(lines: Sequence[dict]) -> str:
    """Return what failed, and what is not installed, each with its reason."""
    found = [
        f"- {BY_NAME[one['tool']].label} on {one['table']} (seed {one['seed']}): {one['state']}, "
        f"{(one['said'].splitlines() or ['the answer has no finite score'])[-1][:200]}"
        for one in lines
        if one["state"] != "done"
    ]
    reasons = {tool.environment: absent(tool.environment) for tool in TOOLS if tool.environment}
    found += [f"- Environment {name}: {why}" for name, why in reasons.items() if why]
    return "**What failed.**\n\n" + "\n".join(found) if found else "No run failed."
