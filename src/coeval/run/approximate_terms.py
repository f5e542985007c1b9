"""Terms over kept values written out with the components at hand: sums with small rational weights, and recoding."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from coeval.architecture.program import WIDTH, Program
from coeval.exact.bank import Term
from coeval.exact.tree import TreeSearch

LARGEST = 4
"""Numerators and denominators are at most this: they are written as sums of ones."""
NEAR = 1e-7


def recoded(program: Program, codes: bytes) -> Program:
    """Return a program whose operations are numbered otherwise.

    Args:
        program: Any.
        codes: The new code of each old one.
    """
    code = bytearray(program.code)
    code[::WIDTH] = bytes(codes[one] for one in code[::WIDTH])
    return Program(bytes(code), program.constants)


class Writer:
    """Writes terms over a search's kept values.

    Args:
        search: Its first level holds the number 1.
        names: The operations by code: the search's own first; others may follow.
    """

    def __init__(self, search: TreeSearch, names: Sequence[str]) -> None:
        self._codes = {name: code for code, name in enumerate(names)}
        leaves = search.values[: search.level(1).stop]
        ones = np.flatnonzero((leaves == 1).all(axis=1))
        self._one: int | None = int(ones[0]) if len(ones) else None

    def apply(self, name: str, *operands: Term | None) -> Term | None:
        """Return an operation on terms; ``None`` where the component is not at hand, or an operand is ``None``."""
        if name not in self._codes or any(one is None for one in operands):
            return None
        return self._codes[name], tuple(one for one in operands if one is not None)

    def ratio(
        self,
        above: Term | None,
        below: Term | None,
        *,
        over: Term | None = None,
        under: Term | None = None,
    ) -> Term | None:
        """Return ``above · over / (below · under)``; what is ``None`` is 1, but one of the last two is given.

        ``None`` where neither is, or components are missing.
        """
        if over is None and under is None:
            return None
        top, bottom = self._times(above, over), self._times(below, under)
        if bottom is None:
            return top
        return self.apply("div", self._one if top is None else top, bottom)

    def _times(self, first: Term | None, second: Term | None) -> Term | None:
        if first is None or second is None:
            return second if first is None else first
        return self.apply("mul", first, second)

    def halves(
        self, terms: Sequence[Term], weights: Sequence[float], offset: float = 0.0
    ) -> tuple[Term | None, Term | None] | None:
        """Return what is added and what is subtracted in a weighted sum, each ``None`` where there is nothing.

        ``None`` altogether where a weight is no small fraction, or components are missing.
        """
        sides: tuple[list[Term], list[Term]] = ([], [])
        for term, weight in [*zip(terms, weights, strict=True), (None, offset)]:
            share = Fraction(weight).limit_denominator(LARGEST)
            if abs(weight - share) > NEAR * max(1.0, abs(weight)) or abs(share.numerator) > LARGEST:
                return None
            if share:
                written = self._scaled(term, abs(share))
                if written is None:
                    return None
                sides[share < 0].append(written)
        made = [self._added(one) for one in sides]
        if any(one and term is None for one, term in zip(sides, made, strict=True)):
            return None
        return made[0], made[1]

    def _added(self, terms: Sequence[Term]) -> Term | None:
        total: Term | None = None
        for number, one in enumerate(terms):
            total = self.apply("add", total, one) if number else one
        return total

    def _scaled(self, term: Term | None, share: Fraction) -> Term | None:
        """Return a term times a fraction; the fraction itself for no term."""
        one = self._one if term is None else term
        if one is None:
            return None
        above = self._added([one] * share.numerator)
        if share.denominator == 1 or above is None or self._one is None:
            return above if share.denominator == 1 else None
        return self.apply("div", above, self._added([self._one] * share.denominator))
