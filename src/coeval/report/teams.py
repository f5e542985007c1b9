"""The species of a coevolution: what their members were worth in teams, and which pairs worked together."""

from collections.abc import Mapping
from typing import Any

from coeval.report import words
from coeval.report.facts import Facts
from coeval.report.markup import Markup, head, join, number, number_head, table, tag


def section(facts: Facts) -> Markup:
    """Return members and pairs as tables; nothing for a run that did not search by teams."""
    found = facts.teams
    if found is None:
        return Markup()
    note = (
        "Every team that was trained gives credit to its members, alone and in pairs: a Gaussian process, additive over the "
        "orders of interaction, on the teams' places. Numbers are standard deviations of the scores, shrunk "
        "towards 0 where few teams speak; of settings those are shown that differ within the species."
    )
    return join([tag("p.note", note), _species(found), _pairs(found)])


def _species(found: Mapping[str, Any]) -> Markup:
    """Return a row a member: the best of each species, and the worst."""
    rows = []
    for one in found["species"]:
        shown = [*one["best"], *([one["worst"]] if one["worst"] else [])]
        for place, member in enumerate(shown):
            is_worst = bool(one["worst"]) and place == len(shown) - 1
            first = "" if place else f"{one['name']} ({words.plural(one['count'], 'member')})"
            said = f"least credit: {member['member']}" if is_worst else member["member"]
            rows.append((head(first), said, number(_signed(member["credit"]))))
    return table(("species", "member", number_head("credit")), rows, "table.ledger")


def _pairs(found: Mapping[str, Any]) -> Markup:
    rows = [
        (
            head(" and ".join(one["species"])),
            f"{one['members'][0]} {words.TIMES} {one['members'][1]}",
            number(_signed(one["synergy"])),
        )
        for one in found["pairs"]
    ]
    heads = ("", "who works with whom", number_head("beyond each alone"))
    return join([tag("h3", "Pairs"), table(heads, rows, "table.ledger")]) if rows else Markup()


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", words.MINUS)
