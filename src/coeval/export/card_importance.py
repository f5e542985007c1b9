"""The model card's table of columns by their importance."""

from collections.abc import Mapping
from typing import Any

from coeval.export.card_markdown import cell

SHOWN = 20
"""Columns in the table; the others are counted."""


def importance_section(found: Mapping[str, Any] | None, metric: str) -> str:
    """Return the section as Markdown; empty where nothing was measured.

    Args:
        found: As ``export.explained.explain`` returns it.
        metric: As printed.
    """
    if not found:
        return ""
    columns = list(found["columns"])
    lines = [
        "## What each column is worth",
        "",
        f"By how much {metric} gets worse when a column's values are dealt out among the rows (permutation importance), for "
        f"{found['on']}: {found['rows']:,} of them. Columns that tell the same stand in for each other, and none of it "
        "says what causes the target.",
        "",
        "| column | worse by | 95 % interval |",
        "|---|---:|---:|",
    ]
    for one in columns[:SHOWN]:
        low, high = one.get("low"), one.get("high")
        between = "" if low is None or high is None else f"{low:.3g} to {high:.3g}"
        lines.append(f"| {cell(str(one['name']))} | {one['loss']:.3g} | {between} |")
    if rest := max(0, len(columns) - SHOWN) + int(found["left"]):
        lines.append(f"| … and {rest} more | | |")
    return "\n".join(lines)
