"""Formulas by working backwards: what a target would have to be inside exp, below a fraction, without a factor.

A sum of a few short sequences that equals such a transformed target gives a formula of the target itself, far
longer than any that could be enumerated: log(y·s) = c - (t/s)²/2 says y = exp(c - (t/s)²/2)/s. The sums are found
greedily, for all transformed targets at once (orthogonal matching pursuit: Pati, Rezaiifar & Krishnaprasad 1993,
doi:10.1109/ACSSC.1993.342465). Only matches to rounding count, so noise leaves nothing to find.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Operation
from coeval.errors import SpaceError
from coeval.exact.bank import Term
from coeval.exact.tree import TreeSearch
from coeval.exact.vocabulary import make_vocabulary
from coeval.run.approximate_fit import fitted
from coeval.run.approximate_plan import BACKWARDS, Stage, Work
from coeval.run.approximate_search import Found, length_of
from coeval.run.approximate_terms import Writer, recoded
from coeval.task.points import Points

Floats = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
DEPTH, FACTORS = 800, 150
"""Distinct short values that sums are made of; and by how many of them the target is multiplied."""
MOST_ROWS = 160
"""Rows on which matches are looked for; they are checked on all."""
LONGEST = 12
"""Nodes of a summand; few components have few values of any length."""
MOST_TERMS = 6
NEAR = 1e-20
"""Share of the transformed target's variance that a match may leave."""
CLEAR = 1e-6
"""Least weight of a unit vector that belongs to a sum."""
TRIED = 10
"""Matches of one number of terms that are written out."""

INVERSES: dict[str, Callable[[Floats], Floats]] = {
    "": np.positive,
    "div": np.reciprocal,
    "exp": np.log,
    "sqrt": np.square,
}
"""What undoes the outermost operation; under the first nothing is undone."""


@dataclass(frozen=True, slots=True, eq=False)
class _Inside:
    """A transformed target: what is inside ``outer`` once a kept value is taken to the other side.

    The target is ``outer(values) · factor``, or where it ``divides``, ``outer(values) / factor``.
    """

    outer: str
    factor: int
    divides: bool
    values: Floats


def worked_back(work: Work, operations: tuple[Operation, ...]) -> Found | None:
    """Return a formula that meets the target to rounding; ``None`` where none is found.

    Args:
        work: What to search on. Without fitted weights, or without the number 1, nothing is searched.
        operations: What the answer's codes stand for: the components, then ``identity``.
    """
    material, points = work.material, work.points
    if not material.is_weighted or 1.0 not in material.numbers or work.left <= 0:
        return None
    work.watch.stage(Stage(BACKWARDS, "sums inside other functions", 1.0))
    names = [one.name for one in material.operations]
    few = points.take(np.unique(np.linspace(0, points.rows - 1, MOST_ROWS).astype(np.int64)))
    for chosen in _families(names):
        ordered = [*chosen, *(place for place in range(len(names)) if place not in chosen)]
        used = [material.operations[place] for place in chosen]
        search = _bank(work, few, used)
        writer = Writer(search, [names[place] for place in ordered])
        found: dict[int, Found] = {}
        for term in _matches(search, writer, few.target, names):
            try:
                program = recoded(search.bank.program(term), bytes((*ordered, len(names))))
                answer, sse = fitted([program], operations, points)
            except SpaceError:  # too long for a program, or undefined somewhere
                continue
            length = length_of(answer, work.plan.semantics)
            if sse <= work.floor and length <= work.plan.length:
                found.setdefault(length, Found(answer, sse, BACKWARDS))
        if found:
            return found[min(found)]
    return None


def _families(names: Sequence[str]) -> Iterator[list[int]]:
    """Yield the places of the components that sums are made of: products and ratios alone, then all."""
    powers = [place for place, name in enumerate(names) if name in ("mul", "div")]
    if powers and len(powers) < len(names):
        yield powers
    yield list(range(len(names)))


def _bank(work: Work, points: Points, operations: Sequence[Operation]) -> TreeSearch:
    search = TreeSearch(make_vocabulary(points.columns, operations, work.material.numbers))
    while len(search) < DEPTH and search.covered < min(work.plan.length, LONGEST):
        for _ in search.grow():
            if work.interrupt.requested or work.left <= 0:
                search.discard()
                return search
    return search


def _matches(
    search: TreeSearch, writer: Writer, target: Floats, names: Sequence[str]
) -> Iterator[Term]:
    """Yield terms that may equal the target up to scale and offset, those of fewest summands first."""
    with np.errstate(all="ignore"):
        insides = _insides(search, target, names)
    values = search.values[: 2 * DEPTH]
    features, kept = _directions(values)
    wanted, which = _directions(np.array([one.values for one in insides]))
    for found, chosen in itertools.chain(_spanned(features, wanted), _pursued(features, wanted)):
        inside = insides[which[found]]
        summands = [int(kept[one]) for one in chosen]
        term = _written(inside, summands, values, writer)
        if term is not None:
            yield term


def _insides(search: TreeSearch, target: Floats, names: Sequence[str]) -> list[_Inside]:
    found = []
    outers = {name: inverse for name, inverse in INVERSES.items() if name in ("", *names)}
    for factor, values in enumerate(search.values[:FACTORS]):
        is_one = bool((values == 1).all())
        if (values == values[0]).all() and not is_one:
            continue
        for divides in (True,) if is_one else (True, False):
            rest = target * values if divides else target / values
            rest = -rest if (rest < 0).all() else rest
            for outer, inverse in outers.items():
                inside = inverse(rest)
                if np.isfinite(inside).all() and (outer != "sqrt" or (rest > 0).all()):
                    found.append(_Inside(outer, factor, divides, inside))
    return found


def _directions(values: Floats) -> tuple[Floats, Index]:
    """Return the deviations from their means as unit vectors, and which of the values vary."""
    with np.errstate(all="ignore"):
        around = values - values.mean(axis=1, keepdims=True)
        sizes = np.linalg.norm(around, axis=1)
    largest = np.abs(values).max(axis=1)
    kept = np.flatnonzero(np.isfinite(sizes) & (sizes > 1e-10 * largest) & (largest < 1e100))
    return around[kept] / sizes[kept, None], kept


def _spanned(features: Floats, wanted: Floats) -> Iterator[tuple[int, list[int]]]:
    """Yield a target and the features that it is a sum of, for targets in the span of the shortest features.

    Least squares with fewer features than rows leave those out that do not belong, which greed may not.
    """
    shortest = features[: wanted.shape[1] // 2]
    weights = np.linalg.lstsq(shortest.T, wanted.T, rcond=1e-12)[0].T
    left = wanted - weights @ shortest
    for one in np.flatnonzero(np.einsum("mn,mn->m", left, left) < NEAR).tolist():
        chosen = np.flatnonzero(np.abs(weights[one]) > CLEAR)
        if 0 < len(chosen) <= MOST_TERMS:
            yield one, chosen.tolist()


def _pursued(features: Floats, wanted: Floats) -> Iterator[tuple[int, list[int]]]:
    """Yield a target and the features that it is a sum of, for targets met to rounding."""
    left, basis = wanted.copy(), np.zeros((len(wanted), 0, wanted.shape[1]))
    chosen = np.zeros((len(wanted), 0), dtype=np.intp)
    alive = np.arange(len(wanted))
    for _ in range(min(MOST_TERMS, wanted.shape[1] // 3)):
        if not len(alive):
            return
        best = np.abs(left @ features.T).argmax(axis=1)
        fresh = features[best]
        for _ in range(2):  # twice is enough for orthogonality (Kahan; Parlett 1980)
            fresh = fresh - np.einsum("mk,mkn->mn", np.einsum("mkn,mn->mk", basis, fresh), basis)
        sizes = np.linalg.norm(fresh, axis=1, keepdims=True)
        fresh = fresh / np.where(sizes > 1e-9, sizes, np.inf)
        left = left - np.einsum("mn,mn->m", left, fresh)[:, None] * fresh
        basis = np.concatenate([basis, fresh[:, None]], axis=1)
        chosen = np.concatenate([chosen, best[:, None]], axis=1)
        rest = np.einsum("mn,mn->m", left, left)
        for one in np.flatnonzero(rest < NEAR)[:TRIED].tolist():
            yield int(alive[one]), chosen[one].tolist()
        open_ = rest >= NEAR
        left, basis, chosen, alive = left[open_], basis[open_], chosen[open_], alive[open_]


def _written(
    inside: _Inside, summands: Sequence[int], values: Floats, writer: Writer
) -> Term | None:
    """Return the target as a term, up to scale and offset; ``None`` where it cannot be written."""
    table = np.stack([np.ones(values.shape[1]), *values[list(summands)]], axis=1)
    scales = np.abs(table).max(axis=0)
    weights = np.linalg.lstsq(table / scales, inside.values, rcond=None)[0] / scales
    offset, slopes = float(weights[0]), weights[1:]
    if inside.outer != "exp":  # scale and sign of the sum are free
        first = slopes[np.abs(slopes).argmax()]
        smallest = slopes[np.abs(slopes).argmin()]
        first = smallest if abs(first) < 10 * abs(smallest) else first
        offset, slopes = offset / first, slopes / first
    offset = 0.0 if inside.outer == "exp" or abs(offset) < 1e-9 else offset
    sides = writer.halves(list(summands), slopes.tolist(), offset)
    if sides is None:
        return None
    plus, minus = sides
    factor = None if (values[inside.factor] == 1).all() else inside.factor
    above, below = (None, factor) if inside.divides else (factor, None)
    if inside.outer == "exp" and plus is None:
        return writer.ratio(above, below, under=writer.apply("exp", minus))
    total = plus if minus is None else writer.apply("sub", plus, minus)
    if inside.outer == "div":
        return writer.ratio(above, below, under=total)
    if inside.outer:
        total = writer.apply(inside.outer, total)
    return writer.ratio(above, below, over=total)
