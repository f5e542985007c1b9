"""An answer: one program, or several joined by fitted weights, as one architecture and as numbered steps."""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coeval.architecture.program import Operation, Program, to_architecture
from coeval.architecture.step import Architecture, Region, Step
from coeval.architecture.types import Scalar
from coeval.build.numeric.evaluate import function
from coeval.build.numeric.formula import (
    ATOM,
    PRODUCT,
    Term,
    added,
    iterations_of,
    multiplied,
    negated,
    number,
    written_step,
)
from coeval.component.scalar import ADD, CONST, IDENTITY, MUL, SUB


@dataclass(frozen=True, slots=True)
class Answer:
    """What approximates a target: ``c0 + Σ ci · programi``.

    Attributes:
        programs: One, or as many as have a weight.
        weights: ``(c0, c1, …)``; empty where the only program is the value itself.
        operations: What the programs' codes stand for.
        inputs: How many inputs there are.
    """

    programs: tuple[Program, ...]
    weights: tuple[float, ...]
    operations: tuple[Operation, ...]
    inputs: int

    @property
    def architecture(self) -> Architecture:
        """Return the whole answer in the ordinary representation; equal steps are shared, zero weights left out."""
        steps, outputs = _joined(self)
        if not self.weights:
            return _architecture(self.inputs, steps, outputs[0])
        terms = _weighted(self, outputs)
        total: int | None = None
        if self.weights[0] != 0.0 or not terms:
            total = _append(steps, _constant(self.weights[0]), self.inputs)
        for weight, value in terms:
            if total is None:
                total = _term(steps, weight, value, self.inputs)
            elif weight == -1.0:
                total = _append(steps, Step(SUB, (), (total, value)), self.inputs)
            else:
                term = _term(steps, weight, value, self.inputs)
                total = _append(steps, Step(ADD, (), (total, term)), self.inputs)
        assert total is not None  # there is an offset where there is no term
        return _architecture(self.inputs, steps, total)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the live steps of all programs, equal ones once, the weights' not included."""
        return tuple(_joined(self)[0])

    def predict(self, columns: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
        """Return the value for each row, NaN where it is undefined.

        Args:
            columns: One ``(rows,)`` array for each input.
        """
        found = function(self.architecture)(columns)
        return np.array(np.broadcast_to(found, np.shape(columns[0])), dtype=np.float64)


def listing(answer: Answer, names: Sequence[str], target: str = "y") -> list[tuple[str, str]]:
    """Return the steps in order as ``(name, formula)``: ``("t1", "sin(x)")`` … and last the target's.

    Args:
        answer: What to list.
        names: One for each input, as ``symbols`` makes them.
        target: What the result is called.

    Example:
        >>> from coeval.architecture.program import make_program
        >>> from coeval.component.scalar import SIN
        >>> double = make_program([(0, 0), (1, 1, 1)])
        >>> made = Answer((double,), (), (Operation(SIN, 1), Operation(ADD, 2)), 1)
        >>> listing(made, ["x"])
        [('t1', 'sin(x)'), ('y', 't1 + t1')]
    """
    steps, outputs = _joined(answer)
    functions = iterations_of(Region(answer.inputs, tuple(steps), 0))
    known: list[Term] = [(one, ATOM) for one in names]
    lines: list[tuple[str, str]] = []
    prefix = _prefix([*names, target])
    for one in steps:
        if one.component is IDENTITY:  # the step that names a bare input
            known.append(known[one.inputs[0]])
            continue
        text = written_step(one, [known[index] for index in one.inputs], functions)
        if "constant" in one.component.capabilities:
            known.append(text)
            continue
        lines.append((f"{prefix}{len(lines) + 1}", text[0]))
        known.append((lines[-1][0], ATOM))
    result = _result(answer, [known[index] for index in outputs])
    if lines and lines[-1][0] == result:
        return [*lines[:-1], (target, lines[-1][1])]
    return [*lines, (target, result)]


def _joined(answer: Answer) -> tuple[list[Step], list[int]]:
    """Return the live steps of all programs, equal ones once, and the value of each program."""
    steps: list[Step] = []
    outputs = []
    for program in answer.programs:
        body = to_architecture(program, answer.inputs, answer.operations, CONST).body
        known = list(range(answer.inputs))
        for one in body.steps:
            moved = Step(
                one.component,
                one.settings,
                tuple(known[index] for index in one.inputs),
                one.regions,
            )
            known.append(_append(steps, moved, answer.inputs))
        outputs.append(known[body.output])
    return steps, outputs


def _append(steps: list[Step], one: Step, inputs: int) -> int:
    """Return the value of a step, which is appended unless it is there."""
    if one not in steps:
        steps.append(one)
    return inputs + steps.index(one)


def _weighted(answer: Answer, outputs: Sequence[int]) -> list[tuple[float, int]]:
    pairs = zip(answer.weights[1:], outputs, strict=True)
    return [(weight, index) for weight, index in pairs if weight != 0.0]


def _term(steps: list[Step], weight: float, value: int, inputs: int) -> int:
    if weight == 1.0:
        return value
    factor = _append(steps, _constant(weight), inputs)
    return _append(steps, Step(MUL, (), (factor, value)), inputs)


def _constant(value: float) -> Step:
    return Step(CONST, CONST.complete({"value": float(value)}), ())


def _architecture(inputs: int, steps: list[Step], output: int) -> Architecture:
    return Architecture((Scalar(),) * inputs, Region(inputs, tuple(steps), output))


def _result(answer: Answer, outputs: Sequence[Term]) -> str:
    """Return the last line: the only program, or the weighted sum."""
    if not answer.weights:
        return outputs[0][0]
    terms = [
        _scaled(weight, term)
        for weight, term in zip(answer.weights[1:], outputs, strict=True)
        if weight != 0.0
    ]
    if answer.weights[0] != 0.0 or not terms:
        terms.insert(0, _number(answer.weights[0]))
    return functools.reduce(added, terms)[0]


def _scaled(weight: float, term: Term) -> Term:
    if weight == -1.0:
        return negated(term)
    return term if weight == 1.0 else multiplied(_number(weight), term)


def _number(value: float) -> Term:
    text = number(value)
    return text, PRODUCT if text.startswith("-") else ATOM


def _prefix(names: Sequence[str]) -> str:
    """Return what the numbers of steps stand behind: ``t``, unless an input or the target is called so."""
    prefix = "t"
    while any(re.fullmatch(rf"{prefix}\d+", name) for name in names):
        prefix += "_"
    return prefix
