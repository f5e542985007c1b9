import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.errors import DataError
from coeval.task.language import (
    A_N_B_N,
    ADDITION,
    DYCK_1,
    LANGUAGES,
    PARITY,
    balanced_accuracy,
    distant_examples,
    distant_lengths,
    language_named,
    training_examples,
)


@pytest.mark.parametrize(
    ("language", "text", "belongs"),
    [
        (PARITY, "0110", False),
        (PARITY, "0111", True),
        (A_N_B_N, "aabb", True),
        (A_N_B_N, "aab", False),
        (DYCK_1, "(())()", True),
        (DYCK_1, "())(", False),
        (DYCK_1, "(()", False),
        (ADDITION, "3", False),  # 1 + 1: the sum's lowest bit is 0
        (ADDITION, "30", True),  # 1 + 1 = 2: the carry is the next bit
        (ADDITION, "331", False),
    ],
)
def test_a_word_is_labelled_by_the_rule(language, text, belongs):
    assert language.accepts(tuple(language.letters.index(letter) for letter in text)) == belongs


@given(st.integers(1, 40), st.integers(0, 10**9))
def test_the_bit_of_a_sum_is_that_of_integer_addition(length, seed):
    word = distant_examples(ADDITION, length, count=3, seed=seed).words[0]
    first = sum((symbol // 2) << place for place, symbol in enumerate(word))
    second = sum((symbol % 2) << place for place, symbol in enumerate(word))
    assert ADDITION.accepts(word) == bool((first + second) >> (length - 1) & 1)


def test_training_words_are_all_short_words_once():
    assert len(set(training_examples(PARITY).words)) == sum(2**n for n in range(1, 7))
    assert len(training_examples(ADDITION).words) == 4 + 16 + 64 + 256
    runs = training_examples(A_N_B_N, 8)
    assert len(set(runs.words)) == sum(n + 1 for n in range(1, 9))
    assert sum(runs.labels) == 4


def test_dyck_words_are_counted_by_the_catalan_numbers():
    found = training_examples(DYCK_1)
    lengths = [len(w) for w, belongs in zip(found.words, found.labels, strict=True) if belongs]
    assert [lengths.count(2 * half) for half in range(1, 5)] == [1, 2, 5, 14]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.name)
def test_distant_words_lie_in_the_universe_and_hold_both_classes(language):
    for length in (2, 6, 8):
        found = distant_examples(language, length)
        assert set(found.words) <= set(language.universe(length))
        assert len(set(found.words)) == len(found.words)
        assert set(found.labels) == {True, False}
    far = distant_examples(language, 16 * language.short)
    assert {len(word) for word in far.words} == {16 * language.short}
    assert set(far.labels) == {True, False}


def test_words_around_the_middle_are_near_misses():
    words = distant_examples(A_N_B_N, 100, count=5).words
    assert [word.count(0) for word in words] == [50, 49, 51, 48, 52]


def test_random_members_of_dyck_differ_and_belong():
    found = distant_examples(DYCK_1, 60, count=60)
    members = [word for word, belongs in zip(found.words, found.labels, strict=True) if belongs]
    assert len(members) > 15


def test_distant_words_depend_on_the_seed_only():
    assert distant_examples(PARITY, 30, seed=1) == distant_examples(PARITY, 30, seed=1)
    assert distant_examples(PARITY, 30, seed=1) != distant_examples(PARITY, 30, seed=2)


def test_lengths_reach_sixteen_times_the_training_length():
    assert distant_lengths(ADDITION) == (4, 5, 8, 9, 16, 17, 32, 33, 64, 65)


def test_balanced_accuracy_weighs_both_classes_alike():
    assert balanced_accuracy([True, False, False, False], [False] * 4) == 0.5
    assert balanced_accuracy([False, False], [False, True]) == 0.5


def test_mistakes_are_refused():
    with pytest.raises(DataError, match=r"Did you mean 'parity'"):
        language_named("parit")
    with pytest.raises(DataError, match="at least 1 symbol"):
        training_examples(PARITY, 0)
    with pytest.raises(DataError, match="got 0 and 5"):
        distant_examples(PARITY, 0, 5)
    with pytest.raises(DataError, match="at least one word"):
        balanced_accuracy([], [])


def test_symbols_are_printed_by_their_letters():
    assert [A_N_B_N.text(word) for word in itertools.islice(A_N_B_N.universe(2), 3)] == [
        "bb",
        "ab",
        "aa",
    ]
    assert training_examples(PARITY, 2).symbols == 2 + 8
