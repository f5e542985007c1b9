"""Estimates with their intervals about zero, one a row: what is worth something stands to the right."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from coeval.report import chart
from coeval.report.markup import Markup, join, tag

HEIGHT = 26


@dataclass(frozen=True, slots=True)
class Bar:
    """One row.

    Attributes:
        name: What is estimated.
        value: The estimate.
        low: Lower bound of its interval; NaN for none.
        high: Upper bound.
        shown: The estimate in words.
        kind: Class that colours it: ``ours`` where it is told from zero, else ``theirs``.
    """

    name: object
    value: float
    low: float
    high: float
    shown: str
    kind: str


def bars(rows: Sequence[Bar], label: str) -> Markup:
    """Return rows on one axis that holds zero.

    Args:
        rows: In order.
        label: What the axis says.
    """
    ends = [end for row in rows for end in (row.low, row.high, row.value) if math.isfinite(end)]
    across = chart.around([0.0, *ends], 2, 98)
    marks = chart.ticks(across.low, across.high, 6)
    grid = [chart.line(across(one), 0, across(one), HEIGHT, "grid") for one in marks]
    grid.append(chart.line(across(0.0), 0, across(0.0), HEIGHT, "rule"))
    labels = [
        chart.text(across(one), 14, chart.tick_label(one, marks))
        for one in marks
        if 3 <= across(one) <= 97
    ]
    axis = tag("div.row.axis-row", tag("span"), chart.svg(20, label, *labels), tag("span"))
    drawn = (_row(row, across, grid) for row in rows)
    return join([tag("p.axis-name", label), tag("div.intervals.worths", *drawn, axis)])


def _row(row: Bar, across: chart.Scale, grid: Sequence[Markup]) -> Markup:
    middle = HEIGHT / 2
    marks = []
    if math.isfinite(row.low) and math.isfinite(row.high):
        marks.append(
            chart.bar(across(row.low), across(row.high), middle - 4, 8, f"interval {row.kind}")
        )
    title = f"{row.value:.6g}"
    marks.append(chart.dot(across(row.value), middle, 4.5, f"mark {row.kind}", title))
    track = chart.svg(HEIGHT, row.shown, *grid, *marks)
    return tag(
        f"div.row.{row.kind}", tag("span.name", row.name), track, tag("span.value", row.shown)
    )
