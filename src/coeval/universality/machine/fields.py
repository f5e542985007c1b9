"""Reads the fields of a machine file: each value is checked where it stands, and a message names the place."""

from collections.abc import Mapping, Sequence

from coeval.errors import DataError, did_you_mean


def required(content: Mapping[str, object], field: str) -> object:
    """Return a field's value.

    Raises:
        DataError: It is missing.
    """
    if field not in content:
        raise DataError(f'A {content["kind"]} machine needs the field "{field}".')
    return content[field]


def unique_names(given: object, where: str) -> list[str]:
    """Return a list of names.

    Raises:
        DataError: It is no list of texts, it is empty, or a name occurs twice.
    """
    names = [as_text(one) for one in given] if isinstance(given, list) else []
    if not names or not all(isinstance(one, str) and one for one in names):
        raise DataError(f"{where} must list names, got {given!r}.")
    twice = sorted({str(one) for one in names if names.count(one) > 1})
    if twice:
        raise DataError(f"{where} names {twice[0]!r} twice; name it once.")
    return [str(one) for one in names]


def place(given: object, names: Sequence[str], where: str, what: str) -> int:
    """Return the number of what is meant by its name, or by its number where things are numbered.

    Raises:
        DataError: Nothing has this name or number.
    """
    if (
        isinstance(given, int)
        and not isinstance(given, bool)
        and what in {"counter", "instruction"}
    ):
        if 0 <= given < len(names):
            return given
        raise DataError(
            f"{where} names {what} {given}, which is undefined; there are 0..{len(names) - 1}."
        )
    if isinstance(given, str) and given in names:
        return names.index(given)
    known = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    raise DataError(
        f"{where} names {what} {given!r}, which is undefined; there are {known}."
        f"{did_you_mean(str(given), names)}"
    )


def whole(given: object, where: str) -> int:
    """Return a whole number.

    Raises:
        DataError: It is none.
    """
    if isinstance(given, bool) or not isinstance(given, int):
        raise DataError(f"{where} must be a whole number, got {given!r}.")
    return given


def as_text(given: object) -> object:
    """Return a whole number as text: symbols and states may be written without quotes."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def kind_of(given: object) -> str:
    """Return what a JSON value is, for messages."""
    words = {dict: "an object", list: "a list", str: "a text", bool: "a truth value"}
    return "nothing" if given is None else words.get(type(given), "a number")
