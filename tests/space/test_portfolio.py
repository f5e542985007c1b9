import json

import pytest
from benchmarks.portfolio import DEVELOPMENT, learnt, losses_of
from hypothesis import given
from hypothesis import strategies as st

from coeval.space.portfolio import FILE, FIRST, PLAIN, Known, Looks, order, portfolio

SMALL, LARGE = Looks(800, 8, 0.0, 2), Looks(40_000, 60, 1.0, 0)
NAMES = st.lists(st.sampled_from("abcdef"), min_size=1, unique=True)


def world(*losses):
    looks = (SMALL, LARGE)
    return [Known(where, one) for where, one in zip(looks, losses, strict=True)]


@given(NAMES, st.integers(1, 10**6), st.integers(1, 1000), st.floats(0, 1), st.integers(0, 30))
def test_any_table_gets_every_seed_once(names, rows, columns, share, classes):
    found = order([*names, FIRST], Looks(rows, columns, share, classes))
    assert sorted(found) == sorted([*names, FIRST])


def test_the_table_that_looks_alike_decides():
    known = world({"a": 0.0, "b": 1.0}, {"a": 1.0, "b": 0.0})
    assert order("ab", SMALL, known) == ["a", "b"]
    assert order("ab", LARGE, known) == ["b", "a"]


def test_the_next_try_is_good_where_the_ones_before_are_not():
    known = world({"a": 0.0, "b": 0.1, "c": 1.0}, {"a": 0.3, "b": 0.4, "c": 0.0})
    assert order("bca", SMALL, known) == ["a", "c", "b"]


def test_what_takes_a_moment_comes_first_and_what_was_never_measured_last():
    known = world({"a": 0.0, FIRST: 1.0}, {"a": 0.0, FIRST: 1.0})
    assert order(["new", "a", FIRST, "other"], SMALL, known) == [FIRST, "a", "new", "other"]
    assert order(["b", "a"], SMALL, []) == ["b", "a"]


def test_a_plain_network_is_tried_soon():
    names = ["a", "b", "c", "d", "e", PLAIN]
    losses = {name: 0.1 * n for n, name in enumerate(names)}
    assert order(names, SMALL, world(losses, losses)) == ["a", "b", "c", PLAIN, "d", "e"]
    few = {PLAIN: 0.0, "a": 1.0}
    assert order([PLAIN, "a"], SMALL, world(few, few)) == [PLAIN, "a"]


def test_of_many_rows_what_is_quick_comes_first_and_forests_last():
    names = ["forest", "tabm", "normed", "trees", "other", "mlp", FIRST]
    known = world(*[{name: 0.1 * n for n, name in enumerate(names)}] * 2)
    expected = [FIRST, "trees", "normed", "mlp", "tabm", "other", "forest"]
    assert order(names, Looks(9_000, 8, 0.0, 2), known) == expected
    expected[1:3] = ["normed", "trees"]
    assert order(names, LARGE, known) == expected
    assert order(names, SMALL, known)[1] == "forest"


def test_tables_are_as_far_apart_as_they_look():
    assert SMALL.distance(SMALL) == 0
    nearer = Looks(900, 8, 0.0, 2)
    assert SMALL.distance(nearer) < SMALL.distance(LARGE) == LARGE.distance(SMALL)


def test_the_file_is_small_and_of_development_tables_alone():
    written = json.loads(FILE.read_text())
    assert {one["name"] for one in written["tables"]} <= set(DEVELOPMENT)
    assert len(DEVELOPMENT) <= 10
    assert FILE.stat().st_size < 20_000
    for one in portfolio():
        assert min(one.losses.values()) == 0
        assert 0.5 < max(one.losses.values()) <= 1


def test_losses_are_counted_in_the_medians_and_failures_are_worst():
    scores = {"a": 0.5, "b": 0.9, "c": 0.8, "d": None, "e": 0.85}
    lines = [{"seed": seed, "score": one, "maximise": True} for seed, one in scores.items()]
    assert losses_of(lines) == pytest.approx({"a": 1.0, "b": 0.0, "c": 0.5, "d": 1.0, "e": 0.25})


def test_a_table_that_is_not_measured_whole_teaches_nothing():
    common = {"maximise": False, "looks": {}}
    lines = [
        {"table": "abalone", "seed": "a", "score": 1.0, **common},
        {"table": "abalone", "seed": "b", "score": 2.0, **common},
        {"table": "magic", "seed": "a", "score": 1.0, **common},
    ]
    assert [one["name"] for one in learnt(lines)] == ["abalone"]
