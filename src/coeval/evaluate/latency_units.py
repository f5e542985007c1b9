"""What of a network is measured on its own: a step, with the light steps that a runtime fuses into it.

ONNX Runtime folds a normalisation into the convolution before it and runs an activation inside it. Steps that were
measured one by one would count what a network never pays, so a step is measured together with the chain of light steps that
only reads its result, as nn-Meter's kernels are (Zhang et al. 2021, MobiSys, doi:10.1145/3458864.3467882).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from coeval.architecture.inference import Inference, infer, infer_steps, live
from coeval.architecture.serial import to_json
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import ValueType, elements
from coeval.component.region import REPEAT

LIGHT = 8
"""Parameters a feature, and multiply-accumulates a number, that a step of a chain has at most."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a network that is measured on its own.

    Attributes:
        architecture: The piece, over the types of what it reads.
        times: How often it runs in the network.
    """

    architecture: Architecture
    times: int = 1

    @property
    def key(self) -> str:
        """Return the name under which its milliseconds are kept: all that they depend on, as JSON."""
        return json.dumps(to_json(self.architecture), sort_keys=True, separators=(",", ":"))


def units_of(architecture: Architecture) -> tuple[Unit, ...]:
    """Return the pieces of a network, in order.

    Raises:
        SpaceError: The architecture is not legal.
    """
    return tuple(region_units(architecture.body, infer(architecture)))


def region_units(region: Region, inference: Inference, times: int = 1) -> Iterator[Unit]:
    """Yield the pieces of a region that runs ``times`` times; steps that its result does not need are left out."""
    for chain in _chains(region, inference):
        head = region.steps[chain[0]]
        if head.regions:
            yield from _nested_units(head, inference, chain[0], times)
        elif steps := [n for n in chain if not _is_nothing(region.steps[n])]:
            yield Unit(_piece(region, inference, steps), times)


def _nested_units(step: Step, inference: Inference, number: int, times: int) -> Iterator[Unit]:
    """Yield the pieces of a step with regions; one that cannot be written out is a piece itself."""
    call = inference.calls[number]
    if step.component == REPEAT:
        (body,) = inference.nested[number]
        yield from region_units(step.regions[0], body, times * int(call.settings["times"]))
        return
    expand = step.component.expansion
    written = None if expand is None else expand(call.settings, step.regions)
    if written is None:
        alone = Region(
            len(call.inputs),
            (Step(step.component, step.settings, tuple(range(len(call.inputs))), step.regions),),
            len(call.inputs),
        )
        yield Unit(Architecture(call.inputs, alone), times)
        return
    yield from region_units(written, infer_steps(call.inputs, written), times)


def _chains(region: Region, inference: Inference) -> Iterator[tuple[int, ...]]:
    """Yield the live steps in order, each with the light steps that alone read its result, one after the other."""
    needed = live(region)
    readers = [0] * (region.inputs + len(region.steps))
    readers[region.output] += 1
    for step, runs in zip(region.steps, needed, strict=True):
        for index in step.inputs if runs else ():
            readers[index] += 1
    chains: dict[int, list[int]] = {}  # by the value that its last step makes
    for number, step in enumerate(region.steps):
        if not needed[number]:
            continue
        chain: list[int] = []
        if _is_light(step, inference, number) and readers[step.inputs[0]] == 1:
            chain = chains.pop(step.inputs[0], [])
            if chain and region.steps[chain[0]].regions:
                chains[step.inputs[0]], chain = chain, []
        chains[region.inputs + number] = [*chain, number]
    yield from sorted(map(tuple, chains.values()))


def _is_light(step: Step, inference: Inference, number: int) -> bool:
    call, cost = inference.calls[number], inference.costs[number]
    output = inference.types[len(inference.types) - len(inference.calls) + number]
    if step.regions or len(step.inputs) != 1 or call.inputs[0] != output:
        return False
    features = getattr(output, "features", 0)
    return cost.parameters <= LIGHT * features and cost.macs <= LIGHT * elements(output)


def _is_nothing(step: Step) -> bool:
    """Return whether a trained network leaves the step out: an identity, or noise that only training has."""
    when = step.component.identity_when
    is_identity = when is not None and when(dict(step.settings))
    return is_identity or ("stochastic" in step.component.capabilities and not step.regions)


def _piece(region: Region, inference: Inference, chain: list[int]) -> Architecture:
    """Return a chain of steps as an architecture over what its first step reads."""
    first = region.steps[chain[0]]
    read = tuple(dict.fromkeys(first.inputs))
    types: list[ValueType] = [inference.types[index] for index in read]
    steps = [Step(first.component, first.settings, tuple(read.index(n) for n in first.inputs))]
    for number in chain[1:]:
        one = region.steps[number]
        steps.append(Step(one.component, one.settings, (len(read) + len(steps) - 1,)))
    output = len(read) + len(steps) - 1
    return Architecture(tuple(types), Region(len(read), tuple(steps), output))
