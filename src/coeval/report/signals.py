"""The trust gauge as people see it: which cheap signals this run bore out, and what they were used for."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from coeval.report import chart, words
from coeval.report.facts import Facts
from coeval.report.markup import Markup, join, tag
from coeval.strategy.fidelity_engine import PROMOTION
from coeval.strategy.gauge import LEAST, WINDOW, Gauge, gauge
from coeval.strategy.screened import PREFIX

_LABELS = {
    "macs": "multiply-adds",
    "grad_norm": "gradient norm",
    "surrogate": "surrogate model",
    "early 1/9": "score after 1/9",
    "early 1/3": "score after 1/3",
    "extrapolated 1/9": "curve from 1/9",
    "extrapolated 1/3": "curve from 1/3",
}


def label(name: str) -> str:
    """Return a signal's name as a person reads it."""
    return _LABELS.get(name, name.replace("_", " "))


def short_label(name: str) -> str:
    """Return a signal's name for a narrow place.

    Example:
        >>> short_label("early 1/3"), short_label("extrapolated 1/9")
        ('epochs 1/3', 'curve 1/9')
    """
    kind, _, share = name.partition(" ")
    shorter = {"early": "epochs", "extrapolated": "curve"}
    return f"{shorter[kind]} {share}" if kind in shorter else label(name)


def ranked(found: Sequence[Gauge]) -> list[Gauge]:
    """Return the gauges that have an interval: what is trusted most first, then by correlation."""
    known = [one for one in found if math.isfinite(one.low)]
    return sorted(known, key=lambda one: (-one.weight, -one.rho, one.name))


def plain(found: Sequence[Gauge]) -> list[dict[str, Any]]:
    """Return the gauges that have an interval as plain JSON values."""
    return [dataclasses.asdict(one) for one in ranked(found)]


def of_run(facts: Facts) -> tuple[Gauge, ...]:
    """Return the gauges at the end of a run."""
    ended = [one for one in facts.trials if one.finished is not None]
    ended.sort(key=lambda one: (one.finished or 0.0, one.trial.number))
    return gauge([one.trial for one in ended], facts.objective)


def section(facts: Facts) -> Markup:
    """Return the chart of the run's signals, with what was done with them; nothing where none was measured."""
    known = ranked(of_run(facts))
    if not known:
        return Markup()
    across = chart.Scale(-1.0, 1.0, 3, 97)
    rows = [_row(one, across) for one in known]
    marks = (-1.0, -0.5, 0.0, 0.5, 1.0)
    labels = [
        chart.text(across(one), 14, f"{one:+.1f}".replace("-", words.MINUS) if one else "0")
        for one in marks
    ]
    axis = tag("div.row.axis-row", tag("span"), chart.svg(20, "Axis", *labels), tag("span"))
    said = "rank correlation with the validation score of finished trials, more is better"
    note = (
        f"Over {basis(known)}, {WINDOW} at most; scores after a share of the epochs are read off their curves. The bar is the 95 % bootstrap interval. A signal is trusted while its lower "
        "end is above zero and its sign holds among the latest trials, in proportion to that end; grey ones are not."
    )
    return join(
        [
            tag("p.axis-name", said),
            tag("div.intervals", *rows, axis),
            tag("p", _sentence(facts, known)),
            tag("p.note", note),
        ]
    )


def sentence(facts: Facts) -> str:
    """Return which signals are trusted at the end, and what they were used for; empty where none was measured."""
    known = ranked(of_run(facts))
    return _sentence(facts, known) if known else ""


def _sentence(facts: Facts, known: Sequence[Gauge]) -> str:
    trusted = [label(one.name) for one in known if one.is_used]
    said = [f"Trusted at the end: {words.listing(trusted) if trusted else 'none'}."]
    origins = [one.trial.proposal.origin for one in facts.trials]
    chosen = sum(PREFIX in one for one in origins)
    promoted = sum(one.endswith(PROMOTION) for one in origins)
    if chosen:
        plural = words.plural(chosen, "new candidate")
        said.append(
            f"{plural} ({words.percent(chosen / len(origins))} of the trials) went by signals that were trusted then."
        )
    else:
        said.append("No new candidate was chosen by signals.")
    if promoted:
        plural = words.plural(promoted, "promotion")
        said.append(
            f"{plural} went by the score so far, and by zero-cost scores as far as they were trusted."
        )
    return " ".join(said)


def _row(one: Gauge, across: chart.Scale) -> Markup:
    kind = "ours" if one.is_used else "theirs"
    said = (
        f"{label(one.name)}: {words.signed(one.rho)}, 95 % interval {words.signed(one.low)} to "
        f"{words.signed(one.high)}, {words.plural(one.pairs, 'trial')}, {'trusted' if one.is_used else 'not trusted'}"
    )
    ticks = [
        chart.line(across(mark), 0, across(mark), 30, "rule" if mark == 0 else "grid")
        for mark in (-1.0, -0.5, 0.0, 0.5, 1.0)
    ]
    marks = [chart.bar(across(one.low), across(one.high), 10, 10, f"interval {kind}")]
    if math.isfinite(one.rho):
        marks.append(chart.dot(across(one.rho), 15, 5.5, f"mark {kind}", said))
    track = chart.svg(30, said, *ticks, *marks)
    value = tag("strong" if one.is_used else "span", correlation(one.rho))
    return tag(
        f"div.row.{kind}", tag("span.name", label(one.name)), track, tag("span.value", value)
    )


def correlation(value: float) -> str:
    """Return a correlation in two places with its sign.

    Example:
        >>> correlation(0.413), correlation(float("nan")) == words.MISSING
        ('+0.41', True)
    """
    if not math.isfinite(value):
        return words.MISSING
    sign = words.MINUS if value < 0 else "+"
    return f"{sign}{abs(value):.2f}"


def basis(known: Sequence[Gauge]) -> str:
    """Return which trials the signals are set against.

    Example:
        >>> basis([Gauge("synflow", 42, 0.4, 0.1, 0.6, 0.1)])
        'the latest 42 whole trainings'
    """
    pairs, epochs = max(one.pairs for one in known), known[0].epochs
    if epochs == 1:
        return f"the latest {pairs} whole trainings"
    return f"the latest {pairs} trainings of {words.percent(epochs)} of the epochs"


def too_few(found: Sequence[Gauge]) -> str:
    """Return why there is nothing to show yet."""
    most = max((one.pairs for one in found), default=0)
    return f"{most} of {LEAST} trainings that are needed"
