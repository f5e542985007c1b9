"""The search inside one network, as people see it: how far it came, and whether skips took over."""

from coeval.oneshot.history import History, history, nothing
from coeval.oneshot.method import METHODS
from coeval.report import words
from coeval.report.facts import Facts, dig
from coeval.report.markup import Markup, join, number, number_head, table, tag
from coeval.trial import Trial

ROWS = 12
"""Slices in the table at most, evenly spread."""


def of_run(facts: Facts) -> History | None:
    """Return what the run's ticks came to; ``None`` for a run without any."""
    name = _method(facts)
    return None if name is None else history(name, _trials(facts))


def lines(facts: Facts) -> list[str]:
    """Return for the terminal what there was no time for, and the sentence on skips; nothing for a run without such a search."""
    name, found = _method(facts), of_run(facts)
    if found is None:
        return [] if name is None else [nothing(name, _trials(facts))]
    return [*found.on_time, found.on_skips]


def section(facts: Facts) -> Markup:
    """Return the course of a search inside one network; nothing where there was none."""
    name, found = _method(facts), of_run(facts)
    if found is None:
        return Markup() if name is None else tag("p", nothing(name, _trials(facts)))
    said = [tag("p", one) for one in found.sentences]
    note = (
        "Scores on shared weights only choose what is trained from scratch: no score of the supernet is compared with "
        "that of a trained network."
    )
    return join([*said, _slices(found), tag("p.note", note)])


def _method(facts: Facts) -> str | None:
    """Return the name of the run's one-shot method, if its strategy is one."""
    name = str(dig(facts.capsule, "strategy", "name") or "")
    return name if name in METHODS else None


def _trials(facts: Facts) -> list[Trial]:
    return [one.trial for one in facts.trials]


def _slices(found: History) -> Markup:
    """Return the slices as a table, where the architecture was learnt along the way."""
    count = len(found.skips)
    if METHODS[found.method].order == 0 or count < 2:
        return Markup()
    chosen = sorted({round(place * (count - 1) / (ROWS - 1)) for place in range(ROWS)})
    heads = ["slice", "steps", "training loss", "skips"]
    heads += ["curvature"] if found.eigenvalues else []
    rows = []
    for place in chosen:
        cells = [place + 1, words.count(found.steps[place])]
        cells += [words.score(found.losses[place]), words.percent(found.skips[place])]
        cells += [words.score(found.eigenvalues[place])] if found.eigenvalues else []
        rows.append([number(one) for one in cells])
    return table([number_head(one) for one in heads], rows, "table.ledger")
