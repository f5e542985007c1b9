"""The smallest additions that complete a component set: every set of least cost, by enumeration (reference, B.3).

"Smallest" is exact for the theorems and providers listed: what no theorem here certifies may still do.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from coeval.component.library import SCALAR, TABULAR
from coeval.universality.capability import AMBIENT, Arithmetic, Capability, Facts
from coeval.universality.closure import Source, closed, derive, mask
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
        found = list(_reaching(own, offers, cost, theorems))
        if found:
            return tuple(_addition(goal, facts, chosen, theorems) for chosen in found)
    return ()


def _reaching(
    bits: int, offers: Sequence[tuple[str, int]], cost: int, theorems: Sequence[Theorem]
) -> Iterator[tuple[str, ...]]:
    """Yield every choice of offers that costs this much and reaches a theorem.

    Choices that cannot reach one even with every later offer are left out unseen: lemmas only ever add.
    """
    if cost == 0:
        if _reached(closed(bits), theorems):
            yield ()
        return
    most = _brought(name for name, _ in offers)
    if not offers or not _reached(closed(bits | most), theorems):
        return
    (name, price), rest = offers[0], offers[1:]
    if price <= cost:
        for others in _reaching(bits | _grants(name), rest, cost - price, theorems):
            yield (name, *others)
    yield from _reaching(bits, rest, cost, theorems)


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
    goal: Goal, facts: Sequence[Facts], chosen: tuple[str, ...], theorems: Sequence[Theorem]
) -> Addition:
    before = derive(facts).keys()
    after = derive([*facts, *(facts_of(name) for name in chosen)])
    reached = [one for one in theorems if one.needs <= after.keys()]
    missing = {part for need in reached[0].needs for part in _missing(need, before, after)}
    return Addition(
        goal,
        chosen,
        sum(_COSTS[name] for name in chosen),
        tuple(dict.fromkeys(one.rule for one in reached)),
        tuple(str(one) for one in sorted(missing)),
    )


def _missing(
    wanted: Capability, before: Container[Capability], after: Mapping[Capability, Source]
) -> set[Capability]:
    """Return what was not there; where a part of its construction was, only the other parts."""
    if wanted in before:
        return set()
    lemma = after[wanted].lemma
    if lemma is None or not any(one in before for one in lemma.needs):
        return {wanted}
    return {part for one in lemma.needs for part in _missing(one, before, after)}
