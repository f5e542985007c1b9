"""Formal languages as tasks: which words belong, and words to learn from and distant words to be tested on.

A word's label is exact, so a network that is right on short words can be asked how far its rule
carries: training words are all words up to a length, distant words lie at up to 16 times that length, near
the border between the classes (Weiss, Goldberg & Yahav 2018, arXiv:1805.04908).
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from coeval.errors import DataError, did_you_mean
from coeval.seed import generator

Word = tuple[int, ...]
"""Indices of symbols."""


class Need(StrEnum):
    """What a machine must have to decide a language."""

    STATES = "finitely many states"
    COUNTER = "an unbounded counter"


@dataclass(frozen=True, slots=True)
class Language:
    """A set of words within a universe of words.

    Attributes:
        name: As in reports.
        letters: One character a symbol, for printing.
        channels: What a network is shown of each symbol, ``(symbols, channels)``.
        need: The least machine.
        short: Training words have 1 to this many symbols.
        accepts: Whether a word of the universe belongs.
        universe: All words of a length among which one decides.
        border: Endless words of a length near the border of the classes, from a generator.
    """

    name: str
    letters: str
    channels: tuple[tuple[float, ...], ...]
    need: Need
    short: int
    accepts: Callable[[Word], bool]
    universe: Callable[[int], Iterator[Word]]
    border: Callable[[int, np.random.Generator], Iterator[Word]]

    def text(self, word: Word) -> str:
        """Return a word as printed."""
        return "".join(self.letters[symbol] for symbol in word)


@dataclass(frozen=True, slots=True)
class Examples:
    """Words with their labels.

    Attributes:
        words: In order of length.
        labels: Whether each belongs.
    """

    words: tuple[Word, ...]
    labels: tuple[bool, ...]

    @property
    def symbols(self) -> int:
        """Return the number of symbols in all words."""
        return sum(map(len, self.words))


def training_examples(language: Language, length: int | None = None) -> Examples:
    """Return all words of the universe of 1 to ``length`` symbols (``language.short`` by default).

    Raises:
        DataError: ``length`` is below 1.
    """
    longest = language.short if length is None else length
    if longest < 1:
        raise DataError(f"Training words need at least 1 symbol, got length {longest}.")
    words = [word for size in range(1, longest + 1) for word in language.universe(size)]
    return labelled(language, words)


def distant_examples(language: Language, length: int, count: int = 40, seed: int = 0) -> Examples:
    """Return different words of a length near the border between the classes; fewer where the universe has fewer.

    Args:
        language: Whose words.
        length: Symbols a word.
        count: How many at most.
        seed: Draws are addressed by it.

    Raises:
        DataError: ``length`` or ``count`` is below 1.
    """
    if length < 1 or count < 1:
        raise DataError(f"length and count must be at least 1, got {length} and {count}.")
    found: dict[Word, None] = {}
    stream = language.border(length, generator(seed, "language", language.name, length))
    for word in itertools.islice(stream, 8 * count):
        found[word] = None
        if len(found) == count:
            break
    return labelled(language, tuple(found))


def distant_lengths(language: Language, factor: int = 16) -> tuple[int, ...]:
    """Return the lengths to be tested on: 1, 2, 4 … ``factor`` times the training length, and one symbol more."""
    doublings = [2**power for power in range(factor.bit_length()) if 2**power <= factor]
    return tuple(
        size + more for size in (language.short * one for one in doublings) for more in (0, 1)
    )


def labelled(language: Language, words: Sequence[Word]) -> Examples:
    """Return words with their labels."""
    return Examples(tuple(words), tuple(language.accepts(word) for word in words))


def balanced_accuracy(labels: Sequence[bool], answers: Sequence[bool]) -> float:
    """Return the mean of the classes' shares of right answers; of the one class where there is but one.

    Raises:
        DataError: There are no words.
    """
    if not labels:
        raise DataError("Balanced accuracy needs at least one word, got none.")
    right: dict[bool, list[bool]] = {}
    for label, answer in zip(labels, answers, strict=True):
        right.setdefault(label, []).append(label == answer)
    return sum(sum(one) / len(one) for one in right.values()) / len(right)


def language_named(name: str) -> Language:
    """Return one of ``LANGUAGES``.

    Raises:
        DataError: There is no such language.
    """
    known = {one.name: one for one in LANGUAGES}
    if name not in known:
        raise DataError(
            f"A language must be one of {list(known)}, got {name!r}.{did_you_mean(name, known)}"
        )
    return known[name]


def _all_binary(length: int) -> Iterator[Word]:
    return itertools.product(range(2), repeat=length)


def _all_quaternary(length: int) -> Iterator[Word]:
    return itertools.product(range(4), repeat=length)


def _is_odd(word: Word) -> bool:
    return sum(word) % 2 == 1


def _odd_border(length: int, rng: np.random.Generator) -> Iterator[Word]:
    """Yield words dense, even and sparse in ones, each followed by one that differs in one symbol."""
    while True:
        word = [int(one) for one in rng.random(length) < rng.choice([0.05, 0.5, 0.95])]
        yield tuple(word)
        word[int(rng.integers(length))] ^= 1
        yield tuple(word)


def _is_balanced_run(word: Word) -> bool:
    return 2 * sum(word) == len(word) and list(word) == sorted(word)


def _runs(length: int) -> Iterator[Word]:
    for first in range(length + 1):
        yield (0,) * first + (1,) * (length - first)


def _runs_border(length: int, rng: np.random.Generator) -> Iterator[Word]:
    """Yield the words around the middle, then any."""
    yield from (
        (0,) * first + (1,) * (length - first)
        for distance in range(min(8, length // 2))
        for first in dict.fromkeys((length // 2 - distance, length // 2 + distance))
    )
    while True:
        first = int(rng.integers(length + 1))
        yield (0,) * first + (1,) * (length - first)


def _is_dyck(word: Word) -> bool:
    depth = 0
    for symbol in word:
        depth += 1 - 2 * symbol
        if depth < 0:
            return False
    return depth == 0


def _dyck_border(length: int, rng: np.random.Generator) -> Iterator[Word]:
    """Yield deep, flat and random members, each followed by near misses; one symbol more if the length is odd."""
    half = length // 2
    odd = (0,) * (length % 2)
    members = itertools.chain(
        [(0,) * half + (1,) * half, (0, 1) * half], (_random_dyck(half, rng) for _ in iter(int, 1))
    )
    for member in members:
        word = [*member, *odd]
        yield tuple(word)
        first, second = (int(one) for one in rng.integers(length, size=2))
        word[first], word[second] = word[second], word[first]
        yield tuple(word)
        word[first] ^= 1
        yield tuple(word)


def _random_dyck(half: int, rng: np.random.Generator) -> Word:
    """Draw uniformly among the members of ``2 * half`` symbols, by the cycle lemma (Dvoretzky & Motzkin 1947)."""
    steps = rng.permutation([0] * half + [1] * (half + 1))
    depths = np.cumsum(1 - 2 * steps)
    start = int(np.argmin(depths)) + 1
    return tuple(int(one) for one in np.roll(steps, -start)[:-1])


def _sum_bit(word: Word) -> bool:
    """Return the last bit of the sum of two numbers, lowest bits first; symbol 2x + y holds a bit of each."""
    carry = total = 0
    for symbol in word:
        total = symbol // 2 + symbol % 2 + carry
        carry = total // 2
    return total % 2 == 1


def _sum_border(length: int, rng: np.random.Generator) -> Iterator[Word]:
    """Yield words in which a carry may run far, each followed by one whose first symbols differ."""
    while True:
        unequal = rng.random(length) < rng.choice([0.5, 0.9, 1.0])
        word = np.where(unequal, rng.integers(1, 3, length), 3 * rng.integers(0, 2, length))
        word[0] = 3
        yield tuple(int(one) for one in word)
        word[0] = 0
        yield tuple(int(one) for one in word)


_ONE_HOT = ((1.0, 0.0), (0.0, 1.0))

PARITY = Language(
    "parity", "01", ((0.0,), (1.0,)), Need.STATES, 6, _is_odd, _all_binary, _odd_border
)
"""Whether the number of ones is odd."""
A_N_B_N = Language(
    "a^n b^n", "ab", _ONE_HOT, Need.COUNTER, 24, _is_balanced_run, _runs, _runs_border
)
"""As many a as b, among the words in which every a comes before every b."""
DYCK_1 = Language("Dyck-1", "()", _ONE_HOT, Need.COUNTER, 8, _is_dyck, _all_binary, _dyck_border)
"""Balanced brackets of one kind, among all words."""
ADDITION = Language(
    "binary addition",
    "0123",
    ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)),
    Need.STATES,
    4,
    _sum_bit,
    _all_quaternary,
    _sum_border,
)
"""The sum's bit at the last place of two numbers read together, lowest bits first; every prefix asks for one bit."""
LANGUAGES: tuple[Language, ...] = (PARITY, A_N_B_N, DYCK_1, ADDITION)
