"""Texts encoded by the target: what is learnt, what is not, and from whom."""

import numpy as np
import pytest

from coeval.errors import ExportError
from coeval.task.preparation import columns_for, fit, training_rows
from coeval.task.preparation_json import from_json, to_json
from coeval.task.table import Kind, Table
from coeval.task.task import Target
from tests.task.tables import encoded

GOOD, BAD = ("fine", "superb"), ("dull", "awful")
ROWS = np.arange(300)


def reviews(rows: int = 400, seed: int = 0) -> tuple[Table, np.ndarray]:
    """Return texts of which one word in six tells the target, the others nothing, and how good each is."""
    rng = np.random.default_rng(seed)
    good = rng.integers(0, 2, rows)
    texts = []
    for one in good:
        words = [f"w{number}" for number in rng.integers(0, 40, 5)]
        words.insert(int(rng.integers(0, 6)), str(rng.choice(GOOD if one else BAD)))
        texts.append(" ".join(words))
    return Table((encoded("text", Kind.TEXT, texts),), rows), good


def binary(good: np.ndarray) -> Target:
    return Target("y", good, ("bad", "good"))


@pytest.mark.parametrize("chosen", ["words", "bigrams"])
def test_words_that_tell_the_target_are_found(chosen: str) -> None:
    table, good = reviews()
    preparation = fit({"text_effects": chosen}, table, ROWS, binary(good))
    found = preparation.transform(table).numeric[:, -1][300:]
    assert found[good[300:] == 1].min() > found[good[300:] == 0].max()


def test_what_words_tell_of_a_value_and_of_several_classes() -> None:
    table, good = reviews()
    value = fit({"text_effects": "words"}, table, ROWS, Target("y", good * 1e6))
    same = fit({"text_effects": "words"}, table, ROWS, Target("y", good * 1.0))
    np.testing.assert_allclose(value.words[0].effects, same.words[0].effects, rtol=1e-5, atol=1e-6)
    three = Target("y", np.where(np.arange(400) % 5 == 0, 2, good), ("a", "b", "c"))
    assert fit({"text_effects": "words"}, table, ROWS, three).columns.numeric == 3
    many = Target("y", np.arange(400) % 11, tuple(f"class {n}" for n in range(11)))
    assert fit({"text_effects": "words"}, table, ROWS, many).columns.numeric == 0
    assert columns_for({"text_effects": "words"}, table, ROWS, many).numeric == 0


def test_a_row_that_is_learnt_from_does_not_see_its_own_target() -> None:
    table, good = reviews()
    other = good.copy()
    other[7] = 1 - other[7]
    found = []
    for one in (good, other):
        preparation = fit({"text_effects": "words"}, table, ROWS, binary(one))
        found.append(training_rows(preparation, table, ROWS, binary(one)).numeric)
    assert np.array_equal(found[0][7], found[1][7])
    assert not np.array_equal(found[0], found[1])


def test_words_that_tell_nothing_seem_to_tell_nothing_out_of_fold() -> None:
    table, _ = reviews()
    chance = binary(np.random.default_rng(1).integers(0, 2, 400))
    preparation = fit({"text_effects": "words"}, table, ROWS, chance)
    learnt = training_rows(preparation, table, ROWS, chance).numeric[:, -1]
    predicted = preparation.transform(table.take(ROWS)).numeric[:, -1]
    signs = np.where(chance.values[:300] == 1, 1.0, -1.0)
    assert abs(np.corrcoef(learnt, signs)[0, 1]) < 0.15 < np.corrcoef(predicted, signs)[0, 1]


def test_a_text_without_words_is_nothing() -> None:
    table, good = reviews()
    preparation = fit({"text_effects": "words"}, table, ROWS, binary(good))
    empty = Table((encoded("text", Kind.TEXT, [None, "", "...", "never seen before"]),), 4)
    assert np.array_equal(preparation.transform(empty).numeric[:3], np.zeros((3, 1)))


def test_it_is_written_and_read_and_damage_is_told() -> None:
    table, good = reviews()
    preparation = fit({"text_effects": "bigrams"}, table, ROWS, binary(good))
    written = to_json(preparation)
    found = from_json(written).transform(table)
    assert np.array_equal(found.numeric, preparation.transform(table).numeric)
    written["words"][0]["effects"] = written["words"][0]["effects"][:-8]
    with pytest.raises(ExportError, match="damaged"):
        from_json(written)
