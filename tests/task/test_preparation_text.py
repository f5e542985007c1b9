import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils import murmurhash3_32

from coeval.task.preparation_text import PADDING, TextHash, tokenise
from coeval.task.table import Column, Kind


def column(*values: str | None) -> Column:
    levels = tuple(dict.fromkeys(value for value in values if value is not None))
    codes = [-1 if value is None else levels.index(value) for value in values]
    return Column("t", Kind.TEXT, np.array(codes, dtype=np.int32), levels)


def bucket(token: str, buckets: int) -> int:
    return int(murmurhash3_32(token.encode(), positive=True)) % buckets + 1


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Braund, Mr. Owen", ["braund", "mr", "owen"]),
        ("don't  stop\tnow\n", ["don", "t", "stop", "now"]),
        ("ÉCOLE Straße İ", ["École", "straße", "İ"]),
        ("", []),
        ("...", []),
    ],
)
def test_words_are_split_at_ascii_punctuation_and_only_ascii_letters_are_lowered(
    text: str, tokens: list[str]
) -> None:
    assert tokenise(text, 10) == tokens


def test_ids_are_hashes_modulo_the_buckets_padded_with_zero() -> None:
    ids = TextHash("t", 256, 4, bigrams=False).transform(
        column("Hello World", None, "a b c d e", "")
    )
    assert ids.tolist() == [
        [bucket("hello", 256), bucket("world", 256), 0, 0],
        [0, 0, 0, 0],
        [bucket(one, 256) for one in "abcd"],
        [0, 0, 0, 0],
    ]


def test_bigrams_follow_the_words() -> None:
    text = TextHash("t", 1024, 3, bigrams=True)
    ids = text.transform(column("a b c", "a"))
    pairs = [bucket("a b", 1024), bucket("b c", 1024)]
    assert ids[0].tolist() == [*(bucket(one, 1024) for one in "abc"), *pairs]
    assert ids[1].tolist() == [bucket("a", 1024), 0, 0, 0, 0]
    assert ids.shape[1] == text.tokens.length


def test_the_padding_token_is_no_word() -> None:
    ids = TextHash("t", 64, 3, bigrams=True).transform(column(f"a {PADDING} b"))
    assert ids.tolist() == [[bucket("a", 64), 0, bucket("b", 64), 0, 0]]


@given(st.lists(st.text(), min_size=1, max_size=6), st.booleans())
def test_ids_stay_in_the_vocabulary(texts: list[str], bigrams: bool) -> None:
    text = TextHash("t", 16, 4, bigrams)
    ids = text.transform(column(*texts))
    assert ids.shape == (len(texts), text.tokens.length)
    assert ids.min() >= 0
    assert ids.max() < text.tokens.vocabulary
