"""A parent as its child's initialisation sees it: every step by path, every value by name, its trained weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from coeval.architecture.component import Call
from coeval.architecture.inference import Inference
from coeval.architecture.step import Region, Step
from coeval.architecture.types import ValueType
from coeval.build.alignment import Path
from coeval.build.transfer_features import features_of
from coeval.build.transfer_rules import Side
from coeval.component.constant import ZERO
from coeval.component.region import RESIDUAL


@dataclass(frozen=True, slots=True)
class Known:
    """A step of the parent: what it is given and makes, by name; of a region what its body takes and makes."""

    step: Step
    call: Call
    output: ValueType
    name: str
    inputs: tuple[str, ...]
    body_input: str = ""
    body_output: str = ""


@dataclass(slots=True, eq=False)
class Parent:
    """All of the parent's steps by path and its values by name; which copy of a repeat's body is looked at."""

    weights: dict[str, np.ndarray]
    steps: dict[Path, Known] = field(default_factory=dict)
    features: dict[str, int] = field(default_factory=dict)
    zeros: set[str] = field(default_factory=set)
    copies: dict[Path, int] = field(default_factory=dict)

    def note(self, region: Region, inference: Inference, path: Path, given: tuple[str, ...]) -> str:
        """Note a region's steps; return the name of its result."""
        values = list(given)
        types = inference.types[region.inputs :]
        for number, step in enumerate(region.steps):
            here = (*path, number)
            name = ".".join(map(str, here))
            inputs = tuple(values[index] for index in step.inputs)
            values.append(name)
            self.features[name] = features_of(types[number])
            if step.component == ZERO:
                self.zeros.add(name)
            # A residual's body reads the very value that the residual reads; a repeat's a new one each time.
            start = inputs if step.component == RESIDUAL else (f"{name}.in",)
            ends = []
            for place, body in enumerate(step.regions):
                nested = inference.nested[number][place]
                for one, kind in zip(start, nested.types, strict=False):
                    self.features.setdefault(one, features_of(kind))
                ends.append(self.note(body, nested, (*here, place), start * body.inputs))
            self.steps[here] = Known(
                step,
                inference.calls[number],
                types[number],
                name,
                inputs,
                start[0] if ends else "",
                ends[0] if ends else "",
            )
        return values[region.output]

    def side(self, path: Path) -> Side:
        """Return a step with its weights, of the copy that is looked at."""
        known = self.steps[path]
        parts = [
            self.copies.get(path[:depth], number) if depth % 2 else number
            for depth, number in enumerate(path)
        ]
        return Side(known.call, known.output, local(self.weights, ".".join(map(str, parts)) + "."))


def local(weights: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Return the weights whose names begin with a prefix, without it."""
    return {
        name.removeprefix(prefix): one for name, one in weights.items() if name.startswith(prefix)
    }
