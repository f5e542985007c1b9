"""The smallest additions that complete a component set: every set of least cost, by enumeration (reference, B.3).

"Smallest" is exact for the theorems and providers listed: what no theorem here certifies may still do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import combinations

from coeval.component.library import SCALAR, TABULAR
from coeval.universality.capability import AMBIENT, Arithmetic, Capability, Facts
from coeval.universality.closure import BIT, LEMMAS, closed, mask
from coeval.universality.resolve import facts_of
from coeval.universality.rules import Theorem, Verdict
from coeval.universality.theorems import APPROXIMATION, TURING

# What each provider costs: 1 for a function, 2 for what iterates or remembers.
NETWORK = {"relu": 1, "step": 1, "linear": 1, "residual": 1}
NUMBERS = {"less": 1, "max": 1, "const": 1, "add": 1, "sub": 1, "mul": 1, "successor": 1}
SEARCHES = {"mu": 2, "primitive_recursion": 2}
LOOPS = {"iterate_until": 2}
MEMORIES = {"stack": 2, "tape": 2}
CIRCUIT = {"nand": 1, "delay": 1}
COMBINATORS = {"s": 1, "k": 1, "application": 2}
GROWTH = {"conv": 2}
_COSTS = NETWORK | NUMBERS | SEARCHES | LOOPS | MEMORIES | CIRCUIT | COMBINATORS | GROWTH


class Goal(StrEnum):
    """What an addition is for."""

    TURING = "Turing equivalence"
    FINITE_PRECISION = "Turing equivalence on float64"
    APPROXIMATION = "universal approximation"


@dataclass(frozen=True, slots=True)
class Addition:
    """Components that together reach a goal, at the least cost there is.

    Attributes:
        goal: What they are for.
        components: Their names; empty sets never occur.
        cost: Their summed cost.
        rules: The theorems that then apply.
        missing: What the set lacked for the first of these theorems.
    """

    goal: Goal
    components: tuple[str, ...]
    cost: int
    rules: tuple[str, ...]
    missing: tuple[str, ...]


def smallest_additions(facts: Sequence[Facts], goal: Goal) -> tuple[Addition, ...]:
    """Return every least-cost set of providers that reaches the goal; none when it is reached, or out of reach.

    Args:
        facts: The component set.
        goal: What is wanted.
    """
    theorems = _theorems(goal)
    own = mask(AMBIENT.union(*(one.grants for one in facts)))
    if _reached(closed(own), theorems):
        return ()
    names = {one.name for one in facts}
    offers = [(name, cost) for name, cost in providers(names).items() if name not in names]
    for cost in range(1, sum(cost for _, cost in offers) + 1):
        found = [
            _addition(goal, own, chosen, theorems)
            for chosen in _of_cost(offers, cost)
            if _reached(closed(own | _brought(chosen)), theorems)
        ]
        if found:
            return tuple(found)
    return ()


def providers(names: Iterable[str]) -> dict[str, int]:
    """Return what may be added to a set of these names, with its cost: only what works on the same values.

    Args:
        names: The set's component names.
    """
    present = set(names)
    if present & COMBINATORS.keys():
        return COMBINATORS
    if present & CIRCUIT.keys():
        return CIRCUIT | MEMORIES
    scalar_only = SCALAR.keys() - TABULAR.keys()
    if present & scalar_only and not present & (TABULAR.keys() - SCALAR.keys()):
        return NUMBERS | LOOPS | SEARCHES | MEMORIES
    return NETWORK | LOOPS | GROWTH | MEMORIES


def _theorems(goal: Goal) -> tuple[Theorem, ...]:
    if goal is Goal.APPROXIMATION:
        return APPROXIMATION
    certifying = tuple(one for one in TURING if one.strength is not Verdict.WEAK)
    if goal is Goal.TURING:
        return certifying
    return tuple(one for one in certifying if Arithmetic.FLOAT64 in one.arithmetics)


def _of_cost(offers: Sequence[tuple[str, int]], cost: int) -> list[tuple[str, ...]]:
    return [
        tuple(name for name, _ in chosen)
        for size in range(1, cost + 1)
        for chosen in combinations(offers, size)
        if sum(one for _, one in chosen) == cost
    ]


@lru_cache(maxsize=64)
def _grants(name: str) -> int:
    return mask(facts_of(name).grants)


def _brought(names: Iterable[str]) -> int:
    bits = 0
    for name in names:
        bits |= _grants(name)
    return bits


@lru_cache(maxsize=64)
def _needs(theorem: Theorem) -> int:
    return mask(theorem.needs)


def _reached(bits: int, theorems: Iterable[Theorem]) -> bool:
    return any(bits & _needs(one) == _needs(one) for one in theorems)


def _addition(
    goal: Goal, own: int, chosen: tuple[str, ...], theorems: Sequence[Theorem]
) -> Addition:
    before, after = closed(own), closed(own | _brought(chosen))
    reached = [one for one in theorems if after & _needs(one) == _needs(one)]
    missing = _missing(reached[0].needs, before, after)
    return Addition(
        goal,
        chosen,
        sum(_COSTS[name] for name in chosen),
        tuple(dict.fromkeys(one.rule for one in reached)),
        tuple(sorted(missing)),
    )


def _missing(needs: Iterable[Capability], before: int, after: int) -> set[Capability]:
    """What was not there; where part of its construction was, only the rest of that."""
    found: set[Capability] = set()
    for one in needs:
        if before & BIT[one]:
            continue
        partial = [
            lemma.needs
            for lemma in LEMMAS
            if lemma.gives is one and before & mask(lemma.needs) and _holds(after, lemma.needs)
        ]
        found |= _missing(partial[0], before, after) if partial else {one}
    return found


def _holds(bits: int, needs: Iterable[Capability]) -> bool:
    wanted = mask(needs)
    return bits & wanted == wanted
