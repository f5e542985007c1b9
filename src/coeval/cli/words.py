"""What commands print."""

import sys
from typing import TYPE_CHECKING

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
