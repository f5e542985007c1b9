import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from coeval.task.preparation_category import CategoryCodes, fit_category
from coeval.task.table import Column, Kind


def column(values: list[int], levels: tuple[str, ...]) -> Column:
    return Column("c", Kind.CATEGORICAL, np.array(values, dtype=np.int32), levels)


def test_levels_are_ordered_by_count_and_rare_ones_left_out() -> None:
    one = column([0, 1, 1, 2, 2, 2, -1], ("a", "b", "c"))
    assert fit_category(one, np.arange(7), rare=2, most=10).levels == ("c", "b")
    assert fit_category(one, np.arange(7), rare=1, most=2).levels == ("c", "b")


def test_the_share_of_rare_values_is_known_without_the_missing_ones() -> None:
    one = column([0, 1, 1, 2, 2, 2, -1, -1], ("a", "b", "c"))
    assert fit_category(one, np.arange(8), rare=1, most=10).rest == 0
    assert fit_category(one, np.arange(8), rare=2, most=10).rest == 1 - 5 / 6
    assert fit_category(one, np.arange(6, 8), rare=1, most=10).rest == 1


def test_only_the_given_rows_count() -> None:
    one = column([0, 0, 1, 1, 1], ("a", "b"))
    assert fit_category(one, np.array([0, 1, 2]), rare=2, most=10).levels == ("a",)


def test_rare_and_unseen_levels_and_missing_values_that_were_rare_share_code_zero() -> None:
    codes = CategoryCodes("c", ("x", "y"))
    assert codes.transform(column([0, 1, 2, -1], ("new", "y", "x"))).tolist() == [0, 2, 1, 0]


def test_missing_values_have_a_code_of_their_own_where_they_are_frequent() -> None:
    one = column([0, -1, -1, 0, 0], ("a",))
    codes = fit_category(one, np.arange(5), rare=2, most=10)
    assert codes.levels == ("a", "")
    assert codes.transform(column([-1, 0, 1], ("new", "a"))).tolist() == [2, 0, 1]
    assert fit_category(one, np.arange(5), rare=3, most=10).levels == ("a",)


def test_the_empty_string_is_missing() -> None:
    one = column([0, 0, 1, -1], ("", "a"))
    codes = fit_category(one, np.arange(4), rare=3, most=10)
    assert codes.levels == ("",)
    assert codes.transform(one).tolist() == [1, 1, 0, 1]


def test_a_column_without_any_level_has_missing_values_alone() -> None:
    one = column([-1, -1], ())
    codes = fit_category(one, np.arange(2), 1, 10)
    assert codes.levels == ("",)
    assert codes.transform(one).tolist() == [1, 1]


@given(st.permutations(["a", "b", "c", "d"]), st.lists(st.integers(-1, 3), max_size=20))
def test_codes_do_not_depend_on_the_order_of_a_columns_levels(
    order: list[str], values: list[int]
) -> None:
    levels = ("a", "b", "c", "d")
    codes = CategoryCodes("c", ("b", "d"))
    there = [order.index(levels[value]) if value >= 0 else -1 for value in values]
    first = codes.transform(column(values, levels))
    assert first.tolist() == codes.transform(column(there, tuple(order))).tolist()
