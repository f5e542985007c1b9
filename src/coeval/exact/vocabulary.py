"""What sequences are made of: the examples' inputs, the numbers they may use, and the operations."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from coeval.architecture.component import Component, Settings
from coeval.architecture.program import Operation
from coeval.build.numeric.evaluate import bind
from coeval.build.numeric.functions import Function
from coeval.errors import DataError, SpaceError

Values = npt.NDArray[np.float64]
"""``(sequences, examples)``: a row holds a sequence's result on every example."""

MOST = 256
"""A program names its values by one byte."""


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """The leaves and operations of a search.

    Attributes:
        columns: One ``(examples,)`` array for each input.
        numbers: Constants that every sequence may use.
        operations: What a step may be.
        functions: The operations' vectorised functions.
        leaves: ``(inputs + numbers, examples)``: the values that cost no operation.
    """

    columns: tuple[Values, ...]
    numbers: tuple[float, ...]
    operations: tuple[Operation, ...]
    functions: tuple[Function, ...] = field(repr=False)
    leaves: Values = field(repr=False)

    @property
    def examples(self) -> int:
        """Return how many examples there are."""
        return int(self.leaves.shape[1])

    @property
    def step_budget(self) -> int | None:
        """Return the smallest step budget of an iteration; ``None`` where nothing iterates."""
        budgets = [budget for one in self.operations for budget in _budgets(one)]
        return min(budgets, default=None)

    def matches(self, other: "Vocabulary") -> bool:
        """Return whether the two span the same sequences with the same values."""
        return (
            self.numbers == other.numbers
            and self.operations == other.operations
            and len(self.columns) == len(other.columns)
            and np.array_equal(self.leaves, other.leaves)
        )


def make_vocabulary(
    columns: Sequence[npt.ArrayLike], operations: Sequence[Operation], numbers: Sequence[float] = ()
) -> Vocabulary:
    """Check and bind what sequences are made of.

    Args:
        columns: One ``(examples,)`` array for each input.
        operations: What a step may be; iterating components have their step budget set.
        numbers: Constants that every sequence may use, the inputs' equals.

    Raises:
        DataError: The inputs differ in length, are empty, or hold NaN or infinity; a number is not finite.
        SpaceError: There is nothing to start from, an operation has no function of scalars or no step
            budget, or there are more leaves than a program can name.
    """
    checked = tuple(_column(one, index) for index, one in enumerate(columns))
    if len({len(one) for one in checked}) > 1:
        raise DataError(
            f"inputs must have one value an example, got lengths {[len(one) for one in checked]}. "
            "Cut them to the same examples."
        )
    if not checked:
        raise SpaceError("expected at least one input, got none. Give the examples' inputs.")
    if not operations:
        raise SpaceError(
            "expected at least one operation, got none. Name the components to search."
        )
    if any(not np.isfinite(number) for number in numbers):
        raise DataError(
            f"numbers must be finite, got {tuple(numbers)}. Leave out NaN and infinity."
        )
    if len(checked) + len(numbers) >= MOST:
        raise SpaceError(
            f"inputs and numbers must be fewer than {MOST}, got {len(checked)} + {len(numbers)}. "
            "Leave some out."
        )
    rows = [*checked, *(np.full(len(checked[0]), float(one)) for one in numbers)]
    return Vocabulary(
        checked,
        tuple(float(one) for one in numbers),
        tuple(operations),
        tuple(bind(one) for one in operations),
        np.array(rows) + 0.0,  # -0 becomes 0: the two are equal, and their bits are to be
    )


def apply(function: Function, operands: Sequence[Values], out: Values) -> Values:
    """Evaluate an operation on many sequences at once.

    Args:
        function: The operation's vectorised function.
        operands: ``(sequences, examples)`` for each, contiguous: NumPy's vector and scalar loops may
            differ in a function's last bit, and contiguous rows are what a single program is run on.
        out: ``(sequences, examples)``: may be used for the result.

    Returns:
        ``(sequences, examples)``, with NaN and infinities where the operation is undefined, and 0 for -0.
    """
    with np.errstate(all="ignore"):
        if isinstance(function, np.ufunc):
            function(*operands, out=out)
        else:
            out[...] = function(*operands)
        out += 0.0
    return out


def finite_rows(values: Values) -> npt.NDArray[np.bool_]:
    """Return ``(sequences,)``: whether a sequence is defined on every example."""
    with np.errstate(all="ignore"):
        fine: npt.NDArray[np.bool_] = np.isfinite(values @ np.ones(values.shape[1]))
    doubtful = np.flatnonzero(~fine)  # a sum may overflow where no term does
    fine[doubtful] = np.isfinite(values[doubtful]).all(axis=1)
    return fine


def block_rows(examples: int) -> int:
    """Return how many sequences to evaluate at once: operands, result and keys stay in a core's cache."""
    return max(16, 1 << max((32_768 // max(examples, 1)).bit_length() - 1, 0))


def _column(values: npt.ArrayLike, index: int) -> Values:
    column = np.ascontiguousarray(values, dtype=np.float64)
    if column.ndim != 1 or not len(column):
        raise DataError(
            f"input {index + 1} must be a sequence of numbers, one an example, got shape {column.shape}."
        )
    if not np.isfinite(column).all():
        where = int(np.flatnonzero(~np.isfinite(column))[0])
        raise DataError(
            f"input {index + 1} must be finite, got {column[where]} in example {where + 1}. "
            "Leave that example out."
        )
    return column


def _budgets(operation: Operation) -> list[int]:
    found = _budget(operation.component, operation.settings)
    steps = [step for region in operation.regions for step in region.steps]
    while steps:
        step = steps.pop()
        found += _budget(step.component, step.settings)
        steps += [inner for region in step.regions for inner in region.steps]
    return found


def _budget(component: Component, settings: Settings) -> list[int]:
    if not component.capabilities & {"bounded_iteration", "unbounded_iteration"}:
        return []
    return [int(dict(settings)["steps"])]
