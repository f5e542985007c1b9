"""Programs as trees in prefix order, so that a subtree is a slice: surgery on expressions of bounded size.

A tree is bytes: an operation's code, then its operands' trees; a leaf is the code of an input or constant. Shared
steps are written out, so a program's tree is what size limits count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from coeval.architecture.program import WIDTH, Program
from coeval.space.programs import ProgramSpace

LEAF = 128
"""Codes from here on are leaves: inputs, then constants."""


@dataclass(frozen=True, slots=True)
class Grammar:
    """What prefix surgery knows of a space.

    Attributes:
        arity: By code: operands of operations, 0 for leaves.
        alike: By operation: all operations of its arity.
        commutative: Operations whose operands' order does not matter.
        leaves: Codes of leaves: inputs, constants, and operations without operands.
    """

    arity: bytes
    alike: tuple[bytes, ...]
    commutative: frozenset[int]
    leaves: bytes


def make_grammar(space: ProgramSpace) -> Grammar:
    """Return the grammar of a space.

    Raises:
        ValueError: It has more operations or leaves than a byte can name.
    """
    first = space.inputs + space.constants
    if len(space.operations) > LEAF or first > LEAF:
        raise ValueError(
            f"Trees have at most {LEAF} operations and {LEAF} leaves, got {len(space.operations)} and {first}."
        )
    arities = bytes(one.arity for one in space.operations)
    alike = tuple(
        bytes(code for code, other in enumerate(arities) if other == arity) for arity in arities
    )
    either = {code for code, one in enumerate(space.operations) if one.component.commutative}
    bare = bytes(code for code, arity in enumerate(arities) if arity == 0)
    leaves = bytes(range(LEAF, LEAF + first)) + bare
    return Grammar(arities.ljust(256, b"\0"), alike, frozenset(either), leaves)


def end_of(tree: bytes, at: int, grammar: Grammar) -> int:
    """Return where the subtree that starts at a position ends."""
    open_places = 1
    while open_places:
        open_places += grammar.arity[tree[at]] - 1
        at += 1
    return at


def ordered(tree: bytes, grammar: Grammar) -> bytes:
    """Return the tree with the operands of commutative operations sorted: one form for trees equal up to that."""
    stack: list[bytes] = []
    for code in reversed(tree):
        arity = grammar.arity[code]
        operands = [stack.pop() for _ in range(arity)]
        if code in grammar.commutative:
            operands.sort()
        stack.append(bytes([code]) + b"".join(operands))
    return stack[0]


def subtrees(tree: bytes, grammar: Grammar) -> Iterator[bytes]:
    """Yield every subtree that is no leaf, the tree itself first."""
    for at, code in enumerate(tree):
        if grammar.arity[code]:
            yield tree[at : end_of(tree, at, grammar)]


def to_tree(program: Program, space: ProgramSpace, grammar: Grammar) -> bytes:
    """Return a program's result as a tree.

    Args:
        program: Of a form that ``space.fitted`` takes; its constants count as leaves after the inputs.
        space: Its inputs and operations.
        grammar: Of the space.
    """
    first = space.inputs + len(program.constants)
    values = [bytes([LEAF + leaf]) for leaf in range(first)]
    for at in range(0, len(program.code), WIDTH):
        code, *operands = program.code[at : at + WIDTH]
        taken = operands[: grammar.arity[code]]
        values.append(bytes([code]) + b"".join(values[index] for index in taken))
    return values[-1]


def to_program(tree: bytes, space: ProgramSpace, grammar: Grammar) -> Program:
    """Return a tree as a program of the space's length, equal subtrees computed once, filled up in front.

    Args:
        tree: No bare input, of at most ``space.length`` different subtrees but leaves.
        space: Where it lies; its programs carry no constants.
        grammar: Of the space.

    Raises:
        ValueError: The tree has too many subtrees.
    """
    known: dict[tuple[int, ...], int] = {}
    stack: list[int] = []
    for code in reversed(tree):
        if code >= LEAF:
            stack.append(code - LEAF)
            continue
        step = (code, *(stack.pop() for _ in range(grammar.arity[code])))
        stack.append(known.setdefault(step, space.inputs + len(known)))
    missing = space.length - len(known)
    if missing < 0 or not known:
        raise ValueError(f"The tree has {len(known)} steps, expected 1 to length={space.length}.")
    text = bytearray(WIDTH * space.length)
    for place, (code, *operands) in enumerate(known, missing):
        text[WIDTH * place] = code
        for operand, value in enumerate(operands, WIDTH * place + 1):
            text[operand] = value + missing if value >= space.inputs else value
    return Program(bytes(text))
