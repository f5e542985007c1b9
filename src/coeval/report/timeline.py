"""Score over time: every trial, the incumbent, and what random search could be expected to have."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from coeval import statistics
from coeval.report import chart, words
from coeval.report.facts import Facts, Timed
from coeval.report.markup import Markup, join, tag
from coeval.report.verdict import label, read_score

HEIGHT = 340.0
PLOT = (14.0, 300.0)
"""Top and bottom of the plot in pixels; the time axis stands below."""
MOST_DOTS = 2000
GROUPS = ("seed", "random", "evolution")
"""Origins with a colour of their own; all others share one."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Expected:
    """The curve of random search: ``(seconds, score)`` after 1, 2, … of its trials, and how many there were."""

    points: tuple[Point, ...]
    trials: int


def group_class(timed: Timed) -> str:
    """Return the class that colours a trial by its origin."""
    return f"o-{timed.group}" if timed.group in GROUPS else "o-other"


def incumbent(facts: Facts) -> list[Point]:
    """Return ``(seconds, score)`` at each improvement of the best comparable trial."""
    found: list[Point] = []
    for one in _by_finish(facts):
        value = facts.value(one.trial)
        if value is None or not math.isfinite(value) or not one.trial.is_comparable:
            continue
        if not found or facts.better(value, found[-1][1]):
            found.append((_end(one), value))
    return found


def expected_random(facts: Facts) -> Expected | None:
    """Return what random search could be expected to have reached, were all of the compute its own.

    From the control trials (origin ``random``) by ``statistics.expected_best``, which is free of the
    luck of their order; the n-th trial is placed where the run had spent n times the mean cost of a
    control trial. ``None`` with fewer than two control trials that have a score.
    """
    control = [one for one in facts.trials if one.group == "random" and one.finished is not None]
    costs = [facts.objective.cost(one.trial) for one in control]
    if sum(math.isfinite(cost) for cost in costs) < 2:
        return None
    sign = -1.0 if facts.objective.maximise else 1.0
    scores = [sign * float(cost) for cost in statistics.expected_best(costs)]
    spent = _spent(facts)
    mean = sum(_effort(one, facts) for one in control) / len(control)
    moments = [_moment(spent, mean * n) for n in range(1, len(scores) + 1)]
    points = [
        (moment, score) for moment, score in zip(moments, scores, strict=True) if moment is not None
    ]
    return Expected(tuple(points), len(control)) if points else None


def timeline(facts: Facts) -> Markup:
    """Return the chart with its legend; a sentence where no trial has a score."""
    trials = [one for one in facts.done if _finite(facts, one)]
    if not trials:
        return tag("p.quiet", "No trial finished with a score, so there is nothing to draw.")
    expected = expected_random(facts)
    curve = incumbent(facts)
    end = max([_end(one) for one in facts.trials], default=0.0) * 1.02 or 1.0
    across = chart.Scale(0.0, end)
    down = _score_scale(facts, trials, curve)
    description = (
        f"Validation {facts.label} of {words.plural(len(trials), 'trial')} over time, "
        "with the incumbent and random search's expected curve."
    )
    area = chart.svg(
        HEIGHT,
        description,
        _grid(down),
        _time_axis(across),
        _dots(facts, trials, across, down),
        _baseline(facts, down),
        _curves(expected, curve, across, down),
    )
    outside = sum(not down.holds(_value(facts, one)) for one in trials)
    axis = tag("div.plot", _score_axis(down), area)
    caption = f"{facts.label} on validation, {'higher' if facts.objective.maximise else 'lower'} is better"
    return join([tag("p.axis-name", caption), axis, _legend(trials, expected, outside)])


def _by_finish(facts: Facts) -> list[Timed]:
    return sorted((one for one in facts.done), key=lambda one: (_end(one), one.trial.number))


def _end(timed: Timed) -> float:
    return timed.started if timed.finished is None else timed.finished


def _value(facts: Facts, timed: Timed) -> float:
    return facts.value(timed.trial) or 0.0


def _finite(facts: Facts, timed: Timed) -> bool:
    value = facts.value(timed.trial)
    return value is not None and math.isfinite(value)


def _effort(timed: Timed, facts: Facts) -> float:
    """Return a trial's cost in seconds, or 1 where the run recorded no seconds at all."""
    return timed.seconds if any(one.seconds for one in facts.trials) else 1.0


def _spent(facts: Facts) -> list[Point]:
    """Return ``(seconds of the run, compute spent on trials)`` at each trial's end."""
    timed = any(one.seconds for one in facts.trials)
    ended = sorted((one for one in facts.trials if one.finished is not None), key=_end)
    found, spent = [(0.0, 0.0)], 0.0
    for one in ended:
        spent += one.seconds if timed else 1.0
        found.append((_end(one), spent))
    return found


def _moment(spent: Sequence[Point], amount: float) -> float | None:
    """Return when the run had spent an amount of compute; ``None`` if it never did."""
    for (t0, c0), (t1, c1) in pairwise(spent):
        if c1 >= amount * (1 - 1e-9):
            return t0 + (t1 - t0) * ((amount - c0) / (c1 - c0) if c1 > c0 else 1.0)
    return None


def _score_scale(facts: Facts, trials: Sequence[Timed], curve: Sequence[Point]) -> chart.Scale:
    """Return the vertical scale: all scores but those of the worst fifth that would squeeze the rest flat."""
    values = sorted((_value(facts, one) for one in trials), reverse=facts.objective.maximise)
    kept = values[: max(2, math.ceil(len(values) * 0.8))]
    room = 0.5 * abs(kept[-1] - kept[0])
    kept += [one for one in values[len(kept) :] if abs(one - kept[-1]) <= room]
    best = _best_baseline(facts)
    near = [best[1]] if best and abs(best[1] - kept[0]) <= 3 * abs(kept[-1] - kept[0]) else []
    return chart.around([*kept, *near, *(score for _, score in curve[-1:])], PLOT[1], PLOT[0])


def _best_baseline(facts: Facts) -> tuple[str, float] | None:
    """Return the label and validation score of the best baseline."""
    read = [(label(one), read_score(one.get("validation"))) for one in facts.baselines]
    found = [(name, score.value) for name, score in read if score]
    pick = max if facts.objective.maximise else min
    return pick(found, key=lambda pair: pair[1], default=None)


def _grid(down: chart.Scale) -> Markup:
    marks = chart.ticks(down.low, down.high, 5)
    return join(chart.line(0, down(one), 100, down(one), "grid") for one in marks)


def _score_axis(down: chart.Scale) -> Markup:
    marks = chart.ticks(down.low, down.high, 5)
    labels = (
        chart.text(92, down(one) + 4, chart.tick_label(one, marks), anchor="end") for one in marks
    )
    return chart.svg(HEIGHT, "Score axis", *labels, classes="axis")


def _time_axis(across: chart.Scale) -> Markup:
    bottom = PLOT[1]
    marks = chart.time_ticks(across.high, 5)
    parts = [chart.line(0, bottom, 100, bottom, "rule")]
    for one in marks:
        x = across(one)
        anchor = "start" if x < 3 else "end" if x > 95 else "middle"
        parts.append(chart.line(x, bottom, x, bottom + 5, "rule"))
        parts.append(chart.text(x, bottom + 20, chart.clock_label(one, across.high), anchor=anchor))
    parts.append(chart.text(50, bottom + 37, "active time of the run", "tick quiet"))
    return join(parts)


def _baseline(facts: Facts, down: chart.Scale) -> Markup:
    best = _best_baseline(facts)
    if best is None or not down.holds(best[1]):
        return Markup()
    y = down(best[1])
    return join(
        [
            chart.line(0, y, 100, y, "baseline"),
            chart.text(100, y - 6, f"best baseline: {best[0]}", "tick halo", "end"),
        ]
    )


def _dots(facts: Facts, trials: Sequence[Timed], across: chart.Scale, down: chart.Scale) -> Markup:
    """Return the trials; beyond ``MOST_DOTS`` every k-th, so that the page stays small."""
    stride = math.ceil(len(trials) / MOST_DOTS)
    parts = []
    for one in trials[::stride]:
        value = _value(facts, one)
        y = down(value)
        name = f"dot {group_class(one)}{'' if down.holds(value) else ' outside'}"
        name += "" if one.trial.proposal.fidelity.is_full else " part"
        title = f"#{one.trial.number} {one.trial.proposal.origin}: {words.score(value)}"
        parts.append(chart.dot(across(_end(one)), y, 3.4, name, title))
    return join(parts)


def _curves(
    expected: Expected | None,
    curve: Sequence[Point],
    across: chart.Scale,
    down: chart.Scale,
) -> Markup:
    def place(points: Sequence[Point]) -> list[Point]:
        return [(across(x), down(y)) for x, y in points]

    paths = []
    if expected:
        points = place(expected.points)
        paths.append(chart.path(points, "line random"))
        paths.append(chart.path([points[-1], (100.0, points[-1][1])], "line random beyond"))
    paths.append(chart.path([*place(curve), *_to_end(place(curve))], "line incumbent", steps=True))
    return chart.stretched(0, HEIGHT, *paths)


def _to_end(points: Sequence[Point]) -> list[Point]:
    return [(100.0, points[-1][1])] if points else []


def _legend(trials: Sequence[Timed], expected: Expected | None, outside: int) -> Markup:
    entries = [("k-incumbent", "incumbent (best so far)")]
    if expected:
        entries.append(("k-random", "random search, expected at equal compute"))
    groups: dict[str, list[str]] = {}
    for one in trials:
        groups.setdefault(group_class(one), []).append(one.group)
    for name, found in groups.items():
        names = sorted(set(found))
        shown = " and ".join(names) if len(names) < 3 else "other origins"
        entries.append((name, f"{shown} ({len(found):,})"))
    notes = []
    if any(not one.trial.proposal.fidelity.is_full for one in trials):
        notes.append(
            "Faint: trained for a part of the schedule only; better there does not mean better."
        )
    if expected:
        notes.append(
            f"The random curve is the expected best of n among {words.plural(expected.trials, 'control trial')}; "
            "dotted where they run out: more of them could only do better."
        )
    if outside:
        notes.append(
            f"{words.plural(outside, 'trial')} beyond the scale {'is' if outside == 1 else 'are'} drawn hollow on its edge."
        )
    return join([chart.legend(entries), tag("p.note", " ".join(notes)) if notes else Markup()])
