"""Spaces of plans: short descriptions of networks, with edits, decisions, and a way down to cheaper ones.

A genotype is the whole network as an ordinary architecture, from which its plan can be read again. What a plan is, ``Plans``
says; what is common to all such spaces, that every network keeps the limits above all, is here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from coeval.architecture.component import Cost
from coeval.architecture.inference import infer
from coeval.architecture.serial import from_json, to_json
from coeval.architecture.step import Architecture
from coeval.component.library import IMAGE
from coeval.errors import SpaceError
from coeval.space.decisions import Take, decided, in_order, open_options
from coeval.space.limits import Limits
from coeval.space.protocol import Child, Move

REMEMBERED = 16_384
"""How many networks are remembered with their plans."""

P = TypeVar("P")
Pick = Callable[[str, tuple[Any, ...]], Any]
"""Chooses one of a decision's options, from its name and the options."""


@dataclass(frozen=True, slots=True)
class Edit(Generic[P]):
    """A plan one edit away.

    Attributes:
        name: Of the rule.
        site: Where, such as the number of a stage; empty where the whole network is meant.
        detail: What changed, for people.
        plan: The result; may break the limits.
    """

    name: str
    site: str
    detail: str
    plan: P


class Plans(Protocol[P]):
    """What plans of one kind are. Plans are hashable values."""

    @property
    def what(self) -> str:
        """Return what a network of these plans is, for messages."""
        ...

    def decided(self, pick: Pick) -> P:
        """Return the plan of a sequence of decisions; one with a single option is not asked."""
        ...

    def size(self) -> int:
        """Return how many plans the decisions lead to."""
        ...

    def least(self) -> P:
        """Return the cheapest plan."""
        ...

    def cheaper(self, plan: P) -> Iterator[P]:
        """Yield plans one step down; every way down ends in a plan without steps."""
        ...

    def edits(self, plan: P) -> Iterator[Edit[P]]:
        """Yield the plans one edit away, rule by rule; some may be faulty."""
        ...

    def crossed(self, first: P, second: P, rng: np.random.Generator) -> Edit[P]:
        """Return a mix of two plans."""
        ...

    def fault(self, plan: P) -> str:
        """Return why a plan is none that decisions lead to; empty if it is one."""
        ...

    def assemble(self, plan: P) -> Architecture:
        """Return the plan's network."""
        ...

    def parse(self, architecture: Architecture) -> P | None:
        """Return the plan that an architecture seems to be of; the asker checks by assembling it."""
        ...

    def encode(self, plan: P) -> list[float]:
        """Return as many numbers for every plan."""
        ...


@dataclass(frozen=True, slots=True)
class PlanSpace(Generic[P]):
    """All plans whose networks keep the limits.

    Attributes:
        plans: What plans are.
        limits: Of a network's parameters, multiply-accumulates and memory.
        part: The name that moves carry.

    Raises:
        SpaceError: Not even the smallest network keeps the limits.
    """

    plans: Plans[P]
    limits: Limits
    part: str = "architecture"
    _made: dict[P, tuple[Architecture, Cost]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _read: dict[Architecture, P] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        excess = self.limits.excess(self._cost(self.plans.least()))
        if excess:
            raise SpaceError(
                f"Even the smallest {self.plans.what} exceeds the limits: {excess}. Raise the limit, or give smaller images."
            )

    def __reduce__(self) -> tuple[Any, ...]:
        """Leave what is remembered behind where the space is copied or sent."""
        return PlanSpace, (self.plans, self.limits, self.part)

    def plan(self, genotype: Architecture) -> P:
        """Return a member's plan.

        Raises:
            SpaceError: It is no member.
        """
        found = self._plan(genotype)
        if found is None:
            raise SpaceError(
                f"The architecture of {len(genotype.body.steps)} steps is no {self.plans.what} within the space's limits. "
                "Take it from the space's own sample, decide or network."
            )
        return found

    def network(self, plan: P) -> Architecture:
        """Return a plan's network.

        Raises:
            SpaceError: It is no member.
        """
        fault = self._fault(plan)
        if fault:
            raise SpaceError(f"The plan is not in this space: {fault}.")
        return self._architecture(plan)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw every decision with equal chance, then step down at random until the limits hold."""
        plan = self.plans.decided(lambda _, options: options[int(rng.integers(len(options)))])
        return self._architecture(self._trimmed(plan, rng))

    def mutate(self, genotype: Architecture, rng: np.random.Generator) -> Child[Architecture]:
        """Return a child one edit away: a rule is drawn, then its sites in random order until one is legal."""
        by_rule: dict[str, list[Edit[P]]] = {}
        for one in self.plans.edits(self.plan(genotype)):
            by_rule.setdefault(one.name, []).append(one)
        names = sorted(by_rule)
        for rule in rng.permutation(len(names)):
            found = by_rule[names[rule]]
            for place in rng.permutation(len(found)):
                if not self._fault(found[place].plan):
                    return self._child(found[place])
        return Child(genotype, ())

    def cross(
        self, first: Architecture, second: Architecture, rng: np.random.Generator
    ) -> Child[Architecture]:
        """Return a mix of both, trimmed to the limits."""
        mine, theirs = self.plan(first), self.plan(second)
        mixed = self.plans.crossed(mine, theirs, rng)
        plan = self._trimmed(mixed.plan, rng)
        if plan == mine:
            return Child(first, ())
        move = Move(mixed.name, self.part, mixed.site, detail=mixed.detail)
        return Child(self._architecture(plan), (move,))

    def neighbours(self, genotype: Architecture) -> Iterator[Child[Architecture]]:
        """Yield every legal network one edit away, in the order of the rules."""
        plan = self.plan(genotype)
        seen = {plan}
        for one in self.plans.edits(plan):
            if one.plan not in seen and not self._fault(one.plan):
                seen.add(one.plan)
                yield self._child(one)

    def decisions(self, prefix: tuple[int, ...]) -> tuple[str, ...]:
        """Return the options of the next decision."""
        return open_options(self._decided, prefix)

    def decide(self, prefix: tuple[int, ...]) -> Architecture:
        """Return the network of a complete prefix.

        Raises:
            SpaceError: The prefix is not complete or not legal, or the network exceeds the limits.
        """
        return self.network(decided(self._decided, prefix))

    def size(self) -> int:
        """Return the exact number of plans that the decisions lead to, cost limits aside."""
        return self.plans.size()

    def __iter__(self) -> Iterator[Architecture]:
        """Yield all legal networks in the order of their decisions, lazily."""
        for plan in in_order(self._decided):
            if not self._fault(plan):
                yield self._architecture(plan)

    def contains(self, genotype: Architecture) -> bool:
        """Return whether it is the network of a plan within the limits."""
        return self._plan(genotype) is not None

    def encode(self, genotype: Architecture) -> np.ndarray:
        """Return the plan's numbers and the logarithms of the network's costs."""
        plan = self.plan(genotype)
        cost = self._cost(plan)
        costs = np.log10([1 + cost.parameters, 1 + cost.macs, 1 + cost.activations])
        return np.array([*self.plans.encode(plan), *costs], dtype=np.float64)

    def to_json(self, genotype: Architecture) -> dict[str, Any]:
        """Return the architecture's own JSON, which any reader of architectures takes."""
        return to_json(genotype)

    def from_json(self, value: Any) -> Architecture:
        """Return the architecture that ``to_json`` wrote.

        Raises:
            SpaceError: The value does not describe an architecture, or not a member.
        """
        return self._architecture(self.plan(from_json(value, IMAGE)))

    def _decided(self, take: Take) -> P:
        return self.plans.decided(lambda name, options: options[take(options, name)])

    def _trimmed(self, plan: P, rng: np.random.Generator) -> P:
        """Return the plan, or one below it that keeps the limits: each step down is drawn."""
        while self.limits.excess(self._cost(plan)):
            steps = list(self.plans.cheaper(plan))
            if not steps:
                return self.plans.least()
            plan = steps[int(rng.integers(len(steps)))]
        return plan

    def _child(self, edit: Edit[P]) -> Child[Architecture]:
        move = Move(edit.name, self.part, edit.site, detail=edit.detail)
        return Child(self._architecture(edit.plan), (move,))

    def _fault(self, plan: P) -> str:
        """Return why a plan is no member, empty if it is one."""
        return self.plans.fault(plan) or self.limits.excess(self._cost(plan))

    def _plan(self, genotype: Architecture) -> P | None:
        """Return the plan of a member, ``None`` for anything else."""
        found = self._read.get(genotype) or self.plans.parse(genotype)
        if found is None or self._fault(found) or self._architecture(found) != genotype:
            return None
        return found

    def _architecture(self, plan: P) -> Architecture:
        self._cost(plan)
        return self._made[plan][0]

    def _cost(self, plan: P) -> Cost:
        found = self._made.get(plan)
        if found is None:
            if len(self._made) >= REMEMBERED:
                self._made.clear()
                self._read.clear()
            architecture = self.plans.assemble(plan)
            found = self._made[plan] = architecture, infer(architecture).cost
            self._read[architecture] = plan
        return found[1]


def largest_seeds(space: PlanSpace[P], plans: Mapping[str, Iterable[P]]) -> dict[str, Architecture]:
    """Return of each seed the first network that the space has; none of a seed that always is too large.

    Args:
        space: Whose members they are to be.
        plans: Of each seed from large to small.
    """
    seeds = {}
    for name, sizes in plans.items():
        for plan in sizes:
            try:
                seeds[name] = space.network(plan)
            except SpaceError:
                continue  # too large: the next is smaller
            break
    return seeds
