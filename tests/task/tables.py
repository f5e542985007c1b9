"""Tables of every kind of column, made and drawn, for the tests of preparation and export."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from coeval.task.table import Column, ColumnSchema, Kind, Schema, Table
from coeval.task.task import Target


def encoded(name: str, kind: Kind, values: list[str | None]) -> Column:
    """Return strings as a column, ``None`` as missing."""
    levels = tuple(dict.fromkeys(value for value in values if value is not None))
    codes = [levels.index(value) if value is not None else -1 for value in values]
    return Column(name, kind, np.array(codes, dtype=np.int32), levels)


def mixed_table(rows: int = 60, seed: int = 0) -> Table:
    """Return a table with every kind of column and missing values in each."""
    rng = np.random.default_rng(seed)
    number = np.where(rng.random(rows) < 0.2, np.nan, rng.normal(size=rows) * 1e3)
    days = np.where(rng.random(rows) < 0.2, np.nan, np.round(rng.uniform(-9e3, 3e4, rows), 3))
    colour = rng.choice(np.array(["red", "green", "blå", None]), rows).tolist()
    code = rng.choice(np.array(["1", "2.5", "-3", None]), rows).tolist()
    words = ["The", "fox's", "jumps", "über", "x/y", "DOG,", "1st"]
    text = [" ".join(rng.choice(words, rng.integers(0, 9))) or None for _ in range(rows)]
    return Table(
        (
            Column("number", Kind.NUMERIC, number),
            Column("still", Kind.NUMERIC, np.full(rows, 0.1)),
            Column("day", Kind.DATE, days),
            encoded("colour", Kind.CATEGORICAL, colour),
            encoded("code", Kind.CATEGORICAL, code),
            encoded("note", Kind.TEXT, text),
        ),
        rows,
    )


def schema_of(table: Table, numbers: tuple[str, ...] = ("code",)) -> Schema:
    """Return a table's schema; ``numbers`` are the categories written as numbers."""
    return Schema(
        tuple(
            ColumnSchema(one.name, one.kind, "as made", one.name in numbers)
            for one in table.columns
        )
    )


def target_of(table: Table) -> Target:
    """Return a target of three classes."""
    return Target("y", np.arange(table.rows) % 3, ("a", "b", "c"))


WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
TEXTS = st.lists(WORDS, max_size=8).map(" ".join)
LEVELS = st.sampled_from(["a", "b", "B", "é", " ", "a b", "\x01", "nan", "0"])
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
MINUTES = st.integers(0, 59).map(float) | st.sampled_from([np.nan, np.inf, 1e308])
DAYS = st.one_of(
    st.integers(-700_000, 2_900_000).map(float),
    st.integers(-700_000 * 86_400_000, 2_900_000 * 86_400_000).map(lambda n: n / 86_400_000),
    st.just(float("nan")),
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Draw a table of every kind of column with whatever such columns may hold."""
    rows = draw(st.integers(1, 12))

    def several(of: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(of, min_size=rows, max_size=rows))

    return Table(
        (
            Column("n", Kind.NUMERIC, np.array(several(NUMBERS), dtype=np.float64)),
            Column("hour", Kind.NUMERIC, np.array(several(st.sampled_from([1.0, 2.0, np.nan])))),
            Column("Minute", Kind.NUMERIC, np.array(several(MINUTES))),
            Column("d", Kind.DATE, np.array(several(DAYS), dtype=np.float64)),
            encoded("c", Kind.CATEGORICAL, several(st.none() | LEVELS)),
            encoded(
                "k", Kind.CATEGORICAL, several(st.none() | st.sampled_from(["1", "-2.5", "0"]))
            ),
            encoded("t", Kind.TEXT, several(st.none() | TEXTS)),
        ),
        rows,
    )


SETTINGS = st.fixed_dictionaries(
    {
        "scaling": st.sampled_from(["standard", "robust", "quantile"]),
        "missing_flags": st.booleans(),
        "dates": st.sampled_from(["basic", "both", "cyclic"]),
        "rare": st.sampled_from([1, 3]),
        "most_levels": st.sampled_from([2, 32]),
        "target_encoding": st.sampled_from(["none", "many", "all"]),
        "text_buckets": st.sampled_from([16, 256]),
        "text_ngrams": st.sampled_from(["words", "bigrams"]),
        "text_words": st.sampled_from([2, 8]),
        "text_effects": st.sampled_from(["none", "words", "bigrams"]),
    }
)
