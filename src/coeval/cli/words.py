"""What commands print."""

import sys


def say(text: str) -> None:
    """Print to standard output, as it is."""
    sys.stdout.write(text + "\n")


def complain(text: str) -> None:
    """Print to standard error, as it is."""
    sys.stderr.write(text + "\n")
