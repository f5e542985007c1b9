"""Every trial in a table that the page's script sorts and filters; without the script it is a plain table."""

import math
from collections.abc import Sequence

from coeval.report import front, networks, noise, words
from coeval.report.facts import Facts, Timed
from coeval.report.markup import Markup, join, tag
from coeval.report.timeline import group_class
from coeval.trial import State

MOST_ROWS = 1500
"""Rows of about 500 bytes: the page stays well under its 1.5 MB."""
_SCORE = ""
_HEADS = (
    ("#", "number"),
    ("origin", "text"),
    ("state", "text"),
    (_SCORE, "number"),
    ("epochs", "number"),
    ("seconds", "number"),
    ("parameters", "number"),
    ("architecture, or why it failed", "text"),
)


def trials(facts: Facts) -> Markup:
    """Return the table with its filter; the best, the failed and the latest of too many."""
    if not facts.trials:
        return tag("p.quiet", "No trial was started.")
    shown = _shown(facts)
    left = len(facts.trials) - len(shown)
    heads = (_head(facts, title, kind) for title, kind in _HEADS)
    tied = {one.number for one in noise.tied(facts)}
    body = (_row(facts, one, is_tied=one.trial.number in tied) for one in shown)
    whole = tag(
        "table.trials",
        tag("thead", tag("tr", *heads)),
        tag("tbody", *body),
        at={"id": "trials-table"},
    )
    more = (
        f"{len(shown):,} of {len(facts.trials):,} trials are listed: the best, with failed ones in their "
        "share. All stand in run.sqlite."
    )
    return join([_controls(shown), tag("div.scroll", whole), tag("p.note", more) if left else ""])


def _shown(facts: Facts) -> list[Timed]:
    """Return the trials to list, the best first and the failed last; of too many the best of each in their shares."""
    ranked = sorted(facts.done, key=lambda one: (facts.objective.cost(one.trial), one.trial.number))
    failed = [one for one in facts.trials if one.trial.state is not State.DONE]
    if len(facts.trials) <= MOST_ROWS:
        return ranked + failed
    share = round(MOST_ROWS * len(failed) / len(facts.trials))
    kept = ranked[: MOST_ROWS - share] + (failed[-share:] if share else [])
    return kept


def _head(facts: Facts, title: str, kind: str) -> Markup:
    order = "none"
    if title == _SCORE:  # the table comes best first
        order = "descending" if facts.objective.maximise else "ascending"
    shown = facts.label if title == _SCORE else title
    button = tag("button", shown, at={"type": "button"})
    return tag("th", button, at={"scope": "col", "data-sort": kind, "aria-sort": order})


def _controls(shown: Sequence[Timed]) -> Markup:
    states = [state for state in State if any(one.trial.state is state for one in shown)]
    options = [tag("option", "all states", at={"value": ""})]
    options += [tag("option", _named(state), at={"value": state.value}) for state in states]
    search = {
        "type": "search",
        "id": "trials-filter",
        "placeholder": "filter: origin, component, reason …",
        "aria-label": "Filter the trials by text",
    }
    return tag(
        "div.controls",
        tag("input", at=search),
        tag("select", *options, at={"id": "trials-state", "aria-label": "Filter by state"}),
        tag("span.quiet", at={"id": "trials-count", "aria-live": "polite"}),
    )


def _row(facts: Facts, one: Timed, *, is_tied: bool) -> Markup:
    trial, found = one.trial, one.trial.measurement
    cost = found.cost if found else {}
    value = facts.value(trial)
    won = facts.winner is not None and trial.number == facts.winner.number
    state = "cached" if one.is_cached else _named(trial.state)
    origin = [
        tag(f"span.key.{group_class(one)}", at={"aria-hidden": "true"}),
        trial.proposal.origin,
    ]
    badges = [tag("span.badge", "winner")] if won else []
    badges += [
        tag("span.badge.tie", "tie", at={"title": "within the noise floor of the best"})
    ] * is_tied
    cells = (
        _number(trial.number, str(trial.number)),
        tag("td", tag("span.origin", *origin), *badges),
        tag(f"td.state.{trial.state.value}", state),
        _number(value, words.score(value)),
        _number(cost.get("epochs"), words.count(cost.get("epochs"))),
        _number(cost.get("seconds"), _seconds(cost.get("seconds"))),
        _number(cost.get("parameters"), words.count(cost.get("parameters"))),
        tag("td.line", *_line(one)),
    )
    at = {"data-state": trial.state.value}
    return tag("tr.won" if won else "tr", *cells, at=at)


def _named(state: State) -> str:
    """Return what a state is called: nobody knows whether who reads the page still sees a trial run."""
    return "unfinished" if state is State.RUNNING else state.value


def _number(value: float | None, shown: str) -> Markup:
    """Return a cell that sorts by its exact value."""
    exact = None if value is None or not math.isfinite(value) else f"{value:.10g}"
    return tag("td.number", shown, at={"data-value": exact})


def _seconds(value: float | None) -> str:
    return words.MISSING if value is None else f"{value:.2f}"


def _line(one: Timed) -> list[object]:
    found = one.trial.measurement
    line = networks.line(one.trial.proposal.candidate)
    if found is not None and (over := front.over(found.violations)):
        return [tag("span.why", over), " ", tag("small", line)]
    if found is None or found.failure is None:
        return [line]
    failure = found.failure
    said = f"{failure.reason.value}{f': {failure.detail}' if failure.detail else ''}"
    return [tag("span.why", words.shorten(said, 200)), " ", tag("small", line)]
