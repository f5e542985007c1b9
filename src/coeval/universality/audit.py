"""The audit of a component set: what sequences over it can and cannot compute (reference, B.3).

Turing equivalence, universal approximation and limits are three separate things. A verdict names its
arithmetic, because the same set may be Turing equivalent on exact numbers and a finite automaton on 64 bits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from coeval.universality.additions import Addition, Goal, smallest_additions
from coeval.universality.capability import Arithmetic, Facts, Guarantee
from coeval.universality.capability import Capability as Has
from coeval.universality.closure import Source, derive, explain
from coeval.universality.gates import gate_of
from coeval.universality.refutations import REFUTATIONS
from coeval.universality.resolve import Named, resolve
from coeval.universality.rules import About, Refutation, Theorem, Verdict
from coeval.universality.theorems import APPROXIMATION, COUNTING, TURING
from coeval.universality.witness.gate import Gate
from coeval.universality.witness.result import WitnessRun
from coeval.universality.witness.run import run

_STRENGTH = (Verdict.EXECUTED, Verdict.THEOREM, Verdict.IDEAL, Verdict.WEAK)
_PLACE = (Arithmetic.FLOAT64, Arithmetic.EXACT, Arithmetic.SATURATING)


@dataclass(frozen=True, slots=True)
class Level:
    """The verdict on one arithmetic, and the rules behind it."""

    arithmetic: Arithmetic
    verdict: Verdict
    rules: tuple[str, ...]
    reason: str
    assumes: str = ""


@dataclass(frozen=True, slots=True)
class Approximation:
    """Whether sequences are dense in the continuous functions on a compact set: ``yes``, ``no`` or ``unknown``."""

    answer: str
    rules: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that the set can do or cannot, besides the two verdicts; ``rule`` is empty for what is known of one component."""

    rule: str
    says: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What is known of a component set.

    Attributes:
        components: Their names.
        turing: The verdict on Turing equivalence: the strongest certificate there is, or else the
            refutation that reaches furthest.
        levels: The verdict on each arithmetic.
        approximation: The verdict on universal approximation.
        limits: What else it can or cannot do.
        sources: Rule and citation of everything that was applied.
        construction: How what the leading certificate needs is made of the user's components, a line each.
        gate: The integer gate as a formula; empty without one.
        witnesses: What was run.
        capacity: How far each witness is exact on the usual arithmetics.
        missing: What the set lacks for Turing equivalence, by the nearest theorem.
        additions: Every least-cost completion, for each goal that is not reached.
    """

    components: tuple[str, ...]
    turing: Level
    levels: tuple[Level, ...]
    approximation: Approximation
    limits: tuple[Limit, ...]
    sources: tuple[tuple[str, str], ...]
    construction: tuple[str, ...]
    gate: str
    witnesses: tuple[WitnessRun, ...]
    capacity: tuple[str, ...]
    missing: tuple[str, ...]
    additions: tuple[Addition, ...]

    def to_json(self) -> dict[str, object]:
        """Return plain values that ``json`` can write."""
        return {
            "components": list(self.components),
            "turing": _level_json(self.turing),
            "levels": [_level_json(one) for one in self.levels],
            "approximation": {
                "answer": self.approximation.answer,
                "rules": list(self.approximation.rules),
                "reason": self.approximation.reason,
            },
            "limits": [{"rule": one.rule, "says": one.says} for one in self.limits],
            "sources": [{"rule": rule, "citation": text} for rule, text in self.sources],
            "construction": list(self.construction),
            "gate": self.gate,
            "witnesses": [one.to_json() for one in self.witnesses],
            "capacity": list(self.capacity),
            "missing": list(self.missing),
            "additions": [
                {
                    "goal": str(one.goal),
                    "components": list(one.components),
                    "cost": one.cost,
                    "rules": list(one.rules),
                    "missing": list(one.missing),
                }
                for one in self.additions
            ],
        }


def _level_json(level: Level) -> dict[str, object]:
    return {
        "arithmetic": str(level.arithmetic),
        "verdict": str(level.verdict),
        "rules": list(level.rules),
        "reason": level.reason,
        "assumes": level.assumes,
    }


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
    runs = _execute(theorems, gate) if execute else {}
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
        capacity=tuple(f"{one.kind}: {one.capacity}" for one in runs.values()),
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


def _execute(theorems: Iterable[Theorem], gate: Gate | None) -> dict[str, WitnessRun]:
    """Run each kind of witness once; the stack network only where no counter network speaks for exact numbers."""
    exact_counters = any(
        one.witness == "counter" and Arithmetic.EXACT in one.arithmetics for one in theorems
    )
    runs: dict[str, WitnessRun] = {}
    for one in theorems:
        if one.witness is None or one.witness in runs:
            continue
        if one.witness == "stack" and exact_counters:
            continue
        if gate is None and one.witness not in ("stack", "lstm"):
            continue  # own facts may grant a gate without a function to run
        runs[one.witness] = run(one.witness, gate)
    return runs


def _strength(theorem: Theorem, runs: Mapping[str, WitnessRun]) -> Verdict:
    done = runs.get(theorem.witness or "")
    if done is None:
        return theorem.strength
    exact = Arithmetic.EXACT in theorem.arithmetics
    if done.matched and (done.exact or not exact):
        return Verdict.EXECUTED
    # On exact numbers the theorem stands whatever one run did; by saturation the run was the evidence.
    return theorem.strength if exact else Verdict.UNKNOWN


def _level(
    arithmetic: Arithmetic,
    theorems: Sequence[Theorem],
    runs: Mapping[str, WitnessRun],
    refutations: Sequence[Refutation],
) -> Level:
    certified = [(_strength(one, runs), one) for one in theorems if arithmetic in one.arithmetics]
    certified = [(strength, one) for strength, one in certified if strength in _STRENGTH]
    against = [
        one for one in refutations if one.about is About.TURING and arithmetic in one.arithmetics
    ]
    if certified and against:
        raise ContradictionError(
            f"{certified[0][1].rule} certifies and {against[0].rule} refutes on {arithmetic} arithmetic. "
            "This is an error in coeval's rules: please report the component set."
        )
    if certified:
        best = min((strength for strength, _ in certified), key=_STRENGTH.index)
        chosen = [one for strength, one in certified if strength is best]
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
    for strength, level in product(_STRENGTH, by_place):
        if level.verdict is strength:
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
