"""How a new whole is made from a parent and a part: replace, exchange, insert, lift, relabel a subtree."""

from collections.abc import Iterable, Sequence

from coeval.space.programs_trees import Grammar, end_of

EXCHANGE = (0.45, 0.65, 0.80, 0.90)
"""Cumulative shares of: a part in place of a subtree, another whole's subtree there, insertion above, lifting; the
rest relabels a node. Measured on 20 targets of known optimum; shares by half or twice search alike."""
CREDITED = 0.5
"""Share of parts drawn by the rank of their credit, evenly in its logarithm; the others are drawn evenly."""


class Parts:
    """The population of parts, by size, and what each is worth: the least error of a whole that it was put into.

    Args:
        parts: The first ones, leaves among them.
    """

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._credit: dict[bytes, float] = {}
        self._even: list[list[bytes]] = [[]]  # by size: all parts of at most this size
        self._ranked: list[list[bytes]] = [[]]
        for part in parts:
            self.add(part)
        self.rank()

    def add(self, part: bytes) -> None:
        """Add a part that may be new; it is drawn by rank from the next ``rank`` on."""
        if part in self._credit:
            return
        self._credit[part] = float("inf")
        while len(self._even) <= len(part):
            self._even.append(list(self._even[-1]))
        for size in range(len(part), len(self._even)):
            self._even[size].append(part)

    def serve(self, part: bytes, cost: float) -> None:
        """Credit a part with the cost of a whole that it was put into."""
        if cost < self._credit.get(part, float("inf")):
            self._credit[part] = cost

    def rank(self) -> None:
        """Order the parts by credit."""
        credit = self._credit
        self._ranked = [sorted(one, key=lambda part: credit[part]) for one in self._even]

    def draw(self, most: int, draw: float, coin: float) -> bytes:
        """Return a part of at most a size, by two numbers in 0..1."""
        size = min(most, len(self._even) - 1, len(self._ranked) - 1)
        if coin < CREDITED:
            return self._ranked[size][by_rank(len(self._ranked[size]), draw)]
        return self._even[size][int(draw * len(self._even[size]))]


class Surgeon:
    """Makes children of at most a size.

    Args:
        grammar: Of the space.
        limit: Nodes of a tree at most.
    """

    def __init__(self, grammar: Grammar, limit: int) -> None:
        self._grammar, self._limit = grammar, limit
        codes = range(len(grammar.alike))
        self._up_to = [
            bytes(code for code in codes if 1 <= grammar.arity[code] <= most) for most in range(4)
        ]

    def operate(
        self, wholes: Sequence[bytes], parts: Parts, draws: Sequence[float]
    ) -> tuple[bytes, bytes]:
        """Return a child and the part put into it; both may be empty.

        Args:
            wholes: Parents, best first.
            parts: Donors.
            draws: Six numbers in 0..1 that decide all.
        """
        rank, kind, place, donor, coin, last = draws
        parent = wholes[by_rank(len(wholes), rank)]
        start = int(place * len(parent))
        stop = end_of(parent, start, self._grammar)
        before, after = parent[:start], parent[stop:]
        room = self._limit - len(before) - len(after)
        if kind < EXCHANGE[0]:
            part = parts.draw(room, donor, coin)
            return before + part + after, part
        if kind < EXCHANGE[1]:
            other = wholes[by_rank(len(wholes), donor)]
            at = int(coin * len(other))
            subtree = other[at : end_of(other, at, self._grammar)]
            return (before + subtree + after, b"") if len(subtree) <= room else (b"", b"")
        if kind < EXCHANGE[2]:
            return self._inserted(before, parent[start:stop], after, parts, (donor, coin, last))
        if kind < EXCHANGE[3]:
            at = start + int(donor * (stop - start))
            return before + parent[at : end_of(parent, at, self._grammar)] + after, b""
        code = parent[start]
        alike = self._grammar.alike[code] if self._grammar.arity[code] else self._grammar.leaves
        return before + bytes([alike[int(donor * len(alike))]]) + parent[start + 1 :], b""

    def _inserted(
        self, before: bytes, subtree: bytes, after: bytes, parts: Parts, draws: Sequence[float]
    ) -> tuple[bytes, bytes]:
        """Return the parent with an operation above a subtree; a second operand is a part, further ones leaves."""
        donor, coin, last = draws
        free = self._limit - len(before) - len(subtree) - len(after)
        codes = self._up_to[max(0, min(free, 3))]
        if not codes:
            return b"", b""
        code = codes[int(last * len(codes))]
        above, arity = bytes([code]), self._grammar.arity[code]
        if arity == 1:
            return before + above + subtree + after, b""
        part = parts.draw(free - arity + 1, donor, (coin * 7919) % 1)
        rest = self._grammar.leaves[:1] * (arity - 2)
        operands = subtree + part if coin < 0.5 else part + subtree
        return before + above + operands + rest + after, part


def by_rank(count: int, draw: float) -> int:
    """Return an index below ``count``, evenly in the logarithm of the rank, by a number in 0..1."""
    return min(int(count**draw), count) - 1 if count > 1 else 0
