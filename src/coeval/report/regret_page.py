"""A comparison of strategies as one self-contained page, and the drawing as a file of its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from coeval.report.markup import Markup, head, join, number, number_head, table, tag

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class Page:
    """What the page says.

    Attributes:
        title: What was searched.
        lead: The finding in a sentence.
        drawings: Finished drawings, one below the other.
        columns: Headings of the table; the first column names strategies.
        rows: Cells as printed.
        notes: How to read it, a paragraph each.
        command: What makes it again.
    """

    title: str
    lead: str
    drawings: Sequence[Markup]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    command: str


def regret_page(page: Page) -> str:
    """Return the page as HTML; nothing is fetched and nothing runs."""
    style = (files("coeval.report") / "assets" / "style.css").read_text(encoding="utf-8")
    heads = [page.columns[0], *(number_head(one) for one in page.columns[1:])]
    rows: Iterable[list[Markup]] = (
        [head(first), *(number(one) for one in rest)] for first, *rest in page.rows
    )
    sections = [
        _section("Regret", join(page.drawings)),
        _section("Strategies", table(heads, rows)),
        _section("How to read it", join(tag("p", one) for one in page.notes)),
        _section("Make it again", tag("pre.command", page.command)),
    ]
    whole = tag(
        "html",
        tag(
            "head",
            tag("meta", at={"charset": "utf-8"}),
            tag("meta", at={"http-equiv": "Content-Security-Policy", "content": POLICY}),
            tag("meta", at={"name": "viewport", "content": "width=device-width, initial-scale=1"}),
            tag("meta", at={"name": "color-scheme", "content": "light dark"}),
            tag("title", f"{page.title} · coeval"),
            tag("style", Markup(style + FIT)),
        ),
        tag(
            "body",
            tag("header", tag("h1", page.title), tag("p.verdict", page.lead)),
            tag("main", *sections),
            tag("footer", "Made by coeval bench."),
        ),
        at={"lang": "en"},
    )
    return f"<!doctype html>\n{whole}\n"


FIT = """.regret { display: block; width: 100%; height: auto; margin: 0 0 1rem; }
header { margin-bottom: 1.6rem; }
"""


def _section(title: str, body: Markup) -> Markup:
    return tag("section", tag("h2", title), body)
