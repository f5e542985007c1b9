"""Texts that stand in Markdown as they are, whatever a user's columns and classes are called (CommonMark 0.31, sections 2.4 and 6.1)."""

import re


def plain(text: str) -> str:
    r"""Return a text of which nothing is read as markup or HTML.

    Example:
        >>> plain("<b> a_b *")
        '\\<b> a_b \\*'
    """
    return re.sub(r"([\\`*\[<&])", r"\\\1", " ".join(text.splitlines()))


def cell(text: str) -> str:
    r"""Return a text that stands in a cell of a table.

    Example:
        >>> cell("a|b")
        'a\\|b'
    """
    return plain(text).replace("|", "\\|")


def code(text: str) -> str:
    """Return a text as a code span outside a table, fenced by more backticks than it holds.

    Example:
        >>> code("a|b"), code("a`b")
        ('`a|b`', '``a`b``')
    """
    text = " ".join(text.splitlines())
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    # A space at both ends is taken away again, and keeps a backtick apart from the fence.
    edge = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{edge}{text}{edge}{fence}"
