"""What each column is worth to the model: the table in the report and on the terminal."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from coeval.report import words
from coeval.report.facts import Facts, dig
from coeval.report.intervals import Bar, bars
from coeval.report.markup import Markup, join, number, number_head, table, tag

SHOWN = 20
"""Columns in the chart; all stand in the table below it."""
_MOST = 500


def columns(facts: Facts) -> Sequence[Mapping[str, Any]]:
    """Return the columns with what the model loses without each, the most important first; none where not measured."""
    return dig(facts.final, "importance", "columns") or ()


def section(facts: Facts) -> Markup:
    """Return the columns by their importance."""
    found = columns(facts)
    if not found:
        return Markup()
    drawn = [
        Bar(
            name=tag("code", words.shorten(str(one["name"]), 40)),
            value=float(one["loss"]),
            low=bound(one, "low"),
            high=bound(one, "high"),
            shown=words.signed(float(one["loss"])),
            kind="ours" if bound(one, "low") > 0 else "theirs",
        )
        for one in found[:SHOWN]
    ]
    label = f"by how much {facts.label} gets worse when a column is dealt out among the rows"
    return join(
        [
            tag("h3", "What each column is worth"),
            tag("p.note", said(facts)),
            bars(drawn, label),
            _all(found) if len(found) > SHOWN else Markup(),
        ]
    )


def said(facts: Facts) -> str:
    """Return on which rows it was measured, and how to read it."""
    found = dig(facts.final, "importance") or {}
    left = int(found.get("left") or 0)
    more = (
        f" There was no time for {words.plural(left, 'column')}, those that the predictions go along with least."
        if left
        else ""
    )
    return (
        f"Permutation importance of the raw columns, for {found.get('on')}: {words.count(found.get('rows'))} of them, with "
        f"95 % intervals. A column whose interval holds zero may be of no use, or its neighbours tell the same; none of it "
        f"says what causes the target.{more}"
    )


def lines(facts: Facts) -> list[str]:
    """Return the columns as lines of text, aligned."""
    found = columns(facts)
    if not found:
        return []
    names = [words.shorten(str(one["name"]), 40) for one in found]
    width = max(map(len, names))
    rows = [
        f"  {name:<{width}}  {words.signed(float(one['loss'])):>9}  {interval(one)}".rstrip()
        for name, one in zip(names, found, strict=True)
    ]
    return [f"By how much {facts.label} gets worse without each column.", said(facts), "", *rows]


def bound(one: Mapping[str, Any], name: str) -> float:
    """Return a bound of a column's interval; NaN where it has none."""
    value = one.get(name)
    return float(value) if isinstance(value, int | float) else math.nan


def interval(one: Mapping[str, Any]) -> str:
    """Return a column's interval in words; empty where it has none."""
    low, high = bound(one, "low"), bound(one, "high")
    if not (math.isfinite(low) and math.isfinite(high)):
        return ""
    return f"{words.signed(low)} to {words.signed(high)}"


def _all(found: Sequence[Mapping[str, Any]]) -> Markup:
    rows = [
        (
            tag("code", words.shorten(str(one["name"]), 60)),
            number(words.signed(float(one["loss"]))),
            number(interval(one)),
        )
        for one in found[:_MOST]
    ]
    listed = table(("column", number_head("worse by"), number_head("95 % interval")), rows)
    return tag("details", tag("summary", f"All {len(rows)} columns measured"), listed)
