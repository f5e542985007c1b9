"""The Pareto front of a run with several objectives, and the limits that its model keeps: plot, tables, sentences."""

import math
from collections.abc import Mapping, Sequence

from coeval.report import chart, words
from coeval.report.facts import Data, Facts, dig
from coeval.report.markup import Markup, join, number, number_head, table, tag

NAMES: Mapping[str, str] = {
    "latency_ms": "latency",
    "parameters": "parameters",
    "macs": "multiply-adds",
    "inference_bytes": "memory",
}
"""Of costs that can be bounded or minimised, as people read them."""
HEIGHT = 300
_TOP, _BOTTOM = 14.0, 246.0
LOGARITHMIC = 30.0
"""A cost that spans more than this factor is drawn by its logarithm."""


def amount(name: str, value: object) -> str:
    """Return a cost with its unit.

    Example:
        >>> amount("latency_ms", 0.25), amount("parameters", 12345.0), amount("inference_bytes", 3e6)
        ('0.25 ms', '12,345', '3 MB')
    """
    if not isinstance(value, int | float):
        return words.MISSING
    match name:
        case "latency_ms":
            return f"{value:.3g} ms"
        case "inference_bytes":
            return words.size(value)
        case _:
            return words.count(value)


def points(facts: Facts) -> Sequence[Data]:
    """Return the front's points, the best score first; none where the score alone was optimised."""
    found = dig(facts.front, "points") or ()
    return sorted(found, key=lambda one: one["score"], reverse=facts.objective.maximise)


def over(violations: Mapping[str, float]) -> str:
    """Return which limits a candidate broke and by how much; empty where none.

    Example:
        >>> over({"latency_ms": 0.25, "parameters": 0.0})
        'over the limit of latency by 25 %'
    """
    shares = [
        f"{NAMES.get(name, name)} by {words.percent(share)}"
        for name, share in violations.items()
        if share > 0
    ]
    return f"over the limit of {words.listing(shares)}" if shares else ""


def section(facts: Facts) -> Markup:
    """Return the limits with what was measured, and the front as plots and as a table; nothing where neither was asked for."""
    drawn = [_plot(facts, name) for name in _minimised(facts)] if points(facts) else []
    return join([_limits(facts), *drawn, _table(facts), _prediction(facts)])


def lines(facts: Facts) -> list[str]:
    """Return limits and front as plain lines, for a terminal."""
    found = [*limit_lines(facts)]
    if not points(facts):
        return found
    names = _minimised(facts)
    rows = [("point", facts.label, "95 % interval", *(NAMES.get(one, one) for one in names))]
    for one in points(facts):
        costs = [amount(name, dig(one, "costs", name)) for name in names]
        rows.append((str(one["trial"]), words.score(one["score"]), _interval(one), *costs))
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    found.append("The front: no trial is better in one respect without being worse in another.")
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        found.append("  " + "  ".join(cells).rstrip())
    return found


def limit_lines(facts: Facts) -> list[str]:
    """Return a sentence for each limit, and one for the finalists that were passed over."""
    held = dig(facts.final, "constraints") or {}
    found = []
    for name, most in (held.get("limits") or {}).items():
        got = dig(held, "measured", name)
        broken = name in (held.get("excess") or {})
        verdict = "OVER the limit of" if broken else "within the limit of"
        found.append(
            f"{NAMES.get(name, name).capitalize()}: {amount(name, got)}, {verdict} {amount(name, most)}."
        )
    refused = sum(
        one.trial.measurement is not None and bool(over(one.trial.measurement.violations))
        for one in facts.trials
    )
    if refused:
        found.append(f"{words.plural(refused, 'candidate')} over a limit: recorded, never trained.")
    if facts.over_limit:
        numbers = words.listing([str(one.get("trial")) for one in facts.over_limit])
        found.append(
            f"Passed over, since their finished models measured over a limit: "
            f"{words.plural(len(facts.over_limit), 'finalist')}, trial {numbers}."
        )
    return found


def _minimised(facts: Facts) -> list[str]:
    return [str(one) for one in (dig(facts.front, "objectives") or ())[1:]]


def _limits(facts: Facts) -> Markup:
    broken = bool(dig(facts.final, "constraints", "excess"))
    name = "p.note.warning" if broken else "p.note"
    return join([tag(name, one) for one in limit_lines(facts)])


def _prediction(facts: Facts) -> Markup:
    """Return how far the latency prediction erred, and what was measured instead."""
    error, networks = dig(facts.latency, "error"), dig(facts.latency, "networks")
    if networks is None:
        return Markup()
    predicted = dig(facts.final, "constraints", "predicted_ms")
    measured = dig(facts.final, "constraints", "measured", "latency_ms")
    said = [
        "Before training, latency is predicted: the measured times of a network's pieces (ONNX Runtime, one thread, one "
        f"example, this machine), added up and fitted to {words.plural(int(networks), 'whole model')}."
    ]
    if isinstance(error, int | float):
        said.append(
            f"On models that the fit did not see it erred by {words.percent(error)} in the median."
        )
    if isinstance(predicted, int | float) and isinstance(measured, int | float):
        said.append(
            f"For the final model it said {predicted:.3g} ms; measured end to end: {measured:.3g} ms."
        )
    return tag("p.note", " ".join(said))


def _table(facts: Facts) -> Markup:
    names = _minimised(facts)
    rows = []
    for one in points(facts):
        costs = [amount(name, dig(one, "costs", name)) for name in names]
        cells = [one["trial"], words.score(one["score"]), _interval(one), *costs]
        rows.append([number(cell) for cell in cells])
    if not rows:
        return Markup()
    heads = ("point", facts.label, "95 % interval", *(NAMES.get(one, one) for one in names))
    note = "Any point becomes a model with: coeval export RUN --point NUMBER."
    return join(
        [table([number_head(one) for one in heads], rows, "table.ledger"), tag("p.note", note)]
    )


def _interval(point: Data) -> str:
    low, high = point.get("low"), point.get("high")
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return ""
    return f"{words.score(low)} to {words.score(high)}"


def _plot(facts: Facts, name: str) -> Markup:
    """Return the score against one cost: all trials faint, the front with its intervals."""
    others = _trials(facts, name)
    front = [
        (float(cost), one) for one in points(facts) if (cost := dig(one, "costs", name)) is not None
    ]
    across = _Across([cost for cost, _ in [*front, *others]])
    ends = [end for _, one in front for end in (one["score"], one.get("low"), one.get("high"))]
    down = chart.around(
        [
            *(one for one in ends if isinstance(one, int | float)),
            *_near([score for _, score in others], ends),
        ],
        _BOTTOM,
        _TOP,
    )
    area = chart.svg(
        HEIGHT,
        f"{facts.label} on validation against {NAMES.get(name, name)}: {len(front)} points of the front.",
        *(chart.line(0, down(one), 100, down(one), "grid") for one in _marks(down)),
        *(
            chart.dot(across(cost), down(score), 3.0, "dot o-other part")
            for cost, score in others
            if down.holds(score)
        ),
        *(mark for cost, one in front for mark in _point(name, cost, one, across, down)),
        _axis(name, across),
    )
    labels = (
        chart.text(92, down(one) + 4, chart.tick_label(one, _marks(down)), anchor="end")
        for one in _marks(down)
    )
    axis = chart.svg(HEIGHT, "Score axis", *labels, classes="axis")
    way = "higher" if facts.objective.maximise else "lower"
    said = f"{facts.label} on validation ({way} is better) against {NAMES.get(name, name)} (lower is better)"
    return join([tag("p.axis-name", said), tag("div.plot", axis, area)])


class _Across:
    """A map from costs to per cent of the width, by the logarithm where they span much."""

    def __init__(self, values: Sequence[float]) -> None:
        finite = [one for one in values if math.isfinite(one)] or [0.0, 1.0]
        self.is_logarithmic = min(finite) > 0 and max(finite) / min(finite) > LOGARITHMIC
        self._scale = chart.around([self._turned(one) for one in finite], 2, 98)

    def __call__(self, value: float) -> float:
        return self._scale(self._turned(value))

    def ticks(self) -> list[float]:
        """Return round costs on the scale."""
        low, high = self._scale.low, self._scale.high
        if not self.is_logarithmic:
            return [one for one in chart.ticks(low, high, 5) if one >= 0]
        powers = range(math.floor(low), math.ceil(high) + 1)
        return [10.0**one for one in powers if low <= one <= high]

    def _turned(self, value: float) -> float:
        return math.log10(value) if self.is_logarithmic else value


def _trials(facts: Facts, name: str) -> list[tuple[float, float]]:
    found = []
    for one in facts.done:
        cost = dig(one.trial.measurement.cost, name) if one.trial.measurement else None
        score = facts.value(one.trial)
        if one.trial.is_comparable and cost is not None and score is not None:
            found.append((float(cost), float(score)))
    return found


def _near(scores: Sequence[float], ends: Sequence[object]) -> list[float]:
    """Return the scores that would not squeeze the front flat."""
    known = [float(one) for one in ends if isinstance(one, int | float)]
    room = 1.5 * (max(known) - min(known)) if known else math.inf
    return [one for one in scores if not known or min(known) - room <= one <= max(known) + room]


def _marks(down: chart.Scale) -> list[float]:
    return chart.ticks(down.low, down.high, 5)


def _point(name: str, cost: float, one: Data, across: "_Across", down: chart.Scale) -> list[Markup]:
    x, said = across(cost), f"point {one['trial']}: {one['score']:.6g}, {amount(name, cost)}"
    marks = []
    if _interval(one):
        marks.append(chart.line(x, down(one["low"]), x, down(one["high"]), "rule"))
    return [*marks, chart.dot(x, down(one["score"]), 5.0, "mark ours", said)]


def _axis(name: str, across: "_Across") -> Markup:
    parts = [chart.line(0, _BOTTOM, 100, _BOTTOM, "rule")]
    for one in across.ticks():
        x = across(one)
        anchor = "start" if x < 3 else "end" if x > 95 else "middle"
        parts.append(chart.line(x, _BOTTOM, x, _BOTTOM + 5, "rule"))
        parts.append(chart.text(x, _BOTTOM + 20, amount(name, one), anchor=anchor))
    note = NAMES.get(name, name) + (", logarithmic" if across.is_logarithmic else "")
    parts.append(chart.text(50, _BOTTOM + 37, note, "tick quiet"))
    return join(parts)
