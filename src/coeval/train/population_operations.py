"""A tape executed for all members at once, forwards and backwards."""

from collections.abc import Sequence

import torch

from coeval.build.tape import ROW, Operation, Tape
from coeval.train.population_channel import (
    ACTIVATIONS,
    Activation,
    Add,
    Concatenate,
    Dropout,
    GluGate,
    Linear,
    Multiply,
    Scale,
)
from coeval.train.population_entries import Embedding, Numeric, Periodic, PiecewiseLinear, Text
from coeval.train.population_norms import BatchNorm, LayerNorm, RMSNorm
from coeval.train.population_run import Executed, Run


def executed(run: Run) -> list[Executed]:
    """Return the operations of a run's tape, ready to run."""
    needs = _need_gradient(run.tape)
    return [
        _executed(run, index, operation, needs)
        for index, operation in enumerate(run.tape.operations)
    ]


def forward(run: Run, operations: Sequence[Executed]) -> torch.Tensor:
    """Return the outputs for the run's inputs, ``(members, batch, outputs)``."""
    values = [torch.empty(0)] * len(run.axes)
    for operation, one in zip(run.tape.operations, operations, strict=True):
        values[operation.output] = one.forward(*[values[value] for value in operation.inputs])
    return values[run.tape.output]


def backward(run: Run, operations: Sequence[Executed], gradient: torch.Tensor) -> None:
    """Fill the run's gradients, given that of the outputs."""
    for name in run.shared:
        run.gradients[name].zero_()
    gradients: list[torch.Tensor | None] = [None] * len(run.axes)
    gradients[run.tape.output] = gradient
    for number in range(len(operations) - 1, -1, -1):
        operation = run.tape.operations[number]
        own = gradients[operation.output]
        if own is None:  # nothing that learns was left to tell
            continue
        gradients[operation.output] = None
        for value, more in zip(operation.inputs, operations[number].backward(own), strict=True):
            known = gradients[value]
            gradients[value] = more if known is None or more is None else known + more


def _need_gradient(tape: Tape) -> list[bool]:
    """Return for each value whether anything that it is made of learns."""
    needs = [False] * len(tape.widths)
    for operation in tape.operations:
        learns = any(tensor.learns for tensor in operation.tensors)
        needs[operation.output] = learns or any(needs[value] for value in operation.inputs)
    needs[ROW] = False
    return needs


def _executed(run: Run, index: int, operation: Operation, needs: Sequence[bool]) -> Executed:
    needs_input = needs[operation.inputs[0]]
    if operation.kind in ACTIVATIONS:
        return Activation(run, operation)
    made: dict[str, type] = {
        "piecewise_linear": PiecewiseLinear,
        "periodic": Periodic,
        "embedding": Embedding,
        "text": Text,
        "scale": Scale,
        "batch_norm": BatchNorm,
        "layer_norm": LayerNorm,
        "rms_norm": RMSNorm,
        "concatenate": Concatenate,
    }
    match operation.kind:
        case "numeric":
            return Numeric(run)
        case "linear":
            return Linear(run, operation, needs_input=needs_input)
        case "glu_gate":
            return GluGate(run, operation, needs_input=needs_input)
        case "dropout":
            return Dropout(run, index)
        case "add":
            return Add(operation)
        case "multiply":
            return Multiply()
        case _:
            one: Executed = made[operation.kind](run, operation)
            return one
