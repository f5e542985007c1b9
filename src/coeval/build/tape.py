"""An architecture over table rows as a flat tape: primitive operations over vectors, in order of execution.

Regions are gone: a residual is its body and an addition, a repeat is its body as often as it runs. Engines that do
not call PyTorch an operation at a time read a tape. The mathematics of every kind of operation is that of the
module which it was lowered from (``build.modules``). This file imports no torch.
"""

from dataclasses import dataclass

from coeval.architecture.inference import Inference, infer, live
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Columns, Set, Vector, describe
from coeval.build.tape_parts import LOWERINGS, Part, Setting, Tensor
from coeval.component.members import members_of
from coeval.errors import CoevalError

ROW = 0
"""The value that stands for the prepared row; only entries take it."""

_REGION = "coeval.build.modules.region:"


@dataclass(frozen=True, slots=True)
class Operation:
    """One primitive operation.

    Attributes:
        kind: ``numeric piecewise_linear periodic embedding text`` (entries), ``linear scale glu_gate dropout``,
            ``relu gelu silu tanh sigmoid hard_sigmoid``, ``batch_norm layer_norm rms_norm``,
            ``add multiply concatenate``, ``spread member_linear vote`` (an ensemble's).
        inputs: Values taken, each defined earlier.
        output: The value defined: one more than the operation's index.
        tensors: Parameters and buffers, in the order of the kind (``tape_parts``). Operations of a tied
            repeat share theirs: gradients add up.
        settings: By name.
    """

    kind: str
    inputs: tuple[int, ...]
    output: int
    tensors: tuple[Tensor, ...] = ()
    settings: tuple[tuple[str, Setting], ...] = ()

    def setting(self, name: str) -> Setting:
        """Return the value of one setting."""
        return dict(self.settings)[name]


@dataclass(frozen=True, slots=True)
class Tape:
    """A network as operations over numbered values.

    Attributes:
        columns: The network's input.
        widths: Features of every value; value 0 is the row and has none of its own.
        operations: In order of execution, which is also the order in which dropout draws.
        output: The network's result.
        members: Of every value how often it is there, once or for each member of an ensemble.
    """

    columns: Columns
    widths: tuple[int, ...]
    operations: tuple[Operation, ...]
    output: int
    members: tuple[int, ...]

    @property
    def votes(self) -> bool:
        """Return whether the last operation counts votes, so that the loss takes what stands before it."""
        return self.operations[-1].kind == "vote"


class Untaped(CoevalError):  # noqa: N818 - an answer more often than an error
    """An architecture has no tape; the message says why."""


def tape_of(architecture: Architecture) -> Tape | None:
    """Return an architecture's tape; ``None`` where ``write_tape`` says why there is none.

    Raises:
        SpaceError: The architecture is not legal.
    """
    try:
        return write_tape(architecture)
    except Untaped:
        return None


def write_tape(architecture: Architecture) -> Tape:
    """Return an architecture's tape.

    Raises:
        Untaped: It does not take rows, or holds a component that is not of the tabular library.
        SpaceError: The architecture is not legal.
    """
    first = architecture.inputs[0] if len(architecture.inputs) == 1 else None
    if not isinstance(first, Columns):
        taken = ", ".join(describe(one) for one in architecture.inputs)
        raise Untaped(f"a tape needs Columns as its only input, got {taken}.")
    writer = _Writer()
    output = writer.region(architecture.body, infer(architecture), (ROW,), "")
    kinds = [one.kind for one in writer.operations]
    if {"spread", "member_linear", "vote"} & set(kinds) and "vote" not in kinds[-1:]:
        raise Untaped(
            "members have a place on a tape where a vote ends it. It is trained in PyTorch."
        )
    if "vote" in kinds[:-1]:
        raise Untaped("a vote has a place on a tape at its end only. It is trained in PyTorch.")
    members = tuple(writer.members)
    return Tape(first, tuple(writer.widths), tuple(writer.operations), output, members)


class _Writer:
    """Appends operations and the values that they define."""

    def __init__(self) -> None:
        self.widths: list[int] = [0]
        self.members: list[int] = [1]
        self.operations: list[Operation] = []

    def region(
        self, region: Region, inference: Inference, inputs: tuple[int, ...], where: str
    ) -> int:
        """Write the steps that the region's result depends on; return the value of the result."""
        values = [*inputs, *([-1] * len(region.steps))]
        for number, runs in enumerate(live(region)):
            if runs:
                taken = tuple(values[one] for one in region.steps[number].inputs)
                values[region.inputs + number] = self._step(
                    region.steps[number], inference, number, taken, f"{where}{number}."
                )
        return values[region.output]

    def _step(
        self, step: Step, inference: Inference, number: int, taken: tuple[int, ...], where: str
    ) -> int:
        lowering = step.component.lowering
        inner = inference.nested[number]
        if lowering == f"{_REGION}Residual":
            body = self.region(step.regions[0], inner[0], taken, f"{where}0.")
            width, members = self.widths[taken[0]], self.members[taken[0]]
            return self._append(Part("add"), (taken[0], body), width, members)
        if lowering == f"{_REGION}Repeat":
            return self._repeat(step, inner[0], taken[0], where)
        make = LOWERINGS.get(lowering)
        made = inference.types[len(inference.types) - len(inference.calls) + number]
        if make is None or not isinstance(made, Vector | Set):
            raise Untaped(
                f"step {where[:-1]} ({step.component.name}, lowered to {lowering!r}) has no place on a tape. "
                "It is trained in PyTorch."
            )
        call = inference.calls[number]
        parts = make(where, step.component.arguments(call, made), len(taken))
        if not parts:
            return taken[0]
        width, members = made.features, members_of(made)
        values = tuple(self._append(part, taken, part.width or width, members) for part in parts)
        if len(values) == 1:
            return values[0]
        return self._append(Part("concatenate"), values, width, members)

    def _repeat(self, step: Step, inner: Inference, value: int, where: str) -> int:
        copies = step.component.instances(dict(step.settings)) if step.component.instances else 1
        for turn in range(int(step.setting("times"))):
            value = self.region(step.regions[0], inner, (value,), f"{where}{turn % copies}.")
        return value

    def _append(self, part: Part, inputs: tuple[int, ...], width: int, members: int) -> int:
        output = len(self.widths)
        self.widths.append(width)
        self.members.append(members)
        self.operations.append(Operation(part.kind, inputs, output, part.tensors, part.settings))
        return output
