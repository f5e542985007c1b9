"""The command line: thin commands over the library; nothing heavy is imported until a command runs."""

import os
import sys


def main() -> None:
    """Run the command line; a known error becomes one message and exit code 2."""
    if "--debug" in sys.argv:
        sys.argv.remove("--debug")
        os.environ["COEVAL_DEBUG"] = "1"
    from coeval.cli.app import app  # noqa: PLC0415 - typer is imported once a command line is there
    from coeval.errors import CoevalError  # noqa: PLC0415

    try:
        app()
    except CoevalError as error:
        if os.environ.get("COEVAL_DEBUG"):
            raise
        print(f"coeval: {error}", file=sys.stderr)  # noqa: T201 - the one place that speaks to stderr
        sys.exit(2)
    except KeyboardInterrupt:
        print("coeval: interrupted. What was finished is kept: coeval resume RUN", file=sys.stderr)  # noqa: T201
        sys.exit(130)
