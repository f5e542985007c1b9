"""Scoring on one target what a search yields, until the time is up."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from coeval.architecture.program import Program
from coeval.exact.bank import Term
from coeval.exact.clock import Clock, OutOfTimeError
from coeval.exact.front import Front, Programs
from coeval.exact.kernels.bounds import TestOrder
from coeval.exact.kernels.constants import ConstantFit
from coeval.exact.kernels.elementwise import best_application
from coeval.exact.kernels.hits import exact_hits
from coeval.exact.kernels.models import Sweep
from coeval.exact.kernels.pairs import best_pair, best_two_features
from coeval.exact.score import Target, score
from coeval.exact.search import Applications, Block, Pairs, Search
from coeval.exact.tree import TreeSearch

Write = Callable[..., Programs]
"""From the numbers of rows to the programs of their model."""


class Scorer:
    """Runs a search on a target.

    Args:
        search: What yields the sequences.
        target: What they are to approximate.
        clock: When to stop.

    Attributes:
        target: What they are to approximate.
        front: The best answers so far.
        evaluated: How many sequences were scored so far.
        covered: The longest length of which every sequence was scored; -1 for none.
    """

    def __init__(self, search: Search, target: Target, clock: Clock) -> None:
        self.front = Front(target.values, target.floor)
        self.evaluated = 0
        self.covered = -1
        self._search = search
        self.target = target
        self._clock = clock
        self._order = TestOrder(len(target.values))
        self._constants: Literal["none", "linear"] = "linear" if target.scaled else "none"

    def score_kept(self, length: int) -> None:
        """Score all distinct values of a length that the search has kept.

        Raises:
            OutOfTimeError: The time is up.
        """
        for block in self._search.kept(length):
            self._take_block(block)
            self.evaluated += len(block.values)
        self.covered = length

    def grow(self) -> None:
        """Let the search keep the next length, and score it.

        Raises:
            OutOfTimeError: The time is up.
        """
        for block in self._search.grow():
            self._take_block(block)
        self.covered = max(self.covered, self._search.covered)

    def stream(self, length: int) -> None:
        """Score all lengths up to the given one without keeping them.

        Raises:
            OutOfTimeError: The time is up.
        """
        for item in self._search.stream(length):
            if isinstance(item, Block):
                self._take_block(item)
            elif isinstance(item, Pairs):
                self._take_pairs(item)
            else:
                self._take_applications(item)
        self.covered = length

    def meet(self, length: int) -> None:
        """Look for trees that hit the target exactly, made of two kept values: one look-up for each value.

        A hit that is found ends the search at once; none found proves nothing.

        Args:
            length: Most nodes.
        """
        search = self._search
        if self.target.scaled or not isinstance(search, TreeSearch):
            return
        sizes = np.concatenate(
            [np.full(len(search.level(one)), one) for one in range(1, search.covered + 1)]
        )
        codes = {one.name: code for code, one in enumerate(search.vocabulary.operations)}
        for hit in exact_hits(search.values, self.target.values, list(codes), sizes=sizes):
            if hit.size <= length:
                term: Term = hit.rows[0]
                if hit.operation:
                    term = (codes[hit.operation], hit.rows)
                for outer in reversed(hit.outer):
                    term = (codes[outer], (term,))
                self._offer(hit.size, hit.error, (), search.bank.program(term))

    def combine(self, length: int) -> None:
        """Score the linear models of two kept sequences, the longer of which has the given length.

        Raises:
            OutOfTimeError: The time is up.
        """
        level = self._search.level(length)
        values = self._search.values
        new, older = values[level.start : level.stop], values[: level.start]
        for left, right, start in ((new, older, 0), (new, None, level.start)):
            sweep = best_two_features(
                left,
                right,
                self.target.values,
                incumbent=self.front.bar(length),
                stop=lambda: self._clock.left <= 0,
            )
            self._take_sweep(length, sweep, self._features(level.start, start))

    def offer_fit(self, length: int, fit: ConstantFit, program: Program) -> None:
        """Take a structure whose constants were fitted."""
        self.evaluated += fit.evaluations
        self._offer(length, fit.error, fit.weights, program)
        self._tick(length)

    def _offer(
        self, length: int, error: float, weights: tuple[float, ...], program: Program
    ) -> None:
        self.front.offer(length, np.array([error]), np.array([weights]), lambda _: (program,))

    def _features(self, left: int, right: int) -> Write:
        program = self._search.program
        return lambda first, second: (program(left + first), program(right + second))

    def _take_block(self, block: Block) -> None:
        bar = self.front.bar(block.length)
        kept, errors, weights = score(block.values, self.target, bar)
        self.front.offer(
            block.length, errors, weights, lambda best: (block.program(int(kept[best])),)
        )
        self.evaluated += block.tried
        self._tick(block.length)

    def _take_pairs(self, pairs: Pairs) -> None:
        sweep = best_pair(
            pairs.left,
            pairs.right,
            self.target.values,
            pairs.operation,
            constants=self._constants,
            incumbent=self.front.bar(pairs.length),
            stop=lambda: self._clock.left <= 0,
        )
        self._take_sweep(pairs.length, sweep, lambda i, j: (pairs.program(i, j),))

    def _take_applications(self, item: Applications) -> None:
        sweep = best_application(
            item.function,
            item.banks,
            self.target.values,
            constants=self._constants,
            commutative=item.commutative,
            incumbent=self.front.bar(item.length),
            order=self._order,
            stop=lambda: self._clock.left <= 0,
        )
        self._take_sweep(item.length, sweep, lambda *rows: (item.program(*rows),))

    def _take_sweep(self, length: int, sweep: Sweep, write: Write) -> None:
        self.evaluated += sweep.covered
        if sweep.best is not None:
            best = sweep.best
            errors, weights = np.array([best.error]), np.array([best.weights])
            self.front.offer(length, errors, weights, lambda _: write(*best.rows))
        if not sweep.complete:
            raise OutOfTimeError
        self._tick(length)

    def _tick(self, length: int) -> None:
        self._clock.report(length, self.evaluated, len(self._search), self.front.bar(length))
        self._clock.check()
