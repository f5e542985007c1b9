"""What commands print."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from coeval.errors import RunError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def say(text: str) -> None:
    """Print to standard output, as it is."""
    sys.stdout.write(text + "\n")


def show(console: "Console", shown: "RenderableType") -> None:
    """Print a table; to a file or another program without the spaces that fill its lines."""
    if console.is_terminal:
        console.print(shown)
        return
    with console.capture() as captured:
        console.print(shown)
    say("\n".join(line.rstrip() for line in captured.get().rstrip().splitlines()))


def complain(text: str) -> None:
    """Print to standard error, as it is."""
    sys.stderr.write(text + "\n")


def refuse_together(options: Mapping[str, bool]) -> None:
    """Refuse options of which each asks for something else.

    Args:
        options: Names, and whether each was given.

    Raises:
        RunError: More than one was given.
    """
    given = [name for name, is_given in options.items() if is_given]
    if len(given) > 1:
        raise RunError(
            f"{' and '.join(given)} each ask for something else, got them together. Ask for one at a time."
        )


def refuse_foreign(options: Mapping[str, object], owner: str, command: str) -> None:
    """Refuse options that a command would pass over.

    Args:
        options: Names and what was given; ``None`` or an empty list is nothing.
        owner: What they are options of.
        command: What takes none of them.

    Raises:
        RunError: One was given.
    """
    given = [name for name, value in options.items() if value not in (None, [])]
    if given:
        raise RunError(
            f"{' and '.join(given)} can be said of {owner} only, not of '{command}'. Leave {'it' if len(given) == 1 else 'them'} out."
        )
