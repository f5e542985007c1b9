"""HTML and SVG as escaped-by-default text: whatever is not ``Markup`` is a user's and gets escaped."""

import html
from collections.abc import Iterable, Mapping

VOID = frozenset({"meta", "input", "br", "hr"})


class Markup(str):
    """Text that is HTML already. Only this module and the assets make it."""

    __slots__ = ()


def escape(value: object) -> Markup:
    """Return a value as HTML text; ``Markup`` stays as it is.

    Example:
        >>> escape("<b>")
        '&lt;b&gt;'
    """
    return value if isinstance(value, Markup) else Markup(html.escape(str(value), quote=True))


def join(parts: Iterable[object], between: str = "") -> Markup:
    """Return the parts, each escaped unless it is markup, one after the other."""
    return Markup(html.escape(between).join(escape(part) for part in parts))


def tag(name: str, *children: object, at: Mapping[str, object] | None = None) -> Markup:
    """Return one element.

    Args:
        name: The element's name, classes behind dots: ``"td.number"``.
        *children: Contents; escaped unless they are ``Markup``.
        at: Attributes; ``True`` writes the bare name, ``False`` and ``None`` leave it out.

    Example:
        >>> tag("p.lead", "a < b", at={"id": "x"})
        '<p class="lead" id="x">a &lt; b</p>'
    """
    element, *classes = name.split(".")
    attributes: dict[str, object] = {"class": " ".join(classes)} if classes else {}
    attributes.update(at or {})
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in VOID:
        return Markup(f"<{element}{written}>")
    return Markup(f"<{element}{written}>{join(children)}</{element}>")


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return f" {name}"
    shown = f"{value:.6g}" if isinstance(value, float) else value
    return f' {name}="{html.escape(str(shown), quote=True)}"'


def table(head: Iterable[object], rows: Iterable[Iterable[object]], name: str = "table") -> Markup:
    """Return a table; a cell may be a whole ``td`` or ``th`` as markup, anything else is put into one."""
    heads = list(head)
    top = tag("thead", tag("tr", *(_cell(one, "th") for one in heads))) if heads else Markup()
    body = tag("tbody", *(tag("tr", *(_cell(one, "td") for one in row)) for row in rows))
    return tag("div.scroll", tag(name, top, body))


def _cell(content: object, kind: str) -> Markup:
    if isinstance(content, Markup) and content.startswith((f"<{kind}>", f"<{kind} ", "<th ")):
        return content
    return tag(kind, content, at={"scope": "col"} if kind == "th" else None)


def number(content: object) -> Markup:
    """Return a right-aligned table cell."""
    return tag("td.number", content)


def number_head(content: object) -> Markup:
    """Return the heading of a column of numbers."""
    return tag("th.number", content, at={"scope": "col"})


def head(content: object) -> Markup:
    """Return the heading cell of a table's row."""
    return tag("th", content, at={"scope": "row"})


def definitions(pairs: Iterable[tuple[object, object]]) -> Markup:
    """Return a list of terms with their descriptions."""
    return tag("dl.facts", *(tag("div", tag("dt", a), tag("dd", b)) for a, b in pairs))
