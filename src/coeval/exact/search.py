"""What the searches of all semantics have in common: they cover the sequences of one length after another."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from coeval.architecture.program import Program
from coeval.build.numeric.functions import Function
from coeval.exact.certificate import Semantics
from coeval.exact.kernels.pairs import Operation
from coeval.exact.vocabulary import Values, Vocabulary


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Some sequences of one length, evaluated.

    Attributes:
        length: Their length.
        values: ``(sequences, examples)``, finite; valid until the next block is asked for.
        program: From a row to its program.
        tried: How many sequences were evaluated for it, undefined and equal ones included.
    """

    length: int
    values: Values
    program: Callable[[int], Program]
    tried: int


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """All applications of an operation with a closed form to two ranges of kept values, none evaluated.

    Attributes:
        length: Of their sequences.
        operation: One that ``kernels.pairs`` knows.
        left: ``(rows, examples)``.
        right: ``(rows, examples)``; ``None`` for pairs within ``left``.
        program: From a pair of rows to its program.
    """

    length: int
    operation: Operation
    left: Values
    right: Values | None
    program: Callable[[int, int], Program]


@dataclass(frozen=True, slots=True)
class Stage:
    """Work that lies ahead; whole numbers, because they outgrow floats.

    Attributes:
        applications: How often each operation is to be evaluated.
        pairs: How many pairs of kept values are to be scored without being evaluated.
        kept: How many distinct values there will be to keep.
        sets: How many sets of values there will be to keep.
    """

    applications: tuple[int, ...]
    pairs: int = 0
    kept: int = 0
    sets: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Applications:
    """All applications of an operation without a closed form to rows, none evaluated.

    Attributes:
        length: Of their sequences.
        function: The operation's vectorised function.
        banks: ``(rows, examples)`` for each operand; valid until the next item is asked for.
        commutative: Whether the operation is, with the same bank twice.
        program: From a row of each bank to the program.
    """

    length: int
    function: Function
    banks: tuple[Values, ...]
    commutative: bool
    program: Callable[..., Program]


Item = Block | Pairs | Applications
"""What a search yields: sequences to be scored."""


class Search(Protocol):
    """Covers all sequences of a vocabulary up to a length. It outlives a target: its bank serves many.

    Attributes:
        vocabulary: What sequences are made of.
        semantics: What a sequence is.
    """

    vocabulary: Vocabulary
    semantics: Semantics

    def __len__(self) -> int:
        """Return how many distinct values are kept."""
        ...

    @property
    def covered(self) -> int:
        """Return the longest length of which every distinct value is kept; -1 for none."""
        ...

    @property
    def values(self) -> Values:
        """Return ``(values, examples)``: all kept values by length, a view that growing may leave behind."""
        ...

    def level(self, length: int) -> range:
        """Return the numbers of the kept values of a length that is covered."""
        ...

    def program(self, value: int) -> Program:
        """Return the program of a kept value."""
        ...

    def kept(self, length: int) -> Iterator[Block]:
        """Yield the values of one of the lengths that are covered."""
        ...

    def grow(self) -> Iterator[Block]:
        """Cover the next length and keep its values, yielding them; complete only when exhausted."""
        ...

    def stream(self, length: int) -> Iterator[Item]:
        """Yield the values of all lengths above ``covered`` and up to ``length`` without keeping them.

        Equal values may come more than once.
        """
        ...

    def reach(self, length: int) -> int:
        """Return up to which length values must be kept before ``stream`` can give this one."""
        ...

    def ahead(self, length: int) -> Sequence[Stage]:
        """Return the work of covering a length, extrapolated from the growth so far.

        Args:
            length: Above ``covered``. The last stage is what is streamed, the others what is kept.
        """
        ...

    @property
    def memory_bytes(self) -> int:
        """Return the bytes in use."""
        ...

    def discard(self) -> None:
        """Forget an unfinished ``grow``: what is kept is complete again."""
        ...
