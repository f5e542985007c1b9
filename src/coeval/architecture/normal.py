"""The normal form: architectures that compute the same have the same one (as far as these rules see).

Nested regions first; then, step by step, identities are skipped, settings without effect set to their
defaults, steps with an expansion (residual, untied repeat) written out, nested associative steps
flattened, and equal deterministic steps without parameters merged: two uses of one linear's result are not
two linears. What is zero, or computed from zeros alone, is left out of a sum. Last, dead steps are dropped and the
rest put into canonical order (``order.py``).

A learnt offset (a bias, a batch norm's shift) that is all that comes of zeros counts as zero: nothing of the
input passes there. NAS-Bench-201's own rule (``to_unique_str``) counts so too. With it the benchmark has 5,260
different cells; with such offsets kept apart it would have 5,485.

The normal form is for identity alone: what is built and drawn is the architecture as it was proposed.
"""

import json
from dataclasses import dataclass, field
from functools import lru_cache

from coeval.architecture.component import Call, Settings
from coeval.architecture.inference import infer, infer_region, live
from coeval.architecture.order import Graph, canonical_order
from coeval.architecture.serial import region_to_json
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import ValueType

FLATTENED_INPUTS = 64  # a chain x + x, doubled n times, would flatten to 2^n inputs


def normalise(architecture: Architecture) -> Architecture:
    """Return the architecture's normal form.

    Raises:
        SpaceError: The architecture is not legal.
    """
    infer(architecture)
    return Architecture(
        architecture.inputs, normalise_region(architecture.inputs, architecture.body)
    )


def normalise_region(inputs: tuple[ValueType, ...], region: Region) -> Region:
    """Return a legal region's normal form, given the types of its inputs."""
    builder = _Builder(list(inputs))
    values = list(range(region.inputs))
    for step in region.steps:
        values.append(builder.append(_with_normal_regions(step, builder, values)))
    ordered = _ordered(_live(builder.region(len(inputs), values[region.output])))
    # Two concatenations whose order does not matter may only now turn out to be equal.
    joins = [one for one in ordered.steps if "joining" in one.component.capabilities]
    return ordered if len(set(joins)) == len(joins) else normalise_region(inputs, ordered)


def _with_normal_regions(step: Step, builder: "_Builder", values: list[int]) -> Step:
    references = tuple(values[index] for index in step.inputs)
    regions = step.regions
    if regions:
        taken = tuple(builder.types[index] for index in references)
        inner = step.component.body_inputs(taken) if step.component.body_inputs else taken
        regions = tuple(normalise_region(inner, one) for one in regions)
    return Step(step.component, canonical_settings(step), references, regions)


def canonical_settings(step: Step) -> Settings:
    """Return the step's settings, those without effect at their defaults and numbers of their declared type."""
    settings = dict(step.settings)
    matter = step.component.relevant(settings) if step.component.relevant else settings.keys()
    result = []
    for one in step.component.settings:
        value = settings[one.name] if one.name in matter else one.default
        if isinstance(one.default, float) and isinstance(value, int):
            value = float(value)  # 0 and 0.0 are one value, but two texts
        result.append((one.name, value))
    return tuple(result)


@dataclass(slots=True)
class _Builder:
    """Steps so far, each appended in its simplest form."""

    types: list[ValueType]
    steps: list[Step] = field(default_factory=list)
    merged: dict[Step, int] = field(default_factory=dict)
    leaves: dict[tuple[str, int], int] = field(default_factory=dict)
    zeros: dict[ValueType, int] = field(default_factory=dict)

    def append(self, step: Step) -> int:
        """Append a step with normal regions and return the value that holds its result."""
        component, settings = step.component, dict(step.settings)
        if component.identity_when is not None and component.identity_when(settings):
            return step.inputs[0]
        expansion = component.expansion(settings, step.regions) if component.expansion else None
        if expansion is not None:
            return self._inline(expansion, step.inputs)
        if self._is_zero(step):
            return self._zero(step)
        if self.zeros and "sum" in component.capabilities:
            step = self._without_zeros(step)
        if "associative" in component.capabilities:
            step = self._flattened(step)
            if len(step.inputs) == 1:
                return step.inputs[0]
        return self._merged(step)

    def region(self, inputs: int, output: int) -> Region:
        """Return all steps so far as a region."""
        return Region(inputs, tuple(self.steps), output)

    def _inline(self, region: Region, inputs: tuple[int, ...]) -> int:
        values = list(inputs)
        for one in region.steps:
            references = tuple(values[index] for index in one.inputs)
            values.append(self.append(Step(one.component, one.settings, references, one.regions)))
        return values[region.output]

    def _is_zero(self, step: Step) -> bool:
        facts = step.component.capabilities
        if "zero" in facts or not self.zeros:
            return "zero" in facts
        return "zero_preserving" in facts and all(self._holds_zero(index) for index in step.inputs)

    def _holds_zero(self, value: int) -> bool:
        return self.zeros.get(self.types[value]) == value

    def _zero(self, step: Step) -> int:
        """Return the one value that stands for zeros of this step's type."""
        taken = tuple([self.types[index] for index in step.inputs])
        output = step.component.type_rule(Call(taken, dict(step.settings)))
        if output not in self.zeros:
            if taken == (output,):
                # Zeros of what does not matter: of the first value of the type, an input where there is one.
                step = Step(step.component, step.settings, (self.types.index(output),))
            self.zeros[output] = self._merged(step)
        return self.zeros[output]

    def _without_zeros(self, step: Step) -> Step:
        kept = tuple([index for index in step.inputs if not self._holds_zero(index)])
        return step if kept == step.inputs else Step(step.component, step.settings, kept)

    def _flattened(self, step: Step) -> Step:
        name = step.component.name
        total = sum(self.leaves.get((name, index), 1) for index in step.inputs)
        if total > FLATTENED_INPUTS:
            return step
        references: list[int] = []
        waiting = list(reversed(step.inputs))
        while waiting:
            index = waiting.pop()
            if (name, index) in self.leaves:
                waiting.extend(reversed(self._source(index).inputs))
            else:
                references.append(index)
        return Step(step.component, step.settings, tuple(references))

    def _source(self, value: int) -> Step:
        return self.steps[value - (len(self.types) - len(self.steps))]

    def _merged(self, step: Step) -> int:
        if step.component.commutative:
            step = Step(step.component, step.settings, tuple(sorted(step.inputs)), step.regions)
        taken = tuple([self.types[index] for index in step.inputs])
        inner = step.component.body_inputs(taken) if step.component.body_inputs else taken
        bodies = tuple([infer_region(inner, one) for one in step.regions])
        call = Call(taken, dict(step.settings), bodies)
        output = step.component.type_rule(call)
        if step.component.cost_rule(call, output).parameters == 0 and not stochastic(step):
            if step in self.merged:
                return self.merged[step]
            self.merged[step] = len(self.types)
        if "associative" in step.component.capabilities:
            name = step.component.name
            leaves = sum(self.leaves.get((name, index), 1) for index in step.inputs)
            self.leaves[name, len(self.types)] = leaves
        self.types.append(output)
        self.steps.append(step)
        return len(self.types) - 1


def stochastic(step: Step) -> bool:
    """Return whether two equal steps on equal inputs may give different results in training."""
    return "stochastic" in step.component.capabilities or any(
        stochastic(one) for region in step.regions for one in region.steps
    )


def _live(region: Region) -> Region:
    """Return the region without the steps that its output does not depend on."""
    kept = [position for position, needed in enumerate(live(region)) if needed]
    return _renumbered(region, kept)


def _renumbered(region: Region, kept: list[int] | tuple[int, ...]) -> Region:
    new = {value: value for value in range(region.inputs)}
    steps = []
    for position, old in enumerate(kept):
        one = region.steps[old]
        references = tuple(new[index] for index in one.inputs)
        steps.append(Step(one.component, one.settings, references, one.regions))
        new[region.inputs + old] = region.inputs + position
    return Region(region.inputs, tuple(steps), new[region.output])


def _ordered(region: Region) -> Region:
    """Return the region in canonical order, with references sorted where their order does not matter."""
    free = _free(region)
    graph = Graph(
        region.inputs,
        tuple(step_label(one) for one in region.steps),
        tuple(one.inputs for one in region.steps),
        tuple(free),
        region.output,
    )
    order = canonical_order(graph)
    ordered = _renumbered(region, order)
    steps = tuple(
        Step(one.component, one.settings, tuple(sorted(one.inputs)), one.regions)
        if free[order[position]]
        else one
        for position, one in enumerate(ordered.steps)
    )
    return Region(region.inputs, steps, ordered.output)


def step_label(step: Step) -> str:
    """Return everything about a step except its inputs, as canonical JSON."""
    if not step.regions:
        return _plain_label(step.component.name, step.settings)
    regions = [region_to_json(one) for one in step.regions]
    return json.dumps([step.component.name, step.settings, regions], separators=(",", ":"))


@lru_cache(maxsize=4096)
def _plain_label(name: str, settings: Settings) -> str:
    return json.dumps([name, settings, []], separators=(",", ":"))


def _free(region: Region) -> list[bool]:
    """Return for each step whether the order of its inputs does not matter.

    So it is for a commutative component, and for a concatenation of which only learnt maps of all
    features make use: permuting their weights undoes any order.
    """
    users: list[list[int]] = [[] for _ in range(region.inputs + len(region.steps))]
    for position, one in enumerate(region.steps):
        for index in one.inputs:
            users[index].append(position)
    undone: list[bool] = [False] * len(region.steps)
    for position in range(len(region.steps) - 1, -1, -1):
        value = region.inputs + position
        undone[position] = value != region.output and all(
            "projection" in region.steps[user].component.capabilities
            or ("equivariant" in region.steps[user].component.capabilities and undone[user])
            for user in users[value]
        )
    return [
        one.component.commutative or ("joining" in one.component.capabilities and undone[position])
        for position, one in enumerate(region.steps)
    ]
