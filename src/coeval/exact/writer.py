"""Writing programs: steps on leaves, with the numbers that are used and a bare input named by ``identity``."""

from collections.abc import Sequence

from coeval.architecture.program import Operation, Program, make_program
from coeval.component.scalar import IDENTITY
from coeval.errors import SpaceError
from coeval.exact.vocabulary import MOST, Vocabulary


def program_operations(operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return what the codes of the programs of ``exact`` stand for.

    They are the operations searched and then ``identity``: a program's result is its last value, and so
    a sequence that is an input alone takes a step to say so.
    """
    return (*operations, Operation(IDENTITY, 1))


class ProgramWriter:
    """Collects the steps of one program.

    Places number the leaves (inputs, then all numbers), then the steps.

    Args:
        vocabulary: What sequences are made of.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._steps: list[tuple[int, list[int]]] = []

    def step(self, operation: int, operands: Sequence[int]) -> int:
        """Append a step on earlier places and return its place."""
        self._steps.append((operation, list(operands)))
        return len(self._vocabulary.leaves) + len(self._steps) - 1

    def program(self, result: int) -> Program:
        """Return the program of a place: the last step's, or a leaf's where there are no steps.

        Raises:
            SpaceError: It has more values than a program can name.
        """
        inputs, numbers = len(self._vocabulary.columns), self._vocabulary.numbers
        leaves = inputs + len(numbers)
        named = {result, *(place for _, operands in self._steps for place in operands)}
        used = [place for place in range(inputs, leaves) if place in named]
        places = {place: place for place in range(inputs)}
        places |= {place: inputs + index for index, place in enumerate(used)}
        first = inputs + len(used)
        places |= {leaves + index: first + index for index in range(len(self._steps))}
        steps = [
            (operation, *[places[place] for place in operands])
            for operation, operands in self._steps
        ]
        if result < inputs and not (result == inputs - 1 and not used):
            steps.append((len(self._vocabulary.operations), result))
        if first + len(steps) > MOST:
            raise SpaceError(
                f"a program names at most {MOST} values, got {first} leaves and {len(steps)} steps. "
                "Shorten the sequence or use fewer numbers."
            )
        return make_program(steps, [numbers[place - inputs] for place in used])
