"""Normalisations for all members at once; where widths differ, statistics over features leave the padding out."""

import torch

from coeval.build.tape import Operation
from coeval.build.tape_parts import EPSILON, MOMENTUM
from coeval.train.population_run import Run


class BatchNorm:
    """Each feature over the batch. Padding is constantly 0, so it stays 0 once shifted by its bias of 0."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._run = run
        self._scale, self._bias, self._mean, self._variance = (
            one.name for one in operation.tensors
        )
        self._normal = self._inverse = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Keep the shape; in training the running statistics follow."""
        x, run = inputs[0], self._run
        if run.is_training:
            variance, mean = torch.var_mean(x, 1, correction=0, keepdim=True)
            rows = x.shape[1]
            run.buffers[self._mean].lerp_(mean.squeeze(1), MOMENTUM)
            run.buffers[self._variance].lerp_(variance.squeeze(1) * (rows / (rows - 1)), MOMENTUM)
        else:
            mean = run.buffers[self._mean].unsqueeze(1)
            variance = run.buffers[self._variance].unsqueeze(1)
        self._inverse = torch.rsqrt(variance + EPSILON)
        self._normal = (x - mean).mul_(self._inverse)
        scale, bias = run.weights[self._scale], run.weights[self._bias]
        return torch.addcmul(bias.unsqueeze(1), self._normal, scale.unsqueeze(1))

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Ioffe & Szegedy 2015 (arXiv:1502.03167, section 3)."""
        run, normal = self._run, self._normal
        rows = gradient.shape[1]
        along = (gradient * normal).sum(1)
        total = gradient.sum(1)
        run.give(self._scale, along)
        run.give(self._bias, total)
        inner = gradient - total.unsqueeze(1).div_(rows)
        inner.addcmul_(normal, along.unsqueeze(1).div_(-rows))
        return (inner.mul_(self._inverse * run.weights[self._scale].unsqueeze(1)),)


class LayerNorm:
    """Features of an example to mean 0 and variance 1, over each member's own width."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._run = run
        self._scale, self._bias = (one.name for one in operation.tensors)
        self._mask, self._widths = run.mask(operation.output), run.widths(operation.output)
        self._normal = self._inverse = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        x = inputs[0]
        centred = self._masked(x - x.sum(-1, keepdim=True) / self._widths)
        variance = centred.square().sum(-1, keepdim=True) / self._widths
        self._inverse = torch.rsqrt(variance + EPSILON)
        self._normal = centred.mul_(self._inverse)
        scale, bias = self._run.weights[self._scale], self._run.weights[self._bias]
        return torch.addcmul(bias.unsqueeze(1), self._normal, scale.unsqueeze(1))

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Ba et al. 2016 (arXiv:1607.06450), differentiated."""
        normal = self._normal
        self._run.give_sum(self._scale, gradient * normal, 1)
        self._run.give_sum(self._bias, gradient, 1)
        inner = gradient * self._run.weights[self._scale].unsqueeze(1)
        mean = inner.sum(-1, keepdim=True) / self._widths
        along = (inner * normal).sum(-1, keepdim=True) / self._widths
        return (self._masked((inner - mean).addcmul_(normal, along, value=-1)).mul_(self._inverse),)

    def _masked(self, x: torch.Tensor) -> torch.Tensor:
        return x if self._mask is None else x.mul_(self._mask)


class RMSNorm:
    """Features divided by their root mean square, over each member's own width."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._run, self._scale = run, operation.tensors[0].name
        self._widths = run.widths(operation.output)
        self._normal = self._inverse = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Keep the shape."""
        x = inputs[0]
        square = x.square().sum(-1, keepdim=True) / self._widths
        self._inverse = torch.rsqrt(square + EPSILON)
        self._normal = x * self._inverse
        return self._normal * self._run.weights[self._scale].unsqueeze(1)

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Zhang & Sennrich 2019 (arXiv:1910.07467), differentiated."""
        self._run.give_sum(self._scale, gradient * self._normal, 1)
        inner = gradient * self._run.weights[self._scale].unsqueeze(1)
        along = (inner * self._normal).sum(-1, keepdim=True) / self._widths
        return (inner.addcmul_(self._normal, along, value=-1).mul_(self._inverse),)
