"""Regret against evaluations, one line a strategy with its confidence band: a drawing that stands alone."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coeval.report.chart import Scale, tick_label, ticks
from coeval.report.markup import Markup, join, tag

WIDTH, HEIGHT = 970.0, 520.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 735.0, 58.0, 468.0
"""Edges of the plot; the names of the lines stand to its right."""
LINE = 19.0
"""Least distance of two names in pixels."""
DECADES = 3.5
"""The scale reaches at most so far down: below, a mean is a few lucky searches."""
OPENING = 50
"""One evaluation in so many may lie above the scale: first draws are bad by orders, and say nothing."""
COLOURS = (
    ("#2f5bd3", "#7fa2ff"),
    ("#c8511b", "#ff9a66"),
    ("#17795a", "#4fc29b"),
    ("#7a4fc0", "#b694f2"),
    ("#b3831a", "#e6bd57"),
    ("#b4376f", "#f08ab6"),
    ("#1c86a3", "#62c6e0"),
    ("#6b7d1f", "#b3c65a"),
    ("#8c4a2f", "#d69c80"),
    ("#4b5a6b", "#a9b7c6"),
)
"""Of the lines, on light and on dark ground; later lines repeat them dashed."""
STYLE = """
.regret { --page: #ffffff; --ink: #1d2530; --soft: #5b6675; --grid: #e8ebef; --rule: #8b95a3; --random: #8792a1;
  font: 13px system-ui, "Segoe UI", Helvetica, Arial, "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { .regret { --page: #191f27; --ink: #e6eaf0; --soft: #a3aebc; --grid: #28303b;
  --rule: #76818f; --random: #98a3b1; } }
.regret .page { fill: var(--page); } .regret text { fill: var(--soft); } .regret .title { fill: var(--ink); font-size: 17px; font-weight: 650; }
.regret .grid { stroke: var(--grid); } .regret .rule { stroke: var(--rule); } .regret .near { stroke: var(--rule); stroke-dasharray: 2 4; }
.regret .line { fill: none; stroke-width: 2.1; stroke-linejoin: round; } .regret .band { stroke: none; fill-opacity: .14; }
.regret .again { stroke-dasharray: 9 4; } .regret .random { stroke: var(--random); stroke-dasharray: 5 4; }
.regret .halo { paint-order: stroke; stroke: var(--page); stroke-width: 4px; stroke-linejoin: round; }
.regret .name { font-weight: 600; } .regret .name.of-random { fill: var(--random); } .regret .leader { fill: none; stroke-width: 1; stroke-opacity: .5; }
.regret .leader.random { stroke: var(--random); stroke-dasharray: none; }
"""


@dataclass(frozen=True, slots=True)
class Series:
    """One strategy's line.

    Attributes:
        name: Of the strategy.
        mean: ``(evaluations,)`` after 1, 2, … evaluations.
        low: ``(evaluations,)`` lower end of the band; empty for none.
        high: ``(evaluations,)`` upper end.
        is_random: Whether it is random search's expectation, drawn dashed and grey.
    """

    name: str
    mean: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    is_random: bool = False


def regret_svg(
    series: Sequence[Series], title: str, subtitle: str, axis: str, near: float | None = None
) -> Markup:
    """Return the drawing.

    Args:
        series: At least one; all with a value after every evaluation.
        title: What was searched.
        subtitle: How.
        axis: What the vertical axis shows.
        near: A regret to mark by a line.
    """
    evaluations = max(len(one.mean) for one in series)
    across = Scale(0.0, float(evaluations), LEFT, RIGHT)
    down = _down(series)
    lines = [_line(_kind(place, one), one, across, down) for place, one in enumerate(series)]
    at = {
        "xmlns": "http://www.w3.org/2000/svg",
        "class": "regret",
        "viewBox": f"0 0 {WIDTH:g} {HEIGHT:g}",
        "width": f"{WIDTH:g}",
        "height": f"{HEIGHT:g}",
        "role": "img",
        "aria-label": f"{title}: {axis} against evaluations for {', '.join(s.name for s in series)}.",
    }
    return tag(
        "svg",
        tag("style", Markup(STYLE + _colours())),
        tag("rect.page", at={"width": "100%", "height": "100%"}),
        _text(LEFT, 26, title, "title", "start"),
        _text(LEFT, 45, subtitle, "subtitle", "start"),
        _axes(across, down, axis),
        *lines,
        _near(near, down),
        *_names(series, down),
        at=at,
    )


class _Logarithmic:
    """A map from regrets to heights by their logarithm; what lies below the scale is held at its foot."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self._scale = Scale(math.log10(low), math.log10(high), BOTTOM, TOP + 10)

    def __call__(self, value: float) -> float:
        return self._scale(math.log10(max(value, self.low)))

    def ticks(self) -> list[float]:
        """Return round values on the scale: all of 1, 2 and 5, or the powers of ten alone where these crowd."""
        powers = range(math.floor(math.log10(self.low)) - 1, math.ceil(math.log10(self.high)) + 1)
        steps = (1, 2, 5) if math.log10(self.high / self.low) < 3 else (1,)
        marks = [step * 10.0**power for power in powers for step in steps]
        return [one for one in marks if self.low <= one * (1 + 1e-9) and one <= self.high]


def _down(series: Sequence[Series]) -> _Logarithmic:
    means = [value for one in series for value in one.mean if value > 0]
    later = [value for one in series for value in one.mean[len(one.mean) // OPENING :] if value > 0]
    high = max(later, default=1.0) * 1.1
    low = max(min(means, default=0.1), high * 10**-DECADES) / 1.5
    return _Logarithmic(low, high)


def _line(kind: str, one: Series, across: Scale, down: _Logarithmic) -> Markup:
    """Return the band and the line; a pointer on either is told whose it is."""
    at = [across(place) for place in range(1, len(one.mean) + 1)]
    edge = _points(at, one.low, down) + _points(at, one.high, down)[::-1]
    band = tag(f"path.band.{kind}", at={"d": _path(edge) + "Z"}) if edge else Markup()
    drawn = tag(f"path.line.{kind}", at={"d": _path(_points(at, one.mean, down))})
    return tag("g", tag("title", one.name), band, drawn)


def _points(
    at: Sequence[float], values: Sequence[float], down: _Logarithmic
) -> list[tuple[float, float]]:
    """Return the corners of a line; what is not finite is left out."""
    return [(x, down(value)) for x, value in zip(at, values, strict=False) if math.isfinite(value)]


def _path(points: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def _kind(place: int, one: Series) -> str:
    """Return the class that colours a line."""
    if one.is_random:
        return "random"
    again = ".again" if place >= len(COLOURS) else ""
    return f"c{place % len(COLOURS)}{again}"


def _names(series: Sequence[Series], down: _Logarithmic) -> list[Markup]:
    """Return the lines' names at their ends, moved apart, each with its last value and a leader to its line."""
    order = sorted(range(len(series)), key=lambda place: down(series[place].mean[-1]))
    heights = _apart([down(series[place].mean[-1]) for place in order])
    found = []
    for place, y in zip(order, heights, strict=True):
        one = series[place]
        kind = _kind(place, one).split(".")[0]
        start = down(one.mean[-1])
        leader = tag(
            f"path.leader.{kind}",
            at={"d": f"M{RIGHT + 3:.1f} {start:.1f}L{RIGHT + 18:.1f} {y:.1f}"},
        )
        label = f"{one.name} {one.mean[-1]:.3g}"
        found.append(
            tag("g", leader, _text(RIGHT + 23, y + 4.5, label, f"name of-{kind}", "start"))
        )
    return found


def _apart(heights: Sequence[float]) -> list[float]:
    """Return ascending heights at least a line apart, moved as little as keeps them in the plot."""
    moved: list[float] = []
    for y in heights:
        moved.append(max(y, moved[-1] + LINE) if moved else y)
    limit = BOTTOM
    for place in range(len(moved) - 1, -1, -1):
        moved[place] = min(moved[place], limit)
        limit = moved[place] - LINE
    return moved


def _axes(across: Scale, down: _Logarithmic, axis: str) -> Markup:
    rows = []
    for value in down.ticks():
        y = down(value)
        rows.append(_rule(LEFT, y, RIGHT, y, "grid"))
        rows.append(_text(LEFT - 8, y + 4.5, f"{value:g}", "", "end"))
    rows.append(_text(LEFT - 8, BOTTOM + 4.5, "0", "", "end"))  # what is below the scale lies here
    marks = ticks(across.low, across.high, 6)
    for value in marks:
        x = across(value)
        rows.append(_rule(x, BOTTOM, x, BOTTOM + 5, "rule"))
        rows.append(_text(x, BOTTOM + 20, tick_label(value, marks), "", "middle"))
    rows.append(_rule(LEFT, BOTTOM, RIGHT, BOTTOM, "rule"))
    middle = (TOP + BOTTOM) / 2
    turned = {
        "x": 17,
        "y": middle,
        "text-anchor": "middle",
        "transform": f"rotate(-90 17 {middle:g})",
    }
    rows.append(tag("text", axis, at=turned))
    rows.append(_text((LEFT + RIGHT) / 2, BOTTOM + 42, "evaluations", "", "middle"))
    return join(rows)


def _near(near: float | None, down: _Logarithmic) -> Markup:
    if near is None or not down.low < near < down.high:
        return Markup()
    y = down(near)
    label = _text(LEFT + 5, y - 5, f"near the best: {near:.3g}", "halo", "start")
    return join([_rule(LEFT, y, RIGHT, y, "near"), label])


def _rule(x1: float, y1: float, x2: float, y2: float, name: str) -> Markup:
    at = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    return tag(f"line.{name}", at=at)


def _text(x: float, y: float, content: str, name: str, anchor: str) -> Markup:
    at = {"class": name or None, "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
    return tag("text", content, at=at)


def _colours() -> str:
    light, dark = (
        "".join(
            f".regret .line.c{place}, .regret .leader.c{place} {{ stroke: {pair[shade]}; }} "
            f".regret .band.c{place}, .regret .name.of-c{place} {{ fill: {pair[shade]}; }}\n"
            for place, pair in enumerate(COLOURS)
        )
        for shade in (0, 1)
    )
    return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"
