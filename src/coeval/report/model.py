"""The winner: its architecture drawn and in words, its preparation, its recipe."""

from collections.abc import Sequence
from typing import Any

from coeval.architecture.component import Cost
from coeval.architecture.inference import infer
from coeval.architecture.svg import svg
from coeval.architecture.text import outline
from coeval.component.solved import rounds_of
from coeval.errors import SpaceError
from coeval.report import kinds, words
from coeval.report.facts import Facts, dig
from coeval.report.markup import Markup, definitions, head, join, table, tag
from coeval.trial import Trial


def winner(facts: Facts) -> Markup:
    """Return the architecture's cost, drawing and outline, and beside it how data and training were set."""
    if facts.architecture is None:
        return tag("p.quiet", "No trial finished, so there is no architecture to show.")
    try:
        drawing, written = svg(facts.architecture), outline(facts.architecture)
    except SpaceError as problem:
        return tag("p.quiet", f"The architecture cannot be drawn: {problem}")
    beside = tag("div.settings-side", *_choices(facts))
    return join(
        [
            definitions(_costs(facts, infer(facts.architecture).cost)),
            tag("div.drawn", tag("div.drawing.scroll", Markup(drawing)), beside),
            tag("details", tag("summary", "The same as text"), tag("pre.outline", written)),
        ]
    )


def _choices(facts: Facts) -> list[Markup]:
    if facts.winner is None:
        return []
    parts = [("preparation", "Preparation")]
    if kinds.is_network(facts.architecture):  # of others a recipe decides nothing
        parts.append(("recipe", "Training recipe"))
    return [
        tag("div", tag("h3", title), _settings(facts.winner, part))
        for part, title in parts
        if facts.winner.proposal.candidate.settings(part) or facts.image is None
    ]


def _costs(facts: Facts, cost: Cost) -> list[tuple[object, object]]:
    parameters = dig(facts.final, "parameters") or cost.parameters
    macs = dig(facts.final, "macs") or cost.macs
    pairs: list[tuple[object, object]] = [("parameters", words.count(parameters))]
    if macs:  # trees have none
        pairs.append((f"multiply-adds for one {facts.noun}", words.count(macs)))
    amounts = {"one": f"1 {facts.noun}", "hundred": "100", "thousand": "1,000"}
    for name, amount in amounts.items():
        found = dig(facts.final, "latency_ms", name)
        if isinstance(found, int | float):
            pairs.append((f"latency of {amount}", f"{found:.3g} ms"))
    if facts.winner is not None:
        origin = facts.winner.proposal.origin
        pairs.append(
            ("found as", f"trial {facts.winner.number}{f' by {origin}' if origin else ''}")
        )
    members = dig(facts.final, "members") or []
    if len(members) > 1:
        shares = _shares(members)
        pairs.append(("weighted mean of", f"{words.listing(shares)}; drawn is the first"))
    temperature = dig(facts.final, "temperature") or 1.0
    if temperature != 1.0:
        pairs.append(("logits divided by", f"{temperature:.3g}"))
    if epochs := dig(facts.final, "epochs"):
        rounds = "epochs" if facts.architecture is None else rounds_of(facts.architecture)
        pairs.append((f"{rounds} of the final training", words.count(epochs)))
    return pairs


def _shares(members: Sequence[Any]) -> list[str]:
    """Return each trial among the members with its share of the mean, trainings under several seeds added up."""
    weights: dict[Any, list[float]] = {}
    for one in members:
        weights.setdefault(dig(one, "trial"), []).append(dig(one, "weight"))
    return [
        f"trial {trial} ({sum(found):.2f}"
        + (f", {words.plural(len(found), 'training')})" if len(found) > 1 else ")")
        for trial, found in weights.items()
    ]


def _settings(trial: Trial, part: str) -> Markup:
    candidate = trial.proposal.candidate
    if part not in dict(candidate.parts):
        return tag("p.quiet", "This space has no such part.")
    settings = candidate.settings(part)
    rows = [(head(name.replace("_", " ")), _setting(value)) for name, value in settings.items()]
    return table((), rows, "table.settings")


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ")
