"""The audit of a component set: what sequences over it can and cannot compute (reference, B.3).

Turing equivalence, universal approximation and limits are three separate things. A verdict names its
arithmetic, because the same set may be Turing equivalent on exact numbers and a finite automaton on 64 bits.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from coeval.universality.additions import Addition, Goal, smallest_additions
from coeval.universality.capability import Arithmetic, Facts, Guarantee
from coeval.universality.capability import Capability as Has
from coeval.universality.closure import Source, derive, explain
from coeval.universality.evidence import capacity, execute_witness, strength, witness_kinds
from coeval.universality.gates import gate_of
from coeval.universality.refutations import REFUTATIONS
from coeval.universality.resolve import Named, resolve
from coeval.universality.result import Approximation, Audit, Level, Limit
from coeval.universality.rules import About, Refutation, Theorem, Verdict
from coeval.universality.theorems import APPROXIMATION, COUNTING, TURING
from coeval.universality.witness.result import WitnessRun

__all__ = ["Approximation", "Audit", "ContradictionError", "Level", "Limit", "audit"]

_STRENGTH = (Verdict.EXECUTED, Verdict.THEOREM, Verdict.IDEAL, Verdict.WEAK)
_PLACE = (Arithmetic.FLOAT64, Arithmetic.EXACT, Arithmetic.SATURATING)


class ContradictionError(RuntimeError):
    """A certificate and a refutation hold on the same arithmetic: a rule of ours is wrong."""


def audit(
    components: Iterable[Named], *, execute: bool = True, hidden_layers: int | None = None
) -> Audit:
    """Return what sequences of any length over a component set can and cannot compute.

    Args:
        components: Names, components, or facts of own ones.
        execute: Whether witnesses are compiled and run (about a second); without, certificates are
            theorems only.
        hidden_layers: ``1`` asks about networks in which at most one activation lies on any path;
            ``None`` allows any depth.

    Raises:
        SpaceError: There is no component, or a name is unknown.
        ValueError: ``hidden_layers`` is neither 1 nor ``None``.

    Example:
        >>> audit(["linear", "relu", "repeat"]).turing.rules
        ('R1',)
    """
    if hidden_layers not in (None, 1):
        raise ValueError(
            f"hidden_layers must be 1 or None (any depth), got {hidden_layers!r}. "
            "No theorem here tells other depths apart."
        )
    facts = resolve(components)
    sources = derive(facts)
    theorems = [one for one in TURING if one.needs <= sources.keys()]
    theorems = _without_weaker_forms(theorems)
    refutations = _applying(facts, sources, one_layer=hidden_layers == 1)
    gate = gate_of(facts, sources)
    kinds = witness_kinds(theorems, gate)
    runs = {kind: execute_witness(kind, gate) for kind in kinds} if execute else {}
    levels = tuple(_level(one, theorems, runs, refutations) for one in Arithmetic)
    approximation, approximating = _approximation(
        sources, refutations, one_layer=hidden_layers == 1
    )
    additions = _additions(facts, levels, approximation)
    counting = [one for one in COUNTING if one.needs <= sources.keys()]
    turing = _headline(levels)
    applied = [one for one in theorems if any(one.rule in level.rules for level in levels)]
    leading = {need for one in applied if one.rule in turing.rules for need in one.needs}
    return Audit(
        components=tuple(one.name for one in facts),
        turing=turing,
        levels=levels,
        approximation=approximation,
        limits=_limits(facts, counting, refutations, levels),
        sources=_sources([*applied, *approximating, *counting, *_said(refutations, levels)]),
        construction=explain(sources, leading),
        gate=f"g(n) = {gate.macro}" if gate is not None else "",
        witnesses=tuple(runs.values()),
        capacity=tuple(capacity(kind, gate) for kind in kinds),
        missing=next((one.missing for one in additions if one.goal is Goal.TURING), ()),
        additions=additions,
    )


def _without_weaker_forms(theorems: Sequence[Theorem]) -> list[Theorem]:
    """Drop a form of a theorem that an earlier form says on at least the same arithmetics."""
    kept: list[Theorem] = []
    for one in theorems:
        covered = any(
            (other.rule, other.gives) == (one.rule, one.gives)
            and other.arithmetics >= one.arithmetics
            for other in kept
        )
        if not covered:
            kept.append(one)
    return kept


def _applying(
    facts: Sequence[Facts], sources: Mapping[Has, Source], *, one_layer: bool
) -> list[Refutation]:
    common: frozenset[Guarantee] = frozenset.intersection(*(one.guarantees for one in facts))
    return [
        one
        for one in REFUTATIONS
        if one.every <= common
        and (not one.some or one.some & sources.keys())
        and (one_layer or not one.one_layer)
    ]


def _level(
    arithmetic: Arithmetic,
    theorems: Sequence[Theorem],
    runs: Mapping[str, WitnessRun],
    refutations: Sequence[Refutation],
) -> Level:
    certified = [(strength(one, runs), one) for one in theorems if arithmetic in one.arithmetics]
    certified = [(found, one) for found, one in certified if found in _STRENGTH]
    against = [
        one for one in refutations if one.about is About.TURING and arithmetic in one.arithmetics
    ]
    if certified and against:
        raise ContradictionError(
            f"{certified[0][1].rule} certifies and {against[0].rule} refutes on {arithmetic} arithmetic. "
            "This is an error in coeval's rules: please report the component set."
        )
    if certified:
        best = min((found for found, _ in certified), key=_STRENGTH.index)
        chosen = [one for found, one in certified if found is best]
        rules = tuple(dict.fromkeys(one.rule for one in chosen))
        return Level(arithmetic, best, rules, chosen[0].gives, chosen[0].assumes)
    if against:
        return _refuted(arithmetic, against, refutations)
    return Level(arithmetic, Verdict.UNKNOWN, (), "no rule certifies it and none refutes it")


def _refuted(
    arithmetic: Arithmetic, against: Sequence[Refutation], refutations: Sequence[Refutation]
) -> Level:
    first = against[0]
    rules = [first.rule]
    if first.strength is Verdict.FINITE:
        rules += [one.rule for one in refutations if one.rule == "R7"]
    return Level(arithmetic, first.strength, tuple(rules), first.says)


def _headline(levels: Sequence[Level]) -> Level:
    """Return the strongest certificate, or else the refutation that holds on most arithmetics."""
    by_place = sorted(levels, key=lambda one: _PLACE.index(one.arithmetic))
    for verdict, level in product(_STRENGTH, by_place):
        if level.verdict is verdict:
            return level
    exact = next(one for one in levels if one.arithmetic is Arithmetic.EXACT)
    return exact if exact.verdict.refutes else by_place[0]


def _approximation(
    sources: Mapping[Has, Source], refutations: Sequence[Refutation], *, one_layer: bool
) -> tuple[Approximation, list[Theorem]]:
    certified = [
        one
        for one in APPROXIMATION
        if one.needs <= sources.keys() and (one.rule == "U1" or not one_layer)
    ]
    against = [one for one in refutations if one.about is About.APPROXIMATION]
    if certified and against:
        raise ContradictionError(
            f"{certified[0].rule} certifies and {against[0].rule} refutes universal approximation. "
            "This is an error in coeval's rules: please report the component set."
        )
    if certified:
        rules = tuple(one.rule for one in certified)
        return Approximation("yes", rules, certified[0].gives), certified
    if against:
        rules = tuple(one.rule for one in against)
        return Approximation("no", rules, against[0].says), []
    return Approximation("unknown", (), "no rule certifies it and none refutes it"), []


def _additions(
    facts: Sequence[Facts], levels: Sequence[Level], approximation: Approximation
) -> tuple[Addition, ...]:
    goals = []
    if not any(one.verdict.certifies for one in levels):
        goals.append(Goal.TURING)
    if not any(one.verdict.certifies for one in levels if one.arithmetic is Arithmetic.FLOAT64):
        goals.append(Goal.FINITE_PRECISION)
    if approximation.answer != "yes":
        goals.append(Goal.APPROXIMATION)
    return tuple(one for goal in goals for one in smallest_additions(facts, goal))


def _limits(
    facts: Sequence[Facts],
    counting: Sequence[Theorem],
    refutations: Sequence[Refutation],
    levels: Sequence[Level],
) -> tuple[Limit, ...]:
    found = [Limit(one.rule, one.gives) for one in counting[:1]]
    found += [Limit(one.rule, one.says) for one in refutations if one.about is About.LIMIT]
    grants = frozenset[Has]().union(*(one.grants for one in facts))
    if Has.VALUE_ITERATION in grants and levels[0].verdict is Verdict.NOT:
        found.append(Limit("T8", "loops bounded on entry: primitive recursive functions at most"))
    if any(one.verdict.certifies for one in levels):
        found.append(
            Limit(
                "",
                "a sequence may never halt: what is best is best among those that halt in the step budget",
            )
        )
    found += [Limit("", f"{one.name}: {one.note}") for one in facts if one.note]
    return tuple(found)


def _said(refutations: Iterable[Refutation], levels: Sequence[Level]) -> list[Refutation]:
    """Leave out what is true and was not needed: a set that always halts is also a finite automaton on 64 bits."""
    rules = {rule for one in levels for rule in one.rules}
    return [one for one in refutations if one.about is not About.TURING or one.rule in rules]


def _sources(rules: Iterable[Theorem | Refutation]) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((one.rule, one.citation) for one in rules))
