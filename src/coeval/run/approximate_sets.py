"""Exact searches over few of the components: longer sequences are in reach there, and often enough.

No one set of components fits every target, and the search over a small one goes deep in the same time. So sets
of growing size are searched in turn (Padhi et al. 2019, "Overfitting in synthesis", call it hybrid enumeration),
larger ones growing from those that came closest to the target, and the best of all are searched deeper.
Nothing is proven here.
"""

import contextlib
import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from coeval.architecture.program import Operation
from coeval.build.numeric.answer import Answer
from coeval.exact.clock import Clock, OutOfTimeError
from coeval.exact.front import Found as Model
from coeval.exact.kernels.pairs import best_pair, best_two_features
from coeval.exact.plan import make_search
from coeval.exact.score import Target, make_target
from coeval.exact.scorer import Scorer
from coeval.exact.search import Search
from coeval.exact.tree import TreeSearch
from coeval.exact.vocabulary import make_vocabulary
from coeval.run.approximate_fit import fitted
from coeval.run.approximate_plan import SETS, Stage, Work
from coeval.run.approximate_search import Found, length_of
from coeval.run.approximate_simplify import terms
from coeval.run.approximate_terms import recoded

Chosen = tuple[int, ...]
"""The places of a set's operations among all of them."""
SIZES = (2, 3, 4)
"""Components of a set."""
MOST_SHARES = 4
"""How many equal shares of the time one set may take: most need less."""
MOST_NUMBERS = 20_000_000
"""Values times points that are kept of a set."""
KEPT = 6
"""So many answers are handed on."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """A pass over sets.

    Attributes:
        depth: Distinct values that are kept of each set.
        streams: Whether the lengths that follow from these are scored as well.
        share: What the pass may take of the time left.
        sets: How many sets there are of a size, or of all.
    """

    depth: int
    streams: bool
    share: float
    sets: int


WIDE = _Pass(400, False, 0.5, 80)
DEEP = (_Pass(4_000, True, 0.5, 12), _Pass(30_000, True, 1.0, 6))


@dataclass(frozen=True, slots=True)
class _Set:
    """A set of components, and the best model of at most the length asked for."""

    chosen: Chosen
    best: Model


def search_sets(work: Work, operations: tuple[Operation, ...], seconds: float) -> list[Found]:
    """Return the best sequences over small sets of the components, the best first.

    With fitted weights, sums of two sequences are searched as well.

    Args:
        work: What to search on.
        operations: What the answers' codes stand for: the components, then ``identity``.
        seconds: Wall clock.
    """
    explorer = _Explorer(work, operations, work.left - seconds)
    best = explorer.widened()
    for one in DEEP:
        if not explorer.is_over(best):
            best = explorer.deepened(best, one)
    answers = [_answer(one, work, operations) for one in best[:KEPT]]
    return sorted(answers, key=lambda one: one.sse)


class _Explorer:
    """Searches sets until the time is up, a model fits to rounding, or Ctrl-C comes."""

    def __init__(self, work: Work, operations: tuple[Operation, ...], until: float) -> None:
        self._work, self._operations, self._until = work, operations, until
        scaled = work.material.is_weighted
        self._target = make_target(work.points.target, work.points.rows, scaled=scaled)

    @property
    def _left(self) -> float:
        return self._work.left - self._until

    def is_over(self, found: Iterable[_Set]) -> bool:
        """Return whether there is nothing left to do, or no time for it."""
        stop = self._left <= 0 or self._work.interrupt.requested
        return stop or any(one.best.error <= self._work.floor for one in found)

    def widened(self) -> list[_Set]:
        """Return sets of growing size, the best first."""
        operations = self._work.material.operations
        end, found = self._left * (1 - WIDE.share), list[_Set]()
        grown: list[Chosen] = [(place,) for place, one in enumerate(operations) if one.arity > 1]
        for rounds, size in enumerate(SIZES):
            sets = _larger(grown, len(operations)) if size < len(operations) else []
            share = (self._left - end) / (len(SIZES) - rounds)
            new = self._searched(sets[: WIDE.sets], WIDE, self._left - share)
            found += new
            if self.is_over(new):
                break
            grown = [one.chosen for one in _ranked(new)]
        return _ranked(found)

    def deepened(self, sets: Sequence[_Set], how: _Pass) -> list[_Set]:
        """Return the best sets, searched deeper, and the others, the best first."""
        chosen = list(dict.fromkeys(one.chosen for one in sets))[: how.sets]
        return _ranked([*sets, *self._searched(chosen, how, self._left * (1 - how.share))])

    def _searched(self, sets: Sequence[Chosen], how: _Pass, end: float) -> list[_Set]:
        """Return what was found on some sets, each given an equal share of what those before left over."""
        found: list[_Set] = []
        for place, chosen in enumerate(sets):
            if self._left <= end or self.is_over(found):
                break
            share = (self._left - end) / (len(sets) - place)
            seconds = max(1e-3, min(MOST_SHARES * share, self._left - end))
            best = self._best(chosen, how, seconds)
            if best is not None:
                found.append(_Set(chosen, best))
                said = f"{len(chosen)} of {len(self._work.material.operations)} components"
                least = min(one.best.error for one in found)
                self._work.watch.stage(Stage(SETS, said, least / self._work.total))
        return found

    def _best(self, chosen: Chosen, how: _Pass, seconds: float) -> Model | None:
        """Return the best model over one set; ``None`` where none of the length asked for is found in time."""
        work, clock = self._work, Clock(seconds)
        used = [work.material.operations[one] for one in chosen]
        vocabulary = make_vocabulary(work.points.columns, used, work.material.numbers)
        search = make_search(vocabulary, work.plan.semantics)
        scorer = Scorer(search, self._target, clock)
        depth = min(how.depth, MOST_NUMBERS // work.points.rows)
        with contextlib.suppress(OutOfTimeError):
            _cover(scorer, search, work.plan.length, dataclasses.replace(how, depth=depth))
        search.discard()
        models = [*scorer.front.points, *_joined(search, self._target, clock)]
        fitting = [one for one in models if self._length(one, chosen) <= work.plan.length]
        return min(fitting, key=lambda one: one.error, default=None)

    def _length(self, model: Model, chosen: Chosen) -> int:
        if len(model.programs) == 1:
            return model.length
        answer = _unsimplified(model, chosen, self._work, self._operations)
        return length_of(answer, self._work.plan.semantics)


def _cover(scorer: Scorer, search: Search, length: int, how: _Pass) -> None:
    """Score a search's sequences up to so many distinct ones, and the lengths that follow from these.

    Raises:
        OutOfTimeError: The time is up.
    """
    while (
        search.covered < length and len(search) < how.depth and scorer.front.exact_length > length
    ):
        scorer.grow()
    if how.streams and scorer.front.exact_length > length > search.covered:
        further = search.covered
        while further < length and search.reach(further + 1) <= search.covered:
            further += 1
        scorer.stream(further)


def _joined(search: Search, target: Target, clock: Clock) -> list[Model]:
    """Return the best weighted sum, product and ratio of two kept values, whatever their lengths."""

    def is_late() -> bool:
        return clock.left <= 0

    found, values = [], search.values
    constants: Literal["none", "linear"] = "linear" if target.scaled else "none"
    if target.scaled:
        sweep = best_two_features(values, None, target.values, stop=is_late)
        if sweep.best is not None:
            programs = tuple(search.program(row) for row in sweep.best.rows)
            found.append(Model(0, sweep.best.error, programs, sweep.best.weights))
    for code, one in enumerate(search.vocabulary.operations):
        if one.name not in ("mul", "div") or not isinstance(search, TreeSearch) or is_late():
            continue
        operation: Literal["mul", "div"] = "mul" if one.name == "mul" else "div"
        sweep = best_pair(values, None, target.values, operation, constants=constants, stop=is_late)
        if sweep.best is not None:
            length = 1 + sum(_size(search, row) for row in sweep.best.rows)
            program = search.bank.program((code, sweep.best.rows))
            found.append(Model(length, sweep.best.error, (program,), sweep.best.weights))
    return found


def _size(search: TreeSearch, row: int) -> int:
    return next(size for size in range(1, search.covered + 1) if row in search.level(size))


def _larger(sets: Iterable[Chosen], count: int) -> list[Chosen]:
    """Return every set with one component more."""
    made = [
        tuple(sorted((*one, place))) for one in sets for place in range(count) if place not in one
    ]
    return list(dict.fromkeys(made))


def _ranked(sets: Iterable[_Set]) -> list[_Set]:
    return sorted(sets, key=lambda one: (one.best.error, len(one.chosen)))


def _answer(one: _Set, work: Work, operations: tuple[Operation, ...]) -> Found:
    """Return a set's best model over all operations, as short as its error allows."""
    answer = _unsimplified(one.best, one.chosen, work, operations)
    found = Found(answer, one.best.error, SETS)
    if len(answer.programs) == 1:
        return found
    inputs = len(work.points.columns)
    simple = [term for each in answer.programs for term in terms(each, inputs, operations)]
    shorter, sse = fitted(list(dict.fromkeys(simple)), operations, work.points)
    is_as_good = sse <= max(found.sse * (1 + 1e-9), work.floor)
    return Found(shorter, sse, SETS) if is_as_good else found


def _unsimplified(
    model: Model, chosen: Chosen, work: Work, operations: tuple[Operation, ...]
) -> Answer:
    codes = bytes((*chosen, len(operations) - 1))
    programs = tuple(recoded(one, codes) for one in model.programs)
    return Answer(programs, model.weights, operations, len(work.points.columns))
