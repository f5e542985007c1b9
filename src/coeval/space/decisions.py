"""Decisions one after the other: what is open behind a prefix, what a complete one leads to, and all of them in order.

For spaces whose members are built by asking for one decision after the other, where what is asked depends on what was answered.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from coeval.errors import SpaceError

P = TypeVar("P")


class Take(Protocol):
    """Answers a decision from the prefix."""

    def __call__(self, options: Sequence[Any], name: str = "") -> int:
        """Return the index of the option that the prefix takes.

        Args:
            options: At least one.
            name: Of the decision, for people; empty where the options speak for themselves.
        """
        ...


class _Open(Exception):  # noqa: N818 - control flow, never seen outside
    """The prefix is used up; these are the options of the next decision."""

    def __init__(self, options: tuple[str, ...]) -> None:
        super().__init__()
        self.options = options


def open_options(build: Callable[[Take], P], prefix: tuple[int, ...]) -> tuple[str, ...]:
    """Return the options of the decision behind a prefix; none where it is complete.

    Args:
        build: From the answers to what they lead to.
        prefix: Indices of options.

    Raises:
        SpaceError: It holds an option that does not exist, or goes on behind the end.
    """
    try:
        _replayed(build, prefix)
    except _Open as decision:
        return decision.options
    return ()


def decided(build: Callable[[Take], P], prefix: tuple[int, ...]) -> P:
    """Return what a complete prefix leads to.

    Args:
        build: From the answers to what they lead to.
        prefix: Indices of options.

    Raises:
        SpaceError: It is not complete, holds an option that does not exist, or goes on behind the end.
    """
    try:
        return _replayed(build, prefix)
    except _Open as decision:
        raise SpaceError(
            f"The prefix of {len(prefix)} decisions is not complete; next: {decision.options[:8]}."
        ) from None


def in_order(build: Callable[[Take], P]) -> Iterator[P]:
    """Yield what all complete prefixes lead to, in the order of the decisions, lazily.

    Args:
        build: From the answers to what they lead to.
    """
    prefix: list[int] = []
    counts: list[int] = []
    while True:
        while options := open_options(build, tuple(prefix)):
            prefix.append(0)
            counts.append(len(options))
        yield _replayed(build, tuple(prefix))
        while prefix and prefix[-1] + 1 == counts[-1]:
            prefix.pop()
            counts.pop()
        if not prefix:
            return
        prefix[-1] += 1


def _replayed(build: Callable[[Take], P], prefix: tuple[int, ...]) -> P:
    taken = 0

    def take(options: Sequence[Any], name: str = "") -> int:
        nonlocal taken
        if taken == len(prefix):
            raise _Open(tuple(f"{name}={one}" if name else str(one) for one in options))
        index = prefix[taken]
        if not 0 <= index < len(options):
            which = repr(name) if name else taken
            raise SpaceError(f"Decision {which} has options 0..{len(options) - 1}, got {index}.")
        taken += 1
        return index

    made = build(take)
    if taken < len(prefix):
        raise SpaceError(f"This network takes {taken} decisions, got {len(prefix)}.")
    return made
