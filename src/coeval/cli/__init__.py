"""The command line: thin commands over the library; nothing heavy is imported until a command runs."""

import sys


def main() -> None:
    """Run the command line; whatever goes wrong becomes one message, with a traceback only under ``--debug``.

    Exit codes: 0 done, 1 a defect of coeval, 2 bad input or a state the user can mend, 130 interrupted.
    """
    debug = "--debug" in sys.argv
    if debug:
        sys.argv.remove("--debug")
    from coeval.errors import CoevalError  # noqa: PLC0415 - light, unlike the next

    try:
        from coeval.cli.app import app  # noqa: PLC0415 - typer is imported once a command line is there

        app()
    except KeyboardInterrupt:  # typer answers those that come while a command runs
        sys.stderr.write("coeval: interrupted before the command began\n")
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        known = isinstance(error, CoevalError)
        said = str(error) if known else _defect(error)
        sys.stderr.write(f"coeval: {said}\n")
        sys.exit(2 if known else 1)


def _defect(error: Exception) -> str:
    return (
        f"{type(error).__name__}: {error}. This is a defect of coeval; what was finished is kept. "
        "Run the command again with --debug and report what it prints."
    )
