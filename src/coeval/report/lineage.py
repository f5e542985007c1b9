"""How the winner was found: from a seed or a sample, edit by edit, with the scores on validation."""

from collections.abc import Sequence
from itertools import pairwise

from coeval.report import words
from coeval.report.facts import WRAPPERS, Facts
from coeval.report.markup import Markup, head, join, number, number_head, table, tag
from coeval.strategy.lineage import Ancestor, Edit, lineage
from coeval.trial import Trial

_ORIGINS = {
    "sample": "drawn at random",
    "random": "drawn at random",
    "mutation": "a mutation",
    "crossover": "a crossover",
}
_MOST_EDITS = 6


def ancestors(facts: Facts, trial: Trial | None = None) -> tuple[Ancestor, ...]:
    """Return the candidates that led to a trial, by default the winner; none while there is none."""
    last = trial or facts.winner
    return () if last is None else lineage([one.trial for one in facts.trials], last)


def section(facts: Facts) -> Markup:
    """Return the lineage as a table."""
    chain = ancestors(facts)
    if not chain:
        return Markup()
    gains = [None, *(_gain(facts, *pair) for pair in pairwise(chain))]
    rows = [
        (
            head(f"trial {one.trial.number}"),
            _told(one),
            number(_score(facts, one)),
            number(_coloured(facts, gain)),
        )
        for one, gain in zip(chain, gains, strict=True)
    ]
    heads = ("", "what it is, what was changed", number_head(f"validation {facts.label}"))
    return join(
        [
            tag("h3", "How it was found"),
            tag("p.note", _summary(chain)),
            table((*heads, number_head("against the one before")), rows, "table.lineage"),
            tag("p.note", _caution(chain)),
        ]
    )


def lines(facts: Facts, trial: Trial | None = None) -> list[str]:
    """Return the same as lines of text, for any trial, by default the winner."""
    chain = ancestors(facts, trial)
    if not chain:
        return []
    found = [f"{_summary(chain)} ({facts.label} on validation):"]
    for place, one in enumerate(chain):
        gain = _gain(facts, chain[place - 1], one) if place else None
        against = "" if gain is None else f", {_said(facts, gain)}"
        edits = f": {'; '.join(_edit(edit) for edit in one.edits)}" if one.edits else ""
        number = one.trial.number
        found.append(f"  trial {number}, {_origin(one)}{edits}: {_score(facts, one)}{against}")
    return found


def _summary(chain: Sequence[Ancestor]) -> str:
    first, count = chain[0], len(chain) - 1
    begin = _origin(first)
    if not count:
        return f"Trial {first.trial.number} is {begin}: it was bred from no other candidate"
    steps, last = words.plural(count, "accepted step"), chain[-1].trial.number
    return f"{steps} from trial {first.trial.number}, {begin}, to trial {last}"


def _caution(chain: Sequence[Ancestor]) -> str:
    if len(chain) < 2:
        return "It won as it stands: no edit of the search led to it."
    return (
        "Each score is that of one training, and those that were bred from were chosen for theirs: a gain smaller than "
        "the noise floor says nothing of its edit."
    )


def _origin(one: Ancestor) -> str:
    """Return who proposed a candidate, in words."""
    names = [name for name in one.trial.proposal.origin.split(":") if name not in WRAPPERS]
    if names and names[0] == "seed":
        return f"the seed {names[-1]}"
    last = names[-1] if names else ""
    return _ORIGINS.get(last, f"by {last.replace('_', ' ')}" if last else "of unknown origin")


def _told(one: Ancestor) -> Markup:
    """Return a candidate's origin and its edits, those of many settings at once folded."""
    said = [tag("span.origin", _origin(one))]
    shown, rest = one.edits[:_MOST_EDITS], one.edits[_MOST_EDITS:]
    items = [tag("li", tag("small", edit.part), " ", edit.what) for edit in shown]
    if rest:
        items.append(
            tag("li", tag("small", "and"), f" {words.plural(len(rest), 'further change')}")
        )
    return join([*said, tag("ul.edits", *items) if items else Markup()])


def _edit(edit: Edit) -> str:
    return f"{edit.part}: {edit.what}"


def _score(facts: Facts, one: Ancestor) -> str:
    """Return a candidate's score, and how little it was trained if it never was trained whole."""
    shown = words.score(facts.value(one.measured))
    fidelity = one.measured.proposal.fidelity
    if fidelity.is_full:
        return shown
    return f"{shown} after {words.percent(fidelity.share)} of a training"


def _gain(facts: Facts, before: Ancestor, after: Ancestor) -> float | None:
    """Return by how much the score changed; ``None`` where the two were not trained equally long."""
    first, second = facts.value(before.measured), facts.value(after.measured)
    alike = before.measured.proposal.fidelity == after.measured.proposal.fidelity
    return second - first if alike and first is not None and second is not None else None


def _coloured(facts: Facts, gain: float | None) -> Markup:
    if gain is None:
        return tag("span", words.MISSING)
    name = "span.better" if facts.better(gain, 0.0) else "span.worse" if gain else "span"
    return tag(name, words.signed(gain))


def _said(facts: Facts, gain: float) -> str:
    """Return a change in words: ``better by 0.0123``."""
    if not gain:
        return "the same"
    return f"{'better' if facts.better(gain, 0.0) else 'worse'} by {words.score(abs(gain))}"
