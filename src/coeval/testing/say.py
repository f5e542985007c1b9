"""How the suites state what is wrong."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def require(holds: bool, sentence: str) -> None:
    """Raise ``AssertionError`` with a sentence unless something holds."""
    if not holds:
        raise AssertionError(sentence)


@contextmanager
def refusing(error: type[Exception], sentence: str) -> Iterator[None]:
    """Require that the block raises an error.

    Args:
        error: What it must raise.
        sentence: What was broken if it does not.
    """
    try:
        yield
    except error:
        return
    raise AssertionError(sentence)


def plain_json(value: Any) -> Any:
    """Return a value after a trip through JSON text.

    Raises:
        AssertionError: It is not plain JSON, or holds a NaN.
    """
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise AssertionError(f"Expected plain JSON values, got {value!r}: {error}.") from error
