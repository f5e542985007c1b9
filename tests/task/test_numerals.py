import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coeval.task.numerals import number_text, parse_numbers


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_written_by_python_are_read_exactly(numbers):
    parsed = parse_numbers([repr(one) for one in numbers])
    assert parsed.values.tolist() == numbers


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=10))
def test_thousands_separators_are_read_where_they_are_certain(numbers):
    texts = [f"{one:,}" for one in numbers]
    assert parse_numbers(texts).values.tolist() == numbers


@given(st.lists(st.decimals(-(10**6), 10**6, places=2), min_size=1, max_size=10))
def test_decimal_commas_are_read_in_a_semicolon_file(numbers):
    texts = [str(one).replace(".", ",") for one in numbers]
    assert parse_numbers(texts, comma=True).values.tolist() == [float(one) for one in numbers]


@pytest.mark.parametrize(
    ("texts", "comma", "values"),
    [
        (["1,234"], False, [1234.0]),
        (["1,234"], True, [1.234]),
        (["3,14", "2"], False, [3.14, 2.0]),
        (["1.234,5", "7,25"], True, [1234.5, 7.25]),
        (["1,234,567"], True, [1234567.0]),
        (["1e3", "-2.5E-1"], False, [1000.0, -0.25]),
    ],
)
def test_both_conventions_are_told_apart(texts, comma, values):
    assert parse_numbers(texts, comma=comma).values.tolist() == values


@pytest.mark.parametrize(
    "texts",
    [
        ["01234", "99999"],
        ["1_000"],
        ["12%", "3"],
        ["$3", "5 €"],
        ["$"],
        ["1,2,3"],
        ["1 2"],
        ["0 138"],
        ["a"],
    ],
)
def test_what_only_looks_like_a_number_is_none(texts):
    assert parse_numbers(texts) is None


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["$1,234.56", "$3"], [1234.56, 3.0]),
        (["-$5", "$-7.5"], [-5.0, -7.5]),
        (["12.5%", "3 %"], [12.5, 3.0]),
        (["3,50 €", "1.200,00 €"], [3.5, 1200.0]),
        (["1 234", "567"], [1234.0, 567.0]),
        (["1'234.5", "2"], [1234.5, 2.0]),
        (["12\u202f345"], [12345.0]),
        (["0,138", "1,200"], [0.138, 1.2]),  # no thousands begin with a zero
    ],
)
def test_units_and_grouped_digits_are_read(texts, values):
    assert parse_numbers(texts).values.tolist() == values


@pytest.mark.parametrize(
    ("learnt", "comma", "later", "value"),
    [
        (["60,37", "137,719"], False, "12,345", 12.345),
        (["1,234,567", "845,123"], True, "845,123", 845123.0),
        (["1.234,5", "7,25"], True, "2.500", 2500.0),
        (["1,5"], True, "2.5", 2.5),
    ],
)
def test_a_few_later_rows_are_read_as_the_first_ones_were(learnt, comma, later, value):
    written = parse_numbers(learnt, comma=comma).written
    assert written
    assert parse_numbers([later], written=written).values.tolist() == [value]


def test_a_fraction_is_not_whole():
    assert parse_numbers(["1", "2"]).whole
    assert not parse_numbers(["1", "2.0"]).whole


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_reads_as_that_number(number):
    assert float(number_text(number)) == np.float64(number)
