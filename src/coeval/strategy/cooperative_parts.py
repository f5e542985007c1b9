"""Whole expressions and their parts coevolve in a space of bounded trees: the search beside the exact optimum.

Two populations, as modules and blueprints are (SANE, Moriarty & Miikkulainen 1997, doi:10.1162/evco.1997.5.3.199): a
whole is judged by its error, a part by the best whole that it was put into. Hardly anything is forgotten: parents are
drawn by rank among the 20,000 best wholes ever judged, evenly in the logarithm of the rank, so that every scale between the incumbent
and the newcomer gets its share. No structure is asked twice, and none that holds a part known to be undefined, or to
mean what a smaller one means (the semantic keys of earlier trials; the exact bank's seeds, where they are complete).
"""

import bisect
import math
from collections.abc import Sequence

import numpy as np

from coeval.architecture.program import Program
from coeval.errors import SpaceError
from coeval.seed import generator
from coeval.space.programs import ProgramSpace
from coeval.space.programs_arrays import sample_batch, unpack
from coeval.space.programs_trees import (
    LEAF,
    make_grammar,
    ordered,
    subtrees,
    to_program,
    to_tree,
)
from coeval.space.teams import single
from coeval.strategy.cooperative_surgery import Parts, Surgeon
from coeval.strategy.genetic_batches import Generations
from coeval.strategy.genetic_members import worth
from coeval.trial import Objective, Proposal, Reason, Trial

PATIENCE = 100
"""Times the population's number of draws after which, without a new structure, the space counts as used up."""
RANK_EVERY = 10
MOST = 20_000
"""Wholes kept: parents of higher rank are drawn seldom, and longer lists take longer to insert into than to search."""
SEED, BRED = "parts:seed", "parts"


class PartsCoevolution:
    """Coevolves whole expressions and their parts.

    Args:
        space: Of programs without constants of their own, with a ``size_limit``.
        objective: What is minimised.
        seed: Below which every draw has its address.
        population: Wholes of a generation.
        seeds: Programs asked first, which become the first parts, such as the exact bank's.
        complete: Up to how many nodes the seeds hold every distinct value; an expression with a part of at most
            so many nodes that is no seed is a duplicate then, and is not asked.

    Raises:
        SpaceError: The space has constants or no ``size_limit``.
        ValueError: ``population`` is below 2.
    """

    def __init__(
        self,
        space: ProgramSpace,
        objective: Objective,
        seed: int = 0,
        *,
        population: int = 100,
        seeds: Sequence[Program] = (),
        complete: int = 0,
    ) -> None:
        if space.constants or space.size_limit is None:
            raise SpaceError(
                f"Wholes and parts need a space without constants of its own and with a size_limit, got "
                f"constants={space.constants} and size_limit={space.size_limit}. Numbers may be operations."
            )
        bare = any(one.arity == 0 for one in space.operations)
        if space.length < space.size_limit - 1 + bare:
            raise SpaceError(
                f"A tree of size_limit={space.size_limit} nodes may take {space.size_limit - 1 + bare} steps, got "
                f"length={space.length}. Raise length."
            )
        if population < 2:
            raise ValueError(f"population must be at least 2, got {population}.")
        self.objective, self.seed = objective, seed
        self._space, self._limit = space, space.size_limit
        self._grammar, self._population, self._complete = make_grammar(space), population, complete
        trees = [ordered(to_tree(one, space, self._grammar), self._grammar) for one in seeds]
        self._seeds = list(dict.fromkeys(one for one in trees if self._fits(one)))
        self._small = frozenset(one for one in trees if len(one) <= complete)
        leaves = [bytes([code]) for code in self._grammar.leaves]
        self._parts = Parts([*leaves, *(one for one in self._seeds if len(one) < self._limit)])
        self._surgeon = Surgeon(self._grammar, self._limit)
        self._asked: set[bytes] = set()
        self._refused: set[bytes] = set()  # undefined, or a larger form of another
        self._smallest: dict[str, bytes] = {}  # by semantic key
        self._costs: list[float] = []  # of the wholes, ascending
        self._wholes: list[bytes] = []
        self._pending: list[
            tuple[bytes, bytes]
        ] = []  # trees in flight, and the part each was given
        self._drawn = 0
        self._generations = Generations(self._advance, objective)

    @property
    def champion(self) -> Trial | None:
        """Return the best comparable trial ever, the earliest of equals."""
        return self._generations.champion

    def ask(self, count: int) -> list[Proposal]:
        """Return up to ``count`` wholes of the current generation; none while it is evaluated, or for ever at the end."""
        return self._generations.ask(count)

    def tell(self, trial: Trial) -> None:
        """Record a trial."""
        self._generations.tell(trial)

    def _advance(self, trials: Sequence[Trial]) -> list[Proposal]:
        """Take a generation's results in, and return the next one."""
        rng = generator(self.seed, "parts", self._drawn)
        self._drawn += 1
        for trial, (tree, part) in zip(trials, self._pending, strict=True):
            self._learn(trial, tree, part)
        if self._drawn % RANK_EVERY == 0:
            self._parts.rank()
        if not trials:
            self._pending = [(one, b"") for one in self._first(rng)]
        else:
            self._pending = self._bred(rng)
        origin = BRED if trials or not self._seeds else SEED
        programs = (to_program(tree, self._space, self._grammar) for tree, _ in self._pending)
        return [Proposal(single(one), origin=origin) for one in programs]

    def _first(self, rng: np.random.Generator) -> list[bytes]:
        """Return the seeds, or samples of the space where there are none; their subtrees are the first parts."""
        if not self._seeds:
            samples = unpack(sample_batch(self._space.layout, self._population, rng))
            trees = (to_tree(one, self._space, self._grammar) for one in samples)
            first = list(dict.fromkeys(ordered(one, self._grammar) for one in trees))
            for tree in first:
                for part in subtrees(tree, self._grammar):
                    self._parts.add(part)
        else:
            first = self._seeds
        self._asked.update(first)
        return first

    def _bred(self, rng: np.random.Generator) -> list[tuple[bytes, bytes]]:
        """Return children whose structures are new, and the part that each was given, if any."""
        found: list[tuple[bytes, bytes]] = []
        trees = self._wholes or [
            ordered(to_tree(one, self._space, self._grammar), self._grammar)
            for one in unpack(sample_batch(self._space.layout, self._population, rng))
        ]
        for _ in range(PATIENCE):
            for draws in rng.random((self._population, 6)).tolist():
                child, part = self._surgeon.operate(trees, self._parts, draws)
                tree = ordered(child, self._grammar) if child else b""
                if tree and tree not in self._asked:
                    self._asked.add(tree)
                    if self._fits(tree) and self._is_promising(tree):
                        found.append((tree, part))
            if len(found) >= self._population // 2:
                break
        return found

    def _fits(self, tree: bytes) -> bool:
        return len(tree) <= self._limit and tree[0] < LEAF  # a bare input is no program

    def _is_promising(self, tree: bytes) -> bool:
        """Return whether no part is known to be undefined or a longer form of another."""
        for part in subtrees(tree, self._grammar):
            if part in self._refused or (len(part) <= self._complete and part not in self._small):
                return False
        return True

    def _learn(self, trial: Trial, tree: bytes, part: bytes) -> None:
        cost = worth(trial, self.objective) if trial.is_comparable else math.inf
        measured = trial.measurement
        if measured is not None and measured.failure is not None:
            if measured.failure.reason is Reason.REFUSED:
                self._refused.add(tree)
            return
        if part:
            self._parts.serve(part, cost)
        key = "" if measured is None else str(measured.data.get("key", ""))
        twin = self._smallest.get(key) if key else None
        if twin is not None and len(twin) <= len(tree):
            self._refused.add(tree)
            return
        if twin is not None:
            self._refused.add(twin)
        if key:
            self._smallest[key] = tree
        if twin is None and cost < math.inf:
            self._enter(cost, tree)

    def _enter(self, cost: float, tree: bytes) -> None:
        place = bisect.bisect_right(self._costs, cost)
        self._costs.insert(place, cost)
        self._wholes.insert(place, tree)
        if len(self._wholes) > MOST:
            self._costs.pop()
            self._wholes.pop()
