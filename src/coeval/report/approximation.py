"""What the terminal says of an approximation: formula, steps, errors, certificate, what more would cost.

It shows plain values that ``run`` hands over as JSON, as a report shows only what was recorded.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from coeval.report import words

Data = Mapping[str, Any]

_ENDS = {
    "covered": "all was covered",
    "solved": "what is left is rounding",
    "time": "the budget was spent",
    "memory": "the memory was spent",
    "interrupted": "interrupted, this is the best so far",
}


def approximation(
    found: Data, certificate: Sequence[str], *, front: bool = False
) -> RenderableType:
    """Return what stands below the headline in a terminal.

    Args:
        found: ``Approximation.to_json()``.
        certificate: The certificate in words, line by line.
        front: Whether to show the best answer of every length.
    """
    parts: list[RenderableType] = [Padding(_steps(found), (1, 0))]
    if found["iterations"]:
        parts.append(Padding(Text("\n".join(found["iterations"]), "dim"), (0, 0, 1, 0)))
    parts += [_errors(found), Padding(_facts(found, certificate), (1, 0, 0, 0))]
    if front:
        parts.append(Padding(_front(found["front"], found["unit"]), (1, 0, 0, 0)))
    return Group(*parts)


def headline(found: Data) -> Text:
    """Return the formula: one line to be copied, however long.

    Args:
        found: ``Approximation.to_json()``.
    """
    formula = found["formula"] or f"{len(found['steps'])} steps, too many for one formula"
    return Text.assemble((f"{found['target']} = ", "bold"), (formula, "bold green"))


def _steps(found: Data) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", justify="right", no_wrap=True)
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    for number, one in enumerate(found["steps"], 1):
        table.add_row(str(number), one["name"], Text(f"= {one['formula']}"))
    return table


def _errors(found: Data) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    table.add_column("")
    for name in ("points", "R²", "RMSE", "largest error"):
        table.add_column(name, justify="right")
    table.add_column("")
    for label, one in (("fitted", found["fit"]), ("held out", found["held_out"])):
        if one is not None:
            undefined = f"undefined on {one['undefined']}" if one["undefined"] else ""
            row = (
                words.count(one["rows"]),
                _r2(one["r2"]),
                *map(_small, (one["rmse"], one["largest"])),
            )
            table.add_row(label, *row, Text(undefined, "bold red"))
    return table


def _facts(found: Data, certificate: Sequence[str]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    proven = found["certificate"]["verdict"] != "best found"
    length = words.plural(found["length"], found["unit"].removesuffix("s"))
    spent = words.duration(found["seconds"])
    table.add_row("found", f"by {found['origin']}: {length}, {spent}; {_ENDS[found['why']]}")
    for number, line in enumerate(certificate):
        label, text = _labelled(line) if number else ("certificate", line)
        style = ("bold green" if proven else "bold yellow") if number == 0 else ""
        table.add_row(label, Text(text, style))
    if found["trials"]:
        table.add_row("beyond", f"{found['trials']:,} sequences and teams tried")
    for number, line in enumerate(found["monitored"]):
        table.add_row("" if number else "monitored", Text(line))
    table.add_row("next", Text(_next(found)))
    return table


def _labelled(line: str) -> tuple[str, str]:
    """Return what a line of a certificate is about, and what it says of it."""
    label, colon, text = line.partition(": ")
    if colon and len(label.split()) <= 2:
        return label.split()[-1].lower(), text.rstrip(".")
    return "covered", line.replace(" covered by ", " by ").rstrip(".")


def _next(found: Data) -> str:
    cost = found["next"]
    number = cost["sequences"]
    shown = f"{number:,}" if number < 10**15 else f"about 10^{len(str(number)) - 1}"
    return f"to cover length {cost['length']}: {shown} sequences, {cost['verdict']}"


def _front(points: Sequence[Data], unit: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
    for name, side in ((unit, "right"), ("squared error", "right"), ("formula", "left")):
        table.add_column(name, justify="right" if side == "right" else "left")
    for one in points:
        table.add_row(str(one["length"]), _small(one["sse"]), Text(one["formula"] or words.MISSING))
    return table


def _r2(value: float | None) -> str:
    """Return R² with as many nines as it has."""
    if value is None:
        return words.MISSING
    left = 1 - value
    if 0 < left < 1e-4:
        return f"1 {words.MINUS} {words.power(left)}"
    return f"{value:.4f}".replace("-", words.MINUS)


def _small(value: float | None) -> str:
    if value is None:
        return words.MISSING
    return "0" if value == 0 else words.score(value)
