"""What can go wrong in a way that a caller may handle; the command line turns each into one message and exit code 2."""

import difflib
import shlex
from collections.abc import Collection, Iterable


class CoevalError(Exception):
    """Base of every error that coeval raises on purpose.

    The message says what was expected, what was got, where, and how to mend it.
    """


class DataError(CoevalError, ValueError):
    """The user's data cannot be read, or cannot be learnt from."""


class SpaceError(CoevalError):
    """An architecture, a genotype or a space breaks its own rules."""


class BudgetError(CoevalError):
    """A budget is not a duration or a count, or nothing fits into it."""


class RunError(CoevalError):
    """A run's folder is missing, occupied, damaged, or from another version."""


class ExportError(CoevalError):
    """An exported model is damaged, or does not reproduce the searched model."""


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """Return what to say of a name that is not among those known.

    Example:
        >>> unknown("--problem", "binry", ["binary", "regression"])
        "--problem must be one of binary, regression, got 'binry'. Did you mean 'binary'?"
    """
    return f"{what} must be one of {', '.join(known)}, got {name!r}.{did_you_mean(name, known)}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the known names nearest to ``name``, or an empty string.

    Example:
        >>> did_you_mean("incme", ["income", "age"])
        " Did you mean 'income'?"
    """
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(one) for one in near)}?" if near else ""


def typed(path: object) -> str:
    """Return a path as it is typed in a shell, so that a command in a message can be copied.

    Example:
        >>> typed("my runs/adult")
        "'my runs/adult'"
    """
    return shlex.quote(str(path))
