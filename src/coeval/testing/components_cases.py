"""A component applied: the one-step architecture, its module, and tensors to try it on."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from coeval.architecture.component import Component, Value
from coeval.architecture.inference import infer_steps
from coeval.architecture.step import Architecture, Region, sequence, step
from coeval.architecture.types import Columns, Scalar, Tokens, ValueType, describe, shape
from coeval.build.network import build_steps
from coeval.errors import SpaceError


@dataclass(frozen=True, slots=True)
class Case:
    """What a component is tried on.

    Attributes:
        component: The component.
        inputs: Types of its inputs.
        settings: All its settings.
        regions: Its nested regions.
    """

    component: Component
    inputs: tuple[ValueType, ...]
    settings: Mapping[str, Value] = field(default_factory=dict)
    regions: tuple[Region, ...] = ()

    def __str__(self) -> str:
        """Return the case as a failed check names it."""
        settings = "".join(f", {name}={value!r}" for name, value in self.settings.items())
        return f"{self.component.name}({', '.join(map(describe, self.inputs))}{settings})"


def architecture_of(case: Case) -> Architecture:
    """Return the architecture of this one step."""
    count = len(case.inputs)
    made = step(case.component, range(count), *case.regions, **case.settings)
    return Architecture(case.inputs, sequence(count, [made]))


def rejection(case: Case) -> str | None:
    """Return the reason why the component does not take this, or ``None`` where it does."""
    try:
        architecture = architecture_of(case)
        infer_steps(architecture.inputs, architecture.body)
    except SpaceError as error:
        return str(error)
    return None


def module_of(case: Case, seed: int = 0) -> nn.Module:
    """Return the step's module with weights drawn at a seed."""
    architecture = architecture_of(case)
    inference = infer_steps(architecture.inputs, architecture.body)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_steps(architecture.body, inference)["0"]


def values_of(
    inputs: tuple[ValueType, ...], rows: int, *, size: float = 1.0, seed: int = 0
) -> list[object]:
    """Return random values of the given types.

    Args:
        inputs: The types.
        rows: Examples.
        size: Standard deviation of the numbers.
        seed: Of the draw.
    """
    draw = torch.Generator().manual_seed(seed)
    return [_value(one, rows, size, draw) for one in inputs]


def _value(one: ValueType, rows: int, size: float, draw: torch.Generator) -> object:
    if isinstance(one, Columns):
        numeric = size * torch.randn(rows, one.numeric, generator=draw)
        codes = [torch.randint(0, many, (rows, 1), generator=draw) for many in one.categories]
        tokens = [_tokens(text, rows, draw) for text in one.texts]
        return numeric, _joined(codes, rows), _joined(tokens, rows)
    if isinstance(one, Tokens):
        return _tokens(one, rows, draw)
    if isinstance(one, Scalar):
        return size * torch.randn(rows, generator=draw)
    return size * torch.randn(rows, *shape(one), generator=draw)


def _tokens(one: Tokens, rows: int, draw: torch.Generator) -> torch.Tensor:
    return torch.randint(0, one.vocabulary, (rows, one.length), generator=draw)


def _joined(parts: list[torch.Tensor], rows: int) -> torch.Tensor:
    return torch.cat(parts, dim=1) if parts else torch.zeros(rows, 0, dtype=torch.int64)
