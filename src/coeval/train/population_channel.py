"""Operations on the features and merges, for all members at once; the mathematics is that of ``build.modules``."""

import math
from collections.abc import Callable
from functools import reduce

import torch

from coeval.build.tape import Operation
from coeval.train.population_run import Run

aten = torch.ops.aten

Function = Callable[[torch.Tensor], torch.Tensor]
Derivative = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
"""From the result's gradient, the input and the result to the input's gradient."""

ACTIVATIONS: dict[str, tuple[Function, Derivative]] = {
    "relu": (torch.relu, lambda g, x, y: aten.threshold_backward(g, y, 0)),
    "gelu": (torch.nn.functional.gelu, lambda g, x, y: aten.gelu_backward(g, x)),
    "silu": (torch.nn.functional.silu, lambda g, x, y: aten.silu_backward(g, x)),
    "tanh": (torch.tanh, lambda g, x, y: aten.tanh_backward(g, y)),
    "sigmoid": (torch.sigmoid, lambda g, x, y: aten.sigmoid_backward(g, y)),
    "hard_sigmoid": (
        torch.nn.functional.hardsigmoid,
        lambda g, x, y: aten.hardsigmoid_backward(g, x),
    ),
}
_MOVES_ZERO = ("sigmoid", "hard_sigmoid")


class Linear:
    """Learnt affine map: one batched product."""

    def __init__(self, run: Run, operation: Operation, *, needs_input: bool) -> None:
        self._run, self._needs_input = run, needs_input
        self._weight = operation.tensors[0].name
        self._bias = operation.tensors[1].name if len(operation.tensors) > 1 else None
        self._x = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """From ``(members, batch, features)`` to ``(members, batch, width)``."""
        self._x = inputs[0]
        weight = self._run.weights[self._weight].transpose(1, 2)
        if self._bias is None:
            return torch.bmm(self._x, weight)
        return torch.baddbmm(self._run.weights[self._bias].unsqueeze(1), self._x, weight)

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Two batched products; one, where nothing before it learns."""
        self._run.give_product(self._weight, gradient.transpose(1, 2), self._x)
        if self._bias is not None:
            self._run.give_sum(self._bias, gradient, 1)
        if not self._needs_input:
            return (None,)
        return (torch.bmm(gradient, self._run.weights[self._weight]),)


class GluGate:
    """Value times sigmoid(gate), both affine in the input."""

    def __init__(self, run: Run, operation: Operation, *, needs_input: bool) -> None:
        self._affine = Linear(run, operation, needs_input=needs_input)
        self._both = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Keep the shape; the padding of the value is 0, so that of the product is."""
        self._both = self._affine.forward(*inputs)
        return torch.nn.functional.glu(self._both, dim=-1)

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Through the gate, then as ``Linear``."""
        return self._affine.backward(aten.glu_backward(gradient, self._both, -1))


class Activation:
    """An elementwise function; padding stays 0."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._function, self._derivative = ACTIVATIONS[operation.kind]
        self._mask = run.mask(operation.output) if operation.kind in _MOVES_ZERO else None
        self._x = self._y = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        self._x = inputs[0]
        self._y = self._function(self._x)
        if self._mask is not None:
            self._y = self._y * self._mask
        return self._y

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Times the derivative."""
        return (self._derivative(gradient, self._x, self._y),)


class Scale:
    """Learnt factor for each feature."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._run, self._name = run, operation.tensors[0].name
        self._x = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        self._x = inputs[0]
        return self._x * self._run.weights[self._name].unsqueeze(1)

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Times the factor; the factor's own is summed over the batch."""
        self._run.give_sum(self._name, gradient * self._x, 1)
        return (gradient * self._run.weights[self._name].unsqueeze(1),)


class Dropout:
    """Zeroes by the current step's mask."""

    def __init__(self, run: Run, index: int) -> None:
        self._run, self._index = run, index

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        if not self._run.is_training:
            return inputs[0]
        return inputs[0] * self._run.masks[self._index]

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Through what was kept."""
        return (gradient * self._run.masks[self._index],)


class Add:
    """Sum of values."""

    def __init__(self, operation: Operation) -> None:
        self._count = len(operation.inputs)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        return reduce(torch.add, inputs)

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """To each input."""
        return (gradient,) * self._count


class Multiply:
    """Product of values."""

    def __init__(self) -> None:
        self._inputs: tuple[torch.Tensor, ...] = ()

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        self._inputs = inputs
        return math.prod(inputs[1:], start=inputs[0])

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """To each input times the product of the others."""
        return tuple(
            math.prod(
                (other for place, other in enumerate(self._inputs) if place != number),
                start=gradient,
            )
            for number in range(len(self._inputs))
        )


class Concatenate:
    """Features of all values side by side, gaps included."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._sizes = [run.axes[value].size for value in operation.inputs]

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """From several ``(members, batch, width)`` to one."""
        return torch.cat(inputs, dim=-1)

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """To each input its part."""
        return tuple(part.contiguous() for part in torch.split(gradient, self._sizes, dim=-1))
