"""Text columns: words and word pairs, hashed into buckets (Weinberger et al. 2009, doi:10.1145/1553374.1553516).

A word is a run of characters other than ASCII blanks, controls and punctuation, ASCII letters
lower-cased; other alphabets stay as they are, because case folding there depends on a machine's locale.
The exported graph uses the same pattern, so nothing here may follow Python's Unicode rules.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from coeval.architecture.types import Tokens
from coeval.task.preparation_hash import murmur3_32
from coeval.task.table import Column

PADDING = "\x01"
"""A token that stands for no token: the exported graph needs one to pad strings with."""

TOKEN_PATTERN = r"[^\x00-\x20!-/:-@\[-`{-\x7f]+|\x01"
"""Regular expression of a token, valid for both Python's ``re`` and RE2 in ONNX Runtime."""

CHUNK = 10_000
"""Texts that are split at once: as Python's strings they take ten times the memory of their ids."""

_TOKEN = re.compile(TOKEN_PATTERN)
_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TextHash:
    """How one text column becomes token ids.

    Attributes:
        name: The column.
        buckets: Ids are ``1..buckets``; 0 is padding.
        words: How many words are kept, the first ones.
        bigrams: Whether the ``words - 1`` pairs of neighbouring words follow the words.
    """

    name: str
    buckets: int
    words: int
    bigrams: bool

    @property
    def tokens(self) -> Tokens:
        """Return the type of this column's token ids."""
        length = 2 * self.words - 1 if self.bigrams else self.words
        return Tokens(length, self.buckets + 1)

    def transform(self, column: Column) -> Ids:
        """Return ``(rows, length)`` token ids; each distinct text is split and hashed once."""
        return self.of_levels(column)[column.values]  # missing is -1: the last row, all padding

    def of_levels(self, column: Column) -> Ids:
        """Return ``(levels + 1, length)`` token ids of the column's distinct texts, and a last row of padding."""
        return _level_ids(column.levels, self.buckets, self.words, self.bigrams)


def tokenise(text: str, words: int) -> list[str]:
    """Return a text's first words, ASCII lower case.

    Example:
        >>> tokenise("Braund, Mr. Owen  Harris", 3)
        ['braund', 'mr', 'owen']
    """
    return _TOKEN.findall(text.translate(_LOWER))[:words]


@lru_cache(maxsize=32)  # a search fits the same few preparations again and again
def _level_ids(levels: tuple[str, ...], buckets: int, words: int, bigrams: bool) -> Ids:
    """Return the ids of each distinct text, and a last row of padding."""
    length = 2 * words - 1 if bigrams else words
    result = np.zeros((len(levels) + 1, length), dtype=np.int64)
    for start in range(0, len(levels), CHUNK):
        tokenised = [tokenise(level, words) for level in levels[start : start + CHUNK]]
        own = result[start : start + len(tokenised)]
        _fill(own[:, :words], tokenised, buckets)
        if bigrams:
            pairs = [
                [PADDING if PADDING in pair else " ".join(pair) for pair in pairwise(one)]
                for one in tokenised
            ]
            _fill(own[:, words:], pairs, buckets)
    result.setflags(write=False)
    return result


def _fill(grid: Ids, texts: Sequence[Sequence[str]], buckets: int) -> None:
    """Write the ids of the tokens of each text into its row."""
    vocabulary = sorted({token for tokens in texts for token in tokens} - {PADDING})
    hashes = murmur3_32([token.encode("utf-8", "replace") for token in vocabulary])
    ids = dict(zip(vocabulary, (hashes % np.uint32(buckets) + 1).tolist(), strict=True))
    ids[PADDING] = 0
    for row, tokens in enumerate(texts):
        grid[row, : len(tokens)] = [ids[token] for token in tokens]
