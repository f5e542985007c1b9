"""The winner: its architecture drawn and in words, its preparation, its recipe."""

from coeval.architecture.inference import infer
from coeval.architecture.step import Architecture
from coeval.architecture.svg import svg
from coeval.architecture.text import outline
from coeval.errors import SpaceError
from coeval.report import words
from coeval.report.facts import Facts, dig
from coeval.report.markup import Markup, definitions, head, join, table, tag


def architecture(facts: Facts) -> Markup:
    """Return the architecture's drawing, its cost and its outline."""
    if facts.architecture is None:
        return tag("p.quiet", "No trial finished, so there is no architecture to show.")
    drawing = tag("div.drawing.scroll", Markup(svg(facts.architecture)))
    written = tag("pre.outline", outline(facts.architecture))
    return join(
        [
            definitions(_costs(facts, facts.architecture)),
            drawing,
            tag("details", tag("summary", "The same as text"), written),
        ]
    )


def choices(facts: Facts) -> Markup:
    """Return the preparation and the recipe as tables, side by side."""
    if facts.winner is None:
        return Markup()
    found = [
        tag("div", tag("h3", title), _settings(facts, part))
        for part, title in (("preparation", "Preparation"), ("recipe", "Training recipe"))
    ]
    return tag("div.columns", *found)


def _costs(facts: Facts, found: Architecture) -> list[tuple[object, object]]:
    try:
        cost = infer(found).cost
        parameters, macs = cost.parameters, cost.macs
    except SpaceError:  # an older version's architecture: what was recorded still stands
        parameters, macs = 0, 0
    parameters = dig(facts.final, "parameters") or parameters
    macs = dig(facts.final, "macs") or macs
    pairs: list[tuple[object, object]] = [
        ("parameters", words.count(parameters)),
        ("multiply-accumulates a row", words.count(macs)),
    ]
    one, thousand = (
        dig(facts.final, "latency_ms", "one"),
        dig(facts.final, "latency_ms", "thousand"),
    )
    if isinstance(one, int | float):
        pairs.append(("latency of 1 row", f"{one:.3g} ms"))
    if isinstance(thousand, int | float):
        pairs.append(("latency of 1,000 rows", f"{thousand:.3g} ms"))
    if facts.winner is not None:
        origin = facts.winner.proposal.origin
        pairs.append(
            ("found as", f"trial {facts.winner.number}{f' by {origin}' if origin else ''}")
        )
    if epochs := dig(facts.final, "epochs"):
        pairs.append(("epochs of the final training", words.count(epochs)))
    return pairs


def _settings(facts: Facts, part: str) -> Markup:
    assert facts.winner is not None
    try:
        settings = facts.winner.proposal.candidate.settings(part)
    except KeyError:
        return tag("p.quiet", "This space has no such part.")
    rows = [(head(name.replace("_", " ")), _setting(value)) for name, value in settings.items()]
    return table((), rows, "table.settings")


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ")
