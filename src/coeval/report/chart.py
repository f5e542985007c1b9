"""Axes and marks of the report's charts, as inline SVG that needs no script.

Horizontal positions are per cent of the chart's width and vertical ones pixels, so that a chart
follows the page's width while its text keeps its size.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from coeval.report import words
from coeval.report.markup import Markup, tag

UNIT = 1000
"""Width of the stretched inner drawing that holds paths; everything else is in per cent."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from ``low..high`` to ``start..end``."""

    low: float
    high: float
    start: float = 0.0
    end: float = 100.0

    def __call__(self, value: float) -> float:
        """Return the position of a value, held inside the scale."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Return whether the value lies on the scale."""
        return self.low <= value <= self.high


def around(values: Iterable[float], start: float, end: float, margin: float = 0.06) -> Scale:
    """Return a scale that holds all values with a margin on both sides."""
    finite = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    room = (high - low or abs(high) or 1.0) * margin
    return Scale(low - room, high + room, start, end)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round values inside ``low..high``, 1, 2 or 5 times a power of ten apart.

    Example:
        >>> ticks(0.0, 1.0, 5)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    return _multiples(low, high, _round_step((high - low) / max(wanted, 1)))


def time_ticks(high: float, wanted: int = 5) -> list[float]:
    """Return moments from 0 to ``high`` seconds at steps that a clock has."""
    steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400]
    least = high / max(wanted, 1)
    if least < 1:
        return ticks(0.0, high, wanted)
    step = next((one for one in steps if one >= least), _round_step(least / 86400) * 86400)
    return _multiples(0.0, high, step)


def tick_label(value: float, marks: Sequence[float]) -> str:
    """Return a mark's number with as many places as tell the marks apart, in powers of ten where they are large or tiny.

    Example:
        >>> tick_label(2000.0, [0.0, 1000.0, 2000.0]), tick_label(2e10, [0.0, 2e10]) == f"2 {words.TIMES} 10¹⁰"
        ('2,000', True)
    """
    step = min((b - a for a, b in pairwise(marks)), default=abs(value)) or 1.0
    largest = max(map(abs, marks), default=abs(value)) or 1.0
    places = _places(step)
    if places < 7 and largest < 1e6:
        return f"{value:,.{places}f}"
    return words.power(value, 1 + _magnitude(largest) - _magnitude(step)) if value else "0"


def clock_label(seconds: float, high: float) -> str:
    """Return a moment on a time axis that ends at ``high`` seconds."""
    if high < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:g} min" if high < 7200 else f"{seconds / 3600:g} h"


def svg(height: float, description: str, *children: object, classes: str = "area") -> Markup:
    """Return a chart as wide as its place.

    Args:
        height: In pixels.
        description: What it shows, for who cannot see it.
        *children: Elements in per cent (x) and pixels (y).
        classes: Of the element.
    """
    at = {
        "class": classes,
        "width": "100%",
        "height": height,
        "role": "img",
        "aria-label": description,
    }
    return tag("svg", *children, at=at)


def line(x1: float, y1: float, x2: float, y2: float, name: str) -> Markup:
    """Return a straight line."""
    at = {"class": name, "x1": f"{x1:.3f}%", "y1": y1, "x2": f"{x2:.3f}%", "y2": y2}
    return tag("line", at=at)


def text(x: float, y: float, content: str, name: str = "tick", anchor: str = "middle") -> Markup:
    """Return a piece of text."""
    return tag("text", content, at={"class": name, "x": f"{x:.3f}%", "y": y, "text-anchor": anchor})


def dot(x: float, y: float, radius: float, name: str, title: str = "") -> Markup:
    """Return a dot that tells its title to a pointer."""
    at = {"class": name, "cx": f"{x:.2f}%", "cy": f"{y:.1f}", "r": radius}
    return tag("circle", *([tag("title", title)] if title else []), at=at)


def bar(x1: float, x2: float, y: float, height: float, name: str) -> Markup:
    """Return a horizontal bar."""
    at = {"class": name, "x": f"{min(x1, x2):.3f}%", "y": y, "width": f"{abs(x2 - x1):.3f}%"}
    return tag("rect", at={**at, "height": height, "rx": 2})


def stretched(top: float, height: float, *paths: Markup) -> Markup:
    """Return paths drawn in 0..1000 across the whole width; strokes keep their width."""
    at = {
        "y": top,
        "width": "100%",
        "height": height,
        "viewBox": f"0 0 {UNIT} {height:g}",
        "preserveAspectRatio": "none",
    }
    return tag("svg", *paths, at=at)


def path(points: Sequence[tuple[float, float]], name: str, *, steps: bool = False) -> Markup:
    """Return a line through points (x in per cent, y in pixels), or a staircase."""
    if not points:
        return Markup()
    written = [f"M{points[0][0] * UNIT / 100:.1f} {points[0][1]:.1f}"]
    for x, y in points[1:]:
        across = f"{x * UNIT / 100:.1f}"
        written.append(f"H{across}V{y:.1f}" if steps else f"L{across} {y:.1f}")
    at = {"class": name, "d": "".join(written), "vector-effect": "non-scaling-stroke"}
    return tag("path", at=at)


def legend(entries: Iterable[tuple[str, str]]) -> Markup:
    """Return a legend of ``(class of the key, text)``."""
    keys = (
        tag("li", tag(f"span.key.{name}", at={"aria-hidden": "true"}), label)
        for name, label in entries
    )
    return tag("ul.legend", *keys)


def shares(entries: Sequence[tuple[str, str, float]], description: str) -> Markup:
    """Return one bar divided among ``(class, label, amount)``, with its legend."""
    whole = sum(amount for _, _, amount in entries) or 1.0
    at = 0.0
    parts: list[Markup] = []
    for name, label, amount in entries:
        width = amount / whole * 100
        piece = bar(at, at + max(0.0, width - 0.25), 0, 22, f"share {name}")
        title = tag("title", f"{label}: {words.percent(amount / whole)}")
        parts.append(tag("g", title, piece))
        at += width
    return svg(22, description, *parts, classes="shares")


def _round_step(least: float) -> float:
    if least <= 0 or not math.isfinite(least):
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * one for one in (1, 2, 5, 10) if power * one >= least * (1 - 1e-9))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, _places(step)) for index in range(first, last + 1)]


def _magnitude(size: float) -> int:
    """Return the power of ten of the first digit."""
    return math.floor(math.log10(size) + 1e-9)


def _places(step: float) -> int:
    """Return how many decimals the multiples of a round step have."""
    return max(0, -_magnitude(step))
