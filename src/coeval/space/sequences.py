"""The free architecture space for tables: sequences over the components, legal by construction.

Entries are determined by the task's columns, the head by its problem; between them stands a trunk of
at most ``limits.length`` steps. Each step continues the one before it, or merges it with an earlier result;
residual and repeat steps hold sequences of their own. This is the search space of de Wynter 2019
(arXiv:1908.09942), sequences of known functions, with types and costs checked symbolically.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coeval.architecture.component import Call, Component, Cost, Settings
from coeval.architecture.inference import infer
from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Architecture
from coeval.architecture.types import Vector, describe
from coeval.component.library import TABULAR
from coeval.errors import SpaceError
from coeval.space import edits
from coeval.space.crossing import exchanges
from coeval.space.decisions import Take, decided, in_order, open_options
from coeval.space.encoding import encode_plan
from coeval.space.grammar import Grammar, Pick, steps_of
from coeval.space.motifs import draw_trunk, style_of
from coeval.space.moves import RULES, Edited, Place, Rule, places, stepped
from coeval.space.plan import ALONE, Frame, Plan, assemble, parse
from coeval.space.protocol import Child, Move

ENTRY_WEIGHT = 1.5
ENSEMBLE_SHARE = 0.3
"""How many samples may have several members, which cost as many times as much."""
EXPERT_SHARE = 0.8
"""How many samples follow an expert's motifs; the others are drawn decision by decision, so that every
member has a positive probability."""


@dataclass(frozen=True, slots=True)
class SequenceSpace:
    """Entries, a free trunk, a head.

    Make it with ``tabular.sequence_space``.

    Attributes:
        frame: What the task fixes.
        grammar: What the trunk may be.
        entry_variants: The allowed settings of each slot of the frame.
        part: The name that moves carry.
    """

    frame: Frame
    grammar: Grammar
    entry_variants: tuple[tuple[Settings, ...], ...]
    part: str = "architecture"
    _stems: dict[tuple[Settings, ...], int] = field(default_factory=dict, compare=False, repr=False)

    def cost(self, genotype: Architecture) -> Cost:
        """Return the cost of one example, symbolically."""
        return infer(genotype).cost

    def plan(self, genotype: Architecture) -> Plan:
        """Return a member's plan.

        Raises:
            SpaceError: It is no member; the message says why.
        """
        plan = self._parsed(genotype)
        fault = self._fault(plan) or self.grammar.limits.excess(infer(genotype).cost)
        if fault:
            raise SpaceError(f"The architecture is not in this space: {fault}.")
        return plan

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw an architecture: mostly an expert's blocks, sometimes any decisions; cut to the limits."""
        entries = tuple(
            variants[int(rng.integers(len(variants)))] for variants in self.entry_variants
        )
        if self.frame.ballot and rng.random() >= ENSEMBLE_SHARE:
            entries = (*entries[:-1], ALONE)
        if rng.random() < EXPERT_SHARE:
            trunk = draw_trunk(self.grammar.words, rng)
            if self.grammar.fault(trunk, self.grammar.trunk(self.stem(entries))):
                trunk = ()
        else:
            trunk = self.grammar.grow(self.grammar.trunk(self.stem(entries)), _drawing(rng))
        return self._trimmed(self._affordable(Plan(entries, trunk)))

    def mutate(self, genotype: Architecture, rng: np.random.Generator) -> Child[Architecture]:
        """Return a child one move away: a rule is drawn, then its sites in random order until one is legal."""
        plan = self._parsed(genotype)
        levels = self._places(plan)
        clocks: list[tuple[float, Rule | None]] = [
            (rng.exponential() / rule.weight, rule) for rule in RULES
        ]
        clocks.append((rng.exponential() / ENTRY_WEIGHT, _ENTRY))
        for _, rule in sorted(clocks, key=lambda pair: pair[0]):
            sites = self._sites(rule, plan, levels)
            for index in _shuffled(len(sites), rng):
                child = self._apply(rule, plan, sites[index])
                if child is not None and child.genotype != genotype:
                    return child
        return Child(genotype, ())

    def cross(
        self, first: Architecture, second: Architecture, rng: np.random.Generator
    ) -> Child[Architecture]:
        """Return a typed exchange of sub-sequences, region bodies or entry settings; see ``crossing``."""
        mine, theirs = self._parsed(first), self._parsed(second)
        found = list(exchanges(mine, theirs, self._places(mine), self._places(theirs)))
        for index in _shuffled(len(found), rng):
            one = found[index]
            plan = one.make()
            genotype = None if plan is None else self._legal(plan)
            if genotype is not None and genotype not in (first, second):
                site = self._site(mine, one.path, one.index)
                return Child(genotype, (Move("cross", self.part, site, detail=one.detail),))
        return Child(first, ())

    def neighbours(self, genotype: Architecture) -> Iterator[Child[Architecture]]:
        """Yield every legal child one move away, rule by rule, outermost level first."""
        plan = self.plan(genotype)
        levels = self._places(plan)
        seen = {genotype}
        for rule in (_ENTRY, *RULES):
            for site in self._sites(rule, plan, levels):
                child = self._apply(rule, plan, site)
                if child is not None and child.genotype not in seen:
                    seen.add(child.genotype)
                    yield child

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the options of the next decision: each entry's settings, then the trunk node by node."""
        return open_options(self._decided, prefix)

    def decide(self, prefix: tuple[int, ...]) -> Architecture:
        """Return the architecture of a complete prefix."""
        genotype = assemble(self.frame, decided(self._decided, prefix))
        excess = self.grammar.limits.excess(infer(genotype).cost)
        if excess:
            raise SpaceError(f"The architecture exceeds the space's limits: {excess}.")
        return genotype

    def size(self) -> int:
        """Return the exact number of plans that the decisions lead to, cost limits aside."""
        total, known = 0, dict[bool, int]()
        for entries in itertools.product(*self.entry_variants):
            stem = self.stem(entries)
            kind = stem in self.grammar.words.ladder
            if kind not in known:
                known[kind] = self.grammar.count(self.grammar.trunk(stem))
            total += known[kind]
        return total

    def __iter__(self) -> Iterator[Architecture]:
        """Yield all legal architectures in the order of their decisions, lazily."""
        for plan in in_order(self._decided):
            genotype = assemble(self.frame, plan)
            if not self.grammar.limits.excess(infer(genotype).cost):
                yield genotype

    def contains(self, genotype: Architecture) -> bool:
        """Return whether it parses back into a plan of this space, within the limits."""
        try:
            self.plan(genotype)
        except SpaceError:
            return False
        return True

    def encode(self, genotype: Architecture) -> np.ndarray:
        """Return counts of components by depth, widths, references, entry settings and log costs."""
        plan = self.plan(genotype)
        return encode_plan(
            self.frame, self.grammar, plan, self.stem(plan.entries), self.cost(genotype)
        )

    def to_json(self, genotype: Architecture) -> Any:
        """Return the architecture as JSON."""
        return to_json(genotype)

    def from_json(self, value: Any) -> Architecture:
        """Return the architecture that ``to_json`` wrote."""
        known = {one.name: one for one in self._components()}
        return from_json(value, {**TABULAR, **known})

    def stem(self, entries: tuple[Settings, ...]) -> int:
        """Return the width of the trunk's input."""
        if entries not in self._stems:
            width = 0
            for component, settings in zip(self.frame.entries, entries, strict=False):
                output = component.type_rule(Call((self.frame.columns,), dict(settings)))
                assert isinstance(output, Vector)
                width += output.features
            self._stems[entries] = width
        return self._stems[entries]

    def smallest(self) -> Plan:
        """Return the plan of least parameters: the cheapest entries, no trunk."""
        cheapest = []
        for component, variants in zip(self.frame.entries, self.entry_variants, strict=False):

            def size(settings: Settings, component: Component = component) -> tuple[int, int]:
                call = Call((self.frame.columns,), dict(settings))
                output = component.type_rule(call)
                assert isinstance(output, Vector)
                return component.cost_rule(call, output).parameters, output.features

            cheapest.append(min(variants, key=size))
        return Plan((*cheapest, ALONE) if self.frame.ballot else tuple(cheapest), ())

    def _components(self) -> Iterator[Component]:
        words = self.grammar.words
        yield from (*self.frame.entries, self.frame.head, *words.setters, *words.keepers)
        yield from (*words.merges, *words.joins, *words.regions)

    def _parsed(self, genotype: Architecture) -> Plan:
        plan = parse(self.frame, genotype)
        if plan is None:
            raise SpaceError(
                "The architecture is not of this space's form: the entries "
                f"{[one.name for one in self.frame.entries]} over {describe(self.frame.columns)}, their "
                f"concatenation, a trunk, and {self.frame.head.name}."
            )
        return plan

    def _fault(self, plan: Plan) -> str:
        for component, settings, variants in zip(
            self.frame.slots, plan.entries, self.entry_variants, strict=True
        ):
            if settings not in variants:
                return f"{component.name} with {dict(settings)}"
        return self.grammar.fault(plan.trunk, self.grammar.trunk(self.stem(plan.entries)))

    def _legal(self, plan: Plan) -> Architecture | None:
        if self._fault(plan):
            return None
        genotype = assemble(self.frame, plan)
        return None if self.grammar.limits.excess(infer(genotype).cost) else genotype

    def _affordable(self, plan: Plan) -> Plan:
        """Return the plan with fewer members, down to one, until it is legal."""
        if self.frame.is_ensemble(plan) and self._legal(plan) is None:
            counts = self.entry_variants[-1]
            fewer = counts[max(0, counts.index(plan.entries[-1]) - 1)]
            return self._affordable(Plan((*plan.entries[:-1], fewer), plan.trunk))
        return plan

    def _trimmed(self, plan: Plan) -> Architecture:
        """Return the plan with nodes taken off the trunk's end until it is legal."""
        for length in range(len(plan.trunk), -1, -1):
            genotype = self._legal(Plan(plan.entries, plan.trunk[:length]))
            if genotype is not None:
                return genotype
        return assemble(self.frame, self.smallest())

    def _places(self, plan: Plan) -> list[Place]:
        level = self.grammar.trunk(self.stem(plan.entries))
        return places(self.grammar, plan.trunk, level, style_of(self.grammar.words, plan.trunk))

    def _sites(
        self, rule: Rule | None, plan: Plan, levels: list[Place]
    ) -> list[tuple[Place | None, int, Any]]:
        if rule is not None:
            if rule.grows and steps_of(plan.trunk) >= self.grammar.limits.length:
                return []
            return [(p, index, what) for p in levels for index, what in rule.sites(self.grammar, p)]
        return [
            (None, slot, settings)
            for slot, component in enumerate(self.frame.slots)
            for settings in stepped(component, plan.entries[slot], self.entry_variants[slot])
        ]

    def _apply(
        self, rule: Rule | None, plan: Plan, site: tuple[Place | None, int, Any]
    ) -> Child[Architecture] | None:
        place, index, what = site
        if rule is None or place is None:
            return self._entry_child(plan, index, what)
        edited: Edited | None = rule.apply(self.grammar, place, index, what)
        if edited is None:
            return None
        genotype = self._legal(Plan(plan.entries, edits.put(plan.trunk, place.path, edited.nodes)))
        if genotype is None:
            return None
        where = self._site(plan, place.path, edited.index)
        name = edited.name or rule.name
        return Child(genotype, (Move(name, self.part, where, edited.exact, edited.detail),))

    def _entry_child(self, plan: Plan, slot: int, what: Any) -> Child[Architecture] | None:
        entries = (*plan.entries[:slot], what, *plan.entries[slot + 1 :])
        genotype = self._legal(Plan(entries, plan.trunk))
        if genotype is None:
            return None
        changed = [
            f"{name} {old} -> {new}"
            for (name, old), (_, new) in zip(plan.entries[slot], what, strict=True)
            if old != new
        ]
        detail = f"{self.frame.slots[slot].name}: {', '.join(changed)}"
        return Child(genotype, (Move("entry", self.part, str(slot), detail=detail),))

    def _site(self, plan: Plan, path: edits.Path, index: int) -> str:
        """Return the path of a node as step indices: ``"5.0.2"`` is step 2 of region 0 of step 5."""
        indices = [*path, index]
        indices[0] += self.frame.offset(plan)
        return ".0.".join(str(one) for one in indices)

    def _decided(self, take: Take) -> Plan:
        """Return the plan of decisions: each slot's settings, then the trunk."""
        entries = []
        for component, variants in zip(self.frame.slots, self.entry_variants, strict=True):
            labels = tuple(_shown(component, settings) for settings in variants)
            entries.append(variants[take(labels)])
        stem = self.stem(tuple(entries))
        trunk = self.grammar.grow(self.grammar.trunk(stem), take)
        return Plan(tuple(entries), trunk)


_ENTRY: Rule | None = None
"""Stands for a step of an entry's settings, which belongs to no level."""


def _drawing(rng: np.random.Generator) -> Pick:
    """Return a pick that draws uniformly, ending a level with probability 1/5."""

    def pick(options: tuple[str, ...]) -> int:
        if len(options) > 1 and options[0] == "end":
            return 0 if rng.random() < 0.2 else 1 + int(rng.integers(len(options) - 1))
        return int(rng.integers(len(options)))

    return pick


def _shuffled(count: int, rng: np.random.Generator) -> Iterator[int]:
    """Yield 0..count-1 in random order, drawing only as many as are taken (Fisher-Yates)."""
    order = list(range(count))
    for last in range(count - 1, -1, -1):
        chosen = int(rng.integers(last + 1))
        order[last], order[chosen] = order[chosen], order[last]
        yield order[last]


def _shown(component: Component, settings: Settings) -> str:
    relevant = None if component.relevant is None else component.relevant(dict(settings))
    shown = [f"{n}={v}" for n, v in settings if relevant is None or n in relevant]
    return f"{component.name}({', '.join(shown)})"
