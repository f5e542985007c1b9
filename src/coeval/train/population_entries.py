"""Entries for all members at once: from batches of prepared rows to vectors."""

import math

import torch

from coeval.build.tape import Operation
from coeval.train.population_run import Run
from coeval.train.population_values import packed


class Numeric:
    """Numeric columns as they are."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(members, batch, columns)``."""
        return self._run.inputs[0]

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Nothing learns."""
        return (None,)


class PiecewiseLinear:
    """Each numeric column encoded by its bins, then a linear map of its own."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._run = run
        self._weight, self._bias, *self._edges = (one.name for one in operation.tensors)
        self._inside = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(members, batch, columns * width)``; a bin that a member lacks gives 0."""
        start, slope, lowest, highest = (
            self._run.buffers[name].unsqueeze(2) for name in self._edges
        )
        x = _by_column(self._run.inputs[0])
        bounded = torch.maximum((x - start) * slope, lowest)
        self._inside = torch.minimum(bounded, highest).flatten(0, 1)
        return _rows(_projected(self._run, self._weight, self._bias, self._inside))

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """To the linear maps."""
        columns = self._run.weights[self._weight].shape[1]
        _learn(self._run, self._weight, self._bias, self._inside, _columns(gradient, columns))
        return (None,)


class Periodic:
    """Each numeric column as cosines of learnt frequencies, then a linear map, beside the column itself."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._run = run
        self._weight, self._bias, self._frequencies, self._phases = (
            one.name for one in operation.tensors
        )
        axis = packed([len(one) for one in _block_axis(run, self._frequencies)])
        mask = torch.zeros(run.members, 1, 1, axis.size)
        for member, places in enumerate(axis.places):
            mask[member, ..., : len(places)] = 1.0
        self._mask = None if axis.is_full else mask.to(run.device)  # the cosine of 0 is 1
        self._x = self._angle = self._inside = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(members, batch, columns * width)``."""
        frequencies, phases = (
            self._run.weights[name].unsqueeze(2) for name in (self._frequencies, self._phases)
        )
        self._x = _by_column(self._run.inputs[0])
        self._angle = 2 * math.pi * frequencies * self._x + phases
        inside = self._angle.cos()
        if self._mask is not None:
            inside.mul_(self._mask)
        self._inside = inside.flatten(0, 1)
        y = _projected(self._run, self._weight, self._bias, self._inside)
        return _rows(torch.cat([self._x, y], dim=-1))

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """To the linear maps, and through the cosine to frequencies and phases."""
        run = self._run
        weight = run.weights[self._weight]
        outer = _columns(gradient, weight.shape[1])[..., 1:].contiguous()
        _learn(run, self._weight, self._bias, self._inside, outer)
        inner = torch.bmm(outer.flatten(0, 1), weight.flatten(0, 1).transpose(1, 2))
        inner = inner.view(self._angle.shape).mul_(self._angle.sin().neg_())
        run.give_sum(self._phases, inner, 2)
        run.give(self._frequencies, (inner * self._x).sum(2).mul_(2 * math.pi))
        return (None,)


class Embedding:
    """Categorical columns of one width as learnt vectors side by side."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._run, self._name = run, operation.tensors[0].name
        columns, offsets = operation.setting("columns"), operation.setting("offsets")
        self._columns = torch.tensor(columns, device=run.device)
        table = run.weights[self._name]
        firsts = torch.arange(run.members, device=run.device) * table.shape[1]
        self._offsets = firsts.view(-1, 1, 1) + torch.tensor(offsets, device=run.device)
        self._codes = torch.empty(0, dtype=torch.int64)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(members, batch, columns * width)``."""
        self._codes = self._run.inputs[1].index_select(2, self._columns) + self._offsets
        return _looked_up(self._run.weights[self._name], self._codes).flatten(2)

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """To the rows that were read."""
        _learn_rows(self._run, self._name, self._codes, gradient)
        return (None,)


class Text:
    """One text column: the mean of its tokens' vectors, padding left out."""

    def __init__(self, run: Run, operation: Operation) -> None:
        self._run, self._name = run, operation.tensors[0].name
        start, length = operation.setting("start"), operation.setting("length")
        assert isinstance(start, int)
        assert isinstance(length, int)
        self._start, self._length = start, length
        table = run.weights[self._name]
        self._firsts = (torch.arange(run.members, device=run.device) * table.shape[1]).view(
            -1, 1, 1
        )
        self._codes = torch.empty(0, dtype=torch.int64)
        self._shares = torch.empty(0)

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Return ``(members, batch, width)``."""
        tokens = self._run.inputs[2].narrow(2, self._start, self._length)
        mask = (tokens != 0).unsqueeze(-1).float()
        self._shares = mask / mask.sum(2, keepdim=True).clamp(min=1.0)
        self._codes = tokens + self._firsts
        return (_looked_up(self._run.weights[self._name], self._codes) * self._shares).sum(2)

    def backward(self, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """To the rows that were read, each its share."""
        _learn_rows(self._run, self._name, self._codes, gradient.unsqueeze(2) * self._shares)
        return (None,)


def _block_axis(run: Run, name: str) -> tuple[tuple[int, ...], ...]:
    return next(one for one in run.arena.blocks if one.name == name).axes[-1].places


def _by_column(numeric: torch.Tensor) -> torch.Tensor:
    """From ``(members, batch, columns)`` to ``(members, columns, batch, 1)``."""
    return numeric.transpose(1, 2).contiguous().unsqueeze(-1)


def _projected(run: Run, weight: str, bias: str, inside: torch.Tensor) -> torch.Tensor:
    """From ``(members * columns, batch, inside)`` to ``(members, columns, batch, width)``."""
    maps = run.weights[weight]
    y = torch.bmm(inside, maps.flatten(0, 1))
    return y.view(*maps.shape[:2], *y.shape[1:]) + run.weights[bias]


def _rows(y: torch.Tensor) -> torch.Tensor:
    """From ``(members, columns, batch, width)`` to ``(members, batch, columns * width)``."""
    return y.transpose(1, 2).flatten(2)


def _columns(gradient: torch.Tensor, columns: int) -> torch.Tensor:
    """Back from ``_rows``."""
    return gradient.reshape(*gradient.shape[:2], columns, -1).transpose(1, 2).contiguous()


def _learn(run: Run, weight: str, bias: str, inside: torch.Tensor, gradient: torch.Tensor) -> None:
    run.give_product(weight, inside.transpose(1, 2), gradient.flatten(0, 1))
    run.give(bias, gradient.sum(2, keepdim=True))


def _looked_up(table: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
    """Return rows of ``(members, codes, width)``; the codes count through all members."""
    return table.flatten(0, 1).index_select(0, codes.flatten()).view(*codes.shape, -1)


def _learn_rows(run: Run, name: str, codes: torch.Tensor, gradient: torch.Tensor) -> None:
    table = run.weights[name]
    rows = gradient.reshape(-1, table.shape[-1])
    count = table.shape[0] * table.shape[1]
    total = torch.ops.aten.embedding_dense_backward(rows, codes.flatten(), count, -1, False)
    run.give(name, total.view(table.shape))
