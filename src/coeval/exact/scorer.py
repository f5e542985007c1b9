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
from coeval.exact.ties import KEPT, Ties
from coeval.exact.tree import TreeSearch
from coeval.exact.vocabulary import Values

Write = Callable[..., Programs]
"""From the numbers of rows to the programs of their model."""


class Scorer:
    """Runs a search on a target.

    Args:
        search: What yields the sequences.
        target: What they are to approximate.
        clock: When to stop.
        features: Sequences that a linear model combines.
        ties: Where to collect the answers that tie with the best; ``None`` not to.

    Attributes:
        target: What they are to approximate.
        front: The best answers so far.
        evaluated: How many sequences were scored so far.
        covered: The longest length of which everything was scored, models of two sequences included; -1 for none.
    """

    def __init__(
        self,
        search: Search,
        target: Target,
        clock: Clock,
        *,
        features: Literal[1, 2] = 1,
        ties: Ties | None = None,
    ) -> None:
        self.front = Front(target.values, target.floor)
        self.evaluated = 0
        self.covered = -1
        self._search = search
        self.target = target
        self._clock = clock
        self._features = features
        self._ties = ties
        self._listed = 0 if ties is None else KEPT
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
        self._cover(length)

    def grow(self) -> None:
        """Let the search keep the next length, and score it.

        Raises:
            OutOfTimeError: The time is up.
        """
        for block in self._search.grow():
            self._take_block(block)
        self._cover(self._search.covered)

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

    def _cover(self, length: int) -> None:
        """Note that the sequences of a length are scored, once their models are."""
        if self._features > 1:
            self._combine(length)
        self.covered = max(self.covered, length)

    def _combine(self, length: int) -> None:
        """Score the linear models of two kept sequences, the longer of which has the given length."""
        level = self._search.level(length)
        values = self._search.values
        new, older = values[level.start : level.stop], values[: level.start]
        for left, right, start in ((new, older, 0), (new, None, level.start)):
            sweep = best_two_features(
                left,
                right,
                self.target.values,
                incumbent=self._bar(length),
                ties=self._listed,
                stop=lambda: self._clock.left <= 0,
            )
            self._take_sweep(length, sweep, self._write_both(level.start, start))

    def offer_fit(self, length: int, fit: ConstantFit, program: Program) -> None:
        """Take a structure whose constants were fitted."""
        self.evaluated += fit.evaluations
        self._offer(length, fit.error, fit.weights, program)
        self._tick(length)

    def _offer(
        self, length: int, error: float, weights: tuple[float, ...], program: Program
    ) -> None:
        self._offer_all(length, np.array([error]), np.array([weights]), lambda _: (program,))

    def _offer_all(
        self, length: int, errors: Values, weights: Values, programs: Callable[[int], Programs]
    ) -> None:
        self.front.offer(length, errors, weights, programs)
        if self._ties is not None:
            self._ties.offer(length, self.front.bar(length), errors, weights, programs)

    def _bar(self, length: int) -> float:
        """Return the error up to which answers are of interest."""
        bar = self.front.bar(length)
        return bar if self._ties is None else self._ties.bar(bar)

    def _write_both(self, left: int, right: int) -> Write:
        program = self._search.program
        return lambda first, second: (program(left + first), program(right + second))

    def _take_block(self, block: Block) -> None:
        kept, errors, weights = score(block.values, self.target, self._bar(block.length))
        self._offer_all(
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
            incumbent=self._bar(pairs.length),
            ties=self._listed,
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
            incumbent=self._bar(item.length),
            ties=self._listed,
            order=self._order,
            stop=lambda: self._clock.left <= 0,
        )
        self._take_sweep(item.length, sweep, lambda *rows: (item.program(*rows),))

    def _take_sweep(self, length: int, sweep: Sweep, write: Write) -> None:
        self.evaluated += sweep.covered
        if sweep.best is not None:
            models = sweep.ties or (sweep.best,)
            errors = np.array([one.error for one in models])
            weights = np.array([one.weights for one in models])
            self._offer_all(length, errors, weights, lambda one: write(*models[one].rows))
        if sweep.crowded and self._ties is not None:
            self._ties.crowded.add(length)
        if not sweep.complete:
            raise OutOfTimeError
        self._tick(length)

    def _tick(self, length: int) -> None:
        self._clock.report(length, self.evaluated, len(self._search), self.front.bar(length))
        self._clock.check()
