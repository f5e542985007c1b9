"""An architecture as a torch module.

A weight's name is its step's path in the raw architecture: ``"3.weight"`` belongs to step 3, ``"5.0.2.weight"``
to step 2 of the first region of step 5. Steps count from 0, as in error messages.
"""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, runtime_checkable

import numpy.typing as npt
import torch
from torch import nn

from coeval.architecture.inference import Inference, infer
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Columns
from coeval.errors import SpaceError

NO_SHORTCUTS: Mapping[str, Callable[..., Any]] = {}
FIT_ROWS = 20_000  # enough for quantiles; sorting all rows of a large table is not


@runtime_checkable
class FitsRows(Protocol):
    """A module that looks at training rows before training, to place its bins, say."""

    def fit_rows(self, numeric: torch.Tensor, codes: torch.Tensor, tokens: torch.Tensor) -> None:
        """Initialise from rows."""
        ...


class Network(nn.ModuleDict):
    """The steps of an architecture under their numbers, applied in order; those that no result needs are not.

    Args:
        architecture: Its only input is ``Columns``.
        seed: Decides the initial weights; ``None`` draws them from torch's global generator.

    Raises:
        SpaceError: The architecture is not legal, or a lowering cannot be found.

    Attributes:
        activations: Numbers computed for a row.
    """

    def __init__(self, architecture: Architecture, *, seed: int | None = None) -> None:
        inference = infer(architecture)
        with torch.random.fork_rng(devices=[], enabled=seed is not None):
            if seed is not None:
                torch.manual_seed(seed % 2**63)
            steps = build_steps(architecture.body, inference)
        super().__init__(steps)
        self.architecture = architecture
        self.activations = inference.cost.activations
        self.region = architecture.body
        self._plan = live_steps(architecture.body)
        self._votes = is_voting(architecture.body)

    def forward(
        self, numeric: torch.Tensor, codes: torch.Tensor, tokens: torch.Tensor
    ) -> torch.Tensor:
        """Return the outputs of prepared rows.

        Args:
            numeric: ``(rows, numeric)`` float32.
            codes: ``(rows, categories)`` int64.
            tokens: ``(rows, tokens)`` int64.

        Returns:
            ``(rows, outputs)`` float32; in training, where the last step is a vote, what it would count instead,
            ``(rows, members, outputs)``, so that each member has its own loss.
        """
        plan, region = self._plan, self.region
        if self.training and self._votes:
            (counted,) = region.steps[-1].inputs
            plan, region = plan[:-1], replace(region, output=counted)
        output: torch.Tensor = apply_steps(self, plan, region, ((numeric, codes, tokens),))
        return output

    def fit_entries(self, rows: tuple[npt.NDArray[Any], ...]) -> None:
        """Let the entries look at the training ``Rows``: piecewise-linear encodings place their bins."""
        stride = max(1, len(rows[0]) // FIT_ROWS)
        sample = [torch.tensor(part[::stride]) for part in rows]
        for module in self.modules():
            if isinstance(module, FitsRows):
                device = next((one.device for one in module.parameters()), torch.device("cpu"))
                module.fit_rows(*(part.to(device) for part in sample))


def tensor_network(architecture: Architecture, *, seed: int | None = None) -> nn.Module:
    """Return the module of an architecture whose inputs are tensors: grids, sequences, vectors.

    Weights are named as in ``Network``. It is called with a tensor for each input, ``(batch, *domain, features)``.

    Args:
        architecture: No input is ``Columns``; for these see ``Network``.
        seed: Decides the initial weights; ``None`` draws them from torch's global generator.

    Raises:
        SpaceError: The architecture is not legal, or a lowering cannot be found.
    """
    inference = infer(architecture)
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed % 2**63)
        return RegionSteps(architecture.body, inference)


def network_for(architecture: Architecture, *, seed: int | None = None) -> nn.Module:
    """Return the module that is trained for an architecture: ``Network`` for table rows, else ``tensor_network``.

    Args:
        architecture: Takes prepared examples.
        seed: Decides the initial weights; ``None`` draws them from torch's global generator.

    Raises:
        SpaceError: The architecture is not legal, or a lowering cannot be found.
    """
    if isinstance(architecture.inputs[0], Columns):
        return Network(architecture, seed=seed)
    return tensor_network(architecture, seed=seed)


class RegionSteps(nn.ModuleDict):
    """A nested region: its steps under their numbers.

    Attributes:
        activations: Numbers computed for an example.
        plan: The steps that the result depends on, in order.
        shortcuts: What to call instead of a step's module, by its number, while somebody trains the network.
    """

    def __init__(self, region: Region, inference: Inference) -> None:
        super().__init__(build_steps(region, inference))
        self.activations = inference.cost.activations
        self.region = region
        self.plan = live_steps(region)
        self.shortcuts: Mapping[str, Callable[..., Any]] = {}

    def forward(self, *values: torch.Tensor) -> torch.Tensor:
        """Return the region's result."""
        output: torch.Tensor = apply_steps(self, self.plan, self.region, values, self.shortcuts)
        return output


Plan = tuple[tuple[int, str, tuple[int, ...]], ...]


def is_voting(region: Region) -> bool:
    """Return whether a region's result is what its last step counts: the vote of an ensemble."""
    steps = region.steps
    is_last = bool(steps) and region.output == region.inputs + len(steps) - 1
    return is_last and "voting" in steps[-1].component.capabilities


def live_steps(region: Region) -> Plan:
    """Return the steps that the output depends on, in order: index of the result, name, indices of the inputs.

    A sum takes only what is not surely zero: of a cell's edges most are not there, and adding zeros costs time.
    """
    zero = zero_values(region)
    needed = {region.output}
    plan: list[tuple[int, str, tuple[int, ...]]] = []
    for number in reversed(range(len(region.steps))):
        index, step = region.inputs + number, region.steps[number]
        if index in needed:
            inputs = step.inputs
            if "sum" in step.component.capabilities:
                inputs = tuple([one for one in inputs if not zero[one]]) or inputs[:1]
            needed.update(inputs)
            plan.append((index, str(number), inputs))
    return tuple(reversed(plan))


def zero_values(region: Region) -> list[bool]:
    """Return for each value of a region whether it is zero whatever the inputs, without a learnt offset."""
    zero = [False] * region.inputs
    for one in region.steps:
        facts = one.component.capabilities
        passes = "zero_preserving" in facts and not one.regions
        passes = passes and not facts & {"projection", "normalising"}
        zero.append("zero" in facts or (passes and all(zero[n] for n in one.inputs)))
    return zero


def build_steps(region: Region, inference: Inference) -> dict[str, nn.Module]:
    """Return the module of every step of a region, by number."""
    return {
        str(number): _module(step, inference, number) for number, step in enumerate(region.steps)
    }


def apply_steps(
    steps: nn.ModuleDict,
    plan: Plan,
    region: Region,
    inputs: tuple[object, ...],
    shortcuts: Mapping[str, Callable[..., Any]] = NO_SHORTCUTS,
) -> torch.Tensor:
    """Run a plan over the region's inputs, through shortcuts where there are any."""
    values: list[object] = [*inputs, *([None] * len(region.steps))]
    for index, name, taken in plan:
        call = shortcuts.get(name) or steps[name]
        values[index] = call(*[values[one] for one in taken])
    return values[region.output]  # type: ignore[return-value]  # an architecture's result is a tensor


def lowering(name: str) -> type[nn.Module]:
    """Return the class of a ``"module:Class"`` name.

    Raises:
        SpaceError: There is no such module or class.
    """
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise SpaceError(
            f"lowering must name an importable 'module:Class', got {name!r} ({error})."
        ) from None
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise SpaceError(f"lowering {name!r} must be a torch nn.Module class, got {found!r}.")
    return found


def _module(step: Step, inference: Inference, number: int) -> nn.Module:
    component = step.component
    copies = component.instances(dict(step.settings)) if component.instances else 1
    bodies = [
        RegionSteps(region, nested)
        for region, nested in zip(step.regions, inference.nested[number], strict=True)
        for _ in range(copies)
    ]
    call = inference.calls[number]
    output = inference.types[len(inference.types) - len(inference.calls) + number]
    return lowering(component.lowering)(*bodies, **component.arguments(call, output))
